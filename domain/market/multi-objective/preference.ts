/**
 * What the genes of a solution mean: an order of preference over the steps of a book.
 *
 * Gene 0 weighs reliability against price (0 = price alone, 1 = reliability alone); each further gene holds one unit back
 * by a surcharge, 0 … as much as it takes to pass every unit that is not held back. So every vertex of the exact front is
 * a solution with gene 0 alone, and the other genes reach what no weight of the two can, such as fewer units.
 * The surcharge is per unit and not per offer: within a unit the cheaper step stays ahead, as its room demands.
 */

import type { Bounds } from './variation.ts'

export interface Surcharge {
  /** µ€ per kWh that one kWh of certain non-delivery is worth. */
  readonly weight: number
  /** µ€ per kWh by unit, on top of the price, reliability included. */
  readonly byUnit: Float64Array
}

export const genesOf = (units: number): Bounds => ({
  lower: new Float64Array(units + 1),
  upper: new Float64Array(units + 1).fill(1)
})

/**
 * `weightMax` stands for "reliability alone": above it the order no longer changes (or can't be told apart by the
 * decoder), so the gene's last stretch needs no numbers beyond it.
 */
export const surchargeOf = (
  genes: Float64Array,
  highestPrice: number,
  weightMax: number,
  unitUnreliability: Float64Array
): Surcharge => {
  const unit = highestPrice + 1
  const share = genes[0]!
  const weight = Math.min(weightMax, (unit * share) / (1 - share))
  const passesAll = unit + weight
  const byUnit = unitUnreliability.map((unreliability, u) => (weight * unreliability) / 1e6 + passesAll * genes[u + 1]!)
  return { weight, byUnit }
}

/** The genes of a weight: the inverse of gene 0. */
export const genesForWeight = (weight: number, highestPrice: number, units: number): Float64Array => {
  const genes = new Float64Array(units + 1)
  genes[0] = weight === Number.POSITIVE_INFINITY ? 1 : weight / (weight + highestPrice + 1)
  return genes
}
