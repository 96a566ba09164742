/**
 * The amounts that a service may be cut to: nothing, all, and between them (continuous services only) every multiple of the
 * step that is not below its minimum.
 */

/** A service as the search sees it in one slot, by rank. */
export interface Candidate {
  /** The most that may be acceptable, W or var. */
  readonly most: number
  readonly isDiscrete: boolean
  readonly minimum: number
}

/** The highest permitted amount that is not above `amount`. */
export const levelAtMost = ({ most, isDiscrete, minimum }: Candidate, amount: number, step: number): number => {
  if (amount >= most) return most
  if (isDiscrete) return 0
  const level = Math.floor(amount / step) * step
  return level < minimum || level < 0 ? 0 : level
}

/** The next permitted amount above `level`; undefined where there is none. */
export const levelAbove = (
  { most, isDiscrete, minimum }: Candidate,
  level: number,
  step: number
): number | undefined => {
  if (level >= most) return undefined
  if (isDiscrete) return most
  const next = Math.max((Math.floor(level / step) + 1) * step, Math.ceil(minimum / step) * step)
  return Math.min(next, most)
}

export const mostOf = (candidates: readonly Candidate[]): Float64Array => {
  const most = new Float64Array(candidates.length)
  for (let i = 0; i < most.length; i++) most[i] = candidates[i]!.most
  return most
}
