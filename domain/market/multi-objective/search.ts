/**
 * How a book is searched: what genes mean for it, what the search sees of a solution, and what it starts from.
 *
 * A divisible book is decoded without a solver and its front is known exactly. Any other book is decoded by the exact
 * clearing itself, so the number of solutions is bounded by a number of clearings (a count, never a time: a re-run
 * ends where the first run did).
 */

import type { Book, ClearingOutcome } from '../clearing/book.ts'
import type { Compiled } from '../clearing/compiled-book.ts'
import type { Grants } from '../clearing/grants.ts'
import { clearByGenes, clearingDecoder } from './clearing-decoder.ts'
import { type DivisibleBook, divisibleBook } from './divisible-book.ts'
import { divisibleDecoder, judge, realise } from './divisible-decoder.ts'
import { exactFront, type FrontPoint } from './exact-front.ts'
import { type Judged, type Service, type Totals, totalsOfGrants } from './objectives.ts'
import { genesForWeight } from './preference.ts'
import { type Reliability, unreliabilityOf } from './reliability.ts'
import { mostServed } from './selection.ts'
import { supportedFront } from './supported-front.ts'

/** With a mixed-integer programme a clearing can take tens of milliseconds: this many stay within seconds. */
const CLEARINGS_MAX = 400

/** Solutions of the reference front that are shown and chosen from: closer than 1/500 of it nobody can tell them apart. */
const FRONT_MAX = 500

/** A tenth of the clearings finds the reference front: no clearing finds more than these, but they are soon exhausted. */
const REFERENCE_SHARE = 0.1

/** How genes become solutions, for one kind of book. */
export interface Search {
  readonly reference: 'exact' | 'supported'
  /** The whole reference front, cheapest first: what the search is measured against. */
  readonly referenceFront: readonly FrontPoint[]
  /** At most FRONT_MAX of its solutions, both ends among them, evenly along it. */
  readonly frontGenes: readonly Float64Array[]
  /** What can be afforded of the population and generations asked for. */
  readonly population: number
  readonly generations: number
  /** Millionths, by unit. */
  readonly unitUnreliability: Float64Array
  readonly judge: (genes: Float64Array) => Judged & Service
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
  return divisible ? divisibleSearch(divisible, options) : clearingSearch(compiled, unitUnreliability, options, clear)
}

const divisibleSearch = (divisible: DivisibleBook, { population, generations }: SearchOptions): Search => {
  const decoder = divisibleDecoder(divisible)
  const { compiled, unitUnreliability } = divisible
  const any = realise(decoder, new Float64Array(compiled.book.units.length + 1))
  const { dsoServed, tsoServed } = totalsOfGrants(compiled, any, unitUnreliability)
  const vertices = exactFront(divisible)
  return {
    reference: 'exact',
    referenceFront: vertices,
    frontGenes: spreadAlong(vertices, FRONT_MAX).map(({ weight }) =>
      genesForWeight(weight, divisible.highestPrice, compiled.book.units.length)
    ),
    population,
    generations,
    unitUnreliability,
    // Every order of preference serves the most that can be served: one solution tells how much that is.
    judge: genes => ({ ...judge(decoder, genes), dsoServed, tsoServed }),
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
  const totals = (genes: Float64Array): Totals => totalsOfGrants(compiled, grantsOf(genes), unitUnreliability)
  const supported = supportedFront(
    weight => {
      const genes = genesForWeight(weight, decoder.highestPrice, book.units.length)
      return { genes, totals: totals(genes) }
    },
    Math.min(FRONT_MAX, Math.max(2, Math.floor(clearingsMax * REFERENCE_SHARE)))
  ).map(({ solution }) => solution)
  const left = Math.floor(clearingsMax * (1 - REFERENCE_SHARE))
  const affordable = Math.min(population, left - (left % 2))
  return {
    reference: 'supported',
    referenceFront: mostServed(supported).map(({ totals }) => totals),
    frontGenes: supported.map(({ genes }) => genes),
    population: affordable,
    generations: Math.min(generations, Math.floor(left / affordable) - 1),
    unitUnreliability,
    judge: totals,
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
 * population; one solution that holds units back in the order of the book, from which solutions with few units can be
 * bred; the rest is random.
 */
export const initialSolutions = ({ frontGenes, judge, population }: Search, units: number): Float64Array[] => {
  const inBookOrder = new Float64Array(units + 1)
  for (let u = 0; u < units; u++) inBookOrder[u + 1] = u / units
  const places = Math.floor(population * 0.75)
  if (frontGenes.length <= places) return [...frontGenes, inBookOrder]
  const points = frontGenes.map(genes => ({ ...judge(genes), genes }))
  return [...spreadAlong(points, places).map(({ genes }) => genes), inBookOrder]
}

/** At most `places` points of a front, both ends among them, at even distances along it. */
const spreadAlong = <Point extends FrontPoint>(front: readonly Point[], places: number): Point[] => {
  if (front.length <= places) return [...front]
  const first = front[0]!
  const last = front[front.length - 1]!
  const width = Math.abs(Number(last.cost - first.cost)) || 1
  const height = Math.abs(Number(last.nonDelivery - first.nonDelivery)) || 1
  let length = 0
  const along = front.map((point, k) => {
    const before = front[k - 1] ?? point
    length += Math.hypot(
      Number(point.cost - before.cost) / width,
      Number(point.nonDelivery - before.nonDelivery) / height
    )
    return length
  })
  const chosen = new Set<number>()
  for (let place = 0, k = 0; place < places - 1; place++) {
    const wanted = (length * place) / (places - 1)
    while (k < front.length - 1 && along[k]! < wanted) k++
    chosen.add(k)
  }
  chosen.add(front.length - 1)
  return [...chosen].map(k => front[k]!)
}
