/**
 * What a member of a team makes of the offers that are its own (outcome.ts says what an outcome is): their runs, and what they serve,
 * cost and earn. A uniform price is the dearest bid of all offers, so members meet before they write runs; then all runs stand in
 * one row, and member 0 adds up the rest.
 */
import { type AcceptedRuns, acceptedRuns, roomForRuns, type Served } from './accepted-runs.ts'
import type { SideTotals } from './book.ts'
import type { Compiled } from './compiled-book.ts'
import { inStepOrder, type Pieces } from './pieces.ts'
import { rejectionReason, rejectionReasonList, rejectionsOf } from './rejection-reasons.ts'
import type { Team } from './team.ts'

/** What all offers serve and cost, of which each member has noted its own. */
export interface Sums {
  readonly team: Team
  readonly served: Served
  /** By offer; the average accepted bid is -1 if there is none. */
  readonly averageBid: Float64Array
  readonly forDso: Int32Array
  readonly reasons: Int32Array
  /** By member: what its offers cost the DSO and the TSO at their bids, see `addTo`. */
  readonly costs: Float64Array
  /** By member and request, µ€. */
  readonly paid: Float64Array
}

/** Of a team, all runs in its memory. `from`: the first offer of the member's pieces. */
export const outcomeShare = (
  compiled: Compiled,
  unordered: Pieces,
  team: Team,
  from: number
): { readonly runs: AcceptedRuns; readonly sums: Sums } => {
  const { book } = compiled
  const { rank, size } = team
  const requests = book.requests.length
  const pieces = inStepOrder(compiled, unordered)
  const offers = pieces.offerFrom.length - 1
  const slots = requests * book.mtus
  const power = team.floats(size * slots)
  const highestBid = team.floats(size * slots)
  const own: Served = { power: ownPart(power, team), highestBid: ownPart(highestBid, team) }
  const noted = {
    averageBid: team.floats(book.offers.length),
    forDso: team.ints(book.offers.length),
    reasons: team.ints(book.offers.length),
    costs: team.floats(COST_WIDTH * size),
    paid: team.floats(size * requests)
  }
  const counts = team.ints(2 * size)
  const costs = ownPart(noted.costs, team)
  for (let o = 0; o < offers; o++)
    if (pieces.offerFrom[o]! < pieces.offerFrom[o + 1]!) noteOffer(compiled, pieces, o, from + o, own, costs, noted)
    else noted.averageBid[from + o] = -1
  counts[rank] = pieces.mtu.length
  team.meet()

  const served = size === 1 ? own : { power: sumOf(power, size), highestBid: mostOf(highestBid, size) }
  const room = roomOf(team, book.offers.length, counts)
  const runs = size === 1 ? room : partOf(room, counts, rank, offers)
  acceptedRuns(compiled, pieces, served, ownPart(noted.paid, team), runs)
  const rejections = rejectionsOf(compiled, served)
  for (let o = from; o < from + offers; o++)
    if (noted.averageBid[o] === -1) noted.reasons[o] = rejectionReasonList.indexOf(rejectionReason(rejections, o))
  const sums: Sums = { ...noted, team, served }
  if (size === 1) return { runs, sums }

  counts[size + rank] = runs.offerFrom[offers]!
  team.meet()
  if (rank === 0) closeUp(room, counts, size)
  const before = counts.subarray(size, size + rank).reduce((sum, count) => sum + count, 0)
  for (let o = 0; o < offers; o++) room.offerFrom[from + o + 1] = before + runs.offerFrom[o + 1]!
  team.meet()
  return { runs: room, sums }
}

/** A copy that lasts, in memory of its own that threads share. */
export const lastingRuns = ({ offerFrom, request, mtu, mtus, power, price }: AcceptedRuns): AcceptedRuns => {
  const count = offerFrom[offerFrom.length - 1]!
  const lasting = roomForRuns(offerFrom.length - 1, count)
  lasting.offerFrom.set(offerFrom)
  lasting.request.set(request.subarray(0, count))
  lasting.mtu.set(mtu.subarray(0, count))
  lasting.mtus.set(mtus.subarray(0, count))
  lasting.power.set(power.subarray(0, count))
  lasting.price.set(price.subarray(0, count))
  return lasting
}

/** One member's part of columns that have one for each, with nothing in it. */
const ownPart = (columns: Float64Array, { rank, size }: Team): Float64Array => {
  const width = columns.length / size
  return columns.subarray(rank * width, (rank + 1) * width).fill(0)
}

const sumOf = (columns: Float64Array, size: number): Float64Array => {
  const width = columns.length / size
  const sums = columns.slice(0, width)
  for (let member = 1; member < size; member++) for (let n = 0; n < width; n++) sums[n]! += columns[member * width + n]!
  return sums
}

const mostOf = (columns: Float64Array, size: number): Float64Array => {
  const width = columns.length / size
  const most = columns.slice(0, width)
  for (let member = 1; member < size; member++)
    for (let n = 0; n < width; n++) if (columns[member * width + n]! > most[n]!) most[n] = columns[member * width + n]!
  return most
}

/** Room for the runs of all members: no more than they have pieces. */
const roomOf = (team: Team, offers: number, pieces: Int32Array): AcceptedRuns => {
  if (team.size === 1) return roomForRuns(offers, pieces[0]!)
  const most = pieces.subarray(0, team.size).reduce((sum, count) => sum + count, 0)
  const offerFrom = team.ints(offers + 1)
  offerFrom[0] = 0
  return {
    offerFrom,
    request: team.ints(most),
    mtu: team.ints(most),
    mtus: team.ints(most),
    power: team.floats(most),
    price: team.floats(most)
  }
}

/** The part of one member, which begins behind the pieces of those before it. */
const partOf = (room: AcceptedRuns, pieces: Int32Array, rank: number, offers: number): AcceptedRuns => {
  const first = pieces.subarray(0, rank).reduce((sum, count) => sum + count, 0)
  const end = first + pieces[rank]!
  return {
    offerFrom: new Int32Array(offers + 1),
    request: room.request.subarray(first, end),
    mtu: room.mtu.subarray(first, end),
    mtus: room.mtus.subarray(first, end),
    power: room.power.subarray(first, end),
    price: room.price.subarray(first, end)
  }
}

/** The runs of each member follow those of the one before it. `counts`: pieces by member, then runs by member. */
const closeUp = ({ request, mtu, mtus, power, price }: AcceptedRuns, counts: Int32Array, size: number): void => {
  let piecesBefore = counts[0]!
  let runsBefore = counts[size]!
  for (let member = 1; member < size; member++) {
    const end = piecesBefore + counts[size + member]!
    for (const column of [request, mtu, mtus, power, price]) column.copyWithin(runsBefore, piecesBefore, end)
    piecesBefore += counts[member]!
    runsBefore += counts[size + member]!
  }
}

/** Adds what an offer serves to what its requests got and cost. */
const noteOffer = (
  { book: { mtus }, requestIsDso }: Compiled,
  { offerFrom, mtu, request, power, price }: Pieces,
  place: number,
  offer: number,
  served: Served,
  costs: Float64Array,
  noted: Pick<Sums, 'averageBid' | 'forDso'>
): void => {
  const end = offerFrom[place + 1]!
  let volume = 0
  let cost = 0
  let forDso = 0
  for (let p = offerFrom[place]!; p < end; p++) {
    const to = request[p]!
    const slot = to * mtus + mtu[p]!
    const amount = power[p]!
    const bid = price[p]!
    const ticks = amount * bid
    served.power[slot]! += amount
    if (bid > served.highestBid[slot]!) served.highestBid[slot] = bid
    volume += amount
    cost += ticks
    if (requestIsDso[to] === 1) forDso = 1
    addTo(costs, requestIsDso[to] === 1 ? DSO_COST : TSO_COST, ticks)
  }
  noted.averageBid[offer] = cost / volume
  noted.forDso[offer] = forDso
}

/** What member 0 adds up when all have noted their own. */
export const outcomeSums = (
  compiled: Compiled,
  sums: Sums
): {
  ranks: Int32Array
  reasons: Uint8Array
  served: Served
  paid: Float64Array
  dso: SideTotals
  tso: SideTotals
} => {
  const { served, team, costs } = sums
  const paid = sumOf(sums.paid, team.size)
  const ranks = ranksOf(sums)
  return {
    ranks,
    reasons: Uint8Array.from(ranks, (rank, o) => (rank === 0 ? sums.reasons[o]! : 0)),
    served,
    paid,
    dso: totalsOf(compiled, 1, served, totalOf(costs, DSO_COST), paid),
    tso: totalsOf(compiled, 0, served, totalOf(costs, TSO_COST), paid)
  }
}

/** 1 = keep longest: what serves the DSO before what does not, then by average accepted bid, then by arrival (T-21). */
const ranksOf = ({ averageBid, forDso }: Sums): Int32Array => {
  const ranks = new Int32Array(averageBid.length)
  const accepted: number[] = []
  for (let o = 0; o < averageBid.length; o++) if (averageBid[o]! >= 0) accepted.push(o)
  accepted
    .sort((a, b) => forDso[b]! - forDso[a]! || averageBid[a]! - averageBid[b]! || a - b)
    .forEach((offer, k) => {
      ranks[offer] = k + 1
    })
  return ranks
}

const totalsOf = (
  { book, demand, requestIsDso }: Compiled,
  side: 0 | 1,
  served: Served,
  bidCostTicks: bigint,
  paid: Float64Array
): SideTotals => {
  let asked = 0
  let reached = 0
  let paidMicroEur = 0
  book.requests.forEach((_, r) => {
    if (requestIsDso[r] !== side) return
    for (let t = 0; t < book.mtus; t++) {
      asked += demand[r]![t]!
      reached += served.power[r * book.mtus + t]!
    }
    paidMicroEur += paid[r]!
  })
  return { asked, served: reached, bidCostTicks, paidMicroEur }
}

/** Costs of a member: for each side two numbers, of which the second counts how often the first has reached 2^52. */
const COST_WIDTH = 4
const DSO_COST = 0
const TSO_COST = 2
const FULL = 2 ** 52

/** A sum of whole numbers below 2^53, exact; a bigint for each addend would cost most of the outcome's time. */
const addTo = (costs: Float64Array, at: number, ticks: number): void => {
  const more = ticks >= FULL ? ticks - FULL : ticks
  if (ticks >= FULL) costs[at + 1]!++
  const low = costs[at]! + more
  if (low >= FULL) costs[at + 1]!++
  costs[at] = low >= FULL ? low - FULL : low
}

const totalOf = (costs: Float64Array, at: number): bigint => {
  let total = 0n
  for (let k = at; k < costs.length; k += COST_WIDTH) total += BigInt(costs[k]!) + BigInt(costs[k + 1]!) * BigInt(FULL)
  return total
}
