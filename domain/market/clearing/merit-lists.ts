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
  const { mtus } = book
  const { offers, curves } = singlesOf(book, offerMarket, market)
  if (offers.length === 0) return new Array<MeritList>(mtus).fill(emptyList)
  const reader = curveReader(curveColumns(book), curves)
  const lists: MeritList[] = []
  let ranked: MeritList | undefined
  for (let from = 0; from < mtus; from += MTUS_AT_ONCE) {
    const end = Math.min(mtus, from + MTUS_AT_ONCE)
    findSteps(reader, from, end)
    copySteps(reader, end - from)
    for (let t = from; t < end; t++) {
      const here = reader.here[t - from]!
      if (here.isAsBefore) lists.push(lists[t - 1]!)
      else {
        ranked = ranked && hasSameBids(here) ? withQuantities(here, ranked) : rankedNow(here, offers)
        lists.push(ranked)
      }
    }
  }
  return lists
}

const emptyList: MeritList = { offer: new Int32Array(0), price: new Float64Array(0), quantity: new Float64Array(0) }

interface Singles {
  /** Single offers of one market, and their places among the curves of all. */
  readonly offers: Int32Array
  readonly curves: Int32Array
}

const singlesOf = (book: Book, offerMarket: Uint8Array, market: number): Singles => {
  const offers: number[] = []
  const curves: number[] = []
  let curve = 0
  for (let o = 0; o < book.offers.length; o++) {
    if (book.offers[o]!.kind === 'block') continue
    if (offerMarket[o] === market) {
      offers.push(o)
      curves.push(curve)
    }
    curve++
  }
  return { offers: Int32Array.from(offers), curves: Int32Array.from(curves) }
}

/**
 * MTUs that are read together: the steps of one offer in neighbouring MTUs stand beside each other, those of different
 * offers pages apart.
 */
const MTUS_AT_ONCE = 8

/** The curves of a market's offers, of which some MTUs are at hand. It only moves on. */
interface CurveReader {
  readonly columns: CurveColumns
  /** By offer: its curve, and its next interval that has not ended. */
  readonly curves: Int32Array
  readonly next: Int32Array
  /** By offer and MTU at hand: its first step there, and how many it has. */
  readonly first: Int32Array
  readonly count: Int32Array
  readonly here: readonly Here[]
}

/** All steps of one MTU in order of arrival, as columns that are longer than `size`. */
interface Here {
  /** Each offer is in the interval that it was in the MTU before. */
  isAsBefore: boolean
  size: number
  /** Place among the market's offers. */
  offer: Int32Array
  price: Float64Array
  quantity: Float64Array
}

const curveReader = (columns: CurveColumns, curves: Int32Array): CurveReader => {
  const next = new Int32Array(curves.length)
  for (let n = 0; n < next.length; n++) next[n] = columns.intervalFrom[curves[n]!]!
  return {
    columns,
    curves,
    next,
    first: new Int32Array(curves.length * MTUS_AT_ONCE),
    count: new Int32Array(curves.length * MTUS_AT_ONCE),
    here: paper.here
  }
}

const findSteps = ({ columns, curves, next, first, count, here }: CurveReader, from: number, end: number): void => {
  const { intervalFrom, stepFrom, intervals } = columns
  for (let m = 0; m < end - from; m++) {
    here[m]!.isAsBefore = from + m > 0
    here[m]!.size = 0
  }
  for (let n = 0; n < curves.length; n++) {
    const curve = curves[n]!
    const last = intervalFrom[curve + 1]!
    const base = stepFrom[curve]! >> 1
    const at = n * MTUS_AT_ONCE
    let firstBefore = first[at + MTUS_AT_ONCE - 1]!
    let countBefore = count[at + MTUS_AT_ONCE - 1]!
    let k = next[n]!
    for (let t = from; t < end; t++) {
      while (k < last && intervals[k + 1]! <= t) k += 3
      const isHere = k < last && intervals[k]! <= t
      const begin = isHere ? base + intervals[k + 2]! : 0
      const stop = !isHere ? 0 : k + 3 < last ? base + intervals[k + 5]! : stepFrom[curve + 1]! >> 1
      const m = t - from
      here[m]!.size += stop - begin
      if (begin !== firstBefore || stop - begin !== countBefore) here[m]!.isAsBefore = false
      first[at + m] = begin
      count[at + m] = stop - begin
      firstBefore = begin
      countBefore = stop - begin
    }
    next[n] = k
  }
}

const copySteps = ({ columns, curves, first, count, here }: CurveReader, mtus: number): void => {
  const { steps } = columns
  const ends = new Int32Array(mtus)
  for (let m = 0; m < mtus; m++) if (!here[m]!.isAsBefore) makeRoom(here[m]!)
  for (let n = 0; n < curves.length; n++)
    for (let m = 0; m < mtus; m++) {
      const { isAsBefore, offer, price, quantity } = here[m]!
      if (isAsBefore) continue
      const from = 2 * first[n * MTUS_AT_ONCE + m]!
      let at = ends[m]!
      for (let s = from; s < from + 2 * count[n * MTUS_AT_ONCE + m]!; s += 2) {
        offer[at] = n
        price[at] = steps[s]!
        quantity[at++] = steps[s + 1]!
      }
      ends[m] = at
    }
}

/** Whether the same offers bid the same prices as in the MTU that was ranked last. */
const hasSameBids = ({ size, offer, price }: Here): boolean => {
  if (size !== paper.size) return false
  for (let k = 0; k < size; k++) if (price[k] !== paper.price[k] || offer[k] !== paper.offer[k]) return false
  return true
}

const withQuantities = ({ size, quantity: arrived }: Here, { offer, price }: MeritList): MeritList => {
  const { order } = paper
  const quantity = new Float64Array(size)
  for (let k = 0; k < size; k++) quantity[k] = arrived[order[k]!]!
  return { offer, price, quantity }
}

const rankedNow = ({ size, offer, price, quantity }: Here, offers: Int32Array): MeritList => {
  keep(size, offer, price)
  const order = byPrice(size)
  const ranked: MeritList = {
    offer: new Int32Array(size),
    price: new Float64Array(size),
    quantity: new Float64Array(size)
  }
  for (let k = 0; k < size; k++) {
    const from = order[k]!
    ranked.offer[k] = offers[offer[from]!]!
    ranked.price[k] = price[from]!
    ranked.quantity[k] = quantity[from]!
  }
  return ranked
}

/** Memory that each MTU and each clearing uses again: all columns are longer than what stands in them. */
interface Paper {
  readonly here: readonly Here[]
  /** The bids that were ranked last, as they arrived. */
  size: number
  offer: Int32Array
  price: Float64Array
  /** What a pass of the sort reads, and what it writes; at last the ranking. */
  order: Int32Array
  keys: Int32Array
  nextOrder: Int32Array
  nextKeys: Int32Array
}

const paper: Paper = {
  here: Array.from({ length: MTUS_AT_ONCE }, () => ({
    isAsBefore: false,
    size: 0,
    offer: new Int32Array(0),
    price: new Float64Array(0),
    quantity: new Float64Array(0)
  })),
  size: 0,
  offer: new Int32Array(0),
  price: new Float64Array(0),
  order: new Int32Array(0),
  keys: new Int32Array(0),
  nextOrder: new Int32Array(0),
  nextKeys: new Int32Array(0)
}

const makeRoom = (here: Here): void => {
  const { size } = here
  if (here.offer.length >= size) return
  here.offer = new Int32Array(2 * size)
  here.price = new Float64Array(2 * size)
  here.quantity = new Float64Array(2 * size)
}

const keep = (size: number, offer: Int32Array, price: Float64Array): void => {
  if (paper.offer.length < size) {
    paper.offer = new Int32Array(2 * size)
    paper.price = new Float64Array(2 * size)
    paper.order = new Int32Array(2 * size)
    paper.keys = new Int32Array(2 * size)
    paper.nextOrder = new Int32Array(2 * size)
    paper.nextKeys = new Int32Array(2 * size)
  }
  paper.size = size
  paper.offer.set(offer.subarray(0, size))
  paper.price.set(price.subarray(0, size))
}

const BITS = 11
const starts = new Int32Array((1 << BITS) + 1)

/** Places of what is kept by price, equal prices as they stand: a radix sort (a comparison sort costs several times more). */
const byPrice = (size: number): Int32Array => {
  const { price, order, keys } = paper
  let lowest = Number.POSITIVE_INFINITY
  let highest = 0
  for (let k = 0; k < size; k++) {
    if (price[k]! < lowest) lowest = price[k]!
    if (price[k]! > highest) highest = price[k]!
  }
  for (let k = 0; k < size; k++) {
    order[k] = k
    keys[k] = price[k]! - lowest
  }
  const range = highest - lowest
  if (range >= 2 ** 31) order.subarray(0, size).sort((a, b) => price[a]! - price[b]! || a - b)
  else for (let shift = 0; shift < 31 && range >> shift > 0; shift += BITS) pass(size, shift)
  return paper.order
}

const pass = (size: number, shift: number): void => {
  const { order, keys, nextOrder, nextKeys } = paper
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
  paper.order = nextOrder
  paper.nextOrder = order
  paper.keys = nextKeys
  paper.nextKeys = keys
}
