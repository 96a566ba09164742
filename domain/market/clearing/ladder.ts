/**
 * A slice made small: what merit order may still change around volume that is decided elsewhere.
 *
 * More of that volume only ever displaces the rest (supplies are substitutes). So two merit orders bound every case: without
 * it (nothing else is ever accepted) and with all of it accepted for nothing (what is still accepted then, for the same
 * side, always is). Only steps between the two are left open, merged by class and price: the *rungs*.
 */
import type { Compiled } from './compiled-book.ts'
import { clearSlice, type Flood, openSlice, type Slice } from './merit-order.ts'
import type { Pool } from './pool.ts'
import { closedTo, dsoClassOf, type SliceClasses, tsoClassOf } from './slice-classes.ts'

export interface Rung {
  readonly dsoClass: number
  readonly tsoClass: number
  readonly price: number
  /** What may go to each side, and to both together. */
  toDso: number
  toTso: number
  total: number
}

export interface Ladder {
  readonly dso: Pool
  readonly tso: Pool
  readonly classes: SliceClasses
  /** Volume that is accepted in any case, by class. */
  readonly certainDso: Map<number, number>
  readonly certainTso: Map<number, number>
  /** By price. */
  readonly rungs: readonly Rung[]
}

/** `without`: the slice cleared without what the programme decides; `flood`: all of that. */
export const buildLadder = (
  compiled: Compiled,
  without: Slice,
  flood: readonly Flood[],
  restricted: ReadonlySet<number> | undefined
): Ladder => {
  const { market, mtu } = without
  const flooded = clearSlice(compiled, market, mtu, { without: restricted, flood })
  const { dso, tso, classes } = openSlice(compiled, market, mtu)
  const steps = compiled.merit[market]![mtu]!
  const stillAccepted = new Map(Array.from(flooded.steps, (step, k) => [step, k]))
  const certainDso = new Map<number, number>()
  const certainTso = new Map<number, number>()
  const rungs = new Map<string, Rung>()
  const add = (map: Map<number, number>, key: number, amount: number): void => {
    if (amount > 0) map.set(key, (map.get(key) ?? 0) + amount)
  }
  without.steps.forEach((step, k) => {
    const offer = steps.offer[step]!
    const price = steps.price[step]!
    const kind = compiled.offerKind[offer]!
    const mask = closedTo(classes, offer)
    const dsoClass = dsoClassOf(classes, kind, mask, price)
    const tsoClass = tsoClassOf(classes, kind, mask, price)
    const mostDso = without.toDso[k]!
    const total = mostDso + without.toTso[k]!
    const still = stillAccepted.get(step)
    const leastDso = still === undefined ? 0 : flooded.toDso[still]!
    const stillTotal = still === undefined ? 0 : leastDso + flooded.toTso[still]!
    const sureDso = Math.min(mostDso, leastDso)
    const sureTso = Math.max(0, Math.min(total, stillTotal) - Math.max(mostDso, leastDso))
    add(certainDso, dsoClass, sureDso)
    add(certainTso, tsoClass, sureTso)
    const free = total - sureDso - sureTso
    if (free === 0) return
    const key = `${price} ${dsoClass} ${tsoClass}`
    let rung = rungs.get(key)
    if (!rung) {
      rung = { dsoClass, tsoClass, price, toDso: 0, toTso: 0, total: 0 }
      rungs.set(key, rung)
    }
    rung.toDso += mostDso - sureDso
    if (tsoClass >= 0) rung.toTso += free
    rung.total += free
  })
  const sizeOf = (rung: Rung): number => (rung.tsoClass < 0 ? 0 : tso.shape.eligible[rung.tsoClass]!.length)
  return {
    dso,
    tso,
    classes,
    certainDso,
    certainTso,
    rungs: [...rungs.values()].sort((a, b) => a.price - b.price || sizeOf(a) - sizeOf(b))
  }
}
