/**
 * What all limits of one picture of a tree share: of each candidate's member what it moves by itself, whatever is asked for
 * (see treeSensitivities), and sums of it over the rows, so that what a range of rows does together is a difference of two.
 */
import type { TreeSensitivities } from '../tree-sensitivities.ts'
import type { Entries } from './candidate-columns.ts'

/** By entry; used again for the next picture of as many entries. */
export interface OwnEffects {
  /** What of the row's own vector one W or var of the candidate moves. */
  readonly x: Float64Array
  readonly y: Float64Array
  /** Sums over the entries before each: of these vectors by level, and of their sizes by the most. */
  readonly sumX: Float64Array
  readonly sumY: Float64Array
  readonly sumMost: Float64Array
  /** Of the limit that is looked at. */
  readonly effect: Float64Array
  sizeMax: number
}

export const emptyOwn = (count: number): OwnEffects => ({
  ...{ x: new Float64Array(count), y: new Float64Array(count), effect: new Float64Array(count), sizeMax: 0 },
  sumX: new Float64Array(count + 1),
  sumY: new Float64Array(count + 1),
  sumMost: new Float64Array(count + 1)
})

/** Around the state with these levels. */
export const fillOwn = (
  own: OwnEffects,
  { count, row, share, quantity, candidate }: Entries,
  { ownP, ownQ }: TreeSensitivities,
  levels: Float64Array,
  most: Float64Array
): void => {
  const { x, y, sumX, sumY, sumMost } = own
  let sizeMax = 0
  let ofX = 0
  let ofY = 0
  let ofMost = 0
  for (let e = 0; e < count; e++) {
    const at = 2 * row[e]!
    const perWatt = share[e]! / 1000
    const vx = perWatt * (quantity[e] === 0 ? ownP[at]! : ownQ[at]!)
    const vy = perWatt * (quantity[e] === 0 ? ownP[at + 1]! : ownQ[at + 1]!)
    const i = candidate[e]!
    const size = Math.abs(vx) + Math.abs(vy)
    if (size > sizeMax) sizeMax = size
    x[e] = vx
    y[e] = vy
    ofX += vx * levels[i]!
    ofY += vy * levels[i]!
    ofMost += size * most[i]!
    sumX[e + 1] = ofX
    sumY[e + 1] = ofY
    sumMost[e + 1] = ofMost
  }
  own.sizeMax = sizeMax
}
