/** What allocations add up to, in exact integers. Money is rounded once per allocation and MTU, never on a sum. */
import { paymentPerMtu } from '../../domain/units/quantities.ts'
import { type Interval, MTU_MS, runEnd } from '../../domain/units/time.ts'
import type { Allocation, ProfileInterval } from '../../schemas/generated.ts'

export interface AllocationSums {
  readonly accepted_watt_mtus: number
  readonly paid_micro_eur: number
  readonly definitive_micro_eur: number
  readonly price_min: number | null
  readonly price_max: number | null
}

export const sumAllocations = (allocations: readonly Allocation[], definitive: Interval): AllocationSums => {
  let accepted = 0
  let paid = 0
  let paidDefinitive = 0
  let priceMin: number | null = null
  let priceMax: number | null = null
  for (const allocation of allocations) {
    const { mtus, quantity, price } = allocation
    const perMtu = paymentPerMtu(quantity, price)
    accepted += quantity * mtus
    paid += perMtu * mtus
    paidDefinitive += perMtu * mtusInside(allocation, definitive)
    priceMin = priceMin === null ? price : Math.min(priceMin, price)
    priceMax = priceMax === null ? price : Math.max(priceMax, price)
  }
  return {
    accepted_watt_mtus: accepted,
    paid_micro_eur: paid,
    definitive_micro_eur: paidDefinitive,
    price_min: priceMin,
    price_max: priceMax
  }
}

export const sumProfile = (profile: readonly ProfileInterval[]): number =>
  profile.reduce((sum, { mtus, quantity }) => sum + mtus * quantity, 0)

const mtusInside = (run: { readonly start: number; readonly mtus: number }, { start, end }: Interval): number =>
  Math.max(0, Math.min(runEnd(run), end) - Math.max(run.start, start)) / MTU_MS
