/**
 * NSGA-II (Deb, Pratap, Agarwal, Meyarivan, IEEE TEVC 2002): an elitist genetic algorithm that approaches the whole
 * Pareto front of a problem with several objectives.
 *
 * Parents and children compete together: the best fronts survive, and the last front that fits is thinned by crowding.
 * Promises: the same problem, options and seed give the same population, bit for bit (the run ends after a number of
 * generations, never after a time); a feasible solution is never lost to an infeasible one.
 * Assumes: `evaluate` is a pure function that fills the objectives, all minimised, and returns the constraint violation.
 */

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { compareDominance, crowdingDistances, type Rated, sortByDominance } from './non-dominated-sort.ts'
import { type Bounds, cross, mutate, type Variation } from './variation.ts'

export interface Problem extends Bounds {
  readonly objectiveCount: number
  /** Writes the objectives of these genes; returns the constraint violation, 0 = feasible. */
  readonly evaluate: (genes: Float64Array, objectives: Float64Array) => number
}

export interface Nsga2Options {
  /** Solutions kept from one generation to the next; even, at least 4, because parents mate in pairs of tournaments. */
  readonly population: number
  readonly generations: number
  /** 32-bit integer. */
  readonly seed: number
  /** Genes of known good solutions; the rest of the first population is random. At most `population` of them. */
  readonly initial?: readonly Float64Array[]
  readonly variation?: Partial<Variation>
}

export interface Individual extends Rated {
  readonly genes: Float64Array
}

export interface Nsga2Result {
  /** The last population, best front first. */
  readonly population: readonly Individual[]
  /** Those of the last population that nothing in it dominates. */
  readonly front: readonly Individual[]
  readonly evaluations: number
}

/** An individual and its place in the population: what a tournament looks at. */
interface Ranked {
  readonly individual: Individual
  readonly rank: number
  readonly crowding: number
}

export const nsga2 = (problem: Problem, options: Nsga2Options): Nsga2Result => {
  checkOptions(problem, options)
  const random = xoroshiro128plus(options.seed)
  const variation: Variation = {
    crossoverProbability: 0.9,
    crossoverIndex: 15,
    mutationProbability: 1 / problem.lower.length,
    mutationIndex: 20,
    ...options.variation
  }
  const initial = options.initial ?? []
  const first = Array.from({ length: options.population }, (_, i) =>
    evaluated(problem, initial[i]?.slice() ?? randomGenes(problem, random))
  )
  let parents = survivors(first, options.population)
  for (let generation = 0; generation < options.generations; generation++) {
    const children = offspring(problem, parents, variation, random)
    parents = survivors([...parents.map(parent => parent.individual), ...children], options.population)
  }
  return {
    population: parents.map(parent => parent.individual),
    front: parents.filter(parent => parent.rank === 0).map(parent => parent.individual),
    evaluations: options.population * (options.generations + 1)
  }
}

const checkOptions = (problem: Problem, { population, generations, seed, initial = [] }: Nsga2Options): void => {
  if (!Number.isInteger(population) || population < 4 || population % 2 !== 0)
    throw new RangeError(`nsga2: the population must be an even number of at least 4, got ${population}`)
  if (!Number.isInteger(generations) || generations < 0)
    throw new RangeError(`nsga2: generations must be a whole number, got ${generations}`)
  if (seed !== (seed | 0)) throw new RangeError(`nsga2: the seed must be a 32-bit integer, got ${seed}`)
  if (initial.length > population)
    throw new RangeError(`nsga2: ${initial.length} initial solutions do not fit a population of ${population}`)
  if (problem.lower.length === 0 || initial.some(genes => genes.length !== problem.lower.length))
    throw new RangeError('nsga2: every solution needs one gene for each bound, and at least one')
}

const evaluated = (problem: Problem, genes: Float64Array): Individual => {
  const objectives = new Float64Array(problem.objectiveCount)
  const violation = problem.evaluate(genes, objectives)
  return { genes, objectives, violation }
}

const randomGenes = ({ lower, upper }: Bounds, random: RandomGenerator): Float64Array =>
  lower.map((low, g) => low + uniformFloat64(random) * (upper[g]! - low))

/** The best `count`: whole fronts while they fit, then the least crowded of the next one. */
const survivors = (candidates: readonly Individual[], count: number): Ranked[] => {
  const chosen: Ranked[] = []
  const fronts = sortByDominance(candidates)
  for (let rank = 0; rank < fronts.length && chosen.length < count; rank++) {
    const front = fronts[rank]!.map(i => candidates[i]!)
    const distances = crowdingDistances(front)
    const ranked = front.map((individual, i): Ranked => ({ individual, rank, crowding: distances[i]! }))
    const room = count - chosen.length
    // The sort is stable, so of equally crowded solutions the earlier one stays.
    if (ranked.length > room) ranked.sort((a, b) => (a.crowding === b.crowding ? 0 : b.crowding - a.crowding))
    chosen.push(...ranked.slice(0, room))
  }
  return chosen
}

/** As many children as parents. Each parent plays in exactly two tournaments, against random opponents. */
const offspring = (
  problem: Problem,
  parents: readonly Ranked[],
  variation: Variation,
  random: RandomGenerator
): Individual[] => {
  const winners: Individual[] = []
  for (let round = 0; round < 2; round++) {
    const order = shuffled(parents, random)
    for (let i = 0; i + 1 < order.length; i += 2) winners.push(tournament(order[i]!, order[i + 1]!, random))
  }
  const children: Individual[] = []
  for (let i = 0; i + 1 < winners.length; i += 2) {
    const pair = cross(winners[i]!.genes, winners[i + 1]!.genes, problem, variation, random)
    for (const genes of pair) {
      mutate(genes, problem, variation, random)
      children.push(evaluated(problem, genes))
    }
  }
  return children
}

const tournament = (a: Ranked, b: Ranked, random: RandomGenerator): Individual => {
  const order = compareDominance(a.individual, b.individual)
  if (order !== 0) return order < 0 ? a.individual : b.individual
  if (a.rank !== b.rank) return a.rank < b.rank ? a.individual : b.individual
  if (a.crowding !== b.crowding) return a.crowding > b.crowding ? a.individual : b.individual
  return uniformFloat64(random) < 0.5 ? a.individual : b.individual
}

const shuffled = <T>(values: readonly T[], random: RandomGenerator): T[] => {
  const order = [...values]
  for (let i = order.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i)
    const kept = order[i]!
    order[i] = order[j]!
    order[j] = kept
  }
  return order
}
