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

/** The same of many, by place: a search goes through them over and over. */
export interface Candidates {
  readonly most: Float64Array
  readonly isDiscrete: Uint8Array
  readonly minimum: Float64Array
}

export const candidatesOf = (list: readonly Candidate[]): Candidates => {
  const columns = {
    most: new Float64Array(list.length),
    isDiscrete: new Uint8Array(list.length),
    minimum: new Float64Array(list.length)
  }
  for (let i = 0; i < list.length; i++) {
    const { most, isDiscrete, minimum } = list[i]!
    columns.most[i] = most
    columns.isDiscrete[i] = isDiscrete ? 1 : 0
    columns.minimum[i] = minimum
  }
  return columns
}

export const candidateAt = ({ most, isDiscrete, minimum }: Candidates, i: number): Candidate => ({
  most: most[i]!,
  isDiscrete: isDiscrete[i] === 1,
  minimum: minimum[i]!
})

/** The highest permitted amount that is not above `amount`. */
export const levelAtMost = ({ most, isDiscrete, minimum }: Candidate, amount: number, step: number): number =>
  levelWithin(most, isDiscrete, minimum, amount, step)

/** The same without an object. */
export const levelWithin = (
  most: number,
  isDiscrete: boolean,
  minimum: number,
  amount: number,
  step: number
): number => {
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
