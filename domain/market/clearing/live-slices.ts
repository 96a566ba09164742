/**
 * A slice while blocks are placed in it (place-blocks.ts): its pools with the blocks that run, which enter by exchange, and the
 * slice cleared anew around them, exactly, with the shadow prices of the side that leads.
 */
import type { BlockClasses, Worth } from './block-starts.ts'
import { clearAround } from './clear-around.ts'
import type { ClearingMemory } from './clearing-memory.ts'
import type { Compiled } from './compiled-book.ts'
import { enter, type Leaving, pricePool } from './exchange.ts'
import type { Forced, Slice, SlicePools } from './merit-order.ts'
import { copyAgain, copyPool, followClasses, type Pool } from './pool.ts'
import { closedTo, tsoClassOf } from './slice-classes.ts'

/** What all slices share while blocks are placed. */
export interface Placing {
  readonly compiled: Compiled
  /** By offer. */
  readonly isBlock: Uint8Array
  /** Whether the DSO asks for anything. */
  readonly dsoLeads: boolean
  readonly fixedInTso: Uint8Array | undefined
  /** Paper: what leaves a pool when a block enters. */
  readonly displaced: Leaving
  readonly lost: Leaving
  /** Paper, by offer: what a block gives to each side in the slice that is being settled. */
  readonly toDso: Float64Array
  readonly toTso: Float64Array
}

export interface Runs {
  readonly offer: number
  readonly classes: BlockClasses
  readonly price: number
  readonly power: number
}

export interface Live {
  /** As it is without blocks. */
  readonly base: Slice
  dso: Pool
  tso: Pool
  runs: Runs[]
  /** The slice cleared exactly around its blocks, with what they give to each side; undefined since the last change. */
  settled: Settled | undefined
}

export interface Settled {
  readonly slice: SlicePools
  readonly forced: ReadonlyMap<number, Forced>
  /** Shadow prices of the leading side, by class. */
  readonly prices: Float64Array
}

export const opened = (base: Slice, memory: ClearingMemory): Live => ({
  base,
  dso: copyPool(base.dso, memory),
  tso: copyPool(base.tso, memory),
  runs: [],
  settled: undefined
})

/** With these blocks and no others; false if one of them found no room. */
export const rebuild = (placing: Placing, at: Live, runs: readonly Runs[]): boolean => {
  at.dso = copyAgain(at.dso, at.base.dso)
  at.tso = copyAgain(at.tso, at.base.tso)
  at.settled = undefined
  at.runs = []
  let fits = true
  for (const other of runs) if (!run(placing, at, other)) fits = false
  return fits
}

interface Gain {
  readonly worth: [number, number, number, number]
  fits: boolean
}

/** Lets a block into a slice; undefined if some of it, or of one before it, found no room. Otherwise what that was worth. */
export const run = (placing: Placing, at: Live, runs: Runs): Worth | undefined => {
  const { offer, classes, price, power } = runs
  const { displaced } = placing
  const gain: Gain = { worth: [0, 0, 0, 0], fits: true }
  const { worth } = gain
  at.runs.push(runs)
  at.settled = undefined
  displaced.count = 0
  let rest = power
  if (classes.dso >= 0) {
    const entry = { classIndex: classes.dso, offer, price, amount: power, must: false }
    const placed = enter(at.dso, entry, undefined, displaced)
    for (let k = 0; k < displaced.count; k++) {
      worth[0] -= displaced.amount[k]!
      worth[1] += displaced.amount[k]! * displaced.price[k]!
    }
    worth[0] += placed
    worth[1] -= placed * price
    rest -= placed
  }
  if (rest > 0) enterTso(placing, at, gain, offer, price, rest)
  for (let k = 0; k < displaced.count; k++)
    enterTso(placing, at, gain, displaced.offer[k]!, displaced.price[k]!, displaced.amount[k]!)
  return gain.fits ? worth : undefined
}

const enterTso = (placing: Placing, at: Live, gain: Gain, offer: number, price: number, amount: number): void => {
  const { compiled, isBlock, dsoLeads, fixedInTso, lost } = placing
  const classIndex = tsoClassAt(compiled, at, offer, price)
  const isOfBlock = isBlock[offer] === 1
  const { worth } = gain
  lost.count = 0
  // Where the TSO leads, a block that cost it more than it saves would leave its prices without proof.
  const entry = { classIndex, offer, price, amount, must: isOfBlock && dsoLeads }
  const placed = classIndex < 0 ? 0 : enter(at.tso, entry, fixedInTso, lost)
  for (let k = 0; k < lost.count; k++) {
    worth[2] -= lost.amount[k]!
    worth[3] += lost.amount[k]! * lost.price[k]!
    if (isBlock[lost.offer[k]!]) gain.fits = false
  }
  worth[2] += placed
  worth[3] -= placed * price
  if (isOfBlock && placed < amount) gain.fits = false
}

/** The TSO's class of an offer; the first of its kind opens a class in the base, which the copy then gets too. */
const tsoClassAt = (compiled: Compiled, at: Live, offer: number, price: number): number => {
  const { classes } = at.base
  const found = tsoClassOf(classes, compiled.offerKind[offer]!, closedTo(classes, offer), price)
  followClasses(at.tso)
  return found
}

/** Clears a slice around what its blocks give to each side; undefined if one of them gives less than it must. */
export const settle = (placing: Placing, at: Live): Settled | undefined => {
  if (at.settled) return at.settled
  const { compiled, isBlock, dsoLeads } = placing
  const forced = new Map<number, Forced>()
  for (const { offer } of at.runs) {
    placing.toDso[offer] = 0
    placing.toTso[offer] = 0
  }
  addBlocks(isBlock, at.dso, at.base.dso.volume.count, placing.toDso)
  addBlocks(isBlock, at.tso, at.base.tso.volume.count, placing.toTso)
  for (const { offer, price, power } of at.runs) {
    const toDso = placing.toDso[offer]!
    const toTso = placing.toTso[offer]!
    if (toDso + toTso !== power) return undefined
    forced.set(offer, { offer, price, toDso, toTso })
  }
  const exact = forced.size === 0 ? at.base : clearAround(compiled, at.base, [...forced.values()])
  const pool = dsoLeads ? exact.dso : exact.tso
  const prices = new Float64Array(pool.shape.eligible.length)
  pricePool(pool, isBlock, prices)
  at.settled = { slice: exact, forced, prices }
  return at.settled
}

/** Blocks stand behind what the slice accepts without them. */
const addBlocks = (isBlock: Uint8Array, { volume }: Pool, from: number, given: Float64Array): void => {
  const { count, offer, amount } = volume
  for (let k = from; k < count; k++) if (isBlock[offer[k]!] === 1) given[offer[k]!]! += amount[k]!
}
