/**
 * Finds the class of supply (pool.ts) of an offer in one slice: which of the requests that ask there it suits.
 *
 * Which requests suit a kind of offer at a price is the same in all slices where the same requests ask, so that is worked out
 * once for them (`Suiting`); a slice only notes which class of its pool stands for it.
 */
import { type Compiled, closedByState, closedToDso, closedToTso, placesClosedToTso } from './compiled-book.ts'
import { addClass, type Pool } from './pool.ts'

export interface SliceClasses {
  /** Sides closed to an offer here. */
  readonly closedTo: (offer: number) => number
  /** True where `closedTo` is 0 for every offer. */
  readonly neverClosed: boolean
  /** Class in the DSO's pool, -1 if none. */
  readonly dsoClass: (kind: number, closed: number, price: number) => number
  readonly tsoClass: (kind: number, closed: number, price: number) => number
  /** The sets of this slice's TSO requests that kinds of offers suit. */
  readonly tsoSets: TsoSets
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
  const { offerUnit, offerKind, kinds, unitHasState } = compiled
  const suiting = suitingOf(compiled, market, dso.requests, tso.requests)
  const neverClosed = closedPlaces === undefined && closed === undefined && !compiled.anyState
  const dsoClass = classFinder(compiled, dso, suiting, suiting.dso, kind => kinds[kind]!.dso[market] ?? nothing)
  const tsoClass = classFinder(compiled, tso, suiting, suiting.tso, kind => kinds[kind]!.tso[market] ?? nothing)
  return {
    neverClosed,
    closedTo: offer => {
      if (neverClosed) return 0
      const unit = offerUnit[offer]!
      let mask = closedPlaces ? closedPlaces[kinds[offerKind[offer]!]!.place]! : 0
      if (unitHasState[unit]) mask |= closedByState(compiled, unit, market, mtu)
      if (closed) mask |= closed.get(unit) ?? 0
      return mask
    },
    dsoClass: (kind, mask, price) => (mask & closedToDso ? -1 : dsoClass(kind, price)),
    tsoClass: (kind, mask, price) => (mask & closedToTso ? -1 : tsoClass(kind, price)),
    tsoSets: suiting.tsoSets
  }
}

/** Classes are opened in the pool in the order in which they are asked for. */
const classFinder = (
  { requestLimit }: Compiled,
  pool: Pool,
  { limits }: Suiting,
  { setOf, sets, numbers }: SideSets,
  requestsOf: (kind: number) => readonly number[]
): ((kind: number, price: number) => number) => {
  if (pool.requests.length === 0) return () => -1
  const width = limits.length + 1
  const classOfSlot = new Int32Array(setOf.length).fill(unknown)
  const classOfSet = new Int32Array(setOf.length).fill(unknown)
  const setAt = (slot: number, kind: number, price: number): number => {
    const eligible: number[] = []
    for (const r of requestsOf(kind)) {
      const k = pool.requests.indexOf(r)
      if (k >= 0 && requestLimit[r]! >= price) eligible.push(k)
    }
    const key = eligible.join()
    let set = eligible.length === 0 ? -1 : numbers.get(key)
    if (set === undefined) {
      set = sets.push(eligible) - 1
      numbers.set(key, set)
    }
    setOf[slot] = set
    return set
  }
  const open = (slot: number, kind: number, price: number): number => {
    let set = setOf[slot]!
    if (set === unknown) set = setAt(slot, kind, price)
    let found = -1
    if (set >= 0) {
      found = classOfSet[set]!
      if (found === unknown) {
        found = addClass(pool, sets[set]!)
        classOfSet[set] = found
      }
    }
    classOfSlot[slot] = found
    return found
  }
  return (kind, price) => {
    let slot = kind
    if (width > 1) {
      slot *= width
      for (let bucket = 0; bucket < limits.length && limits[bucket]! < price; bucket++) slot++
    }
    const known = classOfSlot[slot]!
    return known === unknown ? open(slot, kind, price) : known
  }
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
