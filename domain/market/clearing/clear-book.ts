/**
 * Clears one book: DSO volume first, at the least cost; then TSO volume, at the least cost; all four exactly.
 *
 * Round by round: merit order clears each slice (market and MTU) without blocks and without the rules that tie offers
 * (merit-order.ts). Blocks that could be worth anything, and rules that the result breaks, join their slices into
 * components; each is decided by best response with a proof, or by a mixed-integer programme (component.ts), and merit
 * order fills in the rest. What breaks no rule any more is optimal, since it is optimal for fewer rules. A component
 * with too many binaries keeps the best response, with the distance to the bound as its gap.
 */

import type { Solver } from '../../optimisation/solver.ts'
import {
  askedOf,
  classesOfBlock,
  possibleStarts,
  type Start,
  worthOf,
  worthOfRuns,
  worthwhileStarts
} from './block-starts.ts'
import type { Book, ClearingOutcome } from './book.ts'
import { withClearingMemory } from './clearing-memory.ts'
import { blockOf, type Compiled, compileBook, marketCount } from './compiled-book.ts'
import type { BlockChoice } from './component.ts'
import { componentsOf, signatureOf } from './components.ts'
import { type Cleared, decideComponent, type Solved } from './decide-component.ts'
import { type Grants, noGrants } from './grants.ts'
import { clearSlice, type Forced, grantSlice, type Slice, type SlicePools, slicesOf } from './merit-order.ts'
import { type OutcomeColumns, outcomeColumns, writtenOutcome } from './outcome.ts'
import { piecesOfGrants } from './pieces.ts'
import { brokenBy, intervalAt, marketsOf, noRestrictions, programmed, restrict } from './restrictions.ts'

export const clearingVersion = '1'

export const clearBook = (book: Book, solver: Solver): ClearingOutcome =>
  writtenOutcome(book, clearToColumns(book, solver))

/** The same, for whoever has no use for a hundred thousand objects. */
export const clearToColumns = (book: Book, solver: Solver): OutcomeColumns => {
  const compiled = compileBook(book)
  const { grants, algorithm, gap, nodes } = withClearingMemory(memory => decideGrants({ ...compiled, memory }, solver))
  const version = `${clearingVersion}/${solver.name}`
  return outcomeColumns(compiled, piecesOfGrants(compiled, grants), { algorithm, version, gap, nodes })
}

const order: readonly ClearingOutcome['algorithm'][] = ['merit-order', 'linear-programme', 'mixed-integer-programme']

/** Memory of the largest session, used again by all. */
const grants = noGrants()

/** The grants are overwritten by the next call. */
export const decideGrants = (
  compiled: Compiled,
  solver: Solver
): { grants: Grants; algorithm: ClearingOutcome['algorithm']; gap: number; nodes: number } => {
  const slices = slicesOf(compiled)
  const restrictions = noRestrictions()
  const cleared = new Map<number, Cleared>()
  const solved = new Map<string, Solved>()
  const clear = (slice: number, without: ReadonlySet<number> | undefined, forced?: readonly Forced[]): Slice =>
    clearSlice(compiled, slice % marketCount, Math.floor(slice / marketCount), { without, forced })
  const clearAgain = (slice: number): void => {
    const greedy = clear(slice, restrictions.offers.get(slice))
    if (!greedy.exact && !restrictions.explicit.has(slice)) restrictions.explicit.set(slice, offersIn(compiled, slice))
    cleared.set(slice, { greedy, around: greedy.exact ? greedy : clear(slice, restrictions.explicit.get(slice)) })
  }
  for (const slice of slices) clearAgain(slice)
  const possible = compiled.blocks
    .map(offer => ({ offer, ...possibleStarts(compiled, offer, askedBy(compiled, offer, cleared), 0) }))
    .filter(({ starts }) => starts.length > 0)

  for (;;) {
    const blocks = possible
      .map(block => ({ ...block, starts: worthwhile(compiled, block, cleared) }))
      .filter(({ starts }) => starts.length > 0)
    const components = componentsOf(compiled, slices, blocks, restrictions)
    const signatures = new Set<string>()
    const decided = new Map<number, SlicePools>()
    const results: Solved[] = []
    for (const component of components) {
      const signature = signatureOf(component, restrictions)
      signatures.add(signature)
      let result = solved.get(signature)
      if (!result) {
        result = decideComponent(compiled, solver, component, restrictions, cleared)
        solved.set(signature, result)
      }
      results.push(result)
      for (const slice of component.slices) {
        const forced = result.forced.get(slice)
        const { around, greedy } = cleared.get(slice)!
        const without = result.byProgramme ? programmed(restrictions, slice) : restrictions.offers.get(slice)
        const final =
          result.slices?.get(slice) ??
          (forced && forced.length > 0 ? clear(slice, without, forced) : result.byProgramme ? around : greedy)
        decided.set(slice, final)
      }
    }
    grants.count = 0
    for (const slice of slices) grantSlice(decided.get(slice) ?? cleared.get(slice)!.greedy, grants)
    const broken = brokenBy(compiled, grants)
    let added = false
    const stale = new Set<number>()
    for (const restriction of broken) {
      if (!restrict(compiled, restrictions, restriction)) continue
      added = true
      for (const market of marketsOf(compiled, restriction)) stale.add(restriction.mtu * marketCount + market)
    }
    if (!added) {
      if (broken.length > 0)
        throw new Error(
          `decideGrants: the result breaks a rule that it was decided under: ${JSON.stringify(broken[0])}`
        )
      return {
        grants,
        algorithm: order[Math.max(0, ...results.map(result => order.indexOf(result.algorithm)))]!,
        gap: Math.max(0, ...results.map(result => result.gap)),
        nodes: results.reduce((sum, result) => sum + result.nodes, 0)
      }
    }
    for (const slice of stale) if (cleared.has(slice)) clearAgain(slice)
    for (const key of solved.keys()) if (!signatures.has(key)) solved.delete(key)
  }
}

const offersIn = (compiled: Compiled, slice: number): ReadonlySet<number> => {
  const mtu = Math.floor(slice / marketCount)
  const offers = new Set<number>()
  for (const offer of compiled.merit[slice % marketCount]![mtu]!.offer)
    if (intervalAt(compiled, offer, mtu)) offers.add(offer)
  return offers
}

/** What requests ask for where a block may run, by MTU from the earliest on. */
const askedBy = (compiled: Compiled, offer: number, cleared: ReadonlyMap<number, Cleared>): Float64Array => {
  const { earliest, latest } = blockOf(compiled, offer)
  const asked = new Float64Array(latest - earliest)
  for (let t = earliest; t < latest; t++) {
    const slice = cleared.get(t * marketCount + compiled.offerMarket[offer]!)?.around
    if (slice) asked[t - earliest] = askedOf(compiled, offer, slice)
  }
  return asked
}

const worthwhile = (compiled: Compiled, block: BlockChoice, cleared: ReadonlyMap<number, Cleared>): Start[] => {
  const { duration, price } = blockOf(compiled, block.offer)
  const market = compiled.offerMarket[block.offer]!
  const worths = worthOfRuns(block.starts, duration, t => {
    const slice = cleared.get(t * marketCount + market)?.around
    return slice && worthOf(slice, classesOfBlock(compiled, slice.classes, block.offer), price)
  })
  return worthwhileStarts(block.starts, worths)
}
