/**
 * The band of a unit: how far its PoDs may be moved, W or var, per quantity and direction. A registry writes the downward
 * bounds as negative numbers (T-26); here every bound is an amount.
 */
import type { Direction, MaxFlexibility, Quantity } from '../../../schemas/generated.ts'

export interface BandOwner {
  readonly maxFlexibility: MaxFlexibility
}

export const bandOf = (members: readonly BandOwner[], quantity: Quantity, direction: Direction): number => {
  let band = 0
  for (const { maxFlexibility } of members) band += bound(maxFlexibility, quantity, direction)
  return band
}

const bound = (band: MaxFlexibility, quantity: Quantity, direction: Direction): number => {
  if (direction === 'UP') return quantity === 'P' ? band.upperP : band.upperQ
  return quantity === 'P' ? -band.downP : -band.downQ
}
