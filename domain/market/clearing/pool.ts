/**
 * The demand of one side in one slice (market and MTU), and what has been promised to it.
 *
 * A *class* is all supply that may serve the same requests. `place` serves as much of an amount as the demand can take,
 * moving earlier supply between requests where that makes room (an augmenting path), so that an amount is refused only
 * if no way of sharing the demand could take it. Refusal is final: what reached only full requests never fits again
 * (those requests form a tight set), so dead requests are remembered and the search stops early.
 */
export interface PoolClass {
  /** The pool, among copies of one another, that may change it. */
  readonly owner: symbol
  /** Local request numbers, most specific first. */
  readonly eligible: readonly number[]
  /** Promised, in the order of `eligible`. */
  readonly flow: number[]
  /** What was accepted, in the order of acceptance. */
  readonly offers: number[]
  readonly prices: number[]
  readonly amounts: number[]
  highestPrice: number
}

export interface Pool {
  readonly owner: symbol
  /** Request indices of the book; a local request number is a position here. */
  readonly requests: readonly number[]
  readonly residual: Float64Array
  readonly dead: Uint8Array
  readonly classes: PoolClass[]
  readonly known: Map<string, number>
  /** By local request: which classes may serve it, as pairs of class and position among its eligible requests. */
  readonly servers: readonly number[][]
  /** Demand not served. */
  left: number
  readonly search: Search
}

export const openPool = (requests: readonly number[], demand: (request: number) => number): Pool => {
  const residual = Float64Array.from(requests, demand)
  return {
    owner: Symbol('pool'),
    requests,
    residual,
    dead: new Uint8Array(requests.length),
    classes: [],
    known: new Map(),
    servers: requests.map(() => []),
    left: residual.reduce((sum, power) => sum + power, 0),
    search: {
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
  }
}

/** Of a pool with a thousand classes a copy changes a few: a class is copied when it is changed (`ownClass`). */
export const copyPool = (pool: Pool): Pool => ({
  owner: Symbol('copy'),
  requests: pool.requests,
  residual: pool.residual.slice(),
  dead: new Uint8Array(pool.requests.length),
  classes: pool.classes.slice(),
  known: pool.known,
  servers: pool.servers,
  left: pool.left,
  search: pool.search
})

/** The class, to be changed. */
export const ownClass = (pool: Pool, index: number): PoolClass => {
  const found = pool.classes[index]!
  if (found.owner === pool.owner) return found
  const { eligible, flow, offers, prices, amounts, highestPrice } = found
  const own: PoolClass = {
    owner: pool.owner,
    eligible,
    flow: flow.slice(),
    offers: offers.slice(),
    prices: prices.slice(),
    amounts: amounts.slice(),
    highestPrice
  }
  pool.classes[index] = own
  return own
}

const emptyClass = (owner: symbol, eligible: readonly number[]): PoolClass => ({
  owner,
  eligible,
  flow: eligible.map(() => 0),
  offers: [],
  prices: [],
  amounts: [],
  highestPrice: Number.NEGATIVE_INFINITY
})

/** A copy gets the classes that its original got since. */
export const followClasses = (copy: Pool, original: Pool): void => {
  for (let c = copy.classes.length; c < original.classes.length; c++)
    copy.classes.push(emptyClass(copy.owner, original.classes[c]!.eligible))
}

/** The class of supply that may serve these local requests; -1 if there are none. */
export const classOf = (pool: Pool, eligible: readonly number[]): number => {
  if (eligible.length === 0) return -1
  const key = eligible.join()
  const known = pool.known.get(key)
  if (known !== undefined) return known
  const index = addClass(pool, eligible)
  pool.known.set(key, index)
  return index
}

/** A class that is known to be new to the pool. */
export const addClass = (pool: Pool, eligible: readonly number[]): number => {
  const index = pool.classes.length
  pool.classes.push(emptyClass(pool.owner, eligible))
  eligible.forEach((r, k) => {
    pool.servers[r]!.push(index, k)
  })
  return index
}

/** Places as much of `amount` as fits; returns how much that was. */
export const place = (pool: Pool, classIndex: number, amount: number): number => {
  const { eligible, flow } = ownClass(pool, classIndex)
  const { residual, dead } = pool
  let rest = amount
  for (let k = 0; k < eligible.length; k++) {
    const r = eligible[k]!
    const room = residual[r]!
    if (room === 0) continue
    const taken = Math.min(room, rest)
    flow[k]! += taken
    residual[r] = room - taken
    rest -= taken
    if (rest === 0) break
  }
  while (rest > 0) {
    if (eligible.every(r => dead[r] === 1)) break
    const moved = augment(pool, classIndex, rest)
    if (moved === 0) break
    rest -= moved
  }
  pool.left -= amount - rest
  return amount - rest
}

export const isDead = (pool: Pool, classIndex: number): boolean => {
  const { eligible } = pool.classes[classIndex]!
  for (let k = 0; k < eligible.length; k++) if (pool.dead[eligible[k]!] === 0) return false
  return true
}

/** Whether more of a class would find demand, perhaps after promises have moved; what would not is remembered as dead. */
export const takesMore = (pool: Pool, classIndex: number): boolean => {
  if (pool.left === 0 || isDead(pool, classIndex)) return false
  if (reach(pool, classIndex, true) >= 0) return true
  const { requests, requestCount } = pool.search
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
  const open = reach(pool, classIndex, false)
  return { classes: Array.from(pool.search.classes.subarray(0, pool.search.classCount)), open }
}

/**
 * The same, left in the pool's search: returns the open request, or -1. Who only looks for demand passes by dead requests:
 * no demand can be reached from them, and there may be a thousand classes behind each.
 */
const reach = (pool: Pool, classIndex: number, passDead: boolean): number => {
  const search = searchOf(pool)
  const { cameFromClass, cameFromRequest, seenRequest, seenClass, requests, classes } = search
  const mark = ++search.mark
  let requestCount = 0
  let classCount = 1
  let open = -1
  classes[0] = classIndex
  seenClass[classIndex] = mark
  for (let head = 0; head < classCount && open < 0; head++) {
    const from = classes[head]!
    const { eligible } = pool.classes[from]!
    for (let k = 0; k < eligible.length && open < 0; k++) {
      const r = eligible[k]!
      if (seenRequest[r] === mark || (passDead && pool.dead[r] === 1)) continue
      seenRequest[r] = mark
      cameFromClass[r] = from
      requests[requestCount++] = r
      if (pool.residual[r]! > 0) {
        open = r
        break
      }
      const servers = pool.servers[r]!
      for (let n = 0; n < servers.length; n += 2) {
        const c = servers[n]!
        if (seenClass[c] === mark || !(pool.classes[c]!.flow[servers[n + 1]!]! > 0)) continue
        seenClass[c] = mark
        cameFromRequest[c] = r
        classes[classCount++] = c
      }
    }
  }
  search.requestCount = requestCount
  search.classCount = classCount
  return open
}

/** Paper for searches, shared by a pool and its copies: a search is over before the next begins. */
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

export const searchOf = ({ search, requests, classes }: Pool): Search => {
  if (search.seenRequest.length < requests.length) {
    search.cameFromClass = new Int32Array(requests.length)
    search.seenRequest = new Int32Array(requests.length)
    search.requests = new Int32Array(requests.length)
  }
  if (search.seenClass.length < classes.length) {
    search.cameFromRequest = new Int32Array(2 * classes.length)
    search.seenClass = new Int32Array(2 * classes.length)
    search.classes = new Int32Array(2 * classes.length)
  }
  return search
}

const augment = (pool: Pool, classIndex: number, amount: number): number => {
  const open = reach(pool, classIndex, true)
  const { requests, requestCount, cameFromClass, cameFromRequest } = pool.search
  if (open === -1) {
    for (let n = 0; n < requestCount; n++) pool.dead[requests[n]!] = 1
    return 0
  }
  let moved = Math.min(amount, pool.residual[open]!)
  for (let r = open; cameFromClass[r] !== classIndex; ) {
    const c = cameFromClass[r]!
    r = cameFromRequest[c]!
    moved = Math.min(moved, pool.classes[c]!.flow[positionOf(pool, c, r)]!)
  }
  pool.residual[open]! -= moved
  for (let r = open; ; ) {
    const c = cameFromClass[r]!
    ownClass(pool, c).flow[positionOf(pool, c, r)]! += moved
    if (c === classIndex) return moved
    r = cameFromRequest[c]!
    ownClass(pool, c).flow[positionOf(pool, c, r)]! -= moved
  }
}

const positionOf = (pool: Pool, classIndex: number, request: number): number =>
  pool.classes[classIndex]!.eligible.indexOf(request)
