/**
 * Decides one component: by best response of its blocks where a bound proves that optimal, else by a programme over what is
 * still open, else, above `binaryLimit`, by the best response with its distance to the bound. Size decides, never time.
 */

import type { Solver } from '../../optimisation/solver.ts'
import { chooseBlocks } from './block-heuristic.ts'
import { classesOfBlock, compare, noWorth, plus, type Worth, worthOf, worthOfRuns } from './block-starts.ts'
import type { ClearingOutcome } from './book.ts'
import { clearAround } from './clear-around.ts'
import { blockOf, type Compiled, marketCount } from './compiled-book.ts'
import { type Component, solveComponent } from './component.ts'
import { buildLadder, type Ladder } from './ladder.ts'
import { clearSlice, type Flood, type Forced, type Slice, type SlicePools } from './merit-order.ts'
import { isWithin, placeBlocks } from './place-blocks.ts'
import { intervalAt, programmed, type Restrictions } from './restrictions.ts'

/**
 * Up to these a component is given to the solver. Restrictions belong to one MTU each, and hundreds solve in a second; what is
 * open of blocks ties a whole day, and a day of 1,500 units takes 1.5 s with 80 open starts, 35 s with 250.
 */
export const binaryLimit = 600
export const openStartLimit = 60

export interface Solved {
  readonly forced: ReadonlyMap<number, readonly Forced[]>
  /** Whether the programme decided; if not, merit order and best response did, and restricted offers stay out. */
  readonly byProgramme: boolean
  readonly algorithm: ClearingOutcome['algorithm']
  readonly gap: number
  readonly nodes: number
  /** Slices as decided, where they are known already. */
  readonly slices?: ReadonlyMap<number, SlicePools>
}

/** A slice by merit order: without what a programme decides; without restricted offers only (they differ where `explicit`). */
export interface Cleared {
  readonly around: Slice
  readonly greedy: Slice
}

export const decideComponent = (
  compiled: Compiled,
  solver: Solver,
  component: Component,
  restrictions: Restrictions,
  cleared: ReadonlyMap<number, Cleared>
): Solved => {
  const explicit = component.slices.some(slice => restrictions.explicit.has(slice))
  const gapAccepted = compiled.book.rules.gapAccepted ?? 0
  const greedyAt = (slice: number): Slice => cleared.get(slice)!.greedy
  const isPlain = component.slices.every(slice => greedyAt(slice).exact && !restrictions.offers.has(slice))
  if (gapAccepted > 0 && isPlain && component.restrictions.length === 0) {
    const { gap, slices } = placeBlocks(compiled, component, greedyAt, gapAccepted)
    if (isWithin(gap, gapAccepted))
      return { forced: new Map(), byProgramme: false, algorithm: 'merit-order', gap, nodes: 0, slices }
  }
  const ladders = laddersOf(compiled, component, greedyAt, slice => restrictions.offers.get(slice))
  const response = chooseBlocks(compiled, withoutRestricted(compiled, component), ladders)
  const { gap, isCost, slices } = distance(compiled, component, restrictions, response, cleared)
  const responded: Solved = {
    forced: response.forced,
    byProgramme: false,
    algorithm: 'merit-order',
    gap,
    nodes: 0,
    slices
  }
  if (gap === 0 || (isCost && gap <= gapAccepted)) return responded
  // Around restricted offers the prices of the response prove nothing; else they leave few starts.
  const open = explicit || component.restrictions.length > 0 ? component : { ...component, blocks: response.open }
  const openStarts = open.blocks.reduce((sum, { starts }) => sum + starts.length, 0)
  const isSmall = openStarts <= openStartLimit && openStarts + open.restrictions.length <= binaryLimit
  // Leading objectives that the response is known to have reached.
  const proven = open === component || !response.missing ? 0 : response.missing.findIndex(missing => missing !== 0)
  if (isSmall) {
    const around =
      open === component && !explicit
        ? ladders
        : laddersOf(
            compiled,
            open,
            slice => cleared.get(slice)!.around,
            slice => programmed(restrictions, slice)
          )
    const result = solveComponent(compiled, solver, open, restrictions, around, response.choices, proven)
    if (result)
      return {
        forced: result.forced,
        byProgramme: true,
        algorithm: result.wasInteger ? 'mixed-integer-programme' : 'linear-programme',
        gap: result.gap,
        nodes: result.nodes
      }
  }
  return responded
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
    // One W more than could run, so that what it would displace still has a price when all run.
    for (const [t, amount] of mostAt)
      floods.get(t * marketCount + compiled.offerMarket[offer]!)!.push({ offer, price, amount: amount + 1 })
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
 * every rule dropped and every block at its worth in the book without blocks; and the prices of the response itself.
 */
const distance = (
  compiled: Compiled,
  component: Component,
  restrictions: Restrictions,
  response: { readonly forced: ReadonlyMap<number, readonly Forced[]>; readonly missing: Worth | undefined },
  cleared: ReadonlyMap<number, Cleared>
): { gap: number; isCost: boolean; slices: ReadonlyMap<number, SlicePools> } => {
  const slices = new Map<number, SlicePools>()
  let isBounded = true
  let reached: Worth = noWorth
  let bound: Worth = noWorth
  const relaxed = new Map<number, Slice>()
  for (const slice of component.slices) {
    const market = slice % marketCount
    const mtu = Math.floor(slice / marketCount)
    const without = restrictions.offers.get(slice)
    const free = without ? clearSlice(compiled, market, mtu) : cleared.get(slice)!.greedy
    // Where merit order is no proof, no bound is known.
    if (!free.exact) isBounded = false
    relaxed.set(slice, free)
    const forced = response.forced.get(slice) ?? []
    const responded =
      forced.length > 0 ? clearAround(compiled, cleared.get(slice)!.greedy, forced) : cleared.get(slice)!.greedy
    slices.set(slice, responded)
    reached = plus(reached, worthOfSlice(responded))
    bound = plus(bound, worthOfSlice(free))
  }
  if (!isBounded) return { gap: 1, isCost: false, slices }
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
  if (component.restrictions.length === 0 && response.missing) {
    const byPrices = plus(reached, response.missing)
    if (compare(byPrices, bound) < 0) bound = byPrices
  }
  const k = bound.findIndex((value, n) => value !== reached[n])
  const gap = k < 0 ? 0 : Math.abs(bound[k]! - reached[k]!) / Math.max(1, Math.abs(reached[k]!))
  return { gap, isCost: k === 1 || k === 3, slices }
}

const worthOfSlice = (slice: SlicePools): Worth => {
  let value: Worth = noWorth
  const { volume: dso } = slice.dso
  for (let k = 0; k < dso.count; k++) value = plus(value, [1, -dso.price[k]!, 0, 0], dso.amount[k]!)
  const { volume: tso } = slice.tso
  for (let k = 0; k < tso.count; k++) value = plus(value, [0, 0, 1, -tso.price[k]!], tso.amount[k]!)
  return value
}
