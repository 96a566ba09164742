/**
 * One delivery day of the flexibility market, played by outside parties through the REST API alone: registration, the
 * day-ahead session and the real-time sessions, with requests, offers, technical outcomes. Time is moved by whoever runs
 * it (a stepped clock at full speed); the script only says to which instant.
 *
 * Everything that a party sends carries an idempotency key that follows from seed, session and content, so the script can
 * be run again from its beginning after a crash, and nothing happens twice.
 */

import { type GridLine, gridLine } from './grid-account.ts'
import type { DayContext } from './parties/aggregator.ts'
import { offerInto, registerCustomers } from './parties/aggregator.ts'
import { assignPlaces, judge, requestsInto } from './parties/external-grid-operator.ts'
import { importNetwork, networkImportOf } from './parties/network-import.ts'
import type { SessionView } from './parties/session-view.ts'
import { MTU_MS } from './parties/session-view.ts'
import { tsoRequestsInto } from './parties/system-operator.ts'
import { type DecidedSession, movementsOf, servicesOf } from './parties/validated-services.ts'
import {
  aggregators,
  type Customer,
  dsoId,
  makePopulation,
  type Population,
  type Profiles,
  tsoId
} from './population.ts'
import { type Credentials, restClient } from './rest-client.ts'

/** Moves time; resolves when everything that follows from it has happened. */
export interface World {
  readonly now: () => number
  readonly advanceTo: (instant: number) => Promise<void>
  /** Resolves when everything that was sent has been handled. */
  readonly settled: () => Promise<void>
}

export interface PlannedSession {
  readonly label: string
  readonly marketType: 'dayAhead' | 'realTime'
  readonly start: number
  readonly mtus: number
  readonly definitiveStart: number
  readonly definitiveMtus: number
  readonly opensAt: number
  readonly closesAt: number
  readonly validationEndsAt: number
}

export interface MarketDayOptions {
  readonly baseUrl: string
  readonly world: World
  readonly pods: number
  readonly seed: number
  readonly date: string
  readonly dayType: DayContext['dayType']
  readonly sessions: readonly PlannedSession[]
  readonly profiles: Profiles
  readonly credentials: (actor: string) => Credentials
  /**
   * Built-in: the platform's; the script's DSO tells it the network and reads. External: the script's DSO has rules of its
   * own and sends flows 0A, 2c and 4.
   */
  readonly gridOperator: 'built-in' | 'external'
  /** The external one judges. Otherwise the outcome is left to time out (T-05). */
  readonly judges: boolean
  readonly onStep: (text: string) => void
}

/** Registration happens the morning before: an hour before the first session opens. */
const REGISTRATION_LEAD_MS = 2 * 3_600_000
const MINUTE_MS = 60_000

export const playMarketDay = async (options: MarketDayOptions): Promise<PlayedDay> => {
  const { baseUrl, world, seed, date, sessions, onStep } = options
  const [dayAhead] = sessions
  if (!dayAhead) throw new Error('a market day needs a session')
  const population = makePopulation(options.pods, seed, date, dayAhead.mtus, options.profiles)
  const { customers } = population
  const isExternal = options.gridOperator === 'external'
  const poms = population.grids.map(({ pom }) => pom)
  const day: DayContext = {
    seed,
    date,
    dayType: options.dayType,
    mtuStarts: Array.from({ length: dayAhead.mtus }, (_, mtu) => dayAhead.start + mtu * MTU_MS)
  }
  const client = (actor: string) => restClient(baseUrl, options.credentials(actor))
  const dso = client(dsoId)
  const tso = client(tsoId)
  const ownCustomers = aggregators.map(id => ({
    id,
    client: client(id),
    customers: customers.filter(({ aggregator }) => aggregator === id)
  }))

  onStep(`registering ${customers.length} points of delivery`)
  await world.advanceTo(dayAhead.opensAt - REGISTRATION_LEAD_MS)
  const settled = () => world.settled()
  for (const { client, customers } of ownCustomers) await registerCustomers(client, customers, day, settled)
  if (isExternal) await assignPlaces(dso, customers, day, settled)
  else
    for (const grid of population.grids) {
      const body = networkImportOf(grid, date, dayAhead.mtus, options.profiles)
      await importNetwork(dso, grid.pom, body, `${seed}/${date}/network/${grid.pom}`)
      await settled()
    }

  const earlier: PlannedSession[] = []
  for (const instant of instants(sessions)) {
    await world.advanceTo(instant.at)
    for (const plan of instant.opened) {
      const first = (plan.start - dayAhead.start) / MTU_MS
      const mtus = Array.from({ length: plan.mtus }, (_, n) => first + n)
      const views = poms.map(
        (pom): SessionView => ({ id: sessionIdOf(date, plan.label, pom), pom, marketType: plan.marketType, mtus })
      )
      for (const { id } of views) await dso.get(`/v1/sessions/${id}`)
      onStep(`${plan.label}: collecting requests and offers`)
      // Everybody sends a little after the opening, one after another: the order of the log is the same each time.
      await world.advanceTo(instant.at + 10 * MINUTE_MS)
      for (const view of views) {
        const here = ({ pom }: Customer) => pom === view.pom
        if (isExternal) await requestsInto(dso, customers, view, day)
        await tsoRequestsInto(tso, customers, view, day)
        for (const { client, customers } of ownCustomers) {
          const services = await servicesOf(client, decidedSessions(earlier, date, view.pom))
          const sold = movementsOf(services, day.mtuStarts)
          await offerInto(client, customers.filter(here), view, day, sold)
        }
      }
      await world.settled()
      earlier.push(plan)
    }
    for (const plan of instant.closed) {
      onStep(`${plan.label}: cleared, judging the outcome`)
      await world.advanceTo(instant.at + 10 * MINUTE_MS)
      if (isExternal && options.judges)
        for (const pom of poms) {
          await judge(
            dso,
            customers,
            { id: sessionIdOf(date, plan.label, pom), pom, marketType: plan.marketType, mtus: [] },
            day
          )
        }
      await world.settled()
    }
  }
  return {
    population,
    gridAccount: async () => {
      const lines: GridLine[] = []
      for (const grid of population.grids)
        lines.push(
          await gridLine({
            grid,
            date,
            mtuStarts: day.mtuStarts,
            profiles: options.profiles,
            sessions: decidedSessions(sessions, date, grid.pom),
            client: dso
          })
        )
      return lines
    }
  }
}

export interface PlayedDay {
  readonly population: Population
  /** Of each market area; to be asked when the last session is validated. */
  readonly gridAccount: () => Promise<readonly GridLine[]>
}

const sessionIdOf = (date: string, label: string, pom: string): string => `${date}.${label}.${pom}`

const decidedSessions = (sessions: readonly PlannedSession[], date: string, pom: string): DecidedSession[] =>
  sessions.map(({ label, definitiveStart, definitiveMtus }) => ({
    id: sessionIdOf(date, label, pom),
    from: definitiveStart,
    until: definitiveStart + definitiveMtus * MTU_MS
  }))

interface Instant {
  readonly at: number
  readonly opened: readonly PlannedSession[]
  readonly closed: readonly PlannedSession[]
}

/** Every instant at which the clock does something, in order. */
const instants = (sessions: readonly PlannedSession[]): readonly Instant[] => {
  const times = new Set(
    sessions.flatMap(({ opensAt, closesAt, validationEndsAt }) => [opensAt, closesAt, validationEndsAt])
  )
  return [...times]
    .sort((a, b) => a - b)
    .map(at => ({
      at,
      opened: sessions.filter(({ opensAt }) => opensAt === at),
      closed: sessions.filter(({ closesAt }) => closesAt === at)
    }))
}
