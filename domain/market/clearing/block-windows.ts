/** Where a block could run, and what each of its starts promises at given prices. */
import { type BlockClasses, classesOfBlock, type Worth } from './block-starts.ts'
import { blockOf, type Compiled, marketCount } from './compiled-book.ts'
import type { BlockChoice } from './component.ts'
import { openDemand } from './exchange.ts'
import type { Slice } from './merit-order.ts'

export interface Window {
  readonly offer: number
  readonly duration: number
  readonly price: number
  readonly market: number
  readonly first: number
  readonly end: number
  /** By MTU from the first on; undefined where no start runs, or the slice is not at hand. */
  readonly classes: readonly (BlockClasses | undefined)[]
}

/** The classes of a block are looked up before any pool is copied, so copies have them; only where the slice is at hand. */
export const windowOf = (
  compiled: Compiled,
  { offer, starts }: BlockChoice,
  cleared: (slice: number) => Slice | undefined
): Window => {
  const { duration, price } = blockOf(compiled, offer)
  const market = compiled.offerMarket[offer]!
  const first = starts[0]!.start
  const end = starts[starts.length - 1]!.start + duration
  const classes: (BlockClasses | undefined)[] = new Array<undefined>(end - first).fill(undefined)
  for (const { start } of starts)
    for (let t = start; t < start + duration; t++) {
      if (classes[t - first]) continue
      const slice = cleared(t * marketCount + market)
      if (slice) classes[t - first] = classesOfBlock(compiled, slice.classes, offer)
    }
  return { offer, duration, price, market, first, end, classes }
}

/** Who takes a W of a block, by MTU of its window from the first on, and at which price. */
export interface Takers {
  /** `nobody`, or where the worth of that side's volume stands in a `Worth`: 0 for the DSO, 2 for the TSO. */
  readonly side: Float64Array
  readonly price: Float64Array
}

export const nobody = -1

export const widthOf = ({ first, end }: Window): number => end - first

/** Those of a window on paper, from place `at` on: two columns. */
export const takersAt = (window: Window, paper: Float64Array, at: number): Takers => {
  const width = widthOf(window)
  return { side: paper.subarray(at, at + width), price: paper.subarray(at + width, at + 2 * width) }
}

/** What each start could be worth at most, at its full power. */
export const promisesOf = ({ duration, price, first }: Window, { starts }: BlockChoice, takers: Takers): Worth[] => {
  const sums = sumsOf(takers, price)
  const promises: Worth[] = []
  for (const { start, most } of starts) {
    const from = 4 * (start - first)
    const to = from + 4 * duration
    promises.push([
      most * (sums[to]! - sums[from]!),
      most * (sums[to + 1]! - sums[from + 1]!),
      most * (sums[to + 2]! - sums[from + 2]!),
      most * (sums[to + 3]! - sums[from + 3]!)
    ])
  }
  return promises
}

/** Of a W that runs from the first MTU on: four worths up to each MTU. */
const sumsOf = ({ side, price: prices }: Takers, price: number): Float64Array => {
  const sums = new Float64Array(4 * (side.length + 1))
  for (let t = 0; t < side.length; t++) {
    const next = 4 * (t + 1)
    for (let k = 0; k < 4; k++) sums[next + k] = sums[next - 4 + k]!
    const taker = side[t]!
    if (taker === nobody) continue
    if (prices[t] === openDemand) {
      sums[next + taker]! += 1
      sums[next + taker + 1]! -= price
    } else sums[next + taker + 1]! += prices[t]! - price
  }
  return sums
}
