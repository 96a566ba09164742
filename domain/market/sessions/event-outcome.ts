/** From the clearing's outcome, by MTU index, to what stands in events, by instant. */
import type { MarketCleared, OfferCleared } from '../../../schemas/generated.ts'
import { MTU_MS } from '../../units/time.ts'
import type { Allocation, RequestOutcome, SideTotals } from '../clearing/book.ts'

/** T-15: upward minus downward accepted active energy under the PoM, W·MTU. */
export const netSum = (offers: readonly Pick<OfferCleared, 'quantity' | 'direction' | 'allocations'>[]): number => {
  let sum = 0
  for (const { quantity, direction, allocations } of offers) {
    if (quantity !== 'P') continue
    for (const { quantity: watts, mtus } of allocations) sum += (direction === 'UP' ? 1 : -1) * watts * mtus
  }
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
