/**
 * An aggregator of the example: registers its customers (flow 0), offers what they can be moved by into each session
 * (flow 2a): multi-step single offers for everyone, flexible blocks for some car owners, fresh offers for a third of them in
 * real time, of what earlier sessions left. Where it offers nothing new, its day-ahead offers stand.
 */

import { band, flexibility, netLoad } from '../equipment.ts'
import type { Movements } from '../network/power-check.ts'
import type { Customer } from '../population.ts'
import { type RestClient, sendSettled } from '../rest-client.ts'
import { clockSlots, intervalAt, mergeRuns, mtuOfSlot, type SessionView } from './session-view.ts'

export interface DayContext {
  readonly seed: number
  readonly date: string
  /** Start of each MTU of the day, ms. */
  readonly mtuStarts: readonly number[]
  readonly dayType: 'workday' | 'saturday' | 'holiday'
}

/** The market's smallest bid, W. */
const MINIMUM_BID = 100

/** Price of a kvarh as a share of that of a kWh. */
const REACTIVE_PRICE_SHARE = 0.2

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
  clockSlots.map(slot => {
    const mtu = mtuOfSlot(slot, mtuStarts.length)
    return { p: netLoad(customer, mtu), q: customer.curves.reactive[mtu]! }
  })

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
  const moved = sold.get(customer.pod)
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
      const already = moved?.p[mtu] ?? 0
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
  return [...offers, ...reactiveOffersOf(customer, session, day, moved?.q)]
}

/** Inverters of panels offer reactive power all day, for little: it wears nothing. */
const reactiveOffersOf = (
  customer: Customer,
  session: SessionView,
  day: DayContext,
  moved: Float64Array | undefined
): object[] => {
  const { upperQ, downQ } = band(customer)
  return (['UP', 'DOWN'] as const).flatMap(direction => {
    const runs = session.mtus.flatMap(mtu => {
      const already = moved?.[mtu] ?? 0
      const most = direction === 'UP' ? upperQ - Math.max(0, already) : -downQ - Math.max(0, -already)
      if (most < MINIMUM_BID || (customer.discrete && already !== 0)) return []
      const steps = [{ quantity: most, price: Math.round(customer.price * REACTIVE_PRICE_SHARE) }]
      return [{ mtu, value: { steps, minAcceptance: customer.discrete ? most : 0 } }]
    })
    const intervals = mergeRuns(runs, day.mtuStarts)
    if (intervals.length === 0) return []
    const unit = { id: customer.pod, pods: [customer.pod] }
    const offerId = `${customer.pod}-Q-${direction}`
    return [{ type: 'single', offerId, unit, quantity: 'Q', direction, service: 'any', intervals }]
  })
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
