/**
 * Blocks placed one after the other, with a proven distance to the optimum: for books that accept a gap.
 *
 * The block that could save most comes first; it goes where prices promise most and enters by exchange (exchange.ts), at
 * its price, displacing what is dearer; what the leading side does not take goes to the other one. Then the slices are
 * cleared anew around the blocks, exactly. Their shadow prices bound what any other choice could save (linear-programming
 * duality), for the leading side alone: the DSO where it asks for anything, else the TSO. Blocks far from their bound
 * choose again; every count is fixed, so work grows with the book.
 *
 * Assumes slices without restrictions, exact by merit order. Promises nothing about the side that does not lead: if the
 * leading side is proven exactly, the caller decides the rest another way.
 */

import { type BlockClasses, classesOfBlock, compare, noWorth, plus, type Worth } from './block-starts.ts'
import { blockOf, type Compiled, marketCount } from './compiled-book.ts'
import type { BlockChoice, Component } from './component.ts'
import { enter, noRoom, openDemand, priceNear, pricePool } from './exchange.ts'
import { clearSlice, type Forced, type Slice } from './merit-order.ts'
import { copyPool, followClasses, type Pool } from './pool.ts'
import { closedTo, tsoClassOf } from './slice-classes.ts'

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
  /** The slice cleared exactly around its blocks, with what they give to each side; undefined since the last change. */
  settled: Settled | undefined
}

interface Settled {
  readonly slice: Slice
  readonly forced: ReadonlyMap<number, Forced>
  /** Shadow prices of the leading side, by class. */
  readonly prices: Float64Array
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
      const classIndex = classAt(compiled, at, entering, bid)
      const must = isBlock[entering] === 1
      const entry = { classIndex, offer: entering, price: bid, amount, must: must && mustEnter }
      const lose = (leaving: number, was: number, lost: number): void => {
        worth = plus(worth, [0, 0, -1, was], lost)
        if (isBlock[leaving]) fits = false
      }
      const placed = classIndex < 0 ? 0 : enter(at.slice.tso, entry, fixedInTso, lose)
      worth = plus(worth, [0, 0, 1, -bid], placed)
      if (must && placed < amount) fits = false
    }
    const displaced: { offer: number; price: number; amount: number }[] = []
    let rest = power
    if (classes.dso >= 0) {
      const entry = { classIndex: classes.dso, offer, price, amount: power, must: false }
      const placed = enter(at.slice.dso, entry, undefined, (leaving, was, amount) => {
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
    at.slice = opened(at.base).slice
    at.settled = undefined
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
      at.settled = undefined
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

  /** Which side takes a W of the block, and at about which price. */
  const nearAt = (n: number) => (t: number) => {
    const { price, market, classesAt } = windows[n]!
    const at = live.get(t * marketCount + market)
    const { dso, tso } = classesAt(t) ?? { dso: -1, tso: -1 }
    if (!at) return undefined
    const forDso = dso < 0 ? noRoom : priceNear(at.slice.dso, dso, undefined)
    if (forDso > price) return { side: 0, price: forDso } as const
    const forTso = tso < 0 ? noRoom : priceNear(at.slice.tso, tso, fixedInTso)
    return forTso > price ? ({ side: 2, price: forTso } as const) : undefined
  }

  const choose = (n: number): void => {
    const { starts, least } = component.blocks[n]!
    const before = choices[n]
    if (before) remove(n)
    const promises = promisesOf(windows[n]!, component.blocks[n]!, nearAt(n))
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

  /** Clears a slice around what its blocks give to each side; undefined if one of them gives less than it must. */
  const settle = (slice: number, at: Live): Settled | undefined => {
    if (at.settled) return at.settled
    const given = new Map<number, { toDso: number; toTso: number }>(
      at.runs.map(({ offer }) => [offer, { toDso: 0, toTso: 0 }])
    )
    const add = (pool: Pool, side: 'toDso' | 'toTso'): void => {
      const { offer, amount } = pool.volume
      for (let k = 0; k < offer.length; k++) {
        const share = isBlock[offer[k]!] ? given.get(offer[k]!) : undefined
        if (share) share[side] += amount[k]!
      }
    }
    add(at.slice.dso, 'toDso')
    add(at.slice.tso, 'toTso')
    const forced = new Map<number, Forced>()
    for (const { offer, price, power } of at.runs) {
      const { toDso, toTso } = given.get(offer)!
      if (toDso + toTso !== power) return undefined
      forced.set(offer, { offer, price, toDso, toTso })
    }
    const market = slice % marketCount
    const exact =
      forced.size === 0
        ? at.base
        : clearSlice(compiled, market, Math.floor(slice / marketCount), { forced: [...forced.values()] })
    const pool = dsoLeads ? exact.dso : exact.tso
    // Blocks that come later may open classes; they are priced too.
    for (const { offer, first, end } of windows)
      if (compiled.offerMarket[offer] === market && slice >= first * marketCount && slice < end * marketCount)
        classesOfBlock(compiled, exact.classes, offer)
    const prices = new Float64Array(pool.shape.eligible.length)
    pricePool(pool, isBlock, prices)
    at.settled = { slice: exact, forced, prices }
    return at.settled
  }

  const gapNow = (): { gap: number | undefined; furthest: number[] } => {
    const lead = dsoLeads ? 0 : 2
    let cost = 0
    let isProof = !provesNothing
    const settled = new Map<number, Settled>()
    for (const [slice, at] of live) {
      const exact = settle(slice, at)
      if (!exact) {
        isProof = false
        continue
      }
      settled.set(slice, exact)
      cost += costOf(dsoLeads ? exact.slice.dso : exact.slice.tso)
    }
    let missingVolume = 0
    let missing = 0
    const each = component.blocks.map((block, n) => {
      const { offer, price, market, duration } = windows[n]!
      const priceAt = (t: number): number | undefined => {
        const exact = settled.get(t * marketCount + market)
        if (!exact) return undefined
        const classes = classesOfBlock(compiled, exact.slice.classes, offer)
        const c = dsoLeads ? classes.dso : classes.tso
        return c < 0 ? noRoom : exact.prices[c]!
      }
      const promises = promisesOf(windows[n]!, block, t => {
        const worth = priceAt(t)
        return worth === undefined || worth <= price ? undefined : { side: lead, price: worth }
      })
      let most: Worth = noWorth
      for (const promise of promises) if (compare(promise, most) > 0) most = promise
      // What the block brings to the leading side where it runs.
      let volume = 0
      let saved = 0
      const start = choices[n]?.start
      for (let t = start ?? 0; start !== undefined && t < start + duration; t++) {
        const exact = settled.get(t * marketCount + market)
        const given = exact?.forced.get(offer)
        const amount = (dsoLeads ? given?.toDso : given?.toTso) ?? 0
        const worth = priceAt(t) ?? noRoom
        if (worth === openDemand) volume += amount
        saved += amount * ((worth === openDemand ? 0 : Math.max(0, worth)) - price)
      }
      missingVolume += most[lead] - volume
      missing += most[lead + 1]! - saved
      return most[lead + 1]! - saved
    })
    const furthest = each.map((_, n) => n).filter(n => each[n]! > 0)
    return {
      gap: missingVolume > 0 || !isProof ? undefined : missing / Math.max(1, cost),
      furthest: furthest.sort((a, b) => each[b]! - each[a]! || a - b)
    }
  }

  const first = component.blocks.map((block, n) =>
    promisesOf(windows[n]!, block, nearAt(n)).reduce(
      (most, worth) => (compare(worth, most) > 0 ? worth : most),
      noWorth
    )
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
  for (const [slice, at] of live) if (at.runs.length > 0 && at.settled) slices.set(slice, at.settled.slice)
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

const opened = (base: Slice): Live => ({
  base,
  slice: { ...base, dso: copyPool(base.dso), tso: copyPool(base.tso) },
  runs: [],
  settled: undefined
})

/** The TSO's class of an offer; the first of its kind opens a class in the base, which the copy then gets too. */
const classAt = (compiled: Compiled, at: Live, offer: number, price: number): number => {
  const { classes } = at.base
  const found = tsoClassOf(classes, compiled.offerKind[offer]!, closedTo(classes, offer), price)
  followClasses(at.slice.tso)
  return found
}

/** What each start could be worth at most, at its full power, where a W in an MTU is worth `at` to its side. */
const promisesOf = (
  { duration, price, first, end }: Window,
  { starts }: BlockChoice,
  at: (mtu: number) => { readonly side: 0 | 2; readonly price: number } | undefined
): Worth[] => {
  const sums = new Float64Array(4 * (end - first + 1))
  for (let t = first; t < end; t++) {
    const here = 4 * (t - first)
    for (let k = 0; k < 4; k++) sums[here + 4 + k] = sums[here + k]!
    const taker = at(t)
    if (!taker) continue
    if (taker.price === openDemand) {
      sums[here + 4 + taker.side]! += 1
      sums[here + 5 + taker.side]! -= price
    } else sums[here + 5 + taker.side]! += taker.price - price
  }
  return starts.map(({ start, most }): Worth => {
    const from = 4 * (start - first)
    const to = from + 4 * duration
    const sum = (k: number): number => most * (sums[to + k]! - sums[from + k]!)
    return [sum(0), sum(1), sum(2), sum(3)]
  })
}

const costOf = ({ volume: { price, amount } }: Pool): number => {
  let cost = 0
  for (let k = 0; k < price.length; k++) cost += price[k]! * amount[k]!
  return cost
}
