/**
 * What one more W is worth in a cleared ladder, by class: the shadow prices of its flow, for all four objectives at once.
 *
 * A W that enters a class reaches open demand, or takes the place of volume that then goes unused or to the other side, and
 * so on; the best of all such paths is found by relaxation. No path can gain without a W entering, unless the clearing was not
 * optimal: then there are no prices, and this returns undefined, as it does where nothing could make room.
 */
import { compare, noWorth, plus, type Worth } from './block-starts.ts'
import { closureOf, type Pool } from './pool.ts'

/** Volume in use: a rung, or a block, which cannot go unused. */
export interface Use {
  readonly dsoClass: number
  readonly tsoClass: number
  readonly price: number
  readonly toDso: number
  readonly toTso: number
  readonly mustRun: boolean
  readonly unused: number
  /** Whether more of it may go to the DSO. */
  readonly moreToDso: boolean
}

export interface SlicePrices {
  /** Worth of a W for the DSO or the TSO, its own price not yet paid; undefined if no room can be made. */
  readonly dso: readonly (Worth | undefined)[]
  readonly tso: readonly (Worth | undefined)[]
}

export const dsoPrice = (price: number): Worth => [0, price, 0, 0]
export const tsoPrice = (price: number): Worth => [0, 0, 0, price]

export const pricesOf = (dsoPool: Pool, tsoPool: Pool, uses: readonly Use[]): SlicePrices | undefined => {
  const { worths: dso, reach: reachDso } = reachOf(dsoPool, [1, 0, 0, 0])
  const { worths: tso, reach: reachTso } = reachOf(tsoPool, [0, 0, 1, 0])
  const rounds = dso.length + tso.length + 2
  for (let round = 0; ; round++) {
    // What is gained where a use in this class makes room for one W.
    const yieldDso: (Worth | undefined)[] = dso.map(() => undefined)
    const yieldTso: (Worth | undefined)[] = tso.map(() => undefined)
    for (const use of uses) {
      if (use.toDso > 0) {
        const elsewhere = use.tsoClass < 0 ? undefined : tso[use.tsoClass]
        raise(yieldDso, use.dsoClass, moved(dsoPrice(use.price), elsewhere, tsoPrice(use.price), use.mustRun))
      }
      if (use.toTso > 0) {
        const elsewhere = use.dsoClass < 0 || !use.moreToDso ? undefined : dso[use.dsoClass]
        raise(yieldTso, use.tsoClass, moved(tsoPrice(use.price), elsewhere, dsoPrice(use.price), use.mustRun))
      }
    }
    let changed = false
    reachDso.forEach((classes, c) => {
      for (const other of classes) if (raise(dso, c, yieldDso[other])) changed = true
    })
    reachTso.forEach((classes, c) => {
      for (const other of classes) if (raise(tso, c, yieldTso[other])) changed = true
    })
    if (!changed) break
    if (round > rounds) return undefined
  }
  for (const { dsoClass, tsoClass, price, unused, moreToDso } of uses) {
    if (unused === 0) continue
    const forDso = dsoClass < 0 || !moreToDso ? undefined : dso[dsoClass]
    const forTso = tsoClass < 0 ? undefined : tso[tsoClass]
    if (forDso && compare(plus(forDso, dsoPrice(price), -1), noWorth) > 0) return undefined
    if (forTso && compare(plus(forTso, tsoPrice(price), -1), noWorth) > 0) return undefined
  }
  return { dso, tso }
}

/** By class: what a W is worth where demand is open, and the classes whose promises it could move. */
const reachOf = (pool: Pool, worth: Worth): { worths: (Worth | undefined)[]; reach: (readonly number[])[] } => {
  const closures = pool.shape.eligible.map((_, c) => closureOf(pool, c))
  return {
    worths: closures.map(({ open }) => (open >= 0 ? worth : undefined)),
    reach: closures.map(({ classes }) => classes)
  }
}

const raise = (worths: (Worth | undefined)[], c: number, worth: Worth | undefined): boolean => {
  const now = worths[c]
  if (!worth || (now && compare(worth, now) <= 0)) return false
  worths[c] = worth
  return true
}

const moved = (saved: Worth, elsewhere: Worth | undefined, cost: Worth, mustRun: boolean): Worth | undefined => {
  const there = elsewhere && plus(plus(saved, elsewhere), cost, -1)
  if (mustRun) return there
  return there && compare(there, saved) > 0 ? there : saved
}
