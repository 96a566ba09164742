/**
 * Clears one book: DSO volume first, at the least cost; then TSO volume, at the least cost; all four exactly.
 *
 * Round by round: merit order clears each slice (market and MTU) without blocks and without the rules that tie offers
 * (merit-order.ts). Blocks that could be worth anything, and rules that the result breaks, join their slices into
 * components; each is decided by best response with a proof, or by a mixed-integer programme (component.ts), and merit
 * order fills in the rest. What breaks no rule any more is optimal, since it is optimal for fewer rules. A component
 * with too many binaries keeps the best response, with the distance to the bound as its gap.
 */
import { chooseBlocks } from './block-heuristic.ts'
import { classesOfBlock, compare, noWorth, plus, possibleStarts, type Start, type Worth, worthOf, worthOfRuns } from './block-starts.ts'
import type { Book, ClearingOutcome } from './book.ts'
import { blockOf, type Compiled, compileBook, marketCount } from './compiled-book.ts'
import { type BlockChoice, buildLadder, type Component, type Ladder, solveComponent } from './component.ts'
import { clearSlice, type Flood, type Forced, type Grants, grantSlice, noGrants, type Slice, slicesOf } from './merit-order.ts'
import { buildOutcome } from './outcome.ts'
import { brokenBy, intervalAt, marketsOf, noRestrictions, programmed, type Restriction, type Restrictions, restrict } from './restrictions.ts'
import type { Solver } from './solver.ts'

export const clearingVersion = '1'

/** Binaries up to which a component is given to the solver: measured, above this a stage can take minutes. */
export const binaryLimit = 600

interface Solved {
  readonly forced: ReadonlyMap<number, readonly Forced[]>
  /** Whether the programme decided; if not, merit order and best response did, and restricted offers stay out. */
  readonly byProgramme: boolean
  readonly algorithm: ClearingOutcome['algorithm']
  readonly gap: number
  readonly nodes: number
}

/** A slice by merit order: without what a programme decides; without restricted offers only (they differ where `explicit`). */
interface Cleared {
  readonly around: Slice
  readonly greedy: Slice
}

export const clearBook = (book: Book, solver: Solver): ClearingOutcome => {
  const compiled = compileBook(book)
  const { grants, algorithm, gap, nodes } = decideGrants(compiled, solver)
  return buildOutcome(compiled, grants, { algorithm, version: `${clearingVersion}/${solver.name}`, gap, nodes })
}

const order: readonly ClearingOutcome['algorithm'][] = ['merit-order', 'linear-programme', 'mixed-integer-programme']

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
    if (!greedy.exact && !restrictions.explicit.has(slice))
      restrictions.explicit.set(slice, offersIn(compiled, slice))
    cleared.set(slice, { greedy, around: greedy.exact ? greedy : clear(slice, restrictions.explicit.get(slice)) })
  }
  for (const slice of slices) clearAgain(slice)
  const possible = compiled.blocks
    .map(offer => ({ offer, ...possibleStarts(compiled, offer, slice => cleared.get(slice)?.around) }))
    .filter(({ starts }) => starts.length > 0)

  for (;;) {
    const blocks = possible
      .map(block => ({ ...block, starts: worthwhile(compiled, block, cleared) }))
      .filter(({ starts }) => starts.length > 0)
    const components = componentsOf(compiled, slices, blocks, restrictions)
    const signatures = new Set<string>()
    const grants = noGrants()
    const touched = new Set<number>()
    const results: Solved[] = []
    for (const component of components) {
      const signature = signatureOf(component, restrictions)
      signatures.add(signature)
      let result = solved.get(signature)
      if (!result) {
        result = decide(compiled, solver, component, restrictions, cleared)
        solved.set(signature, result)
      }
      results.push(result)
      for (const slice of component.slices) {
        touched.add(slice)
        const forced = result.forced.get(slice)
        const { around, greedy } = cleared.get(slice)!
        const without = result.byProgramme ? programmed(restrictions, slice) : restrictions.offers.get(slice)
        const final =
          forced && forced.length > 0 ? clear(slice, without, forced) : result.byProgramme ? around : greedy
        grantSlice(final, grants)
      }
    }
    for (const slice of slices) if (!touched.has(slice)) grantSlice(cleared.get(slice)!.greedy, grants)
    const broken = brokenBy(compiled, grants)
    let added = false
    const stale = new Set<number>()
    for (const restriction of broken) {
      if (!restrict(compiled, restrictions, restriction)) continue
      added = true
      for (const market of marketsOf(compiled, restriction)) stale.add(restriction.mtu * marketCount + market)
    }
    if (!added) {
      if (broken.length > 0) throw new Error(`decideGrants: the result breaks a rule that it was decided under: ${JSON.stringify(broken[0])}`)
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
  const steps = compiled.steps[slice % marketCount]!
  const mtu = Math.floor(slice / marketCount)
  const offers = new Set<number>()
  for (const step of steps.order(mtu)) if (intervalAt(compiled, steps.offer[step]!, mtu)) offers.add(steps.offer[step]!)
  return offers
}

const worthwhile = (compiled: Compiled, block: BlockChoice, cleared: ReadonlyMap<number, Cleared>): Start[] => {
  const { duration, price } = blockOf(compiled, block.offer)
  const market = compiled.offerMarket[block.offer]!
  const worths = worthOfRuns(block.starts, duration, t => {
    const slice = cleared.get(t * marketCount + market)?.around
    return slice && worthOf(slice, classesOfBlock(compiled, slice.classes, block.offer), price)
  })
  return block.starts.filter((_, k) => worths[k] !== undefined && compare(worths[k]!, noWorth) > 0)
}

const componentsOf = (
  compiled: Compiled,
  slices: readonly number[],
  blocks: readonly BlockChoice[],
  restrictions: Restrictions
): Component[] => {
  const parent = new Map<number, number>(slices.map(slice => [slice, slice]))
  const root = (slice: number): number => {
    let at = slice
    while (parent.get(at)! !== at) {
      parent.set(at, parent.get(parent.get(at)!)!)
      at = parent.get(at)!
    }
    return at
  }
  const join = (all: readonly number[]): void => {
    const present = all.filter(slice => parent.has(slice))
    for (const slice of present) parent.set(root(slice), root(present[0]!))
  }
  const involved = new Set<number>()
  const reach = new Map<BlockChoice, number[]>()
  for (const block of blocks) {
    const { duration } = blockOf(compiled, block.offer)
    const market = compiled.offerMarket[block.offer]!
    const run = new Set<number>()
    for (const { start } of block.starts)
      for (let t = start; t < start + duration; t++) run.add(t * marketCount + market)
    reach.set(block, [...run])
  }
  for (const run of reach.values()) {
    join(run)
    for (const slice of run) involved.add(slice)
  }
  for (const restriction of restrictions.all.values()) {
    const tied = marketsOf(compiled, restriction).map(market => restriction.mtu * marketCount + market)
    join(tied)
    for (const slice of tied) if (parent.has(slice)) involved.add(slice)
  }
  for (const slice of restrictions.explicit.keys()) if (parent.has(slice)) involved.add(slice)
  const byRoot = new Map<number, { slices: number[]; blocks: BlockChoice[]; restrictions: Restriction[] }>()
  const at = (slice: number) => {
    const key = root(slice)
    let component = byRoot.get(key)
    if (!component) {
      component = { slices: [], blocks: [], restrictions: [] }
      byRoot.set(key, component)
    }
    return component
  }
  for (const slice of slices) if (involved.has(slice)) at(slice).slices.push(slice)
  for (const [block, run] of reach) at(run[0]!).blocks.push(block)
  for (const restriction of restrictions.all.values()) {
    const slice = marketsOf(compiled, restriction)
      .map(market => restriction.mtu * marketCount + market)
      .find(tied => parent.has(tied))
    if (slice !== undefined) at(slice).restrictions.push(restriction)
  }
  return [...byRoot.values()]
}

/** Equal signatures have equal results. */
const signatureOf = (component: Component, restrictions: Restrictions): string =>
  JSON.stringify([
    component.slices.map(slice => [slice, restrictions.offers.get(slice)?.size ?? 0]),
    component.blocks.map(({ offer, starts }) => [offer, starts.map(({ start }) => start)]),
    component.restrictions
  ])

const decide = (
  compiled: Compiled,
  solver: Solver,
  component: Component,
  restrictions: Restrictions,
  cleared: ReadonlyMap<number, Cleared>
): Solved => {
  const explicit = component.slices.some(slice => restrictions.explicit.has(slice))
  const binaries =
    component.blocks.reduce((sum, { starts }) => sum + starts.length, 0) + component.restrictions.length
  const free = withoutRestricted(compiled, component)
  const ladders = laddersOf(compiled, component, slice => cleared.get(slice)!.greedy, slice => restrictions.offers.get(slice))
  const response = chooseBlocks(compiled, free, ladders)
  const gap =
    component.restrictions.length === 0 && explicit ? 1 : distance(compiled, component, restrictions, response, cleared)
  if (gap === 0) return { forced: response.forced, byProgramme: false, algorithm: 'merit-order', gap, nodes: 0 }
  if (binaries <= binaryLimit) {
    const around = explicit
      ? laddersOf(compiled, component, slice => cleared.get(slice)!.around, slice => programmed(restrictions, slice))
      : ladders
    const result = solveComponent(compiled, solver, component, restrictions, around, response.choices)
    if (result)
      return {
        forced: result.forced,
        byProgramme: true,
        algorithm: result.wasInteger ? 'mixed-integer-programme' : 'linear-programme',
        gap: result.gap,
        nodes: result.nodes
      }
  }
  return { forced: response.forced, byProgramme: false, algorithm: 'merit-order', gap, nodes: 0 }
}

/** Best response knows no rule that ties offers: it leaves out the blocks of units that have one. */
const withoutRestricted = (compiled: Compiled, component: Component): Component => {
  const units = new Set(
    component.restrictions.map(restriction =>
      restriction.rule === 'min-acceptance' ? compiled.offerUnit[restriction.offer]! : restriction.unit
    )
  )
  return { ...component, blocks: component.blocks.filter(({ offer }) => !units.has(compiled.offerUnit[offer]!)) }
}

const laddersOf = (
  compiled: Compiled,
  component: Component,
  clearedAt: (slice: number) => Slice,
  withoutAt: (slice: number) => ReadonlySet<number> | undefined
): Map<number, Ladder> => {
  const floods = new Map<number, Flood[]>(component.slices.map(slice => [slice, []]))
  for (const { offer, starts } of component.blocks) {
    const { duration, price } = blockOf(compiled, offer)
    const mostAt = new Map<number, number>()
    for (const { start, most } of starts)
      for (let t = start; t < start + duration; t++) mostAt.set(t, Math.max(mostAt.get(t) ?? 0, most))
    for (const [t, amount] of mostAt)
      floods.get(t * marketCount + compiled.offerMarket[offer]!)!.push({ offer, price, amount })
  }
  for (const slice of component.slices)
    for (const offer of withoutAt(slice) ?? [])
      for (const { price, quantity } of intervalAt(compiled, offer, Math.floor(slice / marketCount))?.steps ?? [])
        floods.get(slice)!.push({ offer, price, amount: quantity })
  return new Map(
    component.slices.map(slice => [
      slice,
      buildLadder(compiled, clearedAt(slice), floods.get(slice)!, withoutAt(slice))
    ])
  )
}

/**
 * Relative distance of a best response to a bound on the component, for the first objective that is not proven. Two bounds:
 * every rule dropped and every block at its worth in the empty book; and the prices of the response itself, which say
 * nothing about the TSO beyond what it asks.
 */
const distance = (
  compiled: Compiled,
  component: Component,
  restrictions: Restrictions,
  response: { readonly forced: ReadonlyMap<number, readonly Forced[]>; readonly missing: Worth },
  cleared: ReadonlyMap<number, Cleared>
): number => {
  let reached: Worth = noWorth
  let bound: Worth = noWorth
  let askedByTso = 0
  const relaxed = new Map<number, Slice>()
  for (const slice of component.slices) {
    const market = slice % marketCount
    const mtu = Math.floor(slice / marketCount)
    const without = restrictions.offers.get(slice)
    const free = without ? clearSlice(compiled, market, mtu) : cleared.get(slice)!.greedy
    // Where merit order is no proof, no bound is known: the demand itself is one.
    if (!free.exact) return 1
    relaxed.set(slice, free)
    const forced = response.forced.get(slice) ?? []
    reached = plus(reached, valueOf(forced.length > 0 ? clearSlice(compiled, market, mtu, { without, forced }) : cleared.get(slice)!.greedy))
    bound = plus(bound, valueOf(free))
    for (const r of free.tso.requests) askedByTso += compiled.demand[r]![mtu]!
  }
  for (const { offer, starts } of component.blocks) {
    const { duration, price } = blockOf(compiled, offer)
    const market = compiled.offerMarket[offer]!
    const worths = worthOfRuns(starts, duration, t => {
      const slice = relaxed.get(t * marketCount + market)!
      return worthOf(slice, classesOfBlock(compiled, slice.classes, offer), price)
    })
    let best: Worth = noWorth
    worths.forEach((worth, k) => {
      const whole = worth && plus(noWorth, worth, starts[k]!.most)
      if (whole && compare(whole, best) > 0) best = whole
    })
    bound = plus(bound, best)
  }
  if (component.restrictions.length === 0) {
    const [volume, cost] = plus(reached, response.missing)
    const byPrices: Worth =
      askedByTso === 0 ? [volume, cost, 0, 0] : [volume, cost, askedByTso, 0]
    if (compare(byPrices, bound) < 0) bound = byPrices
  }
  for (let k = 0; k < 4; k++)
    if (bound[k] !== reached[k]) return Math.abs(bound[k]! - reached[k]!) / Math.max(1, Math.abs(reached[k]!))
  return 0
}

const valueOf = (slice: Slice): Worth => {
  let value: Worth = noWorth
  for (const { prices, amounts } of slice.dso.classes)
    for (let k = 0; k < prices.length; k++) value = plus(value, [1, -prices[k]!, 0, 0], amounts[k]!)
  for (const { prices, amounts } of slice.tso.classes)
    for (let k = 0; k < prices.length; k++) value = plus(value, [0, 0, 1, -prices[k]!], amounts[k]!)
  return value
}
