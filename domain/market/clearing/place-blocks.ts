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

import {
  classesOfBlock,
  compare,
  noWorth,
  plus,
  WORTH_WIDTH,
  type Worth,
  writeWorth,
  writtenWorth
} from './block-starts.ts'
import { nobody, promisesOf, type Takers, takersAt, type Window, widthOf, windowOf } from './block-windows.ts'
import { type Compiled, marketCount } from './compiled-book.ts'
import type { BlockChoice, Component } from './component.ts'
import { nothingLeft, openDemand, priceNear } from './exchange.ts'
import { noRoom } from './exits.ts'
import { type Live, opened, type Placing, rebuild, run, type Settled, settle } from './live-slices.ts'
import type { Slice, SlicePools } from './merit-order.ts'
import type { Pool } from './pool.ts'
import { alone, isOwn, nextSheet, type Paper, paperFor, type Team } from './team.ts'

export interface Placed {
  /** Those in which blocks run; of a team, the member's own. */
  readonly slices: ReadonlyMap<number, SlicePools>
  /** Of the leading side's cost, relative; undefined if its volume may not be the most possible. */
  readonly gap: number | undefined
}

/** Whether blocks may stay as they were placed. A gap of 0 says nothing about the side that does not lead. */
export const isWithin = (gap: number | undefined, accepted: number): gap is number =>
  gap !== undefined && gap > 0 && gap <= accepted

/** Starts that one block tries, the most promising first. */
const triesPerBlock = 3
/** Choices over again, each for the blocks that are furthest from their bound. */
const passes = 3

interface Choice {
  readonly start: number
  readonly power: number
}

/** A search for places, of all blocks of a component. Each member of a team has its own slices; all else is the same for all. */
interface Search extends Placing {
  readonly team: Team
  /** For what members tell each other before each decision. */
  readonly paper: Paper
  readonly slices: readonly number[]
  readonly blocks: readonly BlockChoice[]
  /** By block. */
  readonly windows: readonly Window[]
  readonly live: ReadonlyMap<number, Live>
  /** By block. */
  readonly choices: (Choice | undefined)[]
  /** What the settled slices say: see `gapNow`. */
  readonly report: Report
  /** A block had no room where it had some before: what follows is no proof. */
  provesNothing: boolean
}

/** `cleared`: by slice, in a team the member's own. */
export const placeBlocks = (
  compiled: Compiled,
  component: Component,
  cleared: (slice: number) => Slice | undefined,
  gapAccepted: number,
  team: Team = alone
): Placed => {
  const search = searchFor(compiled, component, cleared, team)
  const { live } = search
  const first = firstPromises(search)
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

const searchFor = (
  compiled: Compiled,
  { blocks, slices }: Component,
  cleared: (slice: number) => Slice | undefined,
  team: Team
): Search => {
  const { book } = compiled
  const isBlock = new Uint8Array(book.offers.length)
  for (const offer of compiled.blocks) isBlock[offer] = 1
  const windows = blocks.map(block => windowOf(compiled, block, cleared))
  const live = new Map<number, Live>()
  for (const slice of slices) {
    const base = cleared(slice)
    if (base) live.set(slice, opened(base, compiled.memory))
  }
  const dsoLeads = slices.some(slice => compiled.dsoAt[slotOf(compiled, slice)]!.length > 0)
  const widths = windows.reduce((sum, window) => sum + widthOf(window), 0)
  const widest = windows.reduce((most, window) => Math.max(most, widthOf(window)), 0)
  return {
    compiled,
    team,
    paper: paperFor(team, Math.max(2 * widths, WORTH_WIDTH * widest)),
    slices,
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
    report: reportFor(team, slices.length, widths),
    provesNothing: false
  }
}

const slotOf = ({ book: { mtus } }: Compiled, slice: number): number =>
  (slice % marketCount) * mtus + Math.floor(slice / marketCount)

const firstPromises = (search: Search): Worth[] => {
  const { windows, blocks, team } = search
  const sheet = nextSheet(search.paper)
  const froms = startsOfWidths(windows, 2)
  for (let n = 0; n < windows.length; n++) noteTakersNear(search, n, sheet, froms[n]!)
  team.meet()
  return blocks.map((block, n) => mostOf(promisesOf(windows[n]!, block, takersAt(windows[n]!, sheet, froms[n]!))))
}

/** Where each window's columns begin, so many to a window. */
const startsOfWidths = (windows: readonly Window[], columns: number): number[] => {
  let at = 0
  return windows.map(window => {
    const from = at
    at += columns * widthOf(window)
    return from
  })
}

const mostOf = (worths: readonly Worth[]): Worth => {
  let most = noWorth
  for (const worth of worths) if (compare(worth, most) > 0) most = worth
  return most
}

const liveAt = ({ live }: Search, mtu: number, market: number): Live | undefined => live.get(mtu * marketCount + market)

/** False, and nothing changed, if there is no room or nothing to gain. */
const tryStart = (search: Search, n: number, { start, power }: Choice): boolean => {
  const { team } = search
  const { offer, duration, price, market, first, classes } = search.windows[n]!
  const sheet = nextSheet(search.paper)
  const done: Live[] = []
  for (let t = start; t < start + duration; t++) {
    const at = isOwn(team, t) ? liveAt(search, t, market) : undefined
    if (!at) continue
    const worth = run(search, at, { offer, classes: classes[t - first]!, price, power })
    done.push(at)
    writeWorth(sheet, WORTH_WIDTH * (t - start), worth)
  }
  team.meet()
  let fits = true
  let total: Worth = noWorth
  for (let k = 0; k < duration && fits; k++) {
    const worth = writtenWorth(sheet, WORTH_WIDTH * k)
    fits = worth !== undefined
    if (worth) total = plus(total, worth)
  }
  if (fits && compare(total, noWorth) > 0) return true
  for (const at of done) if (!rebuild(search, at, at.runs.slice(0, -1))) search.provesNothing = true
  return false
}

const remove = (search: Search, n: number): void => {
  const { offer, duration, market } = search.windows[n]!
  const { start } = search.choices[n]!
  for (let t = start; t < start + duration; t++) {
    const at = liveAt(search, t, market)
    if (!at) continue
    const others = at.runs.filter(other => other.offer !== offer)
    if (!rebuild(search, at, others)) search.provesNothing = true
  }
  search.choices[n] = undefined
}

/** Which side takes a W of the block now, and at about which price. */
const takersNear = (search: Search, n: number): Takers => {
  const sheet = nextSheet(search.paper)
  noteTakersNear(search, n, sheet, 0)
  search.team.meet()
  return takersAt(search.windows[n]!, sheet, 0)
}

/** Of the member's own slices; `from`: where the block's columns begin. */
const noteTakersNear = (search: Search, n: number, sheet: Float64Array, from: number): void => {
  const window = search.windows[n]!
  const { first, end, price, market, classes } = window
  const takers = takersAt(window, sheet, from)
  for (let t = first; t < end; t++) {
    if (!isOwn(search.team, t)) continue
    takers.side[t - first] = nobody
    const at = liveAt(search, t, market)
    const here = classes[t - first]
    if (!at || !here) continue
    const forDso = here.dso < 0 ? noRoom : priceNear(at.dso, here.dso, undefined)
    const forTso = forDso > price || here.tso < 0 ? noRoom : priceNear(at.tso, here.tso, search.fixedInTso)
    if (forDso <= price && forTso <= price) continue
    takers.side[t - first] = forDso > price ? 0 : 2
    takers.price[t - first] = forDso > price ? forDso : forTso
  }
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

/**
 * What members tell each other of their settled slices, in the order of the component: what the leading side pays there, and whether
 * it could be settled; and by block and MTU of its window: at which price the leading side would take one W more of it, and how
 * much of it the leading side got.
 */
interface Report {
  readonly cost: Float64Array
  readonly isSettled: Int32Array
  readonly price: Float64Array
  readonly given: Float64Array
  /** By member. */
  readonly provesNothing: Int32Array
}

const reportFor = (team: Team, slices: number, widths: number): Report => ({
  cost: team.floats(slices),
  isSettled: team.ints(slices),
  price: team.floats(widths),
  given: team.floats(widths),
  provesNothing: team.ints(team.size)
})

const gapNow = (search: Search): { gap: number | undefined; furthest: number[] } => {
  const { blocks, windows, report, team } = search
  const froms = startsOfWidths(windows, 1)
  noteSettled(search, froms)
  team.meet()
  let cost = 0
  let isProof = !report.provesNothing.includes(1)
  for (let k = 0; k < report.cost.length; k++)
    if (report.isSettled[k] === 1) cost += report.cost[k]!
    else isProof = false
  let missingVolume = 0
  let missing = 0
  const each = blocks.map((_, n) => {
    const { volume, saved } = missingOf(search, froms[n]!, n)
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

/** Settles the member's own slices. */
const noteSettled = (search: Search, froms: readonly number[]): void => {
  const { live, dsoLeads, report, slices, team, windows } = search
  const settled = new Map<number, Settled>()
  for (let k = 0; k < slices.length; k++) {
    const at = live.get(slices[k]!)
    if (!at) continue
    const exact = settle(search, at)
    report.isSettled[k] = exact ? 1 : 0
    if (!exact) continue
    settled.set(slices[k]!, exact)
    report.cost[k] = costOf(dsoLeads ? exact.slice.dso : exact.slice.tso)
  }
  for (let n = 0; n < windows.length; n++) noteWorths(search, n, settled, froms[n]!)
  report.provesNothing[team.rank] = search.provesNothing ? 1 : 0
}

const noteWorths = (search: Search, n: number, settled: ReadonlyMap<number, Settled>, from: number): void => {
  const { compiled, dsoLeads, report, team, windows } = search
  const { first, end, market, offer } = windows[n]!
  for (let t = first; t < end; t++) {
    if (!isOwn(team, t)) continue
    const at = from + t - first
    const exact = settled.get(t * marketCount + market)
    report.price[at] = noRoom
    report.given[at] = 0
    if (!exact) continue
    const classes = classesOfBlock(compiled, exact.slice.classes, offer)
    const c = dsoLeads ? classes.dso : classes.tso
    if (c >= 0) report.price[at] = exact.prices[c]!
    const given = exact.forced.get(offer)
    if (given) report.given[at] = dsoLeads ? given.toDso : given.toTso
  }
}

/** What the best start of a block would bring to the leading side at the shadow prices, above what the block brings. */
const missingOf = (
  { windows, blocks, choices, dsoLeads, report }: Search,
  from: number,
  n: number
): { volume: number; saved: number } => {
  const window = windows[n]!
  const { price, duration, first } = window
  const lead = dsoLeads ? 0 : 2
  const width = widthOf(window)
  const worths = report.price.subarray(from, from + width)
  const side = new Float64Array(width)
  for (let k = 0; k < width; k++) side[k] = worths[k]! <= price ? nobody : lead
  const most = mostOf(promisesOf(window, blocks[n]!, { side, price: worths }))
  // What the block brings to the leading side where it runs.
  let volume = 0
  let saved = 0
  const start = choices[n]?.start
  for (let t = start ?? 0; start !== undefined && t < start + duration; t++) {
    const amount = report.given[from + t - first]!
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
