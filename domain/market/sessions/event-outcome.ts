/** From the clearing's outcome, by MTU index, to what stands in events, by instant. */
import type { MarketCleared, OfferCleared } from '../../../schemas/generated.ts'
import { MTU_MS } from '../../units/time.ts'
import type { AcceptedRuns, Served } from '../clearing/accepted-runs.ts'
import type { Allocation, Book, Request, RequestOutcome, SideTotals } from '../clearing/book.ts'
import { LEAST_AMOUNT, requestValues, runsOf } from '../clearing/outcome.ts'

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
 * The same event, with allocations that are made when somebody first asks for them: at the gate a hundred thousand of them
 * are needed as bytes alone (schemas/written-lists.ts), and later mostly a session at a time.
 */
export const allocatedLater = (event: OfferCleared, make: () => OfferCleared['allocations']): OfferCleared =>
  Object.defineProperty(event, 'allocations', {
    get() {
      const value = make()
      Object.defineProperty(event, 'allocations', { value, writable: true, enumerable: true, configurable: true })
      return value
    },
    enumerable: true,
    configurable: true
  })

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
export const eventRequestRuns = (book: Book, r: number, all: Served, startOf: readonly number[]) => {
  const { served, residual, price } = requestValues(book, r, all)
  const run = (mtu: number, mtus: number, quantity: number) => ({ start: startOf[mtu]!, mtus, quantity })
  return {
    served: runsOf(served, LEAST_AMOUNT, run),
    residual: runsOf(residual, LEAST_AMOUNT, run),
    prices: runsOf(price, 0, (mtu, mtus, value) => ({ start: startOf[mtu]!, mtus, price: value }))
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
