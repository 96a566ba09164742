/**
 * Clears a book with the other members of a team (team.ts): each its own MTUs, then its own offers.
 *
 * What a large market day is made of goes this way: merit order that is exact, blocks placed within the gap that the book accepts,
 * and no rule that ties offers broken. Where any of that does not hold, no member has an outcome, and one of them clears the book
 * by itself (clear-book.ts), as it would have without the others. The outcome is the same to the last bit in either case.
 */

import type { AcceptedRuns, Served } from './accepted-runs.ts'
import {
  askedOf,
  classesOfBlock,
  possibleStarts,
  WORTH_WIDTH,
  worthOf,
  worthOfWrittenRuns,
  worthwhileStarts,
  writeWorth
} from './block-starts.ts'
import type { Book } from './book.ts'
import { clearingVersion } from './clear-book.ts'
import { withClearingMemory } from './clearing-memory.ts'
import { blockOf, type Compiled, compileBook, marketCount } from './compiled-book.ts'
import type { BlockChoice } from './component.ts'
import { componentsOf } from './components.ts'
import { type Grants, noGrants } from './grants.ts'
import { clearSlice, grantSlice, type Slice, type SlicePools, slicesOf } from './merit-order.ts'
import { type OfferSteps, stepsEnd, stepsOf } from './offer-steps.ts'
import type { OutcomeColumns } from './outcome.ts'
import { lastingRuns, outcomeShare, outcomeSums } from './outcome-share.ts'
import { type GrantShare, piecesOfGrants } from './pieces.ts'
import { isWithin, placeBlocks } from './place-blocks.ts'
import { brokenBy, noRestrictions } from './restrictions.ts'
import { isOwn, memberOf, type Team } from './team.ts'

export interface ClearedTogether {
  /** Only member 0 has it. */
  readonly outcome: OutcomeColumns | undefined
  /** In the team's memory, until the next book. */
  readonly runs: AcceptedRuns
  readonly served: Served
}

/** Undefined where the book is not of that kind; `solver`: the name of the one that clears such books. Throws NoRoomForTeam. */
export const clearTogether = (book: Book, solver: string, team: Team): ClearedTogether | undefined => {
  const compiled = compileBook(book)
  // Whoever is ahead may not write where another still reads the book before.
  team.meet()
  const granted = withClearingMemory(memory => grantTogether({ ...compiled, memory }, team))
  if (!granted) return undefined
  const { all, share, gap } = granted
  const { runs, sums } = outcomeShare(compiled, piecesOfGrants(compiled, all, share), team, share.from)
  const { served } = sums
  if (team.rank > 0) return { outcome: undefined, runs, served }
  const outcome: OutcomeColumns = {
    ...{ algorithm: 'merit-order', version: `${clearingVersion}/${solver}`, gap, nodes: 0 },
    runs: lastingRuns(runs),
    ...outcomeSums(compiled, sums)
  }
  return { outcome, runs, served }
}

/** Steps that offers have in all MTUs together: what clearing a book takes grows with them. */
export const stepsInMtus = (book: Book): number => {
  let count = counted.get(book)
  if (count === undefined) {
    count = book.offers.reduce((sum, offer) => sum + (offer.kind === 'single' ? stepsOfOffer(stepsOf(offer)) : 0), 0)
    counted.set(book, count)
  }
  return count
}

const counted = new WeakMap<Book, number>()

const stepsOfOffer = (columns: OfferSteps): number => {
  const { intervals } = columns
  let count = 0
  for (let k = 0; 3 * k < intervals.length; k++)
    count += (stepsEnd(columns, k) - intervals[3 * k + 2]!) * (intervals[3 * k + 1]! - intervals[3 * k]!)
  return count
}

/** Memory of a team that clears this book, of whose steps no larger share than that is accepted. */
export const teamBytes = (book: Book, size: number, accepted: number): number => {
  const { offers, requests, mtus } = book
  const widths = offers.reduce((sum, offer) => sum + (offer.kind === 'block' ? offer.latest - offer.earliest : 0), 0)
  return (
    BYTES.column +
    Math.ceil(BYTES.step * accepted * stepsInMtus(book)) +
    BYTES.offer * offers.length +
    BYTES.blockMtu * (widths + mtus) +
    BYTES.slot * size * requests.length * (mtus + 1)
  )
}

/** Grants and runs of each step; what is noted by offer, by MTU of a block's window, and by member, request and MTU; and the rest. */
const BYTES = { step: 64, offer: 32, blockMtu: 128, slot: 32, column: 65_536 }

interface Granted {
  /** Of all members. */
  readonly all: Grants
  /** What of it becomes the member's pieces. */
  readonly share: GrantShare
  readonly gap: number
}

const grantTogether = (compiled: Compiled, team: Team): Granted | undefined => {
  const slices = slicesOf(compiled)
  const own = slices.filter(slice => isOwn(team, Math.floor(slice / marketCount)))
  const cleared = new Map<number, Slice>()
  for (const slice of own)
    cleared.set(slice, clearSlice(compiled, slice % marketCount, Math.floor(slice / marketCount)))
  const isExact = cleared.values().every(({ exact }) => exact)
  const blocks = worthwhileBlocks(compiled, cleared, team)
  if (!allAgree(team, isExact)) return undefined
  const components = componentsOf(compiled, slices, blocks, noRestrictions())
  const gapAccepted = compiled.book.rules.gapAccepted ?? 0
  if (components.length > 0 && gapAccepted === 0) return undefined
  const decided = new Map<number, SlicePools>()
  let most = 0
  for (const component of components) {
    const placed = placeBlocks(compiled, component, slice => cleared.get(slice), gapAccepted, team)
    if (!isWithin(placed.gap, gapAccepted)) return undefined
    most = Math.max(most, placed.gap)
    for (const [slice, pools] of placed.slices) decided.set(slice, pools)
  }
  const ends = team.ints(slices.length)
  grants.count = 0
  for (let k = 0; k < slices.length; k++) {
    const pools = decided.get(slices[k]!) ?? cleared.get(slices[k]!)
    if (!pools) continue
    grantSlice(pools, grants)
    ends[k] = grants.count
  }
  if (!allAgree(team, brokenBy(compiled, grants).length === 0)) return undefined
  const all = grantsOfAll(team)
  const ranges = rangesOf(team, slices, ends, all.count)
  return { all, share: { ranges, ...ownOffers(compiled, all, team) }, gap: most }
}

/** Memory of the largest session, used again by all. */
const grants = noGrants()

const allAgree = (team: Team, agrees: boolean): boolean => {
  const said = team.ints(team.size)
  said[team.rank] = agrees ? 1 : 0
  team.meet()
  return !said.includes(0)
}

/** Blocks that could be worth anything in the slices without them, with the starts at which they could. */
const worthwhileBlocks = (compiled: Compiled, cleared: ReadonlyMap<number, Slice>, team: Team): BlockChoice[] => {
  const { blocks } = compiled
  const froms = new Int32Array(blocks.length)
  let widths = 0
  for (let n = 0; n < blocks.length; n++) {
    const { earliest, latest } = blockOf(compiled, blocks[n]!)
    froms[n] = widths
    widths += latest - earliest
  }
  const asked = team.floats(widths)
  for (let n = 0; n < blocks.length; n++) noteAsked(compiled, cleared, team, blocks[n]!, asked, froms[n]!)
  team.meet()
  const possible = blocks.map((offer, n) => ({ offer, ...possibleStarts(compiled, offer, asked, froms[n]!) }))
  const worths = team.floats(WORTH_WIDTH * widths)
  for (let n = 0; n < possible.length; n++) noteWorths(compiled, cleared, possible[n]!, worths, WORTH_WIDTH * froms[n]!)
  team.meet()
  return possible.flatMap(({ offer, starts, least }, n) => {
    const { duration, earliest } = blockOf(compiled, offer)
    const sums = worthOfWrittenRuns(starts, duration, worths, WORTH_WIDTH * froms[n]!, earliest)
    const kept = worthwhileStarts(starts, sums)
    return kept.length > 0 ? [{ offer, starts: kept, least }] : []
  })
}

const noteAsked = (
  compiled: Compiled,
  cleared: ReadonlyMap<number, Slice>,
  team: Team,
  offer: number,
  asked: Float64Array,
  from: number
): void => {
  const { earliest, latest } = blockOf(compiled, offer)
  const market = compiled.offerMarket[offer]!
  for (let t = earliest; t < latest; t++) {
    if (!isOwn(team, t)) continue
    const slice = cleared.get(t * marketCount + market)
    asked[from + t - earliest] = slice ? askedOf(compiled, offer, slice) : 0
  }
}

/** In the member's own slices; where a block could start there is a slice in each MTU of its run. */
const noteWorths = (
  compiled: Compiled,
  cleared: ReadonlyMap<number, Slice>,
  { offer, starts }: BlockChoice,
  worths: Float64Array,
  from: number
): void => {
  const { duration, earliest, price } = blockOf(compiled, offer)
  const market = compiled.offerMarket[offer]!
  let covered = earliest
  // Starts rise, so each run goes on where those before it ended.
  for (let k = 0; k < starts.length; k++) {
    const { start } = starts[k]!
    for (covered = Math.max(covered, start); covered < start + duration; covered++) {
      const slice = cleared.get(covered * marketCount + market)
      if (!slice) continue
      const worth = worthOf(slice, classesOfBlock(compiled, slice.classes, offer), price)
      writeWorth(worths, from + WORTH_WIDTH * (covered - earliest), worth)
    }
  }
}

/** What all members grant, one after the other. */
const grantsOfAll = (team: Team): Grants => {
  const counts = team.ints(team.size)
  counts[team.rank] = grants.count
  team.meet()
  const count = counts.reduce((sum, own) => sum + own, 0)
  const before = counts.subarray(0, team.rank).reduce((sum, own) => sum + own, 0)
  const all: Grants = {
    count,
    offer: team.ints(count),
    mtu: team.ints(count),
    request: team.ints(count),
    power: team.floats(count),
    price: team.floats(count)
  }
  for (const column of ['offer', 'mtu', 'request', 'power', 'price'] as const)
    all[column].set(grants[column].subarray(0, grants.count), before)
  team.meet()
  return all
}

/** Where the grants of each slice stand among those of all. `ends`: by slice, among those of the member whose slice it is. */
const rangesOf = (team: Team, slices: readonly number[], ends: Int32Array, count: number): Int32Array => {
  const lengths = new Int32Array(slices.length)
  const last = new Int32Array(team.size)
  const members = slices.map(slice => memberOf(team, Math.floor(slice / marketCount)))
  members.forEach((member, k) => {
    lengths[k] = ends[k]! - last[member]!
    last[member] = ends[k]!
  })
  const next = new Int32Array(team.size)
  for (let member = 1; member < team.size; member++) next[member] = next[member - 1]! + last[member - 1]!
  const ranges = new Int32Array(2 * slices.length)
  members.forEach((member, k) => {
    ranges[2 * k] = next[member]!
    next[member]! += lengths[k]!
    ranges[2 * k + 1] = next[member]!
  })
  if (next[team.size - 1] !== count) throw new Error(`rangesOf: ${next[team.size - 1]} of ${count} grants have a slice`)
  return ranges
}

/** Each member's offers follow those of the one before it, and have about as many grants. */
const ownOffers = (
  { book }: Compiled,
  { count, offer }: Grants,
  { rank, size }: Team
): { readonly from: number; readonly to: number } => {
  const byOffer = new Int32Array(book.offers.length)
  for (let g = 0; g < count; g++) byOffer[offer[g]!]!++
  const borders = [0]
  let sum = 0
  for (let o = 0; o < byOffer.length && borders.length < size; o++) {
    sum += byOffer[o]!
    if (sum >= (borders.length * count) / size) borders.push(o + 1)
  }
  while (borders.length <= size) borders.push(book.offers.length)
  return { from: borders[rank]!, to: borders[rank + 1]! }
}
