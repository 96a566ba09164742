/**
 * One single offer as columns, its intervals in the order of time. Read once, when the offer comes (`stepsOf` remembers by identity, and
 * offers never change), so that a gate with half a million steps does not begin with walking half a million objects.
 */
import type { SingleOffer } from './book.ts'

export interface OfferSteps {
  /** Per interval three numbers: its first MTU, the MTU after its last, and which of the steps is its first. */
  readonly intervals: Int32Array
  /** Per step two numbers: price and quantity. */
  readonly steps: Float64Array
  /** The most that all steps of an MTU add up to, W or var. */
  readonly most: number
  readonly hasMinAcceptance: boolean
}

const known = new WeakMap<SingleOffer['intervals'], OfferSteps>()

export const stepsOf = ({ intervals }: SingleOffer): OfferSteps => {
  let steps = known.get(intervals)
  if (!steps) {
    steps = read(intervals)
    known.set(intervals, steps)
  }
  return steps
}

const read = (intervals: SingleOffer['intervals']): OfferSteps => {
  const inTime = intervals.every(({ mtu }, k) => k === 0 || intervals[k - 1]!.mtu <= mtu)
    ? intervals
    : intervals.toSorted((a, b) => a.mtu - b.mtu)
  const count = inTime.reduce((sum, { steps }) => sum + steps.length, 0)
  const columns = { intervals: new Int32Array(3 * inTime.length), steps: new Float64Array(2 * count) }
  let next = 0
  let most = 0
  let hasMinAcceptance = false
  inTime.forEach(({ mtu, mtus, steps, minAcceptance }, k) => {
    columns.intervals.set([mtu, mtu + mtus, next], 3 * k)
    let sum = 0
    for (const { price, quantity } of steps) {
      columns.steps[2 * next] = price
      columns.steps[2 * next + 1] = quantity
      sum += quantity
      next++
    }
    if (sum > most) most = sum
    if (minAcceptance > 0) hasMinAcceptance = true
  })
  return { ...columns, most, hasMinAcceptance }
}
