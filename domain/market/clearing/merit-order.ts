/**
 * One slice (market and MTU) cleared by merit order: exactly optimal for divisible offers, in time linear in the steps.
 *
 * Why. The sets of W that the DSO's requests can take together are the independent sets of a transversal matroid
 * (W matched to requests), whatever the requests' lists are: nested, disjoint or overlapping, with price limits and
 * service labels. Hence taking W by rising price, and refusing one only when no sharing of the demand can take it
 * (pool.ts), serves the most (objective 1) at the least cost (2), and every other optimum takes the same volume of each
 * price. Within one price the W that suit fewer TSO requests go first: where the TSO's sets form a chain, this leaves the
 * TSO, at each price, the most volume of each suffix of that chain, so no other DSO optimum leaves it more. The TSO's part is
 * a matroid again, over what is left (3, 4). A unit's room binds as "its cheapest W up to the room", since of one
 * kind's steps the cheaper suit every request that the dearer suit.
 * Not covered, and reported by `exact: false`: TSO sets that are no chain while the DSO asks too. Minimum acceptances,
 * one side or direction per unit, and room shared by several kinds are left out here (a relaxation; restrictions.ts checks them).
 */
import type { ClearingMemory } from './clearing-memory.ts'
import { type Compiled, marketCount, roomOf } from './compiled-book.ts'
import { type Grants, reserveGrants } from './grants.ts'
import type { MeritList } from './merit-lists.ts'
import { addVolume, isAllDead, openPool, type Pool, place } from './pool.ts'
import { closedTo, dsoClassOf, type SliceClasses, sliceClasses, tsoClassOf } from './slice-classes.ts'
import { copyVolume, noVolume } from './volume.ts'

/** Volume that is decided elsewhere (a block, a restricted offer) and takes its place before all others. */
export interface Forced {
  readonly offer: number
  readonly price: number
  readonly toDso: number
  readonly toTso: number
}

/** Volume that may take its place before all others, as far as it fits: shows how far a slice can be displaced. */
export interface Flood {
  readonly offer: number
  readonly price: number
  readonly amount: number
}

export interface SliceOptions {
  readonly flood?: readonly Flood[] | undefined
  /** Offers left out: decided elsewhere. */
  readonly without?: ReadonlySet<number> | undefined
  readonly forced?: readonly Forced[] | undefined
  /** Sides closed to a unit on top of what the book says (only ever tightens). */
  readonly closed?: ReadonlyMap<number, number> | undefined
}

export interface SlicePools {
  readonly mtu: number
  readonly dso: Pool
  readonly tso: Pool
  readonly classes: SliceClasses
}

export interface Slice extends SlicePools {
  readonly market: number
  /** Steps accepted for either side, by position in the merit list: those of the DSO in the order in which it took them. */
  readonly steps: Int32Array
  readonly toDso: Float64Array
  readonly toTso: Float64Array
  readonly exact: boolean
}

export const openSlice = (
  compiled: Compiled,
  market: number,
  mtu: number,
  closed?: ReadonlyMap<number, number>
): { dso: Pool; tso: Pool; classes: SliceClasses } => {
  const slot = market * compiled.book.mtus + mtu
  const dso = poolOf(compiled, compiled.dsoAt[slot]!, mtu)
  const tso = poolOf(compiled, compiled.tsoAt[slot]!, mtu)
  return { dso, tso, classes: sliceClasses(compiled, market, mtu, dso, tso, closed) }
}

/** What requests ask for in one MTU. */
export const demandAt = ({ demand }: Compiled, requests: readonly number[], mtu: number): Float64Array => {
  const here = new Float64Array(requests.length)
  for (let r = 0; r < here.length; r++) here[r] = demand[requests[r]!]![mtu]!
  return here
}

const poolOf = (compiled: Compiled, requests: readonly number[], mtu: number): Pool =>
  openPool(requests, demandAt(compiled, requests, mtu))

/** Places what fits of an amount and notes it; returns how much that was. */
export const accept = (pool: Pool, classIndex: number, offer: number, price: number, amount: number): number => {
  const placed = place(pool, classIndex, amount)
  if (placed > 0) {
    addVolume(pool, classIndex, offer, price, placed, pool.lastOf[classIndex]!, -1)
    if (price > pool.highestPrice) pool.highestPrice = price
  }
  return placed
}

/** Throws if it does not fit. */
export const force = (
  compiled: Compiled,
  dso: Pool,
  tso: Pool,
  classes: SliceClasses,
  { offer, price, toDso, toTso }: Forced
): void => {
  const mask = closedTo(classes, offer)
  const kind = compiled.offerKind[offer]!
  const isIn =
    (toDso === 0 || forceInto(dso, dsoClassOf(classes, kind, mask, price), offer, price, toDso)) &&
    (toTso === 0 || forceInto(tso, tsoClassOf(classes, kind, mask, price), offer, price, toTso))
  if (!isIn)
    throw new Error(
      `clearSlice: forced volume of ${compiled.book.offers[offer]!.id} does not fit in MTU ${classes.mtu}`
    )
}

const forceInto = (pool: Pool, classIndex: number, offer: number, price: number, amount: number): boolean =>
  classIndex >= 0 && accept(pool, classIndex, offer, price, amount) === amount

export const clearSlice = (compiled: Compiled, market: number, mtu: number, options: SliceOptions = {}): Slice => {
  const { dso, tso, classes } = openSlice(compiled, market, mtu, options.closed)
  const { without } = options
  const { offerKind } = compiled
  const steps = compiled.merit[market]![mtu]!
  writeOnPaper(dso, tso)
  for (const forced of options.forced ?? []) force(compiled, dso, tso, classes, forced)
  for (const { offer, price, amount } of options.flood ?? []) {
    const mask = closedTo(classes, offer)
    const dsoClass = dsoClassOf(classes, offerKind[offer]!, mask, price)
    if (dsoClass >= 0) place(dso, dsoClass, amount)
    const tsoClass = tsoClassOf(classes, offerKind[offer]!, mask, price)
    if (tsoClass >= 0) place(tso, tsoClass, amount)
  }
  const run: Run = {
    compiled,
    steps,
    without,
    classes,
    tso,
    market,
    mtu,
    used: new Map(),
    deadToDso: new Uint8Array(classes.dso.classOfSet.length),
    deadToTso: new Uint8Array(classes.tso.classOfSet.length),
    accepted: paperFor(steps.offer.length),
    positionOf: tso.requests.length > 0 && dso.requests.length > 0 ? noPositions(steps.offer.length) : undefined
  }
  // Only where W of one price differ in the TSO requests they suit must the DSO take them in that order.
  const ranked =
    dso.requests.length > 0 && tso.requests.length > 0 && !(classes.tsoSets.count === 1 && classes.neverClosed)
  if (ranked) offerRanked(run, dso)
  else if (dso.requests.length > 0) offerSteps(run, dso, true, 0, steps.offer.length, -1)
  if (tso.requests.length > 0) offerSteps(run, tso, false, 0, steps.offer.length, -1)
  const exact = !ranked || tso.requests.length < 2 || (tso.requests.length <= sizesMost && classes.tsoSets.isChain)
  const { memory } = compiled
  takeFromPaper(dso, tso, memory)
  const { count, step, toDso, toTso } = run.accepted
  return {
    market,
    mtu,
    dso,
    tso,
    steps: kept(memory.ints(count), step),
    toDso: kept(memory.floats(count), toDso),
    toTso: kept(memory.floats(count), toTso),
    exact,
    classes
  }
}

const kept = <Column extends Int32Array | Float64Array>(into: Column, from: Column): Column => {
  into.set(from.subarray(0, into.length))
  return into
}

/** Written anew by each pass: how much will be accepted is known at its end. */
const volumes = { dso: noVolume(), tso: noVolume() }

export const writeOnPaper = (dso: Pool, tso: Pool): void => {
  volumes.dso.count = 0
  volumes.tso.count = 0
  dso.volume = volumes.dso
  tso.volume = volumes.tso
}

export const takeFromPaper = (dso: Pool, tso: Pool, memory: ClearingMemory): void => {
  dso.volume = copyVolume(dso.volume, memory)
  tso.volume = copyVolume(tso.volume, memory)
}

/** Steps accepted by a pass, as columns that are longer than `count`. */
interface Accepted {
  count: number
  /** Position in the merit list. */
  step: Int32Array
  toDso: Float64Array
  toTso: Float64Array
}

/** Written anew by each pass, which takes a copy of what it accepted: a pass is over before the next begins. */
const paper: Accepted = { count: 0, step: new Int32Array(0), toDso: new Float64Array(0), toTso: new Float64Array(0) }

const paperFor = (steps: number): Accepted => {
  if (paper.step.length < steps) {
    paper.step = new Int32Array(2 * steps)
    paper.toDso = new Float64Array(2 * steps)
    paper.toTso = new Float64Array(2 * steps)
  }
  paper.count = 0
  return paper
}

let positions = new Int32Array(0)

const noPositions = (steps: number): Int32Array => {
  if (positions.length < steps) positions = new Int32Array(2 * steps)
  return positions.fill(0, 0, steps)
}

/** One pass over the merit list of a slice. */
interface Run {
  readonly compiled: Compiled
  readonly steps: MeritList
  readonly without: ReadonlySet<number> | undefined
  readonly classes: SliceClasses
  readonly tso: Pool
  readonly market: number
  readonly mtu: number
  /** Accepted of units whose room is limited. */
  readonly used: Map<number, number>
  readonly accepted: Accepted
  /** 1 for classes of which nothing more can be served. */
  readonly deadToDso: Uint8Array
  readonly deadToTso: Uint8Array
  /** Where a step stands in `accepted`, plus one. */
  readonly positionOf: Int32Array | undefined
}

const roomLeft = ({ compiled, market, mtu, used }: Run, unit: number): number => {
  if (!compiled.oneKind[unit * marketCount + market]) return Number.POSITIVE_INFINITY
  return roomOf(compiled, unit, market, mtu) - (used.get(unit) ?? 0)
}

/** Offers steps to one pool; those whose TSO set has another size than `size` wait (-1 = all). Returns the sizes seen, as bits. */
const offerSteps = (run: Run, pool: Pool, forDso: boolean, from: number, end: number, size: number): number => {
  let sizes = 0
  if (pool.left === 0) return sizes
  const { compiled, steps, without, classes, used, accepted, positionOf } = run
  const { offer: offers, price: prices, quantity } = steps
  const { step, toDso, toTso } = accepted
  const { offerKind, offerUnit, unitHasCaps } = compiled
  const { neverClosed } = classes
  const dead = forDso ? run.deadToDso : run.deadToTso
  const dearest = dearestLimit(compiled, pool)
  for (let k = from; k < end; k++) {
    const offer = offers[k]!
    const price = prices[k]!
    if (price > dearest) break
    if (without?.has(offer)) continue
    let available = quantity[k]!
    let position = -1
    if (!forDso && positionOf) {
      position = positionOf[k]! - 1
      if (position >= 0) available -= toDso[position]!
      if (available === 0) continue
    }
    const mask = neverClosed ? 0 : closedTo(classes, offer)
    const kind = offerKind[offer]!
    const classIndex = forDso ? dsoClassOf(classes, kind, mask, price) : tsoClassOf(classes, kind, mask, price)
    if (classIndex < 0) continue
    if (size >= 0) {
      const tsoClass = tsoClassOf(classes, kind, mask, price)
      const here = tsoClass < 0 ? 0 : run.tso.shape.eligible[tsoClass]!.length
      sizes |= 1 << Math.min(here, sizesMost)
      if (Math.min(here, sizesMost) !== size) continue
    }
    if (dead[classIndex] === 1) continue
    const unit = offerUnit[offer]!
    const capped = unitHasCaps[unit] === 1
    if (capped) available = Math.min(available, roomLeft(run, unit))
    if (available <= 0) continue
    const placed = accept(pool, classIndex, offer, price, available)
    if (placed < available) {
      dead[classIndex] = 1
      if (isAllDead(pool)) end = k
    }
    if (placed === 0) continue
    if (capped) used.set(unit, (used.get(unit) ?? 0) + placed)
    if (position >= 0) toTso[position]! += placed
    else {
      const at = accepted.count++
      step[at] = k
      toDso[at] = forDso ? placed : 0
      toTso[at] = forDso ? 0 : placed
      if (forDso && positionOf) positionOf[k] = accepted.count
    }
    if (pool.left === 0) break
  }
  return sizes
}

/** Price by price, what suits fewer TSO requests first. */
const offerRanked = (run: Run, dso: Pool): void => {
  const { price: prices } = run.steps
  const count = prices.length
  const dearest = dearestLimit(run.compiled, dso)
  for (let k = 0; k < count && dso.left > 0; ) {
    let end = k + 1
    const price = prices[k]!
    if (price > dearest) break
    while (end < count && prices[end]! === price) end++
    if (end === k + 1) offerSteps(run, dso, true, k, end, -1)
    else {
      const sizes = offerSteps(run, dso, true, k, end, 0)
      for (let size = 1; size <= sizesMost; size++) if (sizes & (1 << size)) offerSteps(run, dso, true, k, end, size)
    }
    k = end
    if (isAllDead(dso)) break
  }
}

/** Sizes of TSO sets that are told apart: bits of a whole number. */
const sizesMost = 30

const dearestLimit = ({ requestLimit }: Compiled, { requests }: Pool): number => {
  let dearest = 0
  for (let r = 0; r < requests.length; r++) dearest = Math.max(dearest, requestLimit[requests[r]!]!)
  return dearest
}

/** Says which request each accepted volume serves: within a class the cheapest serves the most specific. */
export const grantSlice = (slice: SlicePools, grants: Grants): void => {
  grantPool(slice.dso, slice.mtu, grants)
  grantPool(slice.tso, slice.mtu, grants)
}

const grantPool = (pool: Pool, mtu: number, grants: Grants): void => {
  for (let c = 0; c < pool.shape.eligible.length; c++) grantClass(pool, c, mtu, grants)
}

/** Paper: the volume of a class, the dearest first. */
let entries = new Int32Array(64)

const grantClass = ({ requests, shape, flow, lastOf, volume }: Pool, c: number, mtu: number, grants: Grants): void => {
  const eligible = shape.eligible[c]!
  const first = shape.flowFrom[c]!
  let count = 0
  for (let entry = lastOf[c]!; entry >= 0; entry = volume.before[entry]!) {
    if (count === entries.length) {
      const larger = new Int32Array(2 * count)
      larger.set(entries)
      entries = larger
    }
    entries[count++] = entry
  }
  // Each takes another step in one of the two lists.
  reserveGrants(grants, count + eligible.length)
  const { offer, mtu: mtus, request, power, price } = grants
  let at = grants.count
  let next = 0
  let open = 0
  for (let n = count - 1; n >= 0; n--) {
    const entry = entries[n]!
    const from = volume.offer[entry]!
    const bid = volume.price[entry]!
    let rest = volume.amount[entry]!
    while (rest > 0) {
      while (open === 0) open = flow[first + next++]!
      const taken = Math.min(open, rest)
      offer[at] = from
      mtus[at] = mtu
      request[at] = requests[eligible[next - 1]!]!
      power[at] = taken
      price[at++] = bid
      open -= taken
      rest -= taken
    }
  }
  grants.count = at
}

/** Slices with any demand, as `mtu × 4 + market`. */
export const slicesOf = (compiled: Compiled): number[] => {
  const found: number[] = []
  for (let t = 0; t < compiled.book.mtus; t++)
    for (let m = 0; m < marketCount; m++)
      if (compiled.dsoAt[m * compiled.book.mtus + t]!.length + compiled.tsoAt[m * compiled.book.mtus + t]!.length > 0)
        found.push(t * marketCount + m)
  return found
}
