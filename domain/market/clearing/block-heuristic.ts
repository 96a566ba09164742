/**
 * Starts and powers for the blocks of a component by best response, and a bound on what any choice could reach.
 *
 * Each block in turn moves to where it is worth most given the others, until none moves. Each slice is cleared on its
 * ladder only (component.ts). The worth of a further W at the end prices every MTU; if no block could earn more at these
 * prices than it does, the choice is optimal (linear-programming duality), else the difference bounds what is missing.
 */
import {
  type BlockClasses,
  classesOfBlock,
  compare,
  noWorth,
  plus,
  type Start,
  type Worth,
  worthOfRuns
} from './block-starts.ts'
import { type Cleared, clearLadder, prepared, priceSlice, type Running } from './clear-ladder.ts'
import { blockOf, type Compiled, marketCount } from './compiled-book.ts'
import type { BlockChoice, Component } from './component.ts'
import type { Ladder } from './ladder.ts'
import type { Forced } from './merit-order.ts'
import type { Pool } from './pool.ts'
import { dsoPrice, type SlicePrices, tsoPrice } from './slice-prices.ts'

export interface Choice {
  readonly start: number
  readonly power: number
}

export interface HeuristicResult {
  readonly choices: ReadonlyMap<number, Choice>
  readonly forced: ReadonlyMap<number, readonly Forced[]>
  /** At most what is missing to the optimum; undefined if the prices of the last state prove nothing. */
  readonly missing: Worth | undefined
  /** The blocks with the starts that a better solution could use, and the chosen ones. */
  readonly open: readonly BlockChoice[]
}

/** Passes over all blocks; each improves the result, and on measured books the third changes next to nothing. */
const passes = 4

export const chooseBlocks = (
  compiled: Compiled,
  component: Component,
  ladders: ReadonlyMap<number, Ladder>
): HeuristicResult => {
  const classes = new Map<string, BlockClasses>()
  const classesAt = (offer: number, slice: number): BlockClasses => {
    const key = `${offer} ${slice}`
    let found = classes.get(key)
    if (!found) {
      found = classesOfBlock(compiled, ladders.get(slice)!.classes, offer)
      classes.set(key, found)
    }
    return found
  }
  // Classes must be known to the ladders before their pools are copied.
  for (const { offer, starts } of component.blocks)
    for (const { start } of starts)
      for (let t = start; t < start + blockOf(compiled, offer).duration; t++)
        classesAt(offer, t * marketCount + compiled.offerMarket[offer]!)
  const bases = new Map<number, { dso: Pool; tso: Pool }>()
  const running = new Map<number, Running[]>()
  const cleared = new Map<number, Cleared>()
  for (const slice of component.slices) {
    const base = prepared(ladders.get(slice)!)
    bases.set(slice, base)
    running.set(slice, [])
    cleared.set(slice, clearLadder(base, ladders.get(slice)!, [])!)
  }
  const clear = (slice: number, blocks: readonly Running[]): Cleared | undefined =>
    clearLadder(bases.get(slice)!, ladders.get(slice)!, blocks)
  const choices = new Map<number, Choice>()

  /** False, and nothing changed, if the others find no room for themselves (`clearLadder` shares room greedily). */
  const apply = (offer: number, choice: Choice, add: boolean): boolean => {
    const { duration, price } = blockOf(compiled, offer)
    const market = compiled.offerMarket[offer]!
    const next: { slice: number; others: Running[]; result: Cleared }[] = []
    for (let t = choice.start; t < choice.start + duration; t++) {
      const slice = t * marketCount + market
      const others = running.get(slice)!.filter(block => block.offer !== offer)
      if (add) others.push({ offer, classes: classesAt(offer, slice), price, power: choice.power })
      const result = clear(slice, others)
      if (!result) return false
      next.push({ slice, others, result })
    }
    for (const { slice, others, result } of next) {
      running.set(slice, others)
      cleared.set(slice, result)
    }
    if (add) choices.set(offer, choice)
    else choices.delete(offer)
    return true
  }

  const improve = ({ offer, starts, least }: BlockChoice): boolean => {
    const before = choices.get(offer)
    if (before && !apply(offer, before, false)) return false
    const { duration, price } = blockOf(compiled, offer)
    const market = compiled.offerMarket[offer]!
    const gainAt = (t: number, power: number): Worth | undefined => {
      const slice = t * marketCount + market
      const withIt = clear(slice, [...running.get(slice)!, { offer, classes: classesAt(offer, slice), price, power }])
      return withIt && plus(withIt.value, cleared.get(slice)!.value, -1)
    }
    const gainOf = (start: number, power: number): Worth | undefined => {
      let sum: Worth = noWorth
      for (let t = start; t < start + duration; t++) {
        const gain = gainAt(t, power)
        if (!gain) return undefined
        sum = plus(sum, gain)
      }
      return sum
    }
    let best: Choice | undefined
    let bestGain: Worth = noWorth
    const tried = [...new Set([starts.reduce((most, start) => Math.max(most, start.most), 0), least])]
    for (const power of tried) {
      const cache = new Map<number, Worth | undefined>()
      for (const start of starts) {
        if (start.most < power) continue
        let sum: Worth | undefined = noWorth
        for (let t = start.start; sum && t < start.start + duration; t++) {
          if (!cache.has(t)) cache.set(t, gainAt(t, power))
          const gain = cache.get(t)
          sum = gain && plus(sum, gain)
        }
        if (sum && compare(sum, bestGain) > 0) {
          best = { start: start.start, power }
          bestGain = sum
        }
      }
    }
    for (const start of starts) {
      if (start.most === tried[0] || start.most === least) continue
      const gain = gainOf(start.start, start.most)
      if (gain && compare(gain, bestGain) > 0) {
        best = { start: start.start, power: start.most }
        bestGain = gain
      }
    }
    if (best) best = { start: best.start, power: bestPower(best, least, starts, power => gainOf(best!.start, power)) }
    if (best) apply(offer, best, true)
    return before?.start !== best?.start || before?.power !== best?.power
  }

  // A block whose slices nobody else has changed since it chose would choose the same again.
  let moves = 0
  const movedAt = new Map<number, number>()
  const choseAt = new Map<number, number>()
  const slicesOf = ({ offer, starts }: BlockChoice): number[] => {
    const { duration } = blockOf(compiled, offer)
    const slices = new Set<number>()
    for (const { start } of starts)
      for (let t = start; t < start + duration; t++) slices.add(t * marketCount + compiled.offerMarket[offer]!)
    return [...slices]
  }
  const windows = component.blocks.map(slicesOf)
  for (let pass = 0; pass < passes; pass++) {
    const before = moves
    component.blocks.forEach((block, n) => {
      const chose = choseAt.get(block.offer)
      if (chose !== undefined && windows[n]!.every(slice => (movedAt.get(slice) ?? 0) <= chose)) return
      const was = choices.get(block.offer)
      if (improve(block)) {
        moves++
        for (const choice of [was, choices.get(block.offer)])
          if (choice)
            for (let t = choice.start; t < choice.start + blockOf(compiled, block.offer).duration; t++)
              movedAt.set(t * marketCount + compiled.offerMarket[block.offer]!, moves)
      }
      choseAt.set(block.offer, moves)
    })
    if (moves === before) break
  }
  const forced = new Map<number, Forced[]>()
  for (const slice of component.slices) {
    const { shares } = cleared.get(slice)!
    forced.set(
      slice,
      running.get(slice)!.map(({ offer, price }, k) => ({ offer, price, ...shares[k]! }))
    )
  }
  const prices = new Map<number, SlicePrices | undefined>()
  for (const slice of component.slices)
    prices.set(slice, priceSlice(cleared.get(slice)!, ladders.get(slice)!, running.get(slice)!))
  return { choices, forced, ...bestWorths(compiled, component, prices, choices, classesAt) }
}

/** The worth of a run is concave in its power, so the first W that adds nothing ends the search. */
const bestPower = (
  { start, power }: Choice,
  least: number,
  starts: readonly Start[],
  gainOf: (power: number) => Worth | undefined
): number => {
  const gainsAbove = (p: number): boolean => {
    const here = gainOf(p)
    const next = gainOf(p + 1)
    return here !== undefined && next !== undefined && compare(next, here) > 0
  }
  let low = least
  let high = starts.find(s => s.start === start)!.most
  // The two ends are where most optima are.
  if (power === high && (high === least || gainsAbove(high - 1))) return high
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (gainsAbove(middle)) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * At these prices each block earns at most its best start; what all of them could earn more than they do is all that the
 * optimum can be better. So a start that is worse than its block's best by more than that is in no better solution.
 */
const bestWorths = (
  compiled: Compiled,
  component: Component,
  prices: ReadonlyMap<number, SlicePrices | undefined>,
  choices: ReadonlyMap<number, Choice>,
  classesAt: (offer: number, slice: number) => BlockClasses
): { missing: Worth | undefined; open: readonly BlockChoice[] } => {
  const nothing = { missing: undefined, open: component.blocks }
  let missing: Worth = noWorth
  const worthByBlock: { readonly most: Worth; readonly starts: readonly Worth[] }[] = []
  for (const { offer, starts, least } of component.blocks) {
    const { duration, price } = blockOf(compiled, offer)
    const market = compiled.offerMarket[offer]!
    const worths = worthOfRuns(starts, duration, t => {
      const slice = t * marketCount + market
      const here = prices.get(slice)
      const { dso, tso } = classesAt(offer, slice)
      const forDso = here && dso >= 0 ? here.dso[dso] : undefined
      const forTso = here && tso >= 0 ? here.tso[tso] : undefined
      const paidByDso = forDso && plus(forDso, dsoPrice(price), -1)
      const paidByTso = forTso && plus(forTso, tsoPrice(price), -1)
      return !paidByDso || (paidByTso && compare(paidByTso, paidByDso) > 0) ? paidByTso : paidByDso
    })
    const whole: Worth[] = []
    let most: Worth = noWorth
    let has: Worth = noWorth
    const choice = choices.get(offer)
    for (let k = 0; k < starts.length; k++) {
      const worth = worths[k]
      if (!worth) return nothing
      const { start, most: power } = starts[k]!
      const earned = plus(noWorth, worth, compare(worth, noWorth) > 0 ? power : least)
      whole.push(earned)
      if (compare(earned, most) > 0) most = earned
      if (choice?.start === start) has = plus(noWorth, worth, choice.power)
    }
    missing = plus(missing, plus(most, has, -1))
    worthByBlock.push({ most, starts: whole })
  }
  const open = component.blocks.map((block, n): BlockChoice => {
    const { most, starts } = worthByBlock[n]!
    const chosen = choices.get(block.offer)?.start
    return {
      ...block,
      starts: block.starts.filter(
        ({ start }, k) => start === chosen || compare(plus(most, starts[k]!, -1), missing) < 0
      )
    }
  })
  return { missing, open: open.filter(({ starts }) => starts.length > 0) }
}
