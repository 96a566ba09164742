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
  const { requests, residual, volume } = pool
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
  let searches = 0
  while (spread.unseen > 0 && searches < searchesMost) {
    searches++
    let source = -1
    let dearest = Number.NEGATIVE_INFINITY
    for (let c = 0; c < count; c++) {
      if (seenClass[c] === mark) continue
      const top = topOf(pool, c, fixed)
      if (top < 0 || volume.price[top]! <= dearest) continue
      source = c
      dearest = volume.price[top]!
    }
    if (source < 0) break
    leaveRequests(spread, source)
    spreadPrice(spread, dearest)
  }
  if (spread.unseen > 0)
    for (const c of dearestFirst(pool, fixed, seenClass, mark)) {
      if (seenClass[c] === mark) continue
      leaveRequests(spread, c)
      spreadPrice(spread, volume.price[topOf(pool, c, fixed)]!)
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

/** In most pools the first few sources reach all; where each place stands for itself, sorting them is less work than searching. */
const searchesMost = 6

const dearestFirst = (
  pool: Pool,
  fixed: Uint8Array | undefined,
  seenClass: Int32Array,
  mark: number
): readonly number[] => {
  const count = pool.shape.eligible.length
  const found: number[] = []
  // Price and place in one number: those sort five times as fast as what a function compares.
  const keys = new Float64Array(count)
  let most = 0
  for (let c = 0; c < count; c++) {
    const top = seenClass[c] === mark ? -1 : topOf(pool, c, fixed)
    if (top < 0) continue
    const price = pool.volume.price[top]!
    if (price > most) most = price
    keys[found.length] = price * count + (count - 1 - c)
    found.push(c)
  }
  const priceOf = (c: number): number => pool.volume.price[topOf(pool, c, fixed)]!
  if ((most + 1) * count > Number.MAX_SAFE_INTEGER) return found.sort((a, b) => priceOf(b) - priceOf(a))
  const rising = keys.subarray(0, found.length).sort()
  for (let k = 0; k < rising.length; k++) {
    const key = rising[rising.length - 1 - k]!
    found[k] = count - 1 - (key - Math.floor(key / count) * count)
  }
  return found
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
