/**
 * Clears one ladder around running blocks, as often as best response asks: a block takes its place in merit order at its price;
 * what the DSO does not take goes to the TSO, and what the TSO cannot take is set aside for the DSO first.
 */
import { type BlockClasses, noWorth, plus, type Worth } from './block-starts.ts'
import type { Ladder } from './ladder.ts'
import { copyPool, type Pool, place } from './pool.ts'
import { pricesOf, type SlicePrices, type Use } from './slice-prices.ts'

export interface Running {
  readonly offer: number
  readonly classes: BlockClasses
  readonly price: number
  readonly power: number
}

export interface Cleared {
  readonly value: Worth
  readonly dso: Pool
  readonly tso: Pool
  readonly shares: readonly { readonly toDso: number; readonly toTso: number }[]
  /** By rung. */
  readonly toDso: Float64Array
  readonly toTso: Float64Array
}

/** The pools of a ladder with all certain volume placed. */
export const prepared = (ladder: Ladder): { dso: Pool; tso: Pool } => {
  const dso = copyPool(ladder.dso)
  const tso = copyPool(ladder.tso)
  for (const [c, amount] of ladder.certainDso) place(dso, c, amount)
  for (const [c, amount] of ladder.certainTso) place(tso, c, amount)
  return { dso, tso }
}

const put = (pool: Pool, c: number, amount: number): number => (c < 0 || amount <= 0 ? 0 : place(pool, c, amount))

/** Undefined if some block's power finds no taker. */
export const clearLadder = (
  base: { dso: Pool; tso: Pool },
  ladder: Ladder,
  blocks: readonly Running[]
): Cleared | undefined => {
  const reserved = blocks.map(() => 0)
  // Each attempt sets aside room at the DSO for what found none: at most once for each block.
  for (let attempt = 0; attempt <= blocks.length; attempt++) {
    const dso = copyPool(base.dso)
    const tso = copyPool(base.tso)
    const toDso = blocks.map((block, k) => put(dso, block.classes.dso, reserved[k]!))
    let value: Worth = noWorth
    const gain = (side: 0 | 2, amount: number, price: number): void => {
      if (amount > 0)
        value = side === 0 ? plus(value, [1, -price, 0, 0], amount) : plus(value, [0, 0, 1, -price], amount)
    }
    const byPrice = blocks.map((_, k) => k).sort((a, b) => blocks[a]!.price - blocks[b]!.price || a - b)
    const taken = new Float64Array(ladder.rungs.length)
    let next = 0
    const offerBlocks = (below: number): void => {
      for (; next < byPrice.length && blocks[byPrice[next]!]!.price <= below; next++) {
        const k = byPrice[next]!
        const block = blocks[k]!
        toDso[k]! += put(dso, block.classes.dso, block.power - toDso[k]!)
      }
    }
    for (let k = 0; k < ladder.rungs.length; k++) {
      const rung = ladder.rungs[k]!
      offerBlocks(rung.price)
      if (dso.left === 0) break
      taken[k] = put(dso, rung.dsoClass, rung.toDso)
      gain(0, taken[k]!, rung.price)
    }
    offerBlocks(Number.POSITIVE_INFINITY)
    const toTso = blocks.map((block, k) => put(tso, block.classes.tso, block.power - toDso[k]!))
    let fits = true
    blocks.forEach((block, k) => {
      const rest = block.power - toDso[k]! - toTso[k]!
      if (rest > 0) {
        fits = false
        reserved[k] = toDso[k]! + rest
      }
      gain(0, toDso[k]!, block.price)
      gain(2, toTso[k]!, block.price)
    })
    if (!fits) continue
    const takenByTso = new Float64Array(ladder.rungs.length)
    for (let k = 0; k < ladder.rungs.length && tso.left > 0; k++) {
      const rung = ladder.rungs[k]!
      takenByTso[k] = put(tso, rung.tsoClass, Math.min(rung.toTso, rung.total - taken[k]!))
      gain(2, takenByTso[k]!, rung.price)
    }
    const shares = blocks.map((_, k) => ({ toDso: toDso[k]!, toTso: toTso[k]! }))
    return { value, dso, tso, shares, toDso: taken, toTso: takenByTso }
  }
  return undefined
}

export const priceSlice = (cleared: Cleared, ladder: Ladder, blocks: readonly Running[]): SlicePrices | undefined => {
  const uses: Use[] = ladder.rungs.map((rung, k) => ({
    dsoClass: rung.dsoClass,
    tsoClass: rung.tsoClass,
    price: rung.price,
    toDso: cleared.toDso[k]!,
    toTso: cleared.toTso[k]!,
    mustRun: false,
    unused: rung.total - cleared.toDso[k]! - cleared.toTso[k]!,
    moreToDso: cleared.toDso[k]! < rung.toDso
  }))
  blocks.forEach(({ classes, price }, k) => {
    const { toDso, toTso } = cleared.shares[k]!
    uses.push({
      dsoClass: classes.dso,
      tsoClass: classes.tso,
      price,
      toDso,
      toTso,
      mustRun: true,
      unused: 0,
      moreToDso: true
    })
  })
  return pricesOf(cleared.dso, cleared.tso, uses)
}
