/**
 * Which volume of a pool would leave first for a W that serves a certain request: the dearest, of equals the latest offer's.
 *
 * A thousand classes may serve a request, many blocks ask for it, and each that enters changes one or two classes. So the
 * servers of a request stand in a heap by what was their dearest when they were put there. Where volume left, that is too much, and
 * is put right when the server comes to the top; where some entered, the server is put in again (`noteEntered`).
 */
import type { Pool } from './pool.ts'

/** Price of a class for which no room can be made. */
export const noRoom = -1

/** Where a W of a class would take the place of another. */
export interface Exit {
  /** `noRoom` if there is none. */
  price: number
  offer: number
  leaving: number
  /** Flow places of the request, in the class that leaves and in the one that enters. */
  at: number
  into: number
}

/** Servers of a request, the first before all others; columns that are longer than `count`. */
interface Heap {
  count: number
  price: Float64Array
  offer: Int32Array
  /** Flow place. */
  at: Int32Array
}

interface Exits {
  readonly fixed: Uint8Array | undefined
  /** By local request that was asked for and that many serve. */
  readonly byRequest: (Heap | undefined)[]
}

const exits = new WeakMap<Pool, Exits>()

const exitsOf = (pool: Pool, fixed: Uint8Array | undefined): Exits => {
  let known = exits.get(pool)
  if (known === undefined || known.fixed !== fixed) {
    known = { fixed, byRequest: new Array<Heap | undefined>(pool.requests.length).fill(undefined) }
    exits.set(pool, known)
  }
  return known
}

/** Overwritten by the next call: the dearest volume that serves a request of the class; `fixed` offers never leave. */
export const dearestExit = (pool: Pool, classIndex: number, fixed: Uint8Array | undefined): Readonly<Exit> => {
  const { byRequest } = exitsOf(pool, fixed)
  const { eligible, flowFrom, serverCount } = pool.shape
  const own = eligible[classIndex]!
  exit.price = noRoom
  exit.offer = -1
  exit.leaving = -1
  for (let k = 0; k < own.length; k++) {
    const r = own[k]!
    if (serverCount[r]! <= FEW_SERVERS) {
      lookAtServers(pool, r, fixed, flowFrom[classIndex]! + k)
      continue
    }
    let heap = byRequest[r]
    if (!heap) {
      heap = heapOf(pool, r, fixed)
      byRequest[r] = heap
    }
    if (putTopRight(heap, pool, fixed))
      consider(pool, heap.price[0]!, heap.offer[0]!, heap.at[0]!, flowFrom[classIndex]! + k)
  }
  return exit
}

const exit: Exit = { price: noRoom, offer: -1, leaving: -1, at: -1, into: -1 }

const consider = ({ shape }: Pool, price: number, offer: number, at: number, into: number): void => {
  if (price < exit.price || (price === exit.price && offer <= exit.offer)) return
  exit.price = price
  exit.offer = offer
  exit.at = at
  exit.leaving = shape.classAt[at]!
  exit.into = into
}

/** So many are looked at one by one. */
const FEW_SERVERS = 8

const lookAtServers = (pool: Pool, r: number, fixed: Uint8Array | undefined, into: number): void => {
  const { flow, volume, shape } = pool
  const { firstServer, nextServer, classAt } = shape
  for (let at = firstServer[r]!; at >= 0; at = nextServer[at]!) {
    const top = flow[at]! > 0 ? topOf(pool, classAt[at]!, fixed) : -1
    if (top >= 0) consider(pool, volume.price[top]!, volume.offer[top]!, at, into)
  }
}

/** To be said of a class that has new volume, or serves a request that it did not serve before. */
export const noteEntered = (pool: Pool, classIndex: number, fixed: Uint8Array | undefined): void => {
  const { byRequest } = exitsOf(pool, fixed)
  const top = topOf(pool, classIndex, fixed)
  if (top < 0) return
  const { volume, flow, shape } = pool
  const eligible = shape.eligible[classIndex]!
  for (let k = 0; k < eligible.length; k++) {
    const heap = byRequest[eligible[k]!]
    const at = shape.flowFrom[classIndex]! + k
    if (heap && flow[at]! > 0) push(heap, volume.price[top]!, volume.offer[top]!, at)
  }
}

/** To be said when promises have moved between requests of many classes. */
export const noteMoved = (pool: Pool, fixed: Uint8Array | undefined): void => {
  exitsOf(pool, fixed).byRequest.fill(undefined)
}

/** The dearest volume of a class that may leave; -1: none. */
export const topOf = ({ lastOf, volume }: Pool, classIndex: number, fixed: Uint8Array | undefined): number => {
  let top = lastOf[classIndex]!
  if (fixed) while (top >= 0 && fixed[volume.offer[top]!]) top = volume.before[top]!
  return top
}

const heapOf = (pool: Pool, r: number, fixed: Uint8Array | undefined): Heap => {
  const { flow, volume, shape } = pool
  const { firstServer, nextServer, classAt, serverCount } = shape
  const room = serverCount[r]! + ROOM_FOR_MORE
  const heap: Heap = {
    count: 0,
    price: new Float64Array(room),
    offer: new Int32Array(room),
    at: new Int32Array(room)
  }
  for (let at = firstServer[r]!; at >= 0; at = nextServer[at]!) {
    if (!(flow[at]! > 0)) continue
    const top = topOf(pool, classAt[at]!, fixed)
    if (top >= 0) set(heap, heap.count++, volume.price[top]!, volume.offer[top]!, at)
  }
  for (let n = (heap.count >> 1) - 1; n >= 0; n--) sink(heap, n)
  return heap
}

const ROOM_FOR_MORE = 4

/** What stands at the top is what its server has now; false if no server is left. */
const putTopRight = (heap: Heap, pool: Pool, fixed: Uint8Array | undefined): boolean => {
  const { flow, volume, shape } = pool
  while (heap.count > 0) {
    const at = heap.at[0]!
    const top = flow[at]! > 0 ? topOf(pool, shape.classAt[at]!, fixed) : -1
    if (top < 0) {
      const last = --heap.count
      set(heap, 0, heap.price[last]!, heap.offer[last]!, heap.at[last]!)
    } else {
      const price = volume.price[top]!
      const offer = volume.offer[top]!
      if (heap.price[0] === price && heap.offer[0] === offer) return true
      set(heap, 0, price, offer, at)
    }
    sink(heap, 0)
  }
  return false
}

const push = (heap: Heap, price: number, offer: number, at: number): void => {
  if (heap.count === heap.at.length) grow(heap)
  let n = heap.count++
  while (n > 0) {
    const parent = (n - 1) >> 1
    if (!isBefore(price, offer, at, heap, parent)) break
    set(heap, n, heap.price[parent]!, heap.offer[parent]!, heap.at[parent]!)
    n = parent
  }
  set(heap, n, price, offer, at)
}

const grow = (heap: Heap): void => {
  const { price, offer, at } = heap
  heap.price = new Float64Array(2 * price.length)
  heap.offer = new Int32Array(2 * price.length)
  heap.at = new Int32Array(2 * price.length)
  heap.price.set(price)
  heap.offer.set(offer)
  heap.at.set(at)
}

const sink = (heap: Heap, from: number): void => {
  const { count } = heap
  const price = heap.price[from]!
  const offer = heap.offer[from]!
  const at = heap.at[from]!
  let n = from
  for (;;) {
    let child = 2 * n + 1
    if (child >= count) break
    const right = child + 1
    if (right < count && isBefore(heap.price[right]!, heap.offer[right]!, heap.at[right]!, heap, child)) child = right
    if (isBefore(price, offer, at, heap, child)) break
    set(heap, n, heap.price[child]!, heap.offer[child]!, heap.at[child]!)
    n = child
  }
  set(heap, n, price, offer, at)
}

/** The dearest first, then the latest offer, then the first server. */
const isBefore = (price: number, offer: number, at: number, heap: Heap, other: number): boolean =>
  price > heap.price[other]! ||
  (price === heap.price[other] && (offer > heap.offer[other]! || (offer === heap.offer[other] && at < heap.at[other]!)))

const set = (heap: Heap, n: number, price: number, offer: number, at: number): void => {
  heap.price[n] = price
  heap.offer[n] = offer
  heap.at[n] = at
}
