/**
 * Flow 2c: when a session opens, its quarter-hours are forecast and calculated; where limits break, the cheapest activation
 * that cures them is grouped into requests, which go to the market or wait for an operator (T-86).
 *
 * Promises: no limit broken, no request (DTP-ROF-01). Quarter-hours without a solution are alarms, and nothing is asked for
 * them: a request with wrong numbers would be worse than none.
 */
import type {
  AssessSession,
  FlexibilityRequested,
  GridAssessed,
  GridEvent,
  SeriesForecast
} from '../../schemas/generated.ts'
import type { PlacedUnit, SubstationRequest } from '../grid/flexibility-request/substation-requests.ts'
import { MTU_MS } from '../units/time.ts'
import { bandOf, bandsLeft, firmServices } from './active-services.ts'
import type { CalculatedSlots, Plan, Undecided } from './calculation.ts'
import { alarmsOf } from './grid-states.ts'
import { type ReadVersion, versionOf } from './network-version.ts'
import { type ForecastOf, type Powers, powersOf, withdrawalAt } from './powers.ts'
import type { NetworkVersion, PomGrid } from './state.ts'

const noPlan: Plan = { requests: [], help: [], unresolved: 0 }

export const assessSession = (
  command: AssessSession,
  pom: PomGrid,
  network: NetworkVersion,
  forecastOf: ForecastOf
): Undecided => {
  const read = versionOf(network)
  const { compiled, limits } = read
  const firm = firmServices(command, pom)
  const powers = powersOf(read, pom.pods, forecastOf, firm, command)
  return {
    asks: 'states',
    problem: { compiled, limits, slots: powers.slots, start: command.start },
    decide: calculated => {
      const violated = new Set(calculated.violations.flatMap((found, slot) => (found?.length ? [slot] : [])))
      const assessed = { powers, calculated, violatedSlots: violated.size }
      if (violated.size === 0) return assessedWith(noPlan, assessed, command, pom, network)
      return {
        asks: 'plan',
        problem: {
          ...{ compiled, limits, violated, slots: powers.slots, units: plannedUnits(read, pom) },
          bands: bandsLeft(pom.pods, firm, command.mtus),
          pom: command.pom,
          minimumBid: command.minimumBid
        },
        decide: plan => assessedWith(plan, assessed, command, pom, network)
      }
    }
  }
}

interface Assessed {
  readonly powers: Powers
  readonly calculated: CalculatedSlots
  readonly violatedSlots: number
}

const assessedWith = (
  plan: Plan,
  { powers, calculated, violatedSlots }: Assessed,
  command: AssessSession,
  pom: PomGrid,
  network: NetworkVersion
): readonly GridEvent[] => {
  const read = versionOf(network)
  const { sessionId, start } = command
  const dsoId = network.activated.by.id
  const alarms = alarmsOf(read, calculated, plan.help, { pom: command.pom, dsoId, sessionId, stage: 'forecast', start })
  const assessed: GridAssessed = {
    type: 'GridAssessed',
    pom: command.pom,
    sessionId,
    stage: 'forecast',
    networkVersion: network.activated.version,
    basis: powers.basis,
    slots: calculated.summaries,
    violatedSlots,
    divergedSlots: calculated.divergences.length,
    worst: Math.max(0, ...calculated.violations.map(found => found?.length ?? 0)),
    alarms: alarms.length,
    requests: plan.requests.length,
    unresolved: plan.unresolved,
    digest: powers.digest
  }
  const type = command.requests === 'automatic' ? 'FlexibilityRequested' : 'RequestProposed'
  const requests = numbered(
    plan.requests.map(request => atKnownPlace(request, pom, command.pom)),
    command,
    dsoId
  ).map(request => ({ type, ...request }) as const)
  return [
    { ...command, type: 'GridSessionOpened', networkVersion: network.activated.version },
    assessed,
    ...alarms,
    ...requests,
    ...elementForecasts(command, powers),
    ...stationForecasts(command, read, powers)
  ]
}

/** PoDs of this network that may be moved. */
const plannedUnits = ({ compiled, podPlaces }: ReadVersion, { pods }: PomGrid): readonly PlacedUnit[] => {
  // The market finds the price; as long as nothing is known of it every W counts alike.
  const prices = { upP: 1, downP: 1, upQ: 1, downQ: 1 }
  return [...pods.values()].flatMap(noted => {
    const { pod, flexibilityType, services } = noted
    const at = podPlaces.get(pod)
    if (!at?.place) return []
    const bus = compiled.network.buses[at.bus]!.id
    return [
      {
        pod,
        bus,
        kind: flexibilityType,
        band: bandOf(noted),
        prices,
        ...at.place,
        services
      }
    ]
  })
}

/**
 * While a network is switched for now, PoDs stand elsewhere than the market knows (T-51): then the request is one of the
 * whole substation, where they are wherever the switches stand.
 */
const atKnownPlace = (request: SubstationRequest, { placed }: PomGrid, pom: string): SubstationRequest => {
  const { level, location, pods } = request
  if (level === 'primarySubstation') return request
  const isKnown = pods.every(pod => placed.get(pod)?.[level] === location)
  return isKnown ? request : { ...request, level: 'primarySubstation', location: pom }
}

/**
 * Ids that say what is asked where: the same need in a later session has the same id, and so takes the place of what is
 * still open of it in the market (T-23), instead of being asked for twice.
 */
const numbered = (
  requests: readonly SubstationRequest[],
  { pom, sessionId, deliveryDate, start }: AssessSession,
  dsoId: string
): readonly Omit<FlexibilityRequested, 'type'>[] => {
  const counts = new Map<string, number>()
  return requests.map(({ profile, ...request }) => {
    const need = `${deliveryDate}.${request.location}.${request.quantity}-${request.direction}.${request.service[0]}`
    const number = (counts.get(need) ?? 0) + 1
    counts.set(need, number)
    return {
      pom,
      sessionId,
      requestId: `${need}${number}`,
      ...request,
      profile: profile.map(({ slot, slots, amount }) => ({
        start: start + slot * MTU_MS,
        mtus: slots,
        quantity: amount
      })),
      dsoId
    }
  })
}

/** What all below each secondary substation together is forecast to withdraw, without flexibility (DTP-FC-05). */
const stationForecasts = (
  { pom, sessionId, start, mtus }: AssessSession,
  { compiled, places }: ReadVersion,
  powers: Powers
): readonly SeriesForecast[] => {
  const buses = new Map<string, number[]>()
  places.forEach((place, bus) => {
    const station = place?.secondarySubstation
    if (!station) return
    const list = buses.get(station)
    if (list) list.push(bus)
    else buses.set(station, [bus])
  })
  const p = new Map([...buses.keys()].map(station => [station, new Array<number>(mtus).fill(0)]))
  const q = new Map([...buses.keys()].map(station => [station, new Array<number>(mtus).fill(0)]))
  powers.slots.forEach((slot, n) => {
    const at = withdrawalAt(compiled, slot)
    for (const [station, list] of buses) {
      p.get(station)![n] = Math.round(list.reduce((sum, bus) => sum + at.p_W[bus]!, 0))
      q.get(station)![n] = Math.round(list.reduce((sum, bus) => sum + at.q_var[bus]!, 0))
    }
  })
  return [...buses.keys()].map(station => ({
    type: 'SeriesForecast',
    pom,
    sessionId,
    series: station,
    kind: 'substation',
    start,
    p: p.get(station)!,
    q: q.get(station)!,
    low: [],
    high: []
  }))
}

/** Of measured elements with their band, so that they can be held against what comes (KPI_IT_02, KPI_IT_03). */
const elementForecasts = ({ pom, sessionId, start }: AssessSession, { forecasts }: Powers): readonly SeriesForecast[] =>
  forecasts.map(({ element, kind, withdrawal: { p, q, low, high } }) => ({
    type: 'SeriesForecast',
    pom,
    sessionId,
    series: element,
    kind,
    start,
    p: [...p],
    q: [...q],
    low: [...low],
    high: [...high]
  }))
