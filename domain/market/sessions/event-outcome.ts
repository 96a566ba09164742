/** From the clearing's outcome, by MTU index, to what stands in events, by instant. */
import type { MarketCleared, OfferCleared, RequestCleared } from '../../../schemas/generated.ts'
import { MTU_MS } from '../../units/time.ts'
import type { AcceptedRuns } from '../clearing/accepted-runs.ts'
import type { Allocation, Request, RequestOutcome, SideTotals } from '../clearing/book.ts'
import { listOfRuns, type RequestRuns } from '../clearing/request-runs.ts'

/** T-15: upward minus downward accepted active energy under the PoM, W·MTU. */
export const netSum = (offers: readonly Pick<OfferCleared, 'quantity' | 'direction' | 'allocations'>[]): number => {
  let sum = 0
  for (const { quantity, direction, allocations } of offers) {
    if (quantity !== 'P') continue
    for (const { quantity: watts, mtus } of allocations) sum += (direction === 'UP' ? 1 : -1) * watts * mtus
  }
  return sum
}

/** The same of the clearing's columns; `offers` in the order of the book. */
export const netSumOfRuns = (
  offers: readonly Pick<OfferCleared, 'quantity' | 'direction'>[],
  runs: AcceptedRuns
): number => {
  let sum = 0
  for (let o = 0; o < offers.length; o++) {
    const { quantity, direction } = offers[o]!
    if (quantity === 'P') sum += (direction === 'UP' ? 1 : -1) * wattMtusOf(runs, o)
  }
  return sum
}

const wattMtusOf = ({ offerFrom, power, mtus }: AcceptedRuns, offer: number): number => {
  let sum = 0
  for (let k = offerFrom[offer]!; k < offerFrom[offer + 1]!; k++) sum += power[k]! * mtus[k]!
  return sum
}

export const eventAllocation = (
  { requestId, side, mtu, mtus, power, price }: Allocation,
  start: number
): OfferCleared['allocations'][number] => ({
  requestId,
  side,
  start: start + mtu * MTU_MS,
  mtus,
  quantity: power,
  price
})

/**
 * The event with lists that are made when somebody first asks for one of them: at the gate a hundred thousand items are needed as
 * bytes alone (schemas/written-lists.ts), and later mostly a session at a time.
 */
export const listedLater = <Event extends object, Name extends keyof Event & string>(
  event: Omit<Event, Name>,
  names: readonly Name[],
  make: () => Pick<Event, Name>
): Event => {
  lists.set(event, make)
  for (const name of names) Object.defineProperty(event, name, propertyOf(name))
  if (!isWhole<Event, Name>(event, names)) throw new Error(`listedLater: ${names} cannot be defined`)
  return event
}

const isWhole = <Event extends object, Name extends keyof Event & string>(
  event: Omit<Event, Name> | Event,
  names: readonly Name[]
): event is Event => names.every(name => name in event)

/** By event, its lists, or how they are made. */
const lists = new WeakMap<object, object | (() => object)>()

/** By name, one for all events: with a function of its own each, no two events would have the same shape. */
const properties = new Map<string, PropertyDescriptor & ThisType<object>>()

const propertyOf = (name: string): PropertyDescriptor & ThisType<object> => {
  let property = properties.get(name)
  if (!property) {
    property = {
      get() {
        const known = lists.get(this)
        if (known === undefined) throw new Error(`an event without ${name}`)
        const made = typeof known === 'function' ? known() : known
        if (made !== known) lists.set(this, made)
        return Reflect.get(made, name)
      },
      enumerable: true,
      configurable: true
    }
    properties.set(name, property)
  }
  return property
}

/** An accepted offer's allocations; `startOf` gives the instant at which an MTU begins. */
export const eventAllocations = (
  runs: AcceptedRuns,
  offer: number,
  requests: readonly Request[],
  startOf: readonly number[]
): OfferCleared['allocations'] => {
  const allocations: OfferCleared['allocations'][number][] = []
  for (let k = runs.offerFrom[offer]!; k < runs.offerFrom[offer + 1]!; k++) {
    const { id, side } = requests[runs.request[k]!]!
    allocations.push({
      requestId: id,
      side,
      start: startOf[runs.mtu[k]!]!,
      mtus: runs.mtus[k]!,
      quantity: whole(runs.power[k]!),
      price: whole(runs.price[k]!)
    })
  }
  return allocations
}

/** The same number; a small one in the form in which it takes no memory of its own. */
const whole = (value: number): number => {
  const small = value | 0
  return small === value ? small : value
}

/** What request `r` of the book got. */
export const eventRequestRuns = (
  { served, residual, prices }: RequestRuns,
  r: number,
  startOf: readonly number[]
): Pick<RequestCleared, 'served' | 'residual' | 'prices'> => {
  const run = (mtu: number, mtus: number, quantity: number) => ({ start: startOf[mtu]!, mtus, quantity })
  return {
    served: listOfRuns(served, r, run),
    residual: listOfRuns(residual, r, run),
    prices: listOfRuns(prices, r, (mtu, mtus, price) => ({ start: startOf[mtu]!, mtus, price }))
  }
}

export const eventRequestOutcome = (outcome: RequestOutcome, start: number) => {
  const profile = (runs: RequestOutcome['served']) =>
    runs.map(({ mtu, mtus, power }) => ({ start: start + mtu * MTU_MS, mtus, quantity: power }))
  return {
    served: profile(outcome.served),
    residual: profile(outcome.residual),
    prices: outcome.prices.map(({ mtu, mtus, price }) => ({ start: start + mtu * MTU_MS, mtus, price })),
    paidMicroEur: outcome.paidMicroEur
  }
}

export const eventTotals = ({ asked, served, bidCostTicks, paidMicroEur }: SideTotals): MarketCleared['dso'] => ({
  askedWattMtus: asked,
  servedWattMtus: served,
  bidCostTicks: String(bidCostTicks),
  paidMicroEur
})
