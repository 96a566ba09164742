/**
 * The grid operator (DSO) of the example, an outside party with rules of its own: it knows where each PoD sits (flow 0A),
 * adds up baselines per secondary substation and feeder, asks for flexibility where a planning limit would be passed (flow
 * 2c), and judges the market outcome (flow 4): activations for the TSO may not push a substation over its limit.
 */

import { netLoad } from '../equipment.ts'
import type { Customer } from '../population.ts'
import { dsoId } from '../population.ts'
import { type RestClient, sendSettled } from '../rest-client.ts'
import type { DayContext } from './aggregator.ts'
import { mergeRuns, type SessionView } from './session-view.ts'

/** Planning limits as a share of the day's highest withdrawal or injection of the element. */
const WITHDRAWAL_SHARE = 0.85
const INJECTION_SHARE = 0.7
const MINIMUM_BID = 100
/** The highest price that it pays for a substation, µ€ per kWh. */
const PRICE_LIMIT = 900_000

interface PodView {
  readonly pod: string
}

/** Says for every PoD that it is told of where it sits. */
export const assignPlaces = async (
  client: RestClient,
  customers: readonly Customer[],
  day: DayContext,
  settled: () => Promise<void>
): Promise<void> => {
  const known = new Map(customers.map(customer => [customer.pod, customer]))
  const pods = await client.list<PodView>('/v1/pods')
  await sendSettled(
    client,
    '/v1/pom-assignments',
    pods.flatMap(({ pod }) => {
      const customer = known.get(pod)
      if (!customer) return []
      const { pom, feeder, substation } = customer
      return [{ pod, place: { dsoId, pom, feeder, secondarySubstation: substation } }]
    }),
    `${day.seed}/${day.date}/places`,
    settled
  )
}

interface Element {
  readonly level: 'primarySubstation' | 'feeder' | 'secondarySubstation'
  readonly id: string
  readonly customers: Customer[]
}

const elementsOf = (customers: readonly Customer[], pom: string): Element[] => {
  const elements = new Map<string, Element>()
  const add = (level: Element['level'], id: string, customer: Customer): void => {
    const element = elements.get(id)
    if (element) element.customers.push(customer)
    else elements.set(id, { level, id, customers: [customer] })
  }
  for (const customer of customers) {
    if (customer.pom !== pom) continue
    add('secondarySubstation', customer.substation, customer)
    add('feeder', customer.feeder, customer)
    add('primarySubstation', customer.pom, customer)
  }
  return [...elements.values()]
}

/** What is asked for at an element: upward where withdrawal passes its limit, downward where injection does. */
export const requestsInto = async (
  client: RestClient,
  customers: readonly Customer[],
  session: SessionView,
  day: DayContext
): Promise<void> => {
  const requests = elementsOf(customers, session.pom).flatMap(element => requestsAt(element, session, day))
  if (requests.length > 0)
    await client.sendAll(`/v1/sessions/${session.id}/requests`, requests, `${day.seed}/${session.id}/dso-requests`)
}

const requestsAt = (element: Element, session: SessionView, day: DayContext): object[] => {
  const loads = day.mtuStarts.map((_, mtu) =>
    element.customers.reduce((sum, customer) => sum + netLoad(customer, mtu), 0)
  )
  const dayAhead = session.marketType === 'dayAhead'
  const limits = {
    UP: WITHDRAWAL_SHARE * Math.max(0, ...loads),
    DOWN: INJECTION_SHARE * Math.max(0, ...loads.map(w => -w))
  }
  return (['UP', 'DOWN'] as const).flatMap(direction => {
    const runs = session.mtus.flatMap(mtu => {
      const flow = direction === 'UP' ? loads[mtu]! : -loads[mtu]!
      const over = flow - limits[direction]
      // In real time it knows a little more: the same limit with a forecast error on top, for feeders only.
      const quantity = dayAhead ? over : element.level === 'feeder' ? over * 0.15 : 0
      const asked = Math.floor((element.level === 'secondarySubstation' ? quantity : quantity * 0.5) / 10) * 10
      return limits[direction] > 0 && asked >= MINIMUM_BID ? [{ mtu, value: { quantity: asked } }] : []
    })
    const profile = mergeRuns(runs, day.mtuStarts)
    if (profile.length === 0) return []
    return [
      {
        requestId: `${session.id.split('.')[1]}-${element.id}-${direction}`,
        level: element.level,
        location: element.id,
        pods: element.customers.map(({ pod }) => pod),
        quantity: 'P',
        direction,
        service: 'congestion',
        profile,
        priceLimit: element.level === 'secondarySubstation' ? PRICE_LIMIT : null
      }
    ]
  })
}

interface ServiceView {
  readonly offerId: string
  readonly marketOutcomeId: string
  readonly unit: { readonly pods: readonly string[] }
  readonly direction: 'UP' | 'DOWN'
  readonly quantity: 'P' | 'Q'
  readonly rank: number
  readonly allocations: readonly {
    readonly side: 'DSO' | 'TSO'
    readonly start: string
    readonly end: string
    readonly quantity: number
  }[]
}

/** Judges the services of a cleared session in the order of their rank. */
export const judge = async (
  client: RestClient,
  customers: readonly Customer[],
  session: SessionView,
  day: DayContext
): Promise<void> => {
  const services = await client.list<ServiceView>(`/v1/sessions/${session.id}/market-outcome`)
  if (services.length === 0) return
  const mtuAt = new Map(day.mtuStarts.map((start, mtu) => [start, mtu]))
  const substationOf = new Map(customers.map(({ pod, substation }) => [pod, substation]))
  const room = downwardRoom(customers, session, day)
  const verdicts: object[] = []
  for (const service of [...services].sort((a, b) => a.rank - b.rank)) {
    if (service.direction !== 'DOWN' || service.quantity !== 'P') continue
    const left = room.get(substationOf.get(service.unit.pods[0]!) ?? '')
    if (!left) continue
    const cut: { mtu: number; value: { verdict: string; quantity?: number } }[] = []
    const accepted = new Map<number, number>()
    for (const { start, end, quantity } of service.allocations)
      for (let at = Date.parse(start); at < Date.parse(end); at += 900_000) {
        const mtu = mtuAt.get(at)!
        accepted.set(mtu, (accepted.get(mtu) ?? 0) + quantity)
      }
    for (const [mtu, quantity] of [...accepted].sort(([a], [b]) => a - b)) {
      const granted = Math.max(0, Math.min(quantity, left[mtu]!))
      left[mtu]! -= granted
      if (granted < quantity)
        cut.push({ mtu, value: granted === 0 ? { verdict: 'KO' } : { verdict: 'PARTIAL', quantity: granted } })
    }
    if (cut.length > 0) verdicts.push({ offerId: service.offerId, intervals: mergeRuns(cut, day.mtuStarts) })
  }
  await client.send(
    'POST',
    `/v1/sessions/${session.id}/technical-outcome`,
    { marketOutcomeId: services[0]!.marketOutcomeId, verdicts, unmentioned: 'OK', complete: true },
    `${day.seed}/${session.id}/technical-outcome`
  )
}

/** W by which each substation's withdrawal may rise in each MTU before it passes its limit. */
const downwardRoom = (customers: readonly Customer[], session: SessionView, day: DayContext): Map<string, number[]> => {
  const room = new Map<string, number[]>()
  for (const { level, id, customers: own } of elementsOf(customers, session.pom)) {
    if (level !== 'secondarySubstation') continue
    const loads = day.mtuStarts.map((_, mtu) => own.reduce((sum, customer) => sum + netLoad(customer, mtu), 0))
    const limit = Math.max(...loads.map(Math.abs))
    room.set(
      id,
      loads.map(load => Math.floor(limit - load))
    )
  }
  return room
}
