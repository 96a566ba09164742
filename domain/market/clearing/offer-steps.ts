/**
 * A single offer as columns, its intervals in the order of time: what clearing reads, and what a session keeps of an offer,
 * so that a gate with half a million steps does not begin with walking half a million objects, and a market that remembers
 * three days of offers does not remember them as millions of objects.
 *
 * An offer that was made from columns (`offerOfSteps`) has its intervals as objects only while somebody looks at them.
 */
import type { OfferInterval, SingleOffer } from './book.ts'

export interface OfferSteps {
  /** Per interval three numbers: its first MTU, the MTU after its last, and which of the steps is its first. */
  readonly intervals: Int32Array
  /** Per interval, W or var; empty if all are 0. */
  readonly minAcceptances: Float64Array
  /** Per step two numbers: price and quantity. */
  readonly steps: Float64Array
  /** The most that all steps of an MTU add up to, W or var. */
  readonly most: number
}

const known = new WeakMap<SingleOffer, OfferSteps>()

export const stepsOf = (offer: SingleOffer): OfferSteps => {
  let steps = known.get(offer)
  if (!steps) {
    steps = stepsOfIntervals(offer.intervals)
    known.set(offer, steps)
  }
  return steps
}

export const hasMinAcceptance = ({ minAcceptances }: OfferSteps): boolean => minAcceptances.length > 0

export const stepsOfIntervals = (intervals: readonly OfferInterval[]): OfferSteps => {
  const inTime = intervals.every(({ mtu }, k) => k === 0 || intervals[k - 1]!.mtu <= mtu)
    ? intervals
    : intervals.toSorted((a, b) => a.mtu - b.mtu)
  const count = inTime.reduce((sum, { steps }) => sum + steps.length, 0)
  const columns = { intervals: new Int32Array(3 * inTime.length), steps: new Float64Array(2 * count) }
  let next = 0
  let most = 0
  inTime.forEach(({ mtu, mtus, steps }, k) => {
    columns.intervals[3 * k] = mtu
    columns.intervals[3 * k + 1] = mtu + mtus
    columns.intervals[3 * k + 2] = next
    let sum = 0
    for (const { price, quantity } of steps) {
      columns.steps[2 * next] = price
      columns.steps[2 * next + 1] = quantity
      sum += quantity
      next++
    }
    if (sum > most) most = sum
  })
  const isDivisible = inTime.every(({ minAcceptance }) => minAcceptance === 0)
  const minAcceptances = isDivisible ? noneNeeded : Float64Array.from(inTime, ({ minAcceptance }) => minAcceptance)
  return { ...columns, minAcceptances, most }
}

const noneNeeded = new Float64Array(0)

/** Where the steps of interval k end. */
export const stepsEnd = ({ intervals, steps }: OfferSteps, k: number): number =>
  3 * k + 5 < intervals.length ? intervals[3 * k + 5]! : steps.length / 2

/** Which interval holds the MTU; -1 if none does. */
export const intervalAtMtu = ({ intervals }: OfferSteps, mtu: number): number => {
  let from = 0
  let to = intervals.length / 3
  while (from < to) {
    const middle = (from + to) >> 1
    if (intervals[3 * middle + 1]! <= mtu) from = middle + 1
    else to = middle
  }
  return 3 * from < intervals.length && intervals[3 * from]! <= mtu ? from : -1
}

export const intervalOfSteps = (columns: OfferSteps, k: number): OfferInterval => {
  const { intervals, minAcceptances, steps } = columns
  const mtu = intervals[3 * k]!
  return {
    mtu,
    mtus: intervals[3 * k + 1]! - mtu,
    steps: Array.from({ length: stepsEnd(columns, k) - intervals[3 * k + 2]! }, (_, n) => {
      const at = 2 * (intervals[3 * k + 2]! + n)
      return { price: steps[at]!, quantity: steps[at + 1]! }
    }),
    minAcceptance: minAcceptances[k] ?? 0
  }
}

export const intervalsOfSteps = (columns: OfferSteps): OfferInterval[] =>
  Array.from({ length: columns.intervals.length / 3 }, (_, k) => intervalOfSteps(columns, k))

export const offerOfSteps = (head: Omit<SingleOffer, 'kind' | 'intervals'>, steps: OfferSteps): SingleOffer => {
  const offer: SingleOffer = {
    ...head,
    kind: 'single',
    get intervals() {
      return intervalsOfSteps(steps)
    }
  }
  known.set(offer, steps)
  return offer
}
