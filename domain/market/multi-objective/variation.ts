/**
 * How children differ from their parents: simulated binary crossover and polynomial mutation for real-coded genes with
 * bounds (Deb and Agrawal 1995; Deb and Goyal 1996), in the bounded form of Deb's own NSGA-II code: the spread is cut at
 * the bounds so that no probability piles up on them.
 *
 * Every number comes from the generator that is passed in, in a fixed order: the same seed gives the same children.
 */

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'

export interface Bounds {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

export interface Variation {
  /** Probability that a pair of parents is crossed at all. */
  readonly crossoverProbability: number
  /** Distribution index of the crossover: higher = children closer to their parents. */
  readonly crossoverIndex: number
  /** Probability that one gene is mutated. */
  readonly mutationProbability: number
  /** Distribution index of the mutation: higher = smaller steps. */
  readonly mutationIndex: number
}

/** Genes closer than this are the same: the spread would divide by their distance. */
const SAME_GENE = 1e-14

/** Two children of two parents, not yet mutated. */
export const cross = (
  first: Float64Array,
  second: Float64Array,
  { lower, upper }: Bounds,
  variation: Variation,
  random: RandomGenerator
): [Float64Array, Float64Array] => {
  const one = first.slice()
  const two = second.slice()
  if (uniformFloat64(random) > variation.crossoverProbability) return [one, two]
  const exponent = 1 / (variation.crossoverIndex + 1)
  for (let g = 0; g < one.length; g++) {
    if (uniformFloat64(random) > 0.5) continue
    const low = Math.min(first[g]!, second[g]!)
    const high = Math.max(first[g]!, second[g]!)
    if (high - low <= SAME_GENE) continue
    const u = uniformFloat64(random)
    const below = low - spread(u, (low - lower[g]!) / (high - low), variation.crossoverIndex, exponent, high - low)
    const above = high + spread(u, (upper[g]! - high) / (high - low), variation.crossoverIndex, exponent, high - low)
    const lesser = clamp(below, lower[g]!, upper[g]!)
    const greater = clamp(above, lower[g]!, upper[g]!)
    const swap = uniformFloat64(random) <= 0.5
    one[g] = swap ? greater : lesser
    two[g] = swap ? lesser : greater
  }
  return [one, two]
}

/** Changes each gene with the given probability, in place. */
export const mutate = (
  genes: Float64Array,
  { lower, upper }: Bounds,
  variation: Variation,
  random: RandomGenerator
): void => {
  const index = variation.mutationIndex
  for (let g = 0; g < genes.length; g++) {
    if (uniformFloat64(random) >= variation.mutationProbability) continue
    const range = upper[g]! - lower[g]!
    if (!(range > 0)) continue
    const u = uniformFloat64(random)
    const toLower = (genes[g]! - lower[g]!) / range
    const toUpper = (upper[g]! - genes[g]!) / range
    const step =
      u < 0.5
        ? (2 * u + (1 - 2 * u) * (1 - toLower) ** (index + 1)) ** (1 / (index + 1)) - 1
        : 1 - (2 * (1 - u) + (2 * u - 1) * (1 - toUpper) ** (index + 1)) ** (1 / (index + 1))
    genes[g] = clamp(genes[g]! + step * range, lower[g]!, upper[g]!)
  }
}

/** How far outside its parent a child lands (negative = between the parents), given the room up to the bound. */
const spread = (u: number, room: number, index: number, exponent: number, distance: number): number => {
  const alpha = 2 - (1 + 2 * room) ** -(index + 1)
  const beta = u <= 1 / alpha ? (u * alpha) ** exponent : (1 / (2 - u * alpha)) ** exponent
  return 0.5 * (beta - 1) * distance
}

const clamp = (value: number, lower: number, upper: number): number => Math.min(upper, Math.max(lower, value))
