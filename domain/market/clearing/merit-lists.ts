/** The steps of a market's single offers, and their order by price in each MTU. */
import type { Book } from './book.ts'

/** Steps of the single offers of one market, by the MTU in which they begin, then in the order of arrival. */
export interface Steps {
  readonly offer: Int32Array
  readonly price: Float64Array
  readonly quantity: Float64Array
  /** Per MTU, the positions of its steps in merit order: by price, then arrival. One list for all MTUs if all steps cover all. */
  readonly order: (mtu: number) => Int32Array
}

/** The steps of one market in the order of arrival; an MTU's merit order is sorted when it is first asked for. */
export const meritLists = (book: Book, offerMarket: Uint8Array, market: number): Steps => {
  let wholeHorizon = true
  // Where the steps that begin in an MTU have their positions: those of one MTU lie together, so clearing it reads them in a row.
  const positions = new Int32Array(book.mtus + 1)
  // Steps that begin less steps that end, then, summed up, where each MTU's list starts.
  const starts = new Int32Array(book.mtus + 2)
  for (let o = 0; o < book.offers.length; o++) {
    const offer = book.offers[o]!
    if (offerMarket[o] !== market || offer.kind === 'block') continue
    for (const { mtu, mtus, steps } of offer.intervals) {
      positions[mtu + 1]! += steps.length
      starts[mtu + 1]! += steps.length
      starts[mtu + mtus + 1]! -= steps.length
      if (mtu !== 0 || mtus !== book.mtus) wholeHorizon = false
    }
  }
  for (let t = 1; t < starts.length; t++) starts[t]! += starts[t - 1]!
  for (let t = 1; t < starts.length; t++) starts[t]! += starts[t - 1]!
  for (let t = 1; t < positions.length; t++) positions[t]! += positions[t - 1]!
  const count = positions[book.mtus]!
  const offer = new Int32Array(count)
  const price = new Float64Array(count)
  const quantity = new Float64Array(count)
  const lists = wholeHorizon ? Int32Array.from({ length: count }, (_, i) => i) : new Int32Array(starts[book.mtus]!)
  const fill = starts.slice()
  for (let o = 0; o < book.offers.length; o++) {
    const single = book.offers[o]!
    if (offerMarket[o] !== market || single.kind === 'block') continue
    for (const { mtu, mtus, steps } of single.intervals)
      for (let k = 0; k < steps.length; k++) {
        const step = steps[k]!
        const next = positions[mtu]!++
        offer[next] = o
        price[next] = step.price
        quantity[next] = step.quantity
        if (!wholeHorizon) for (let t = mtu; t < mtu + mtus; t++) lists[fill[t]!++] = next
      }
  }
  const sorted: (Int32Array | undefined)[] = []
  return {
    offer,
    price,
    quantity,
    order: mtu => {
      const slot = wholeHorizon ? 0 : mtu
      let list = sorted[slot]
      if (!list) {
        list = byPrice(wholeHorizon ? lists : lists.subarray(starts[mtu]!, starts[mtu + 1]!), price)
        sorted[slot] = list
      }
      return list
    }
  }
}

/** By price, equal prices in the order given: a radix sort (a comparison sort costs several times more). */
const byPrice = (list: Int32Array, price: Float64Array): Int32Array => {
  const size = list.length
  let keys = new Int32Array(size)
  let highest = 0
  for (let k = 0; k < size; k++) {
    const key = price[list[k]!]!
    if (key > highest) highest = key
    keys[k] = key
  }
  if (highest >= 2 ** 31) return list.slice().sort((a, b) => price[a]! - price[b]!)
  const bits = size < 2048 ? 8 : 11
  const mask = (1 << bits) - 1
  let order = list
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
