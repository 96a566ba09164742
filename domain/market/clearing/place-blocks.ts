/**
 * Blocks placed one after the other at shadow prices, with a proven distance to the optimum: for books that accept a gap.
 *
 * The block that could save most comes first; it goes where prices promise most and enters by exchange (exchange.ts), at
 * its price, displacing what is dearer; what the leading side does not take goes to the other one. Prices at the end bound
 * what any other choice could save (linear-programming duality), for the leading side alone: the DSO where it asks for
 * anything, else the TSO. Blocks far from their bound choose again; every count is fixed, so work grows with the book.
 *
 * Assumes slices without restrictions, exact by merit order. Promises nothing about the side that does not lead: if the
 * leading side is proven exactly, the caller decides the rest another way.
 */
import { type BlockClasses, classesOfBlock, compare, lastingPrices, noWorth, plus, type Worth } from './block-starts.ts'
import { blockOf, type Compiled, marketCount } from './compiled-book.ts'
import type { BlockChoice, Component } from './component.ts'
import { enter, noRoom, openDemand, pricePool } from './exchange.ts'
import type { Slice } from './merit-order.ts'
import { copyPool, type Pool } from './pool.ts'

export interface Placed {
  readonly slices: ReadonlyMap<number, Slice>
  /** Of the leading side's cost, relative; undefined if its volume may not be the most possible. */
  readonly gap: number | undefined
}

/** Starts that one block tries, the most promising first. */
const triesPerBlock = 3
/** Choices over again, each for the blocks that are furthest from their bound. */
const passes = 3

interface Runs {
  readonly offer: number
  readonly classes: BlockClasses
  readonly price: number
  readonly power: number
}

/** A slice with the blocks that run in it. */
interface Live {
  readonly base: Slice
  slice: Slice
  runs: Runs[]
  dsoPrices: Float64Array
  tsoPrices: Float64Array
}

interface Choice {
  readonly start: number
  readonly power: number
}

export const placeBlocks = (
  compiled: Compiled,
  component: Component,
  cleared: (slice: number) => Slice,
  gapAccepted: number
): Placed => {
  const isBlock = new Uint8Array(compiled.book.offers.length)
  for (const offer of compiled.blocks) isBlock[offer] = 1
  const windows = component.blocks.map(block => windowOf(compiled, block, cleared))
  const live = new Map<number, Live>()
  for (const slice of component.slices) live.set(slice, opened(cleared(slice)))
  const dsoLeads = component.slices.some(slice => cleared(slice).dso.requests.length > 0)
  const choices: (Choice | undefined)[] = component.blocks.map(() => undefined)

  // Where the TSO leads, a block that cost it more than it saves would leave its prices without proof.
  const mustEnter = dsoLeads
  const fixedInTso = dsoLeads ? isBlock : undefined
  /** Lets a block into a slice; undefined if some of it, or of one before it, found no room. Otherwise what that was worth. */
  const run = (at: Live, { offer, classes, price, power }: Runs): Worth | undefined => {
    let worth: Worth = noWorth
    let fits = true
    const intoTso = (entering: number, bid: number, amount: number): void => {
      const classIndex = classAt(compiled, at, entering, bid, fixedInTso)
      const must = isBlock[entering] === 1
      const entry = { classIndex, offer: entering, price: bid, amount, must: must && mustEnter }
      const lose = (leaving: number, was: number, lost: number): void => {
        worth = plus(worth, [0, 0, -1, was], lost)
        if (isBlock[leaving]) fits = false
      }
      const placed = classIndex < 0 ? 0 : enter(at.slice.tso, entry, fixedInTso, at.tsoPrices, lose)
      worth = plus(worth, [0, 0, 1, -bid], placed)
      if (must && placed < amount) fits = false
    }
    const displaced: { offer: number; price: number; amount: number }[] = []
    let rest = power
    if (classes.dso >= 0) {
      const entry = { classIndex: classes.dso, offer, price, amount: power, must: false }
      const placed = enter(at.slice.dso, entry, undefined, at.dsoPrices, (leaving, was, amount) => {
        worth = plus(worth, [-1, was, 0, 0], amount)
        displaced.push({ offer: leaving, price: was, amount })
      })
      worth = plus(worth, [1, -price, 0, 0], placed)
      rest -= placed
    }
    if (rest > 0) intoTso(offer, price, rest)
    for (const { offer: leaving, price: was, amount } of displaced) intoTso(leaving, was, amount)
    return fits ? worth : undefined
  }

  let provesNothing = false
  const rebuild = (at: Live, runs: readonly Runs[]): void => {
    const fresh = opened(at.base)
    at.slice = fresh.slice
    at.dsoPrices = fresh.dsoPrices
    at.tsoPrices = fresh.tsoPrices
    at.runs = []
    for (const other of runs) {
      if (!run(at, other)) provesNothing = true
      at.runs.push(other)
    }
  }

  /** What the start is worth; undefined, and nothing changed, if there is no room or nothing to gain above `least`. */
  const tryStart = (n: number, { start, power }: Choice, least: Worth): Worth | undefined => {
    const { offer, duration, price, market, classesAt } = windows[n]!
    let total: Worth | undefined = noWorth
    const done: Live[] = []
    for (let t = start; total && t < start + duration; t++) {
      const at = live.get(t * marketCount + market)!
      const entering = { offer, classes: classesAt(t), price, power }
      const worth = run(at, entering)
      at.runs.push(entering)
      done.push(at)
      total = worth && plus(total, worth)
    }
    if (total && compare(total, least) > 0) return total
    for (const at of done) rebuild(at, at.runs.slice(0, -1))
    return undefined
  }

  const remove = (n: number): void => {
    const { offer, duration, market } = windows[n]!
    const { start } = choices[n]!
    for (let t = start; t < start + duration; t++) {
      const at = live.get(t * marketCount + market)!
      rebuild(
        at,
        at.runs.filter(other => other.offer !== offer)
      )
    }
    choices[n] = undefined
  }

  const choose = (n: number): void => {
    const { starts, least } = component.blocks[n]!
    const before = choices[n]
    if (before) remove(n)
    const promises = promisesOf(windows[n]!, component.blocks[n]!, live)
    const order = starts
      .map((_, k) => k)
      .filter(k => compare(promises[k]!, noWorth) > 0)
      .sort((a, b) => compare(promises[b]!, promises[a]!) || a - b)
    for (const k of order.slice(0, triesPerBlock))
      for (const power of new Set([starts[k]!.most, least])) {
        const choice = { start: starts[k]!.start, power }
        if (!tryStart(n, choice, noWorth)) continue
        choices[n] = choice
        return
      }
  }

  const gapNow = (): { gap: number | undefined; furthest: number[] } => {
    const lead = dsoLeads ? 0 : 2
    let cost = 0
    for (const at of live.values()) cost += costOf(dsoLeads ? at.slice.dso : at.slice.tso)
    let missingVolume = 0
    let missing = 0
    const each = component.blocks.map((block, n) => {
      const promises = promisesOf(windows[n]!, block, live, lead)
      let most: Worth = noWorth
      for (const promise of promises) if (compare(promise, most) > 0) most = promise
      const choice = choices[n]
      const k = choice ? block.starts.findIndex(({ start }) => start === choice.start) : -1
      const has = k < 0 ? noWorth : plus(noWorth, promises[k]!, choice!.power / block.starts[k]!.most)
      missingVolume += most[lead] - has[lead]
      missing += most[lead + 1]! - has[lead + 1]!
      return most[lead + 1]! - has[lead + 1]!
    })
    const furthest = each.map((_, n) => n).filter(n => each[n]! > 0)
    return {
      gap: missingVolume > 0 || provesNothing ? undefined : missing / Math.max(1, cost),
      furthest: furthest.sort((a, b) => each[b]! - each[a]! || a - b)
    }
  }

  const first = component.blocks.map((block, n) =>
    promisesOf(windows[n]!, block, live).reduce((most, worth) => (compare(worth, most) > 0 ? worth : most), noWorth)
  )
  let turn = first.map((_, n) => n).sort((a, b) => compare(first[b]!, first[a]!) || a - b)
  let gap: number | undefined
  for (let pass = 0; pass < passes && turn.length > 0; pass++) {
    for (const n of turn) choose(n)
    const now = gapNow()
    gap = now.gap
    if (gap !== undefined && gap <= gapAccepted) break
    turn = now.furthest
  }
  const slices = new Map<number, Slice>()
  for (const [slice, at] of live) if (at.runs.length > 0) slices.set(slice, at.slice)
  return { slices, gap }
}

interface Window {
  readonly offer: number
  readonly duration: number
  readonly price: number
  readonly market: number
  readonly first: number
  readonly end: number
  readonly classesAt: (mtu: number) => BlockClasses
}

/** The classes of a block are looked up before any pool is copied, so copies have them. */
const windowOf = (compiled: Compiled, { offer, starts }: BlockChoice, cleared: (slice: number) => Slice): Window => {
  const { duration, price } = blockOf(compiled, offer)
  const market = compiled.offerMarket[offer]!
  const first = starts[0]!.start
  const end = starts[starts.length - 1]!.start + duration
  const classes = new Map<number, BlockClasses>()
  for (const { start } of starts)
    for (let t = start; t < start + duration; t++)
      if (!classes.has(t)) classes.set(t, classesOfBlock(compiled, cleared(t * marketCount + market).classes, offer))
  return { offer, duration, price, market, first, end, classesAt: t => classes.get(t)! }
}

const opened = (base: Slice): Live => {
  const slice = { ...base, dso: ownPool(base.dso), tso: ownPool(base.tso) }
  return {
    base,
    slice,
    runs: [],
    dsoPrices: lastingPrices(base.dso).slice(),
    tsoPrices: lastingPrices(base.tso).slice()
  }
}

const ownPool = (pool: Pool): Pool => {
  const copy = copyPool(pool)
  copy.classes.forEach((own, c) => {
    copy.classes[c] = { ...own, offers: own.offers.slice(), prices: own.prices.slice(), amounts: own.amounts.slice() }
  })
  return copy
}

/** The TSO's class of an offer; the first of its kind opens a class in the base, which the copy then gets too. */
const classAt = (compiled: Compiled, at: Live, offer: number, price: number, fixed: Uint8Array | undefined): number => {
  const { classes } = at.base
  const found = classes.tsoClass(compiled.offerKind[offer]!, classes.closedTo(offer), price)
  const own = at.slice.tso.classes
  while (own.length < at.base.tso.classes.length) {
    const { eligible } = at.base.tso.classes[own.length]!
    own.push({
      eligible,
      flow: eligible.map(() => 0),
      offers: [],
      prices: [],
      amounts: [],
      highestPrice: Number.NEGATIVE_INFINITY
    })
  }
  if (at.tsoPrices.length < own.length) {
    at.tsoPrices = new Float64Array(own.length)
    pricePool(at.slice.tso, fixed, at.tsoPrices)
  }
  return found
}

/**
 * What each start could be worth at most at these prices, at its full power. A W that saves its side nothing goes to the other
 * side, so it costs the first nothing. With `only` (0 or 2), the worth of that side alone.
 */
const promisesOf = (
  window: Window,
  { starts }: BlockChoice,
  live: ReadonlyMap<number, Live>,
  only?: 0 | 2
): Worth[] => {
  const { duration, price, market, first, end, classesAt } = window
  const sums = new Float64Array(4 * (end - first + 1))
  for (let t = first; t < end; t++) {
    const at = live.get(t * marketCount + market)
    const here = 4 * (t - first)
    for (let k = 0; k < 4; k++) sums[here + 4 + k] = sums[here + k]!
    if (!at) continue
    const { dso, tso } = classesAt(t) ?? { dso: -1, tso: -1 }
    const forDso = dso < 0 ? noRoom : at.dsoPrices[dso]!
    const forTso = tso < 0 ? noRoom : at.tsoPrices[tso]!
    const toDso = only !== 2 && forDso > price
    const toTso = only !== 0 && !toDso && forTso > price
    if (!toDso && !toTso) continue
    const side = toDso ? 0 : 2
    const worth = toDso ? forDso : forTso
    if (worth === openDemand) {
      sums[here + 4 + side]! += 1
      sums[here + 5 + side]! -= price
    } else sums[here + 5 + side]! += worth - price
  }
  return starts.map(({ start, most }): Worth => {
    const from = 4 * (start - first)
    const to = from + 4 * duration
    const sum = (k: number): number => most * (sums[to + k]! - sums[from + k]!)
    return [sum(0), sum(1), sum(2), sum(3)]
  })
}

const costOf = (pool: Pool): number => {
  let cost = 0
  for (const { prices, amounts } of pool.classes)
    for (let k = 0; k < prices.length; k++) cost += prices[k]! * amounts[k]!
  return cost
}
