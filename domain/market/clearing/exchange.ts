/**
 * One W more in a cleared pool, by exchange: it reaches open demand, or takes the place of the dearest volume that it can
 * reach. In a matroid that is exact (the dearest member of the one circuit that the W closes leaves), so a pool changed
 * this way stays at least cost, and the price at which a class's next W would displace is its shadow price.
 *
 * All classes are priced by one search from the demand back to the supply: from open requests first, then from the
 * dearest volume down, each class gets the first price that reaches it, and the way there. Linear in the pool.
 */
import { type Pool, type PoolClass, type Search, searchOf } from './pool.ts'

/** Price of a class whose next W finds open demand. */
export const openDemand = Number.POSITIVE_INFINITY
/** Price of a class for which no room can be made. */
export const noRoom = -1

/** By class, what its next W displaces; `fixed` offers (by index) are never displaced. */
export const pricePool = (pool: Pool, fixed: Uint8Array | undefined, prices: Float64Array): void => {
  const { classes, requests, residual, servers } = pool
  // In a search here: the request by which a class gets in, and the class that leaves a request (or why none needs to).
  const search: Search = searchOf(pool)
  const { cameFromRequest: entersBy, cameFromClass: leaver, seenRequest, seenClass, requests: queue } = search
  const mark = ++search.mark
  let head = 0
  let tail = 0
  let unseen = classes.length
  const spread = (price: number): void => {
    for (; head < tail; head++) {
      const r = queue[head]!
      const here = servers[r]!
      for (let n = 0; n < here.length; n += 2) {
        const c = here[n]!
        if (seenClass[c] === mark) continue
        seenClass[c] = mark
        unseen--
        prices[c] = price
        entersBy[c] = r
        const { eligible, flow } = classes[c]!
        for (let k = 0; k < eligible.length; k++) {
          const other = eligible[k]!
          if (flow[k] === 0 || seenRequest[other] === mark) continue
          seenRequest[other] = mark
          leaver[other] = c
          queue[tail++] = other
        }
      }
    }
  }
  for (let r = 0; r < requests.length; r++)
    if (residual[r]! > 0) {
      seenRequest[r] = mark
      leaver[r] = isOpen
      queue[tail++] = r
    }
  spread(openDemand)
  while (unseen > 0) {
    let source = -1
    let dearest = Number.NEGATIVE_INFINITY
    let latest = -1
    for (let c = 0; c < classes.length; c++) {
      if (seenClass[c] === mark) continue
      const top = topOf(classes[c]!, fixed)
      if (top < 0) continue
      const price = classes[c]!.prices[top]!
      const offer = classes[c]!.offers[top]!
      if (price < dearest || (price === dearest && offer < latest)) continue
      source = c
      dearest = price
      latest = offer
    }
    if (source < 0) break
    const { eligible, flow } = classes[source]!
    for (let k = 0; k < eligible.length; k++) {
      const r = eligible[k]!
      if (flow[k] === 0 || seenRequest[r] === mark) continue
      seenRequest[r] = mark
      leaver[r] = fromSource - source
      queue[tail++] = r
    }
    spread(dearest)
  }
  if (unseen > 0) for (let c = 0; c < classes.length; c++) if (seenClass[c] !== mark) prices[c] = noRoom
  search.priced = pool
}

/** `leaver` of a request with demand left; below it, of one that loses volume of class `fromSource - leaver`. */
const isOpen = -1
const fromSource = -2

const topOf = ({ offers }: PoolClass, fixed: Uint8Array | undefined): number => {
  let top = offers.length - 1
  if (fixed) while (top >= 0 && fixed[offers[top]!]) top--
  return top
}

export interface Entry {
  readonly classIndex: number
  readonly offer: number
  readonly price: number
  readonly amount: number
  /** Whether it enters even where it displaces what is cheaper. */
  readonly must: boolean
}

/** Lets an amount in; returns how much got in, and reports what left. `prices` hold for the pool before and after. */
export const enter = (
  pool: Pool,
  { classIndex, offer, price, amount, must }: Entry,
  fixed: Uint8Array | undefined,
  prices: Float64Array,
  left: (offer: number, price: number, amount: number) => void
): number => {
  let rest = amount
  while (rest > 0) {
    if (pool.search.priced !== pool) pricePool(pool, fixed, prices)
    const displaces = prices[classIndex]!
    if (displaces === noRoom || (!must && displaces <= price)) break
    rest -= push(pool, classIndex, rest, fixed, left)
  }
  if (rest === amount) return 0
  addVolume(pool.classes[classIndex]!, offer, price, amount - rest)
  if (pool.search.priced !== pool) pricePool(pool, fixed, prices)
  return amount - rest
}

/** Along the way that the last `pricePool` found; as much as fits through it. */
const push = (
  pool: Pool,
  classIndex: number,
  amount: number,
  fixed: Uint8Array | undefined,
  left: (offer: number, price: number, amount: number) => void
): number => {
  const { classes, residual, search } = pool
  const { cameFromRequest: entersBy, cameFromClass: leaver } = search
  search.priced = undefined
  let moved = amount
  for (let c = classIndex; ; ) {
    const r = entersBy[c]!
    const next = leaver[r]!
    if (next === isOpen) {
      moved = Math.min(moved, residual[r]!)
      break
    }
    const leaving = classes[next < 0 ? fromSource - next : next]!
    moved = Math.min(moved, leaving.flow[leaving.eligible.indexOf(r)]!)
    if (next < 0) {
      moved = Math.min(moved, leaving.amounts[topOf(leaving, fixed)]!)
      break
    }
    c = next
  }
  for (let c = classIndex; ; ) {
    const r = entersBy[c]!
    const entering = classes[c]!
    entering.flow[entering.eligible.indexOf(r)]! += moved
    const next = leaver[r]!
    if (next === isOpen) {
      residual[r]! -= moved
      pool.left -= moved
      return moved
    }
    const leaving = classes[next < 0 ? fromSource - next : next]!
    leaving.flow[leaving.eligible.indexOf(r)]! -= moved
    if (next < 0) {
      const top = topOf(leaving, fixed)
      left(leaving.offers[top]!, leaving.prices[top]!, moved)
      leaving.amounts[top]! -= moved
      if (leaving.amounts[top] === 0)
        for (const list of [leaving.offers, leaving.prices, leaving.amounts]) list.splice(top, 1)
      return moved
    }
    c = next
  }
}

/** Volume of a class stays sorted by price; what is decided elsewhere comes before equals. */
const addVolume = ({ offers, prices, amounts }: PoolClass, offer: number, price: number, amount: number): void => {
  let at = prices.length
  while (at > 0 && prices[at - 1]! >= price) at--
  offers.splice(at, 0, offer)
  prices.splice(at, 0, price)
  amounts.splice(at, 0, amount)
}
