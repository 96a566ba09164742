/**
 * How far each column may go in the next linear step. The cheapest point is seldom at a corner: many columns end inside their
 * bands, where what they cost is what their help is worth, and a linear programme throws each of them from end to end.
 *
 * After a step that was good, each column's net cost before and after it says where it would be 0 on a straight line; it may
 * go nearly so far, since the others move as well. After one that was not, all may go a share of the way.
 */
import type { RegionSearch } from './region-search.ts'

/** Steps are shortened down to this share of the band. */
const RADIUS_LEAST = 1e-7
/** Of the way to where the net cost would be 0; all of it overshoots together with the neighbours, which react alike. */
const SHARE_OF_WAY = 0.8
/** Bounds of a radius, in lengths of the last move. */
const SHORTEST = 0.05
const LONGEST = 2

/** `before`: amounts and net costs where the last step began; `netCosts`: at the same prices, where it led to. */
export const adaptRadii = (
  { amounts, own: { most }, radii }: RegionSearch,
  before: { readonly amounts: Float64Array; readonly netCosts: Float64Array },
  netCosts: Float64Array
): void => {
  for (let k = 0; k < radii.length; k++) {
    const move = amounts[k]! - before.amounts[k]!
    const share = Math.abs(move) / most[k]!
    if (share <= RADIUS_LEAST) continue
    // What a kW further was worth, and is now.
    const was = move > 0 ? -before.netCosts[k]! : before.netCosts[k]!
    const is = move > 0 ? -netCosts[k]! : netCosts[k]!
    // A column of the basis, or one that made room for others: it did not go for itself.
    if (was <= NOTHING) continue
    const length = was > is ? (SHARE_OF_WAY * Math.abs(is)) / (was - is) : LONGEST
    radii[k] = Math.min(1, share * Math.min(LONGEST, Math.max(SHORTEST, length)))
  }
}

/** Per unit of the dearest price: rounding. */
const NOTHING = 1e-12

/** Tried too far: that share of the way. */
export const shorten = (search: RegionSearch, share: number): void => {
  const { tried, amounts, radii } = search
  const { most } = search.own
  let longest = 0
  for (let k = 0; k < radii.length; k++) {
    const moved = tried === undefined ? 0 : Math.abs(tried.amounts[k]! - amounts[k]!) / most[k]!
    radii[k] = share * (moved > 0 ? Math.min(radii[k]!, moved) : radii[k]!)
    longest = Math.max(longest, radii[k]!)
  }
  if (longest < RADIUS_LEAST) search.status = 'done'
}
