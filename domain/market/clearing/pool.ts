/**
 * The demand of one side in one slice (market and MTU), and what has been promised to it.
 *
 * A *class* is all supply that may serve the same requests. `place` serves as much of an amount as the demand can take,
 * moving earlier supply between requests where that makes room (an augmenting path), so that an amount is refused only
 * if no way of sharing the demand could take it. Refusal is final: what reached only full requests never fits again
 * (those requests form a tight set), so dead requests are remembered and the search stops early.
 */
import { type ClearingMemory, freshMemory } from './clearing-memory.ts'
import { addRow, copyVolume, noVolume, setVolume, type Volume } from './volume.ts'

export interface Pool {
  /** Request indices of the book; a local request number is a position here. */
  readonly requests: readonly number[]
  readonly residual: Float64Array
  readonly dead: Uint8Array
  /** Shared by a pool and its copies. */
  readonly shape: PoolShape
  /** Promised, by the flow places of the shape. */
  readonly flow: number[]
  /** By class: its last accepted volume, -1 if there is none. */
  readonly lastOf: number[]
  volume: Volume
  /** Demand not served. */
  left: number
  highestPrice: number
}

/** Which classes there are, and which requests each may serve. */
export interface PoolShape {
  /** By class: local request numbers, most specific first. */
  readonly eligible: (readonly number[])[]
  /** By class: the flow place of the first of its eligible requests; the others follow. */
  readonly flowFrom: number[]
  flowEnd: number
  readonly known: Map<string, number>
  /** By flow place: the class, and the next place of a class that may serve the same request; -1: none. */
  readonly classAt: number[]
  readonly nextServer: number[]
  /** By local request: the first and the last of these places. */
  readonly firstServer: Int32Array
  readonly lastServer: Int32Array
  /** And how many. */
  readonly serverCount: Int32Array
}

/** `demand` by request; it becomes the pool's. */
export const openPool = (requests: readonly number[], demand: Float64Array): Pool =>
  poolOfShape(requests, demand, {
    eligible: [],
    flowFrom: [],
    flowEnd: 0,
    known: new Map(),
    classAt: [],
    nextServer: [],
    firstServer: new Int32Array(requests.length).fill(-1),
    lastServer: new Int32Array(requests.length).fill(-1),
    serverCount: new Int32Array(requests.length)
  })

const poolOfShape = (requests: readonly number[], demand: Float64Array, shape: PoolShape): Pool => {
  let left = 0
  for (let r = 0; r < demand.length; r++) left += demand[r]!
  return {
    requests,
    residual: demand,
    dead: new Uint8Array(requests.length),
    shape,
    flow: [],
    lastOf: [],
    volume: noVolume(),
    left,
    highestPrice: 0
  }
}

/** With room in `memory` for some more volume. */
export const copyPool = (pool: Pool, memory: ClearingMemory = freshMemory): Pool => {
  const { requests, residual, dead, shape, flow, lastOf, volume, left, highestPrice } = pool
  return {
    requests,
    residual: residual.slice(),
    dead: dead.slice(),
    shape,
    flow: flow.slice(),
    lastOf: lastOf.slice(),
    volume: copyVolume(volume, memory, COPY_ROOM),
    left,
    highestPrice
  }
}

/** What a copy accepts beside what it has, as a share of that. */
const COPY_ROOM = 1 / 4

/** Overwrites a copy of a pool with that pool, as it is now. */
export const copyAgain = (copy: Pool, pool: Pool): Pool => {
  const { volume } = copy
  setVolume(volume, pool.volume)
  return { ...copyPool({ ...pool, volume: noVolume() }), volume }
}

/** The same classes with nothing promised; `demand` by request becomes the pool's. */
export const emptied = ({ requests, shape }: Pool, demand: Float64Array): Pool => {
  const pool = poolOfShape(requests, demand, shape)
  followClasses(pool)
  return pool
}

/** Places for all classes that the shape has: copies have opened some since. */
export const followClasses = ({ shape, lastOf, flow }: Pool): void => {
  while (lastOf.length < shape.eligible.length) lastOf.push(-1)
  while (flow.length < shape.flowEnd) flow.push(0)
}

/** The class of supply that may serve these local requests; -1 if there are none. */
export const classOf = (pool: Pool, eligible: readonly number[]): number => {
  if (eligible.length === 0) return -1
  const key = eligible.join()
  const known = pool.shape.known.get(key)
  if (known !== undefined) return known
  const index = addClass(pool, eligible)
  pool.shape.known.set(key, index)
  return index
}

/** A class that is known to be new to the pool. */
export const addClass = (pool: Pool, eligible: readonly number[]): number => {
  const { shape } = pool
  const index = shape.eligible.length
  shape.eligible.push(eligible)
  shape.flowFrom.push(shape.flowEnd)
  for (let k = 0; k < eligible.length; k++) addServer(shape, index, eligible[k]!)
  followClasses(pool)
  return index
}

const addServer = (shape: PoolShape, index: number, request: number): void => {
  const at = shape.flowEnd++
  const last = shape.lastServer[request]!
  shape.classAt.push(index)
  shape.nextServer.push(-1)
  if (last < 0) shape.firstServer[request] = at
  else shape.nextServer[last] = at
  shape.lastServer[request] = at
  shape.serverCount[request]!++
}

/** Notes volume of a class after `before`, -1 for its first; `after` is what came after that, -1 if nothing. */
export const addVolume = (
  pool: Pool,
  classIndex: number,
  offer: number,
  price: number,
  amount: number,
  before: number,
  after: number
): void => {
  const at = addRow(pool.volume, offer, price, amount, before)
  if (after < 0) pool.lastOf[classIndex] = at
  else pool.volume.before[after] = at
}

/** Places as much of `amount` as fits; returns how much that was. */
export const place = (pool: Pool, classIndex: number, amount: number): number => {
  const { residual, flow, shape } = pool
  const eligible = shape.eligible[classIndex]!
  const from = shape.flowFrom[classIndex]!
  let rest = amount
  for (let k = 0; k < eligible.length; k++) {
    const r = eligible[k]!
    const room = residual[r]!
    if (room === 0) continue
    const taken = Math.min(room, rest)
    flow[from + k]! += taken
    residual[r] = room - taken
    rest -= taken
    if (rest === 0) break
  }
  while (rest > 0) {
    if (isDead(pool, classIndex)) break
    const moved = augment(pool, classIndex, rest)
    if (moved === 0) break
    rest -= moved
  }
  pool.left -= amount - rest
  return amount - rest
}

/** Whether nothing more can be served. */
export const isAllDead = ({ dead }: Pool): boolean => {
  for (let r = 0; r < dead.length; r++) if (dead[r] === 0) return false
  return true
}

export const isDead = (pool: Pool, classIndex: number): boolean => {
  const eligible = pool.shape.eligible[classIndex]!
  for (let k = 0; k < eligible.length; k++) if (pool.dead[eligible[k]!] === 0) return false
  return true
}

/** Whether more of a class would find demand, perhaps after promises have moved; what would not is remembered as dead. */
export const takesMore = (pool: Pool, classIndex: number): boolean => {
  if (pool.left === 0 || isDead(pool, classIndex)) return false
  if (reachOpen(pool, classIndex) >= 0) return true
  const { requests, requestCount } = search
  for (let n = 0; n < requestCount; n++) pool.dead[requests[n]!] = 1
  return false
}

export interface Closure {
  readonly classes: readonly number[]
  /** A reached request with demand left, or -1. */
  readonly open: number
}

/** Requests and classes whose promises an amount of this class could move, up to the first request with demand left. */
export const closureOf = (pool: Pool, classIndex: number): Closure => {
  const open = reach(pool, classIndex)
  return { classes: Array.from(search.classes.subarray(0, search.classCount)), open }
}

/** The same, left in the pool's search: returns the open request, or -1. */
const reach = (pool: Pool, classIndex: number): number => {
  searchOf(pool)
  const { shape, residual } = pool
  const { mark, cameFromClass, seenRequest, seenClass, requests, classes } = search
  search.requestCount = 0
  search.classCount = 1
  classes[0] = classIndex
  seenClass[classIndex] = mark
  for (let head = 0; head < search.classCount; head++) {
    const from = classes[head]!
    const eligible = shape.eligible[from]!
    for (let k = 0; k < eligible.length; k++) {
      const r = eligible[k]!
      if (seenRequest[r] === mark) continue
      seenRequest[r] = mark
      cameFromClass[r] = from
      requests[search.requestCount++] = r
      if (residual[r]! > 0) return r
      reachServers(pool, r)
    }
  }
  return -1
}

/** The classes that serve a request are reached from it. */
const reachServers = ({ shape, flow }: Pool, r: number): void => {
  const { classAt, nextServer, firstServer } = shape
  const { mark, cameFromRequest, seenClass, classes } = search
  let count = search.classCount
  for (let at = firstServer[r]!; at >= 0; at = nextServer[at]!) {
    const c = classAt[at]!
    if (seenClass[c] === mark || !(flow[at]! > 0)) continue
    seenClass[c] = mark
    cameFromRequest[c] = r
    classes[count++] = c
  }
  search.classCount = count
}

/**
 * The same for who only looks for demand: it passes by dead requests (no demand can be reached from them, and there may be a
 * thousand classes behind each), and looks at what a class may serve as soon as it is reached, since that is the request that
 * the search would end at.
 */
const reachOpen = (pool: Pool, classIndex: number): number => {
  searchOf(pool)
  const { shape, flow, dead } = pool
  const { classAt, nextServer, firstServer } = shape
  const { mark, cameFromClass, cameFromRequest, seenRequest, seenClass, requests, classes } = search
  let requestCount = 0
  let classCount = 1
  classes[0] = classIndex
  seenClass[classIndex] = mark
  search.requestCount = 0
  let open = openOf(pool, classIndex)
  if (open >= 0) {
    cameFromClass[open] = classIndex
    return open
  }
  for (let head = 0; head < classCount; head++) {
    const from = classes[head]!
    const eligible = shape.eligible[from]!
    for (let k = 0; k < eligible.length; k++) {
      const r = eligible[k]!
      if (seenRequest[r] === mark || dead[r] === 1) continue
      seenRequest[r] = mark
      cameFromClass[r] = from
      requests[requestCount++] = r
      for (let at = firstServer[r]!; at >= 0; at = nextServer[at]!) {
        const c = classAt[at]!
        if (seenClass[c] === mark || !(flow[at]! > 0)) continue
        seenClass[c] = mark
        cameFromRequest[c] = r
        classes[classCount++] = c
        open = openOf(pool, c)
        if (open < 0) continue
        cameFromClass[open] = c
        return open
      }
    }
  }
  search.requestCount = requestCount
  return -1
}

/** A request that the class may serve and that has demand left, or -1. */
const openOf = ({ shape, residual }: Pool, classIndex: number): number => {
  const eligible = shape.eligible[classIndex]!
  for (let k = 0; k < eligible.length; k++) if (residual[eligible[k]!]! > 0) return eligible[k]!
  return -1
}

/** Paper for searches, shared by all pools: a search is over before the next begins, and marks only rise. */
export interface Search {
  mark: number
  cameFromClass: Int32Array
  cameFromRequest: Int32Array
  seenRequest: Int32Array
  seenClass: Int32Array
  /** What was reached, in the order of the search. */
  requests: Int32Array
  requestCount: number
  classes: Int32Array
  classCount: number
}

const search: Search = {
  mark: 0,
  cameFromClass: new Int32Array(0),
  cameFromRequest: new Int32Array(0),
  seenRequest: new Int32Array(0),
  seenClass: new Int32Array(0),
  requests: new Int32Array(0),
  requestCount: 0,
  classes: new Int32Array(0),
  classCount: 0
}

/** With room for this pool, and a mark that nothing has yet. */
export const searchOf = ({ shape, requests }: Pool): Search => {
  const { eligible: classes } = shape
  if (search.mark === MARK_MOST) {
    search.mark = 0
    search.seenRequest.fill(0)
    search.seenClass.fill(0)
  }
  search.mark++
  if (search.seenRequest.length < requests.length) {
    search.cameFromClass = new Int32Array(2 * requests.length)
    search.seenRequest = new Int32Array(2 * requests.length)
    search.requests = new Int32Array(2 * requests.length)
  }
  if (search.seenClass.length < classes.length) {
    search.cameFromRequest = new Int32Array(2 * classes.length)
    search.seenClass = new Int32Array(2 * classes.length)
    search.classes = new Int32Array(2 * classes.length)
  }
  return search
}

const MARK_MOST = 2 ** 31 - 1

const augment = (pool: Pool, classIndex: number, amount: number): number => {
  const open = reachOpen(pool, classIndex)
  const { flow, shape, residual, dead } = pool
  const { requests, requestCount, cameFromClass, cameFromRequest } = search
  if (open === -1) {
    for (let n = 0; n < requestCount; n++) dead[requests[n]!] = 1
    return 0
  }
  let moved = Math.min(amount, residual[open]!)
  for (let r = open; cameFromClass[r] !== classIndex; ) {
    const c = cameFromClass[r]!
    r = cameFromRequest[c]!
    moved = Math.min(moved, flow[flowPlace(shape, c, r)]!)
  }
  residual[open]! -= moved
  for (let r = open; ; ) {
    const c = cameFromClass[r]!
    flow[flowPlace(shape, c, r)]! += moved
    if (c === classIndex) return moved
    r = cameFromRequest[c]!
    flow[flowPlace(shape, c, r)]! -= moved
  }
}

const flowPlace = ({ eligible, flowFrom }: PoolShape, classIndex: number, request: number): number =>
  flowFrom[classIndex]! + eligible[classIndex]!.indexOf(request)
