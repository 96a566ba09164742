/**
 * One W more in a cleared pool: it reaches open demand, or takes the place of dearer volume.
 *
 * `pricePool` finds the shadow prices, exactly: in a matroid the dearest member of the one circuit that a W closes leaves. All
 * classes are priced by one search from the demand back to the supply: from open requests first, then from the dearest
 * volume down, each class gets the first price that reaches it. Linear in the pool.
 *
 * `enter` lets volume in where it displaces the dearest volume that serves one of its own requests; what only a chain of
 * requests could displace stays. So it costs little in a pool of any size, but the pool need not be at least cost then.
 */
import { dearestExit, noRoom, noteEntered, noteMoved, topOf } from './exits.ts'
import { followClasses, type Pool, place, type Search, searchOf, takesMore } from './pool.ts'
import { addInOrder, takeOut } from './volume-order.ts'

/** Price of a class whose next W finds open demand. */
export const openDemand = Number.POSITIVE_INFINITY

/** By class, what its next W displaces; `fixed` offers (by index) are never displaced. */
export const pricePool = (pool: Pool, fixed: Uint8Array | undefined, prices: Float64Array): void => {
  const { requests, residual } = pool
  const count = pool.shape.eligible.length
  followClasses(pool)
  const search = searchOf(pool)
  const { mark, seenRequest, seenClass } = search
  const spread: Spread = { pool, search, prices, head: 0, tail: 0, unseen: count }
  for (let r = 0; r < requests.length; r++)
    if (residual[r]! > 0) {
      seenRequest[r] = mark
      search.requests[spread.tail++] = r
    }
  spreadPrice(spread, openDemand)
  if (spread.unseen > 0) {
    listTops(pool, fixed, search)
    while (spread.unseen > 0 && tops.count > 0) {
      const source = tops.classes[0]!
      const price = tops.price[0]!
      dropTop()
      if (seenClass[source] === mark) continue
      leaveRequests(spread, source)
      spreadPrice(spread, price)
    }
  }
  if (spread.unseen > 0) for (let c = 0; c < count; c++) if (seenClass[c] !== mark) prices[c] = noRoom
}

/** Requests that were reached wait in the search's queue. */
interface Spread {
  readonly pool: Pool
  readonly search: Search
  readonly prices: Float64Array
  head: number
  tail: number
  /** Classes without a price. */
  unseen: number
}

/** From the waiting requests to all classes that may serve them, and on. */
const spreadPrice = (spread: Spread, price: number): void => {
  const { pool, search, prices } = spread
  const { firstServer, nextServer, classAt } = pool.shape
  const { requests, seenClass, mark } = search
  for (; spread.head < spread.tail; spread.head++) {
    for (let at = firstServer[requests[spread.head]!]!; at >= 0; at = nextServer[at]!) {
      const c = classAt[at]!
      if (seenClass[c] === mark) continue
      seenClass[c] = mark
      spread.unseen--
      prices[c] = price
      leaveRequests(spread, c)
    }
  }
}

/** What a class serves it could leave. */
const leaveRequests = (spread: Spread, c: number): void => {
  const { pool, search } = spread
  const { seenRequest, requests, mark } = search
  const { eligible, flowFrom } = pool.shape
  const own = eligible[c]!
  const from = flowFrom[c]!
  for (let k = 0; k < own.length; k++) {
    const r = own[k]!
    if (pool.flow[from + k] === 0 || seenRequest[r] === mark) continue
    seenRequest[r] = mark
    requests[spread.tail++] = r
  }
}

/** Paper: what may leave classes without a price, as a heap with the dearest on top. The dearest tenth reaches all the others. */
const tops = { count: 0, price: new Float64Array(0), classes: new Int32Array(0) }

const listTops = (pool: Pool, fixed: Uint8Array | undefined, { seenClass, mark }: Search): void => {
  const count = pool.shape.eligible.length
  if (tops.price.length < count) {
    tops.price = new Float64Array(2 * count)
    tops.classes = new Int32Array(2 * count)
  }
  const { price, classes } = tops
  tops.count = 0
  for (let c = 0; c < count; c++) {
    const top = seenClass[c] === mark ? -1 : topOf(pool, c, fixed)
    if (top < 0) continue
    price[tops.count] = pool.volume.price[top]!
    classes[tops.count++] = c
  }
  for (let n = (tops.count >> 1) - 1; n >= 0; n--) sinkTop(n, price[n]!, classes[n]!)
}

const dropTop = (): void => {
  const last = --tops.count
  sinkTop(0, tops.price[last]!, tops.classes[last]!)
}

/** From a free place down to where nothing dearer is below. */
const sinkTop = (from: number, dearest: number, c: number): void => {
  const { count, price, classes } = tops
  let n = from
  for (let child = 2 * n + 1; child < count; child = 2 * n + 1) {
    if (child + 1 < count && price[child + 1]! > price[child]!) child++
    if (price[child]! <= dearest) break
    price[n] = price[child]!
    classes[n] = classes[child]!
    n = child
  }
  price[n] = dearest
  classes[n] = c
}

/** About what the next W of a class displaces: never more than `pricePool` says. */
export const priceNear = (pool: Pool, classIndex: number, fixed: Uint8Array | undefined): number =>
  takesMore(pool, classIndex) ? openDemand : dearestExit(pool, classIndex, fixed).price

export interface Entry {
  readonly classIndex: number
  readonly offer: number
  readonly price: number
  readonly amount: number
  /** Whether it enters even where it displaces what is cheaper. */
  readonly must: boolean
}

/** What left a pool, as columns that are written anew. */
export interface Leaving {
  count: number
  readonly offer: number[]
  readonly price: number[]
  readonly amount: number[]
}

export const nothingLeft = (): Leaving => ({ count: 0, offer: [], price: [], amount: [] })

const leave = (leaving: Leaving, offer: number, price: number, amount: number): void => {
  const at = leaving.count++
  leaving.offer[at] = offer
  leaving.price[at] = price
  leaving.amount[at] = amount
}

/** Lets an amount in; returns how much got in, and adds what left. */
export const enter = (
  pool: Pool,
  { classIndex, offer, price, amount, must }: Entry,
  fixed: Uint8Array | undefined,
  left: Leaving
): number => {
  const { flow, volume } = pool
  let rest = amount
  if (takesMore(pool, classIndex)) {
    rest -= place(pool, classIndex, rest)
    noteMoved(pool, fixed)
  }
  while (rest > 0) {
    const exit = dearestExit(pool, classIndex, fixed)
    if (exit.leaving < 0 || (!must && exit.price <= price)) break
    const top = topOf(pool, exit.leaving, fixed)
    const moved = Math.min(rest, flow[exit.at]!, volume.amount[top]!)
    flow[exit.at]! -= moved
    flow[exit.into]! += moved
    leave(left, exit.offer, exit.price, moved)
    volume.amount[top]! -= moved
    if (volume.amount[top] === 0) takeOut(pool, exit.leaving, top)
    noteEntered(pool, classIndex, fixed)
    rest -= moved
  }
  if (rest < amount) {
    addInOrder(pool, classIndex, offer, price, amount - rest)
    noteEntered(pool, classIndex, fixed)
  }
  return amount - rest
}
