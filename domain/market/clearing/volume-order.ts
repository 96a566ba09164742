/**
 * Volume of a class, kept sorted by price while volume of any price comes and goes (exchange.ts).
 *
 * It is linked from the dearest down (volume.ts), so a place far down is far to walk to, and in a large class a thousand come to
 * look for one. The first that walks too far has the whole class written down in order, and who comes later finds the place by
 * halving.
 */
import { addVolume, type Pool } from './pool.ts'

/** Places in the pool's volume, from the cheapest to the dearest; longer than `count`. */
interface Order {
  count: number
  entries: Int32Array
}

/** By class; undefined where nobody had to walk far. */
const orders = new WeakMap<Pool, (Order | undefined)[]>()

/** So many are passed one by one. */
const SHORT_WALK = 32

/** What is decided elsewhere comes before equals. */
export const addInOrder = (pool: Pool, classIndex: number, offer: number, price: number, amount: number): void => {
  const known = orders.get(pool)?.[classIndex]
  if (known) {
    addTo(known, pool, classIndex, offer, price, amount)
    return
  }
  const { volume } = pool
  let at = pool.lastOf[classIndex]!
  let after = -1
  for (let n = 0; n < SHORT_WALK && at >= 0 && volume.price[at]! >= price; n++) {
    after = at
    at = volume.before[at]!
  }
  if (at >= 0 && volume.price[at]! >= price)
    addTo(writtenDown(pool, classIndex), pool, classIndex, offer, price, amount)
  else addVolume(pool, classIndex, offer, price, amount, at, after)
}

const addTo = (order: Order, pool: Pool, classIndex: number, offer: number, price: number, amount: number): void => {
  const prices = pool.volume.price
  if (order.count === order.entries.length) grow(order)
  const { entries, count } = order
  let from = 0
  let to = count
  while (from < to) {
    const middle = (from + to) >> 1
    if (prices[entries[middle]!]! < price) from = middle + 1
    else to = middle
  }
  const added = pool.volume.count
  const before = from > 0 ? entries[from - 1]! : -1
  addVolume(pool, classIndex, offer, price, amount, before, from < count ? entries[from]! : -1)
  entries.copyWithin(from + 1, from, count)
  entries[from] = added
  order.count++
}

const grow = (order: Order): void => {
  const larger = new Int32Array(2 * order.entries.length)
  larger.set(order.entries)
  order.entries = larger
}

const writtenDown = (pool: Pool, classIndex: number): Order => {
  const { before } = pool.volume
  let count = 0
  for (let at = pool.lastOf[classIndex]!; at >= 0; at = before[at]!) count++
  const entries = new Int32Array(count + ROOM_FOR_MORE)
  let n = count
  for (let at = pool.lastOf[classIndex]!; at >= 0; at = before[at]!) entries[--n] = at
  const order = { count, entries }
  let ofPool = orders.get(pool)
  if (!ofPool) {
    ofPool = []
    orders.set(pool, ofPool)
  }
  ofPool[classIndex] = order
  return order
}

/** What enters a class of a large slice: some hundred. */
const ROOM_FOR_MORE = 256

/** What is left of it is nothing: it stays in the columns, and is no longer linked. */
export const takeOut = (pool: Pool, classIndex: number, entry: number): void => {
  const { lastOf, volume } = pool
  const { before } = volume
  let after = lastOf[classIndex]!
  if (after === entry) lastOf[classIndex] = before[entry]!
  else {
    while (before[after] !== entry) after = before[after]!
    before[after] = before[entry]!
  }
  const order = orders.get(pool)?.[classIndex]
  if (!order) return
  const at = order.entries.subarray(0, order.count).lastIndexOf(entry)
  order.entries.copyWithin(at, at + 1, order.count--)
}
