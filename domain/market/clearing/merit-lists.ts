/**
 * The steps of a market's single offers in each MTU, in merit order: by price, then arrival, as columns that clearing reads from
 * front to back. MTUs with the same curves share one list; where only quantities differ, the order is not sorted again.
 */
import type { Book } from './book.ts'
import { type OfferSteps, stepsOf } from './offer-steps.ts'

export interface MeritList {
  readonly offer: Int32Array
  readonly price: Float64Array
  readonly quantity: Float64Array
}

/** By MTU. */
export const meritLists = (book: Book, offerMarket: Uint8Array, market: number): readonly MeritList[] => {
  const singles: number[] = []
  const curves: OfferSteps[] = []
  book.offers.forEach((single, o) => {
    if (offerMarket[o] !== market || single.kind === 'block') return
    singles.push(o)
    curves.push(stepsOf(single))
  })
  if (singles.length === 0) return new Array<MeritList>(book.mtus).fill(emptyList)
  const gather = gatherer(singles, curves)
  const lists: MeritList[] = []
  let ranks: Int32Array | undefined
  let prices: Float64Array | undefined
  let offers: Int32Array | undefined
  for (let t = 0; t < book.mtus; t++) {
    const before = lists[t - 1]
    const arrived = gather(t)
    if (!arrived) {
      lists.push(before ?? emptyList)
      continue
    }
    const isSorted = ranks && prices && areEqual(prices, arrived.price)
    if (!ranks || !isSorted) {
      ranks = byPrice(arrived.price)
      prices = arrived.price.slice()
    }
    if (isSorted && before && offers && areEqual(offers, arrived.offer))
      lists.push({ offer: before.offer, price: before.price, quantity: ordered(arrived.quantity, ranks) })
    else {
      offers = arrived.offer.slice()
      lists.push(inOrder(arrived, ranks))
    }
  }
  return lists
}

const emptyList: MeritList = { offer: new Int32Array(0), price: new Float64Array(0), quantity: new Float64Array(0) }

/** The steps of one MTU after the other, in the order of arrival; undefined if they are those of the MTU before. */
const gatherer = (
  singles: readonly number[],
  curves: readonly OfferSteps[]
): ((mtu: number) => MeritList | undefined) => {
  const { firstInterval, firstStep, intervals, steps } = joined(curves)
  let room = 0
  for (let n = 0; n < curves.length; n++) {
    let longest = 0
    for (let k = firstInterval[n]!; k < firstInterval[n + 1]!; k++)
      longest = Math.max(longest, stepsEnd(k, n) - intervals[3 * k + 2]!)
    room += longest
  }
  /** Where the steps of interval k, of the n-th offer, end. */
  function stepsEnd(k: number, n: number): number {
    return k + 1 < firstInterval[n + 1]! ? intervals[3 * k + 5]! : firstStep[n + 1]!
  }
  const offer = new Int32Array(room)
  const price = new Float64Array(room)
  const quantity = new Float64Array(room)
  // Where each offer is: its next interval that has not ended, and whether that has begun.
  const next = firstInterval.slice(0, curves.length)
  const begun = new Uint8Array(curves.length)
  return mtu => {
    let changed = mtu === 0
    let count = 0
    for (let n = 0; n < curves.length; n++) {
      const end = firstInterval[n + 1]!
      let k = next[n]!
      while (k < end && intervals[3 * k + 1]! <= mtu) {
        k++
        if (begun[n]) changed = true
        begun[n] = 0
      }
      next[n] = k
      if (k === end || intervals[3 * k]! > mtu) continue
      if (!begun[n]) changed = true
      begun[n] = 1
      const last = stepsEnd(k, n)
      for (let s = intervals[3 * k + 2]!; s < last; s++) {
        offer[count] = singles[n]!
        price[count] = steps[2 * s]!
        quantity[count] = steps[2 * s + 1]!
        count++
      }
    }
    if (!changed) return undefined
    return {
      offer: offer.subarray(0, count),
      price: price.subarray(0, count),
      quantity: quantity.subarray(0, count)
    }
  }
}

/** All offers' columns one after the other, so that an MTU is read from few places in memory. */
const joined = (curves: readonly OfferSteps[]) => {
  const firstInterval = new Int32Array(curves.length + 1)
  const firstStep = new Int32Array(curves.length + 1)
  for (let n = 0; n < curves.length; n++) {
    firstInterval[n + 1] = firstInterval[n]! + curves[n]!.intervals.length / 3
    firstStep[n + 1] = firstStep[n]! + curves[n]!.steps.length / 2
  }
  const intervals = new Int32Array(3 * firstInterval[curves.length]!)
  const steps = new Float64Array(2 * firstStep[curves.length]!)
  for (let n = 0; n < curves.length; n++) {
    const curve = curves[n]!
    const from = 3 * firstInterval[n]!
    intervals.set(curve.intervals, from)
    for (let k = from + 2; k < 3 * firstInterval[n + 1]!; k += 3) intervals[k]! += firstStep[n]!
    steps.set(curve.steps, 2 * firstStep[n]!)
  }
  return { firstInterval, firstStep, intervals, steps }
}

const inOrder = ({ offer, price, quantity }: MeritList, ranks: Int32Array): MeritList => {
  const inRank = new Int32Array(ranks.length)
  for (let k = 0; k < ranks.length; k++) inRank[k] = offer[ranks[k]!]!
  return { offer: inRank, price: ordered(price, ranks), quantity: ordered(quantity, ranks) }
}

const ordered = (column: Float64Array, ranks: Int32Array): Float64Array => {
  const inRank = new Float64Array(ranks.length)
  for (let k = 0; k < ranks.length; k++) inRank[k] = column[ranks[k]!]!
  return inRank
}

const areEqual = (one: Float64Array | Int32Array, other: Float64Array | Int32Array): boolean => {
  if (one.length !== other.length) return false
  for (let k = 0; k < one.length; k++) if (one[k] !== other[k]) return false
  return true
}

/** Places by price, equal prices as they stand: a radix sort (a comparison sort costs several times more). */
const byPrice = (price: Float64Array): Int32Array => {
  const size = price.length
  let order = new Int32Array(size)
  let keys = new Int32Array(size)
  let highest = 0
  for (let k = 0; k < size; k++) {
    order[k] = k
    keys[k] = price[k]!
    if (price[k]! > highest) highest = price[k]!
  }
  if (highest >= 2 ** 31) return order.sort((a, b) => price[a]! - price[b]! || a - b)
  const bits = size < 2048 ? 8 : 11
  const mask = (1 << bits) - 1
  for (let shift = 0; shift === 0 || highest >> shift > 0; shift += bits) {
    const starts = new Int32Array(mask + 2)
    for (let k = 0; k < size; k++) starts[((keys[k]! >> shift) & mask) + 1]!++
    for (let d = 0; d <= mask; d++) starts[d + 1]! += starts[d]!
    const nextOrder = new Int32Array(size)
    const nextKeys = new Int32Array(size)
    for (let k = 0; k < size; k++) {
      const key = keys[k]!
      const slot = (key >> shift) & mask
      const target = starts[slot]!
      starts[slot] = target + 1
      nextOrder[target] = order[k]!
      nextKeys[target] = key
    }
    order = nextOrder
    keys = nextKeys
    if (shift + bits > 30) break
  }
  return order
}
