/**
 * Clears a book for several objectives at once (FR_MP_FS_3.c, MP-CLR-01, T-12): a set of solutions none of which is better
 * than another in everything, and one of them as the outcome.
 *
 * The front of cost and expected non-delivery is computed exactly where the book is divisible, otherwise by clearing at
 * the weights that can matter; NSGA-II starts from it and looks for what no weight finds and for further objectives.
 * Promises: the outcome serves at least what the exact clearing serves and costs more only where it is better otherwise
 * (`mayReplace`); prices and payments are those of the real bids; the same book, options and `clear` give the same
 * result. Assumes that `clear` is the exact clearing and pure.
 */

import type { Book, ClearingOutcome } from '../clearing/book.ts'
import { compileBook } from '../clearing/compiled-book.ts'
import { buildOutcome } from '../clearing/outcome.ts'
import type { FrontPoint } from './exact-front.ts'
import { normalisedHypervolume } from './hypervolume.ts'
import { nsga2 } from './nsga2.ts'
import { type Judged, type Objective, objectiveValue, type Service, type Totals, totalsOf } from './objectives.ts'
import { genesOf } from './preference.ts'
import type { Reliability } from './reliability.ts'
import { initialSolutions, openSearch, type Search } from './search.ts'
import { compareService, mayReplace, mostServed, paretoFront, rankCandidates, type Weights } from './selection.ts'

export const multiObjectiveVersion = '1'

export interface MultiObjectiveOptions {
  /** 'cost' and 'unreliability' always, further ones as the operator needs. */
  readonly objectives: readonly Objective[]
  /** How much each objective counts, over its range on the front; absent = the knee of the front. */
  readonly weights?: Weights
  readonly reliability: Reliability
  /** 32-bit integer. */
  readonly seed: number
  /** Even, at least 4. */
  readonly population: number
  readonly generations: number
  /**
   * Clearings that a book may cost that is not divisible: for those each solution is one clearing, with a
   * mixed-integer programme up to seconds. At least 6, besides the exact one. Absent = 400.
   */
  readonly clearingsMax?: number
}

export interface FrontEntry {
  /** In the order of the options. */
  readonly objectives: readonly number[]
  readonly totals: Judged & Service
}

export interface MultiObjectiveResult {
  readonly outcome: ClearingOutcome
  /** What the outcome adds up to. */
  readonly totals: Totals
  /** The same for the exact result that it was compared with. */
  readonly exact: Totals
  /** True when no other solution was allowed to replace the exact result. */
  readonly isExactResult: boolean
  /** The solutions that nothing found dominates, cheapest first: at most 500 of the reference front, and NSGA-II's. */
  readonly front: readonly FrontEntry[]
  /** 'exact': every vertex of the true front; 'supported': by clearing at chosen weights, perhaps not all of them. */
  readonly reference: 'exact' | 'supported'
  /** Hypervolume of cost and expected non-delivery that NSGA-II's last population reaches, as a share of the reference front's. */
  readonly hypervolumeRatio: number
  readonly seed: number
  /** What ran: fewer than asked for when `clearingsMax` allowed no more. */
  readonly population: number
  readonly generations: number
}

/** The two ends of the front, and the smallest population. */
const CLEARINGS_MIN = 6

interface Candidate {
  readonly totals: Judged & Service
  /** Absent for the exact result itself. */
  readonly genes?: Float64Array
}

export const clearMultiObjective = (
  book: Book,
  options: MultiObjectiveOptions,
  clear: (book: Book) => ClearingOutcome
): MultiObjectiveResult => {
  const { objectives, weights, reliability, seed } = options
  checkOptions(options)
  const exactOutcome = clear(book)
  const exact = totalsOf(book, exactOutcome, reliability)
  const compiled = compileBook(book)
  const search = openSearch(compiled, options, clear)

  const asked = askedOf(book)
  const found = nsga2(
    {
      ...genesOf(book.units.length),
      objectiveCount: objectives.length,
      evaluate: (genes, values) => {
        const judged = search.judge(genes)
        objectives.forEach((objective, m) => {
          values[m] = objectiveValue(objective, judged)
        })
        return unserved(asked, judged)
      }
    },
    {
      population: search.population,
      generations: search.generations,
      seed,
      initial: initialSolutions(search, book.units.length)
    }
  )
  const candidate = (genes: Float64Array): Candidate => ({ genes, totals: search.judge(genes) })
  const reference = search.frontGenes.map(candidate)
  const searched = found.front.map(({ genes }) => candidate(genes))
  const front = paretoFront<Candidate>([{ totals: exact }, ...reference, ...searched], objectives)
  const head = { algorithm: 'nsga-ii' as const, version: `${multiObjectiveVersion}/${exactOutcome.version}` }
  let chosen: Pick<MultiObjectiveResult, 'outcome' | 'totals' | 'isExactResult'> = {
    outcome: { ...exactOutcome, ...head },
    totals: exact,
    isExactResult: true
  }
  for (const { genes } of rankCandidates(front, objectives, weights)) {
    if (genes === undefined) break // the exact result is the best of the front
    const outcome = buildOutcome(compiled, search.realise(genes), { ...head, gap: 0, nodes: exactOutcome.nodes })
    const stated = totalsOf(book, outcome, reliability)
    if (!mayReplace(stated, exact, objectives)) continue
    const gap = distanceFromExact(stated, exact, exactOutcome.gap)
    chosen = { outcome: { ...outcome, gap }, totals: stated, isExactResult: false }
    break
  }
  return {
    ...chosen,
    exact,
    front: front.map(({ totals }) => ({
      objectives: objectives.map(objective => objectiveValue(objective, totals)),
      totals
    })),
    reference: search.reference,
    hypervolumeRatio: hypervolumeRatio(searched, reference, search),
    seed,
    population: search.population,
    generations: search.generations
  }
}

const askedOf = ({ requests }: Book): { DSO: number; TSO: number } => {
  const asked = { DSO: 0, TSO: 0 }
  for (const { side, profile } of requests) for (const { mtus, power } of profile) asked[side] += mtus * power
  return asked
}

/** One number for both sides: no TSO volume makes up for a W of the DSO. */
const unserved = (asked: { DSO: number; TSO: number }, { dsoServed, tsoServed }: Service): number =>
  (asked.DSO - dsoServed) * (asked.TSO + 1) + (asked.TSO - tsoServed)

const checkOptions = ({ objectives, weights, clearingsMax }: MultiObjectiveOptions): void => {
  if (!objectives.includes('cost') || !objectives.includes('unreliability'))
    throw new RangeError('clearMultiObjective: cost and unreliability are always among the objectives (MP-CLR-01)')
  if (new Set(objectives).size !== objectives.length)
    throw new RangeError('clearMultiObjective: an objective is named twice')
  for (const [objective, weight] of Object.entries(weights ?? {}))
    if (!(weight >= 0 && Number.isFinite(weight)))
      throw new RangeError(`clearMultiObjective: the weight of ${objective} must be 0 or more, got ${weight}`)
  if (clearingsMax !== undefined && !(Number.isInteger(clearingsMax) && clearingsMax >= CLEARINGS_MIN))
    throw new RangeError(`clearMultiObjective: at least ${CLEARINGS_MIN} clearings are needed, got ${clearingsMax}`)
}

/** What serves less than the reference front is no point of it, and adds nothing. */
const hypervolumeRatio = (
  searched: readonly Candidate[],
  reference: readonly Candidate[],
  { referenceFront }: Search
): number => {
  const service = mostServed(reference)[0]!.totals
  const comparable = searched.map(({ totals }) => totals).filter(totals => compareService(totals, service) >= 0)
  const pointsOf = (front: readonly FrontPoint[]): number[][] =>
    front.map(({ cost, nonDelivery }) => [Number(cost), Number(nonDelivery)])
  const known = pointsOf(referenceFront)
  const extreme = (pick: (...values: number[]) => number): number[] =>
    [0, 1].map(m => known.reduce((value, point) => pick(value, point[m]!), known[0]![m]!))
  const ideal = extreme(Math.min)
  const nadir = extreme(Math.max)
  return normalisedHypervolume(pointsOf(comparable), ideal, nadir) / normalisedHypervolume(known, ideal, nadir)
}

/** Relative, of the first of DSO cost and TSO cost that differs from what is proven possible. */
const distanceFromExact = (chosen: Totals, exact: Totals, exactGap: number): number => {
  const tsoCost = (totals: Totals): bigint => totals.cost - totals.dsoCost
  for (const [found, possible] of [
    [chosen.dsoCost, exact.dsoCost],
    [tsoCost(chosen), tsoCost(exact)]
  ] as const)
    if (found > possible) return possible === 0n ? 1 : Math.max(exactGap, Number(found - possible) / Number(possible))
  return exactGap
}
