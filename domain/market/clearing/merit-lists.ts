/**
 * The steps of a market's single offers in each MTU, in merit order: by price, then arrival, as columns that clearing reads from
 * front to back. MTUs with the same curves share one list; where only quantities differ, the order is not sorted again.
 */
import type { Book } from './book.ts'
import { type CurveColumns, curveColumns } from './curve-columns.ts'

export interface MeritList {
  readonly offer: Int32Array
  readonly price: Float64Array
  readonly quantity: Float64Array
}

/** By MTU. */
export const meritLists = (book: Book, offerMarket: Uint8Array, market: number): readonly MeritList[] => {
  const singles: number[] = []
  const curves: number[] = []
  let curve = 0
  for (const [o, single] of book.offers.entries()) {
    if (single.kind === 'block') continue
    if (offerMarket[o] === market) {
      singles.push(o)
      curves.push(curve)
    }
    curve++
  }
  if (singles.length === 0) return new Array<MeritList>(book.mtus).fill(emptyList)
  const reader = curveReader(curveColumns(book), Int32Array.from(curves))
  const lists: MeritList[] = []
  let ranked: Ranked | undefined
  for (let t = 0; t < book.mtus; t++) {
    const change = moveTo(reader, t)
    if (ranked && change === 'none') {
      lists.push(lists[t - 1]!)
      continue
    }
    const quantity = ranked && change === 'values' ? quantitiesIn(reader, ranked) : undefined
    if (ranked && quantity) lists.push({ offer: ranked.offer, price: ranked.price, quantity })
    else {
      ranked = rankedNow(reader, singles)
      lists.push({ offer: ranked.offer, price: ranked.price, quantity: ranked.quantity })
    }
  }
  return lists
}

const emptyList: MeritList = { offer: new Int32Array(0), price: new Float64Array(0), quantity: new Float64Array(0) }

/** A list that knows where each of its steps is: which offer's, and which of its curve. */
interface Ranked extends MeritList {
  readonly curve: Int32Array
  readonly step: Int32Array
}

/** The curves of all offers in one MTU, which only moves on. */
interface CurveReader {
  readonly columns: CurveColumns
  /** By offer: its curve, and its next interval that has not ended. */
  readonly curves: Int32Array
  readonly next: Int32Array
  /** Per step of any offer two numbers: price and quantity. */
  readonly steps: Float64Array
  /** By offer: its first step here, and how many it has. */
  readonly first: Int32Array
  readonly count: Int32Array
}

const curveReader = (columns: CurveColumns, curves: Int32Array): CurveReader => {
  const next = new Int32Array(curves.length)
  for (let n = 0; n < next.length; n++) next[n] = columns.intervalFrom[curves[n]!]!
  return {
    columns,
    curves,
    next,
    steps: columns.steps,
    first: new Int32Array(curves.length),
    count: new Int32Array(curves.length)
  }
}

/** Says what changed since the MTU before: nothing is another; each offer has as many steps; or not even that. */
const moveTo = ({ columns, curves, next, first, count }: CurveReader, mtu: number): 'none' | 'values' | 'steps' => {
  const { intervalFrom, stepFrom, intervals } = columns
  let isOther = mtu === 0
  let hasOtherSteps = mtu === 0
  for (let n = 0; n < curves.length; n++) {
    const curve = curves[n]!
    const end = intervalFrom[curve + 1]!
    let k = next[n]!
    while (k < end && intervals[k + 1]! <= mtu) k += 3
    next[n] = k
    const isHere = k < end && intervals[k]! <= mtu
    const base = stepFrom[curve]! >> 1
    const from = isHere ? base + intervals[k + 2]! : 0
    const to = !isHere ? 0 : k + 3 < end ? base + intervals[k + 5]! : stepFrom[curve + 1]! >> 1
    if (first[n] === from && count[n] === to - from) continue
    isOther = true
    if (count[n] !== to - from) hasOtherSteps = true
    first[n] = from
    count[n] = to - from
  }
  return hasOtherSteps ? 'steps' : isOther ? 'values' : 'none'
}

/** The quantities of steps that cost what they did, in the same order; undefined if one has another price. */
const quantitiesIn = ({ steps, first }: CurveReader, { curve, step, price }: Ranked): Float64Array | undefined => {
  // Mostly all are the same or nearly all are others.
  if (price.length > 0 && steps[2 * (first[curve[0]!]! + step[0]!)] !== price[0]) return undefined
  const quantity = new Float64Array(price.length)
  for (let k = 0; k < price.length; k++) {
    const at = 2 * (first[curve[k]!]! + step[k]!)
    if (steps[at] !== price[k]) return undefined
    quantity[k] = steps[at + 1]!
  }
  return quantity
}

const rankedNow = ({ steps, first, count }: CurveReader, singles: readonly number[]): Ranked => {
  let size = 0
  for (let n = 0; n < count.length; n++) size += count[n]!
  const arrived = paperFor(size)
  let end = 0
  for (let n = 0; n < count.length; n++)
    for (let s = 0; s < count[n]!; s++) {
      const at = 2 * (first[n]! + s)
      arrived.curve[end] = n
      arrived.step[end] = s
      arrived.price[end] = steps[at]!
      arrived.quantity[end++] = steps[at + 1]!
    }
  const order = byPrice(arrived, size)
  const ranked = {
    offer: new Int32Array(size),
    price: new Float64Array(size),
    quantity: new Float64Array(size),
    curve: arrived.rankedCurve,
    step: arrived.rankedStep
  }
  for (let k = 0; k < size; k++) {
    const from = order[k]!
    const n = arrived.curve[from]!
    ranked.offer[k] = singles[n]!
    ranked.price[k] = arrived.price[from]!
    ranked.quantity[k] = arrived.quantity[from]!
    ranked.curve[k] = n
    ranked.step[k] = arrived.step[from]!
  }
  return ranked
}

/** Columns that are longer than what stands in them, written anew for each ranking: memory of a hundred rankings is not needed at once. */
interface Paper {
  readonly curve: Int32Array
  readonly step: Int32Array
  readonly price: Float64Array
  readonly quantity: Float64Array
  readonly rankedCurve: Int32Array
  readonly rankedStep: Int32Array
  /** What a pass of the sort reads, and what it writes. */
  order: Int32Array
  keys: Int32Array
  nextOrder: Int32Array
  nextKeys: Int32Array
}

const paperWith = (room: number): Paper => ({
  curve: new Int32Array(room),
  step: new Int32Array(room),
  price: new Float64Array(room),
  quantity: new Float64Array(room),
  rankedCurve: new Int32Array(room),
  rankedStep: new Int32Array(room),
  order: new Int32Array(room),
  keys: new Int32Array(room),
  nextOrder: new Int32Array(room),
  nextKeys: new Int32Array(room)
})

let paper = paperWith(0)

const paperFor = (size: number): Paper => {
  if (paper.curve.length < size) paper = paperWith(2 * size)
  return paper
}

const BITS = 11
const starts = new Int32Array((1 << BITS) + 1)

/** Places by price, equal prices as they stand: a radix sort (a comparison sort costs several times more). */
const byPrice = (sorted: Paper, size: number): Int32Array => {
  const { price } = sorted
  let lowest = Number.POSITIVE_INFINITY
  let highest = 0
  for (let k = 0; k < size; k++) {
    if (price[k]! < lowest) lowest = price[k]!
    if (price[k]! > highest) highest = price[k]!
  }
  for (let k = 0; k < size; k++) {
    sorted.order[k] = k
    sorted.keys[k] = price[k]! - lowest
  }
  const range = highest - lowest
  if (range >= 2 ** 31) return sorted.order.subarray(0, size).sort((a, b) => price[a]! - price[b]! || a - b)
  for (let shift = 0; shift < 31 && range >> shift > 0; shift += BITS) pass(sorted, size, shift)
  return sorted.order
}

const pass = (sorted: Paper, size: number, shift: number): void => {
  const { order, keys, nextOrder, nextKeys } = sorted
  const mask = (1 << BITS) - 1
  starts.fill(0)
  for (let k = 0; k < size; k++) starts[((keys[k]! >> shift) & mask) + 1]!++
  for (let d = 0; d <= mask; d++) starts[d + 1]! += starts[d]!
  for (let k = 0; k < size; k++) {
    const key = keys[k]!
    const slot = (key >> shift) & mask
    const target = starts[slot]!
    starts[slot] = target + 1
    nextOrder[target] = order[k]!
    nextKeys[target] = key
  }
  sorted.order = nextOrder
  sorted.nextOrder = order
  sorted.keys = nextKeys
  sorted.nextKeys = keys
}
