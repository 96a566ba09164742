/**
 * Finds the class of supply (pool.ts) of an offer in one slice: which of the requests that ask there it suits.
 *
 * Which requests suit a kind of offer at a price is the same in all slices where the same requests ask, so that is worked out
 * once for them (`Suiting`); a slice only notes which class of its pool stands for it.
 */
import { type Compiled, closedByState, closedToDso, closedToTso, placesClosedToTso } from './compiled-book.ts'
import { addClass, type Pool } from './pool.ts'

/** Plain data, and functions of the module: what is made for each slice anew would have to be compiled anew as well. */
export interface SliceClasses {
  /** True where `closedTo` is 0 for every offer. */
  readonly neverClosed: boolean
  /** The sets of this slice's TSO requests that kinds of offers suit. */
  readonly tsoSets: TsoSets
  readonly dso: ClassesOfSide
  readonly tso: ClassesOfSide
  readonly compiled: Compiled
  readonly market: number
  readonly mtu: number
  /** By place and by unit, what is closed there; undefined: nothing. */
  readonly closedPlaces: Uint8Array | undefined
  readonly closed: ReadonlyMap<number, number> | undefined
}

/** Classes are opened in the pool in the order in which they are asked for. */
export interface ClassesOfSide {
  readonly pool: Pool
  readonly limits: readonly number[]
  readonly sets: SideSets
  /** By kind and bucket, and by set: `unknown`, or -1 for the empty set. */
  readonly classOfSlot: Int32Array
  readonly classOfSet: Int32Array
}

export interface TsoSets {
  readonly count: number
  /** Whether of any two sets one holds the other. */
  readonly isChain: boolean
}

/** What holds wherever the same requests ask. */
interface Suiting {
  /** Price limits, rising: a price's bucket is how many of them it exceeds. */
  readonly limits: readonly number[]
  readonly dso: SideSets
  readonly tso: SideSets
  readonly tsoSets: TsoSets
}

/** The sets of local requests that kinds of offers suit, numbered as they are found. */
interface SideSets {
  /** By kind and bucket; `unknown`, or -1 for the empty set. */
  readonly setOf: Int32Array
  readonly sets: (readonly number[])[]
  readonly numbers: Map<string, number>
}

const unknown = -2
const nothing: readonly number[] = []

/** By the lists of requests that ask, which a compiled book shares between slices. */
const suitings = new WeakMap<readonly number[], WeakMap<readonly number[], Suiting>>()

const suitingOf = (compiled: Compiled, market: number, dso: readonly number[], tso: readonly number[]): Suiting => {
  let byTso = suitings.get(dso)
  if (!byTso) {
    byTso = new WeakMap()
    suitings.set(dso, byTso)
  }
  let suiting = byTso.get(tso)
  if (!suiting) {
    const limits = [...new Set([...dso, ...tso].map(r => compiled.requestLimit[r]!))]
      .filter(Number.isFinite)
      .sort((a, b) => a - b)
    const slots = compiled.kinds.length * (limits.length + 1)
    const sets = (): SideSets => ({ setOf: new Int32Array(slots).fill(unknown), sets: [], numbers: new Map() })
    suiting = { limits, dso: sets(), tso: sets(), tsoSets: tsoSetsOf(compiled, market, tso) }
    byTso.set(tso, suiting)
  }
  return suiting
}

export const sliceClasses = (
  compiled: Compiled,
  market: number,
  mtu: number,
  dso: Pool,
  tso: Pool,
  closed: ReadonlyMap<number, number> | undefined
): SliceClasses => {
  const closedPlaces = tso.requests.length > 0 ? placesClosedToTso(compiled, market, mtu) : undefined
  const suiting = suitingOf(compiled, market, dso.requests, tso.requests)
  return {
    neverClosed: closedPlaces === undefined && closed === undefined && !compiled.anyState,
    tsoSets: suiting.tsoSets,
    dso: classesOfSide(dso, suiting.limits, suiting.dso),
    tso: classesOfSide(tso, suiting.limits, suiting.tso),
    compiled,
    market,
    mtu,
    closedPlaces,
    closed
  }
}

/** The same classes for pools that share the shapes of those. */
export const classesOfPools = (classes: SliceClasses, dso: Pool, tso: Pool): SliceClasses => ({
  ...classes,
  dso: { ...classes.dso, pool: dso },
  tso: { ...classes.tso, pool: tso }
})

const classesOfSide = (pool: Pool, limits: readonly number[], sets: SideSets): ClassesOfSide => ({
  pool,
  limits,
  sets,
  classOfSlot: new Int32Array(sets.setOf.length).fill(unknown),
  classOfSet: new Int32Array(sets.setOf.length).fill(unknown)
})

/** Sides closed to an offer here. */
export const closedTo = (classes: SliceClasses, offer: number): number => {
  if (classes.neverClosed) return 0
  const { compiled, market, mtu, closedPlaces, closed } = classes
  const { offerUnit, offerKind, kinds, unitHasState } = compiled
  const unit = offerUnit[offer]!
  let mask = closedPlaces ? closedPlaces[kinds[offerKind[offer]!]!.place]! : 0
  if (unitHasState[unit]) mask |= closedByState(compiled, unit, market, mtu)
  if (closed) mask |= closed.get(unit) ?? 0
  return mask
}

/** Class in the DSO's pool of a kind of offers to which `mask` is closed; -1 if none. */
export const dsoClassOf = (classes: SliceClasses, kind: number, mask: number, price: number): number =>
  mask & closedToDso ? -1 : classOf(classes, classes.dso, kind, price)

export const tsoClassOf = (classes: SliceClasses, kind: number, mask: number, price: number): number =>
  mask & closedToTso ? -1 : classOf(classes, classes.tso, kind, price)

const classOf = (classes: SliceClasses, side: ClassesOfSide, kind: number, price: number): number => {
  const { limits, classOfSlot } = side
  let slot = kind
  if (limits.length > 0) {
    slot *= limits.length + 1
    for (let bucket = 0; bucket < limits.length && limits[bucket]! < price; bucket++) slot++
  }
  const known = classOfSlot[slot]!
  return known === unknown ? openClass(classes, side, slot, kind, price) : known
}

const openClass = (classes: SliceClasses, side: ClassesOfSide, slot: number, kind: number, price: number): number => {
  const { pool, sets, classOfSlot, classOfSet } = side
  let set = sets.setOf[slot]!
  if (set === unknown) {
    set = setAt(classes, side, kind, price)
    sets.setOf[slot] = set
  }
  let found = -1
  if (set >= 0) {
    found = classOfSet[set]!
    if (found === unknown) {
      found = addClass(pool, sets.sets[set]!)
      classOfSet[set] = found
    }
  }
  classOfSlot[slot] = found
  return found
}

const setAt = ({ compiled, market, dso }: SliceClasses, side: ClassesOfSide, kind: number, price: number): number => {
  const { pool, sets } = side
  const ofKind = compiled.kinds[kind]!
  const eligible: number[] = []
  for (const r of (side === dso ? ofKind.dso : ofKind.tso)[market] ?? nothing) {
    const k = pool.requests.indexOf(r)
    if (k >= 0 && compiled.requestLimit[r]! >= price) eligible.push(k)
  }
  if (eligible.length === 0) return -1
  const key = eligible.join()
  let set = sets.numbers.get(key)
  if (set === undefined) {
    set = sets.sets.push(eligible) - 1
    sets.numbers.set(key, set)
  }
  return set
}

/** Limits never break a chain within one price. */
const tsoSetsOf = ({ kinds }: Compiled, market: number, tso: readonly number[]): TsoSets => {
  const active = new Set(tso)
  const sets = new Map<string, ReadonlySet<number>>()
  for (const kind of kinds) {
    const list = (kind.tso[market] ?? nothing).filter(r => active.has(r))
    sets.set(list.join(), new Set(list))
  }
  const bySize = [...sets.values()].sort((a, b) => a.size - b.size)
  let isChain = true
  for (let k = 1; k < bySize.length; k++) for (const r of bySize[k - 1]!) if (!bySize[k]!.has(r)) isChain = false
  return { count: bySize.length, isChain }
}
