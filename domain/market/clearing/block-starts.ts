/**
 * When a block could run, and what one W of it would be worth there at most.
 *
 * The worth of a W is a vector, compared in order: DSO volume gained, DSO cost saved, TSO volume gained, TSO cost saved.
 * It is read off a cleared slice: either demand is open that the W can reach (pool.ts), or the W displaces the dearest
 * volume that it can reach. Supplies are substitutes, so a worth read where no block runs is an upper bound wherever blocks
 * run; a start whose worths add up to nothing is in no better solution than one without it, and is dropped.
 */
import { blockOf, type Compiled, roomOf } from './compiled-book.ts'
import { openDemand, pricePool } from './exchange.ts'
import type { Pool } from './pool.ts'
import { closedTo, dsoClassOf, type SliceClasses, tsoClassOf } from './slice-classes.ts'

export interface Start {
  readonly start: number
  /** The most power that room and demand allow over the run. */
  readonly most: number
}

export type Worth = readonly [number, number, number, number]
export const noWorth: Worth = [0, 0, 0, 0]
export const compare = (a: Worth, b: Worth): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]
export const plus = (a: Worth, b: Worth, factor = 1): Worth => [
  a[0] + factor * b[0],
  a[1] + factor * b[1],
  a[2] + factor * b[2],
  a[3] + factor * b[3]
]

export interface BlockClasses {
  readonly dso: number
  readonly tso: number
}

export const classesOfBlock = (compiled: Compiled, classes: SliceClasses, offer: number): BlockClasses => {
  const mask = closedTo(classes, offer)
  const kind = compiled.offerKind[offer]!
  const { price } = blockOf(compiled, offer)
  return { dso: dsoClassOf(classes, kind, mask, price), tso: tsoClassOf(classes, kind, mask, price) }
}

/** What the requests that a block suits ask for in a slice, W or var. */
export const askedOf = (
  compiled: Compiled,
  offer: number,
  { classes, dso, tso }: { readonly classes: SliceClasses; readonly dso: Pool; readonly tso: Pool }
): number => {
  const here = classesOfBlock(compiled, classes, offer)
  return demandOf(compiled, dso, here.dso, classes.mtu) + demandOf(compiled, tso, here.tso, classes.mtu)
}

const demandOf = ({ demand }: Compiled, { shape, requests }: Pool, c: number, mtu: number): number =>
  c < 0 ? 0 : shape.eligible[c]!.reduce((sum, r) => sum + demand[requests[r]!]![mtu]!, 0)

/**
 * Starts at which a request could take the block in every MTU of its run. `asked`: see `askedOf`, from its earliest MTU on, which
 * stands at `from`; 0 where no slice is.
 */
export const possibleStarts = (
  compiled: Compiled,
  offer: number,
  asked: Float64Array,
  from: number
): { starts: Start[]; least: number } => {
  const block = blockOf(compiled, offer)
  const market = compiled.offerMarket[offer]!
  const unit = compiled.offerUnit[offer]!
  const least = Math.max(1, block.minAcceptance)
  const most = Math.min(block.power, Math.floor(block.maxEnergy / block.duration))
  const starts: Start[] = []
  if (most < least) return { starts, least }
  const mostAt = new Float64Array(block.latest - block.earliest)
  for (let t = block.earliest; t < block.latest; t++)
    mostAt[t - block.earliest] = Math.min(most, asked[from + t - block.earliest]!, roomOf(compiled, unit, market, t))
  for (let start = block.earliest; start + block.duration <= block.latest; start++) {
    let possible = most
    for (let t = start; t < start + block.duration && possible > 0; t++)
      possible = Math.min(possible, mostAt[t - block.earliest]!)
    if (possible >= least) starts.push({ start, most: possible })
  }
  return { starts, least }
}

/** Prices of pools that no longer change: all blocks ask for the same ones. A class that is new to a pool prices it again. */
const pricesOfPool = new WeakMap<Pool, Float64Array>()

export const lastingPrices = (pool: Pool): Float64Array => {
  let prices = pricesOfPool.get(pool)
  if (!prices || prices.length < pool.shape.eligible.length) {
    prices = new Float64Array(pool.shape.eligible.length)
    pricePool(pool, undefined, prices)
    pricesOfPool.set(pool, prices)
  }
  return prices
}

const dearestIn = (pool: Pool, classIndex: number): { open: boolean; price: number } => {
  const price = lastingPrices(pool)[classIndex]!
  // Only volume that is accepted in any case: nothing more can come, so nothing more has a price.
  return price === openDemand ? { open: true, price: 0 } : { open: false, price: Math.max(0, price) }
}

/** At most what one more W of a block is worth in a cleared slice; undefined if nobody may take it. */
export const worthOf = (
  slice: { readonly dso: Pool; readonly tso: Pool },
  { dso, tso }: BlockClasses,
  price: number
): Worth | undefined => {
  let best: Worth | undefined
  if (dso >= 0) {
    const { open, price: dearest } = dearestIn(slice.dso, dso)
    if (open) return [1, -price, 0, 0]
    // What the DSO frees may go to the TSO.
    const freed: [number, number] =
      slice.tso.requests.length === 0
        ? [0, 0]
        : slice.tso.left > 0
          ? [1, 0]
          : [0, Math.max(0, slice.tso.highestPrice - dearest)]
    best = [0, dearest - price, freed[0], freed[1]]
  }
  if (tso >= 0) {
    const { open, price: dearest } = dearestIn(slice.tso, tso)
    const worth: Worth = open ? [0, 0, 1, -price] : [0, 0, 0, dearest - price]
    if (!best || compare(worth, best) > 0) best = worth
  }
  return best
}

/** Starts whose run is worth anything. */
export const worthwhileStarts = (starts: readonly Start[], worths: readonly (Worth | undefined)[]): Start[] =>
  starts.filter((_, k) => worths[k] !== undefined && compare(worths[k]!, noWorth) > 0)

/** The sum over each start's run; runs through an undefined worth are undefined. */
export const worthOfRuns = (
  starts: readonly Start[],
  duration: number,
  worthAt: (mtu: number) => Worth | undefined
): (Worth | undefined)[] => {
  if (starts.length === 0) return []
  const first = starts[0]!.start
  const worths = new Float64Array(WORTH_WIDTH * (starts[starts.length - 1]!.start + duration - first))
  let covered = first
  for (const { start } of starts)
    for (covered = Math.max(covered, start); covered < start + duration; covered++)
      writeWorth(worths, WORTH_WIDTH * (covered - first), worthAt(covered))
  return worthOfWrittenRuns(starts, duration, worths, 0, first)
}

/** Places that a worth takes in a column: its four numbers, and whether there is one. */
export const WORTH_WIDTH = 5

export const writeWorth = (worths: Float64Array, at: number, worth: Worth | undefined): void => {
  for (let k = 0; k < 4; k++) worths[at + k] = worth ? worth[k]! : 0
  worths[at + 4] = worth ? 1 : 0
}

export const writtenWorth = (worths: Float64Array, at: number): Worth | undefined =>
  worths[at + 4] === 1 ? [worths[at]!, worths[at + 1]!, worths[at + 2]!, worths[at + 3]!] : undefined

/** The sum over each start's run, as `worthOfRuns`, of worths that are written down: that of MTU `first` at place `from`. */
export const worthOfWrittenRuns = (
  starts: readonly Start[],
  duration: number,
  worths: Float64Array,
  from: number,
  first: number
): (Worth | undefined)[] => {
  if (starts.length === 0) return []
  const begin = starts[0]!.start
  const end = starts[starts.length - 1]!.start + duration
  // Sums from the first MTU on: four worths, and how many are missing. All whole numbers, so differences are exact.
  const sums = new Float64Array(WORTH_WIDTH * (end - begin + 1))
  let covered = begin
  // Starts rise, so each run goes on where those before it ended; between runs nothing is asked for.
  for (const { start } of starts)
    for (; covered < start + duration; covered++)
      addMtu(sums, covered - begin, worths, covered >= start ? from + WORTH_WIDTH * (covered - first) : nowhere)
  return starts.map(({ start }) => sumOfRun(sums, start - begin, duration))
}

const nowhere = -1

const addMtu = (sums: Float64Array, mtu: number, worths: Float64Array, at: number): void => {
  const here = WORTH_WIDTH * mtu
  const next = here + WORTH_WIDTH
  for (let k = 0; k < 4; k++) sums[next + k] = sums[here + k]! + (at === nowhere ? 0 : worths[at + k]!)
  sums[next + 4] = sums[here + 4]! + (at === nowhere || worths[at + 4] === 1 ? 0 : 1)
}

const sumOfRun = (sums: Float64Array, mtu: number, duration: number): Worth | undefined => {
  const from = WORTH_WIDTH * mtu
  const to = from + WORTH_WIDTH * duration
  if (sums[to + 4]! > sums[from + 4]!) return undefined
  return [
    sums[to]! - sums[from]!,
    sums[to + 1]! - sums[from + 1]!,
    sums[to + 2]! - sums[from + 2]!,
    sums[to + 3]! - sums[from + 3]!
  ]
}
