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

import { classesOfBlock, compare, noWorth, plus, type Worth } from './block-starts.ts'
import { nobody, noTakers, promisesOf, type Takers, type Window, windowOf } from './block-windows.ts'
import { type Compiled, marketCount } from './compiled-book.ts'
import type { BlockChoice, Component } from './component.ts'
import { nothingLeft, openDemand, priceNear } from './exchange.ts'
import { noRoom } from './exits.ts'
import { type Live, opened, type Placing, rebuild, run, type Settled, settle } from './live-slices.ts'
import type { Slice, SlicePools } from './merit-order.ts'
import type { Pool } from './pool.ts'

export interface Placed {
  readonly slices: ReadonlyMap<number, SlicePools>
  /** Of the leading side's cost, relative; undefined if its volume may not be the most possible. */
  readonly gap: number | undefined
}

/** Starts that one block tries, the most promising first. */
const triesPerBlock = 3
/** Choices over again, each for the blocks that are furthest from their bound. */
const passes = 3

interface Choice {
  readonly start: number
  readonly power: number
}

/** A search for places, of all blocks of a component. */
interface Search extends Placing {
  readonly blocks: readonly BlockChoice[]
  /** By block. */
  readonly windows: readonly Window[]
  readonly live: ReadonlyMap<number, Live>
  /** By block. */
  readonly choices: (Choice | undefined)[]
  /** A block had no room where it had some before: what follows is no proof. */
  provesNothing: boolean
}

export const placeBlocks = (
  compiled: Compiled,
  component: Component,
  cleared: (slice: number) => Slice,
  gapAccepted: number
): Placed => {
  const search = searchFor(compiled, component, cleared)
  const { blocks, live } = search
  const first = blocks.map((block, n) => mostOf(promisesOf(search.windows[n]!, block, takersNear(search, n))))
  let turn = first.map((_, n) => n).sort((a, b) => compare(first[b]!, first[a]!) || a - b)
  let gap: number | undefined
  for (let pass = 0; pass < passes && turn.length > 0; pass++) {
    for (const n of turn) choose(search, n)
    const now = gapNow(search)
    gap = now.gap
    if (gap !== undefined && gap <= gapAccepted) break
    turn = now.furthest
  }
  const slices = new Map<number, SlicePools>()
  for (const [slice, at] of live) if (at.runs.length > 0 && at.settled) slices.set(slice, at.settled.slice)
  return { slices, gap }
}

const searchFor = (compiled: Compiled, { blocks, slices }: Component, cleared: (slice: number) => Slice): Search => {
  const { book } = compiled
  const isBlock = new Uint8Array(book.offers.length)
  for (const offer of compiled.blocks) isBlock[offer] = 1
  const windows = blocks.map(block => windowOf(compiled, block, cleared))
  const live = new Map<number, Live>()
  for (const slice of slices) live.set(slice, opened(cleared(slice), compiled.memory))
  const dsoLeads = slices.some(slice => cleared(slice).dso.requests.length > 0)
  return {
    compiled,
    isBlock,
    windows,
    dsoLeads,
    fixedInTso: dsoLeads ? isBlock : undefined,
    displaced: nothingLeft(),
    lost: nothingLeft(),
    toDso: new Float64Array(book.offers.length),
    toTso: new Float64Array(book.offers.length),
    blocks,
    live,
    choices: blocks.map(() => undefined),
    provesNothing: false
  }
}

const mostOf = (worths: readonly Worth[]): Worth => {
  let most = noWorth
  for (const worth of worths) if (compare(worth, most) > 0) most = worth
  return most
}

const liveAt = ({ live }: Search, mtu: number, market: number): Live | undefined => live.get(mtu * marketCount + market)

/** False, and nothing changed, if there is no room or nothing to gain. */
const tryStart = (search: Search, n: number, { start, power }: Choice): boolean => {
  const { offer, duration, price, market, first, classes } = search.windows[n]!
  let total: Worth | undefined = noWorth
  const done: Live[] = []
  for (let t = start; total && t < start + duration; t++) {
    const at = liveAt(search, t, market)!
    const worth = run(search, at, { offer, classes: classes[t - first]!, price, power })
    done.push(at)
    total = worth && plus(total, worth)
  }
  if (total && compare(total, noWorth) > 0) return true
  for (const at of done) if (!rebuild(search, at, at.runs.slice(0, -1))) search.provesNothing = true
  return false
}

const remove = (search: Search, n: number): void => {
  const { offer, duration, market } = search.windows[n]!
  const { start } = search.choices[n]!
  for (let t = start; t < start + duration; t++) {
    const at = liveAt(search, t, market)!
    const others = at.runs.filter(other => other.offer !== offer)
    if (!rebuild(search, at, others)) search.provesNothing = true
  }
  search.choices[n] = undefined
}

/** Which side takes a W of the block now, and at about which price. */
const takersNear = (search: Search, n: number): Takers => {
  const window = search.windows[n]!
  const { first, end, price, market, classes } = window
  const takers = noTakers(window)
  for (let t = first; t < end; t++) {
    const at = liveAt(search, t, market)
    const here = classes[t - first]
    if (!at || !here) continue
    const forDso = here.dso < 0 ? noRoom : priceNear(at.dso, here.dso, undefined)
    const forTso = forDso > price || here.tso < 0 ? noRoom : priceNear(at.tso, here.tso, search.fixedInTso)
    if (forDso <= price && forTso <= price) continue
    takers.side[t - first] = forDso > price ? 0 : 2
    takers.price[t - first] = forDso > price ? forDso : forTso
  }
  return takers
}

const choose = (search: Search, n: number): void => {
  const { starts, least } = search.blocks[n]!
  if (search.choices[n]) remove(search, n)
  const promises = promisesOf(search.windows[n]!, search.blocks[n]!, takersNear(search, n))
  const order = starts
    .map((_, k) => k)
    .filter(k => compare(promises[k]!, noWorth) > 0)
    .sort((a, b) => compare(promises[b]!, promises[a]!) || a - b)
  for (const k of order.slice(0, triesPerBlock))
    for (const power of new Set([starts[k]!.most, least])) {
      const choice = { start: starts[k]!.start, power }
      if (!tryStart(search, n, choice)) continue
      search.choices[n] = choice
      return
    }
}

const gapNow = (search: Search): { gap: number | undefined; furthest: number[] } => {
  const { live, dsoLeads, blocks } = search
  let cost = 0
  let isProof = !search.provesNothing
  const settled = new Map<number, Settled>()
  for (const [slice, at] of live) {
    const exact = settle(search, at)
    if (!exact) {
      isProof = false
      continue
    }
    settled.set(slice, exact)
    cost += costOf(dsoLeads ? exact.slice.dso : exact.slice.tso)
  }
  let missingVolume = 0
  let missing = 0
  const each = blocks.map((_, n) => {
    const { volume, saved } = missingOf(search, settled, n)
    missingVolume += volume
    missing += saved
    return saved
  })
  const furthest = each.map((_, n) => n).filter(n => each[n]! > 0)
  return {
    gap: missingVolume > 0 || !isProof ? undefined : missing / Math.max(1, cost),
    furthest: furthest.sort((a, b) => each[b]! - each[a]! || a - b)
  }
}

/** What the best start of a block would bring to the leading side at the shadow prices, above what the block brings. */
const missingOf = (
  { windows, blocks, choices, compiled, dsoLeads }: Search,
  settled: ReadonlyMap<number, Settled>,
  n: number
): { volume: number; saved: number } => {
  const window = windows[n]!
  const { offer, price, market, duration, first, end } = window
  const lead = dsoLeads ? 0 : 2
  const takers = noTakers(window)
  const worths = new Float64Array(end - first).fill(noRoom)
  for (let t = first; t < end; t++) {
    const exact = settled.get(t * marketCount + market)
    if (!exact) continue
    const classes = classesOfBlock(compiled, exact.slice.classes, offer)
    const c = dsoLeads ? classes.dso : classes.tso
    if (c >= 0) worths[t - first] = exact.prices[c]!
    takers.side[t - first] = worths[t - first]! <= price ? nobody : lead
    takers.price[t - first] = worths[t - first]!
  }
  const most = mostOf(promisesOf(window, blocks[n]!, takers))
  // What the block brings to the leading side where it runs.
  let volume = 0
  let saved = 0
  const start = choices[n]?.start
  for (let t = start ?? 0; start !== undefined && t < start + duration; t++) {
    const given = settled.get(t * marketCount + market)?.forced.get(offer)
    const amount = (dsoLeads ? given?.toDso : given?.toTso) ?? 0
    const worth = worths[t - first]!
    if (worth === openDemand) volume += amount
    saved += amount * ((worth === openDemand ? 0 : Math.max(0, worth)) - price)
  }
  return { volume: most[lead] - volume, saved: most[lead + 1]! - saved }
}

const costOf = ({ volume: { count, price, amount } }: Pool): number => {
  let cost = 0
  for (let k = 0; k < count; k++) cost += price[k]! * amount[k]!
  return cost
}
