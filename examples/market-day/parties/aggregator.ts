/**
 * An aggregator of the example: registers its customers (flow 0), offers what they can be moved by into each session
 * (flow 2a): multi-step single offers for everyone, flexible blocks for some car owners, fresh offers for a third of them in
 * real time, of what earlier sessions left. Where it offers nothing new, its day-ahead offers stand.
 */

import { band, flexibility, netLoad } from '../equipment.ts'
import type { Movements } from '../network/power-check.ts'
import type { Customer } from '../population.ts'
import { type RestClient, sendSettled } from '../rest-client.ts'
import { intervalAt, mergeRuns, type SessionView } from './session-view.ts'

export interface DayContext {
  readonly seed: number
  readonly date: string
  /** Start of each MTU of the day, ms. */
  readonly mtuStarts: readonly number[]
  readonly dayType: 'workday' | 'saturday' | 'holiday'
}

/** The market's smallest bid, W. */
const MINIMUM_BID = 100

export const registerCustomers = (
  client: RestClient,
  customers: readonly Customer[],
  day: DayContext,
  settled: () => Promise<void>
): Promise<void> =>
  sendSettled(
    client,
    '/v1/pods',
    customers.map(customer => ({ pod: customer.pod, ...podRecord(customer, day) })),
    `${day.seed}/${day.date}/register`,
    settled
  )

const podRecord = (customer: Customer, day: DayContext) => {
  const { load, car, heatPump, pv, discrete, aggregator } = customer
  const contractualPower = load + car + heatPump
  const curves = { workday: [] as object[], saturday: [] as object[], holiday: [] as object[] }
  curves[day.dayType] = baseline(customer, day)
  return {
    aggregatorId: aggregator,
    zone: 'CSUD',
    flexibilityType: discrete ? 'discrete' : 'continuous',
    voltageLevel: 'LV',
    contractualPower,
    pnp: contractualPower,
    inp: pv,
    inq: Math.floor(0.3 * pv),
    cnq: Math.floor(0.3 * load),
    cnp: null,
    cosPhi: '0.95R',
    maxFlexibility: band(customer),
    powerBaselineCurves: curves,
    services: ['congestion', 'voltage']
  }
}

/** 96 slots whatever the day: when the clock changes, the missing hour is as the one after it and the double one counts once. */
const baseline = (customer: Customer, { mtuStarts }: DayContext): object[] =>
  Array.from({ length: SLOTS }, (_, slot) => {
    const mtu = mtuOfSlot(slot, mtuStarts.length)
    return { p: netLoad(customer, mtu), q: customer.curves.reactive[mtu]! }
  })

const SLOTS = 96
/** Clocks change at two o'clock in the example's zone: forward to three, or from three back to two. */
const mtuOfSlot = (slot: number, mtus: number): number => {
  const missing = SLOTS - mtus
  if (missing > 0) return slot < 8 ? slot : Math.max(8, slot - missing)
  return slot < 12 ? slot : slot - missing
}

export const offerInto = async (
  client: RestClient,
  customers: readonly Customer[],
  session: SessionView,
  day: DayContext,
  sold: Movements
): Promise<void> => {
  const dayAhead = session.marketType === 'dayAhead'
  const offering = dayAhead ? customers : customers.filter(({ luck }) => luck < 1 / 3)
  const offers = offering.flatMap(customer => offersOf(customer, session, day, sold))
  if (offers.length > 0)
    await client.sendAll(`/v1/sessions/${session.id}/offers`, offers, `${day.seed}/${session.id}/offers`)
}

const offersOf = (customer: Customer, session: SessionView, day: DayContext, sold: Movements): object[] => {
  const moved = sold.get(customer.pod)?.p
  const dayAhead = session.marketType === 'dayAhead'
  const asBlock = dayAhead && customer.car > 0 && customer.luck > 0.96
  const discount = dayAhead ? 1 : 0.95
  const offers: object[] = []
  for (const direction of ['UP', 'DOWN'] as const) {
    if (asBlock && direction === 'UP') {
      offers.push(block(customer, session, day))
      continue
    }
    const runs = session.mtus.flatMap(mtu => {
      const { up, down } = flexibility(customer, mtu)
      const already = moved?.[mtu] ?? 0
      const most = direction === 'UP' ? up - Math.max(0, already) : down - Math.max(0, -already)
      // Who is moved all or nothing has nothing left once it was moved.
      if (most < MINIMUM_BID || (customer.discrete && already !== 0)) return []
      const first = customer.discrete ? most : Math.max(MINIMUM_BID, Math.floor((0.6 * most) / 10) * 10)
      const price = Math.round(customer.price * discount * (direction === 'UP' ? 1 : 0.6))
      const steps = [{ quantity: first, price }]
      if (most > first) steps.push({ quantity: most - first, price: Math.round(price * 1.3) })
      return [{ mtu, value: { steps, minAcceptance: customer.discrete ? most : 0 } }]
    })
    const intervals = mergeRuns(runs, day.mtuStarts)
    if (intervals.length > 0)
      offers.push({
        type: 'single',
        offerId: `${customer.pod}-${direction}`,
        unit: { id: customer.pod, pods: [customer.pod] },
        quantity: 'P',
        direction,
        service: 'any',
        intervals
      })
  }
  return offers
}

/** "Charge later": some hours of the evening without the car, at a moment that the market chooses. */
const block = (customer: Customer, session: SessionView, day: DayContext): object => {
  const mtus = session.mtus.length
  const first = session.mtus[Math.floor(mtus * 0.66)]!
  const last = session.mtus.at(-1)!
  const power = Math.max(MINIMUM_BID, Math.floor((0.6 * customer.car) / 10) * 10)
  const duration = 4 + (Math.floor(customer.luck * 40) % 5)
  return {
    type: 'block',
    offerId: `${customer.pod}-BLOCK`,
    unit: { id: customer.pod, pods: [customer.pod] },
    quantity: 'P',
    direction: 'UP',
    service: 'any',
    power,
    mtus: duration,
    maxEnergyWattMtus: power * duration,
    earliestStart: intervalAt(first, day.mtuStarts).start,
    latestEnd: intervalAt(last, day.mtuStarts).end,
    price: Math.round(customer.price * 0.9),
    minAcceptance: customer.discrete ? power : Math.floor(power / 2)
  }
}
