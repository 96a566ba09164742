/**
 * How a book is searched: what genes mean for it, what the search sees of a solution, and what it starts from.
 *
 * A divisible book is decoded without a solver and its front is known exactly. Any other book is decoded by the exact
 * clearing itself, so the number of solutions is bounded by a number of clearings (a count, never a time: a re-run
 * ends where the first run did).
 */

import type { Book, ClearingOutcome } from '../clearing/book.ts'
import type { Compiled } from '../clearing/compiled-book.ts'
import type { Grants } from '../clearing/merit-order.ts'
import { clearByGenes, clearingDecoder } from './clearing-decoder.ts'
import { type DivisibleBook, divisibleBook } from './divisible-book.ts'
import { divisibleDecoder, judge, realise } from './divisible-decoder.ts'
import { exactFront } from './exact-front.ts'
import { type Judged, type Totals, totalsOfGrants } from './objectives.ts'
import { genesForWeight } from './preference.ts'
import { type Reliability, unreliabilityOf } from './reliability.ts'
import { supportedFront } from './supported-front.ts'

/** With a mixed-integer programme a clearing can take tens of milliseconds: this many stay within seconds. */
const CLEARINGS_MAX = 400

/** A tenth of the clearings finds the reference front: no clearing finds more than these, but they are soon exhausted. */
const REFERENCE_SHARE = 0.1

/** How genes become solutions, for one kind of book. */
export interface Search {
  readonly reference: 'exact' | 'supported'
  /** The reference front, cheapest first. */
  readonly frontGenes: readonly Float64Array[]
  /** Generations that can be afforded. */
  readonly generations: number
  /** Millionths, by unit. */
  readonly unitUnreliability: Float64Array
  /** What the search sees: sums, and what is left unserved. */
  readonly judge: (genes: Float64Array) => Judged & { readonly unserved: number }
  readonly realise: (genes: Float64Array) => Grants
}

export interface SearchOptions {
  readonly reliability: Reliability
  readonly population: number
  readonly generations: number
  readonly clearingsMax?: number
}

export const openSearch = (
  compiled: Compiled,
  options: SearchOptions,
  clear: (book: Book) => ClearingOutcome
): Search => {
  const unitUnreliability = Float64Array.from(compiled.book.units, unit =>
    unreliabilityOf(unit.id, options.reliability)
  )
  const divisible = divisibleBook(compiled, unitUnreliability)
  return divisible
    ? divisibleSearch(divisible, options.generations)
    : clearingSearch(compiled, unitUnreliability, options, clear)
}

const divisibleSearch = (divisible: DivisibleBook, generations: number): Search => {
  const decoder = divisibleDecoder(divisible)
  return {
    reference: 'exact',
    frontGenes: exactFront(divisible).map(({ weight }) =>
      genesForWeight(weight, divisible.highestPrice, divisible.compiled.book.units.length)
    ),
    generations,
    unitUnreliability: divisible.unitUnreliability,
    // Every order of preference serves the most that can be served.
    judge: genes => ({ ...judge(decoder, genes), unserved: 0 }),
    realise: genes => realise(decoder, genes)
  }
}

const clearingSearch = (
  compiled: Compiled,
  unitUnreliability: Float64Array,
  { generations, population, clearingsMax = CLEARINGS_MAX }: SearchOptions,
  clear: (book: Book) => ClearingOutcome
): Search => {
  const { book } = compiled
  const decoder = clearingDecoder(compiled, unitUnreliability, clear)
  const grantsOf = remembered(genes => clearByGenes(decoder, genes))
  const asked = { DSO: 0, TSO: 0 }
  for (const { side, profile } of book.requests) for (const { mtus, power } of profile) asked[side] += mtus * power
  const totals = (genes: Float64Array): Totals => totalsOfGrants(compiled, grantsOf(genes), unitUnreliability)
  const supported = supportedFront(
    weight => {
      const genes = genesForWeight(weight, decoder.highestPrice, book.units.length)
      return { genes, totals: totals(genes) }
    },
    Math.max(2, Math.floor(clearingsMax * REFERENCE_SHARE))
  )
  const affordable = Math.floor((clearingsMax * (1 - REFERENCE_SHARE)) / population) - 1
  return {
    reference: 'supported',
    frontGenes: supported.map(({ solution }) => solution.genes),
    generations: Math.max(0, Math.min(generations, affordable)),
    unitUnreliability,
    judge: genes => {
      const judged = totals(genes)
      // One number for both sides: no TSO volume makes up for a W of the DSO.
      const unserved = (asked.DSO - judged.dsoServed) * (asked.TSO + 1) + (asked.TSO - judged.tsoServed)
      return { ...judged, unserved }
    },
    realise: grantsOf
  }
}

/** The same genes are cleared once. No more are ever remembered than clearings were allowed. */
const remembered = (solve: (genes: Float64Array) => Grants): ((genes: Float64Array) => Grants) => {
  const known = new Map<string, Grants>()
  return genes => {
    const key = genes.join()
    const found = known.get(key) ?? solve(genes)
    known.set(key, found)
    return found
  }
}

/**
 * What NSGA-II starts from: the reference front, evenly by its length when it does not fit in three quarters of the
 * population; one solution that holds back all units alike but in the order of the book, which few-unit solutions
 * can be bred from; the rest is random.
 */
export const initialSolutions = ({ frontGenes, judge }: Search, units: number, population: number): Float64Array[] => {
  const places = Math.floor(population * 0.75)
  const inBookOrder = new Float64Array(units + 1)
  for (let u = 0; u < units; u++) inBookOrder[u + 1] = u / units
  return [...spreadAlong(frontGenes, judge, places), inBookOrder]
}

const spreadAlong = (
  front: readonly Float64Array[],
  judge: (genes: Float64Array) => Judged,
  places: number
): Float64Array[] => {
  if (front.length <= places) return [...front]
  const points = front.map(genes => judge(genes)).map(({ cost, nonDelivery }) => [Number(cost), Number(nonDelivery)])
  const first = points[0]!
  const last = points[points.length - 1]!
  const width = Math.abs(last[0]! - first[0]!) || 1
  const height = Math.abs(last[1]! - first[1]!) || 1
  let length = 0
  const along = points.map((point, k) => {
    const before = points[k - 1] ?? point
    length += Math.hypot((point[0]! - before[0]!) / width, (point[1]! - before[1]!) / height)
    return length
  })
  const chosen = new Set<number>()
  for (let place = 0, k = 0; place < places; place++) {
    const wanted = (length * place) / (places - 1)
    while (k < front.length - 1 && along[k]! < wanted) k++
    chosen.add(place === places - 1 ? front.length - 1 : k)
  }
  return [...chosen].map(k => front[k]!)
}
