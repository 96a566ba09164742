/**
 * From "who serves whom" to the outcome: prices (T-10), payments, residuals (T-23) and ranks (T-21).
 *
 * Uniform price = the dearest bid that serves the request in the MTU. A payment is rounded once per allocation line and
 * MTU, half up, to whole µ€, so totals are exact sums of lines. Inside one offer and MTU, accepted steps go to its
 * requests in a fixed order (pieces.ts), so an outcome and the curves say which bid served whom.
 */
import { type AcceptedRuns, acceptedRuns, allocationsOf, roomForRuns, type Served } from './accepted-runs.ts'
import type { Book, ClearingOutcome, OfferOutcome, ProfileInterval, RequestOutcome, SideTotals } from './book.ts'
import type { Compiled } from './compiled-book.ts'
import type { Grants } from './grants.ts'
import { inStepOrder, type Pieces, piecesOfGrants } from './pieces.ts'
import { rejectionReason, rejectionReasonList, rejectionsOf } from './rejection-reasons.ts'
import { listOfRuns, type RequestRuns, requestRuns } from './request-runs.ts'

export type ClearingHead = Pick<ClearingOutcome, 'algorithm' | 'version' | 'gap' | 'nodes'>

/**
 * An outcome as columns: plain data that another thread can be given. What stands in the book is not repeated.
 */
export interface OutcomeColumns extends ClearingHead {
  readonly runs: AcceptedRuns
  /** By offer; 0 if nothing was accepted. */
  readonly ranks: Int32Array
  /** By offer without anything accepted: why, by its place in `rejectionReasonList`. */
  readonly reasons: Uint8Array
  readonly served: Served
  /** µ€, by request. */
  readonly paid: Float64Array
  readonly dso: SideTotals
  readonly tso: SideTotals
}

export const buildOutcome = (compiled: Compiled, grants: Grants, head: ClearingHead): ClearingOutcome =>
  outcomeOf(compiled, piecesOfGrants(compiled, grants), head)

export const outcomeOf = (compiled: Compiled, unordered: Pieces, head: ClearingHead): ClearingOutcome =>
  writtenOutcome(compiled.book, outcomeColumns(compiled, unordered, head))

export const outcomeColumns = (compiled: Compiled, unordered: Pieces, head: ClearingHead): OutcomeColumns => {
  const { book } = compiled
  const pieces = inStepOrder(compiled, unordered)
  const served = nothingServed(book)
  const dsoCost = nothingSummed()
  const tsoCost = nothingSummed()
  const accepted: AcceptedOffer[] = []
  for (let o = 0; o < book.offers.length; o++)
    if (pieces.offerFrom[o]! < pieces.offerFrom[o + 1]!)
      accepted.push(noteOffer(compiled, pieces, o, served, dsoCost, tsoCost))
  const paid = new Float64Array(book.requests.length)
  const runs = acceptedRuns(compiled, pieces, served, paid)
  const ranks = ranksOf(book.offers.length, accepted)
  const rejections = rejectionsOf(compiled, served)
  const reasons = new Uint8Array(book.offers.length)
  for (let o = 0; o < reasons.length; o++)
    if (ranks[o] === 0) reasons[o] = rejectionReasonList.indexOf(rejectionReason(rejections, o))
  return {
    ...head,
    runs,
    ranks,
    reasons,
    served,
    paid,
    dso: totalsOf(compiled, 1, served, totalOf(dsoCost), paid),
    tso: totalsOf(compiled, 0, served, totalOf(tsoCost), paid)
  }
}

const nothingServed = ({ requests, mtus }: Book): Served => ({
  power: new Float64Array(requests.length * mtus),
  highestBid: new Float64Array(requests.length * mtus)
})

/** The outcome as objects. */
export const writtenOutcome = (
  book: Book,
  { runs, ranks, reasons, served, paid, ...outcome }: OutcomeColumns
): ClearingOutcome => {
  const requested = requestRuns(book, served)
  return {
    ...outcome,
    offers: book.offers.map(
      ({ id }, o): OfferOutcome =>
        ranks[o]! > 0
          ? { id, allocations: allocationsOf(runs, o, book.requests), rank: ranks[o]! }
          : { id, allocations: [], rank: 0, reason: rejectionReasonList[reasons[o]!]! }
    ),
    requests: book.requests.map(({ id }, r) => requestOutcome(id, r, requested, paid[r]!))
  }
}

/** An outcome that is known as objects, as columns. */
export const columnsOfOutcome = (book: Book, { offers, requests, ...outcome }: ClearingOutcome): OutcomeColumns => {
  const runs = roomForRuns(
    offers.length,
    offers.reduce((sum, { allocations }) => sum + allocations.length, 0)
  )
  const placeOf = new Map(book.requests.map(({ id }, r) => [id, r]))
  let k = 0
  offers.forEach(({ allocations }, o) => {
    for (const { requestId, mtu, mtus, power, price } of allocations) {
      const request = placeOf.get(requestId)
      if (request === undefined) throw new Error(`columnsOfOutcome: no request of the book is called ${requestId}`)
      runs.request[k] = request
      runs.mtu[k] = mtu
      runs.mtus[k] = mtus
      runs.power[k] = power
      runs.price[k++] = price
    }
    runs.offerFrom[o + 1] = k
  })
  const served = nothingServed(book)
  requests.forEach((request, r) => {
    for (const { mtu, mtus, power } of request.served)
      served.power.fill(power, r * book.mtus + mtu, r * book.mtus + mtu + mtus)
    for (const { mtu, mtus, price } of request.prices)
      served.highestBid.fill(price, r * book.mtus + mtu, r * book.mtus + mtu + mtus)
  })
  return {
    ...outcome,
    runs,
    ranks: Int32Array.from(offers, ({ rank }) => rank),
    reasons: Uint8Array.from(offers, ({ reason }) => (reason === undefined ? 0 : rejectionReasonList.indexOf(reason))),
    served,
    paid: Float64Array.from(requests, ({ paidMicroEur }) => paidMicroEur)
  }
}

interface AcceptedOffer {
  readonly offer: number
  readonly forDso: boolean
  readonly averageBid: number
}

/** Adds what an offer serves to what its requests got and cost. */
const noteOffer = (
  { book: { mtus }, requestIsDso }: Compiled,
  { offerFrom, mtu, request, power, price }: Pieces,
  offer: number,
  served: Served,
  dsoCost: ExactSum,
  tsoCost: ExactSum
): AcceptedOffer => {
  const end = offerFrom[offer + 1]!
  let volume = 0
  let cost = 0
  let forDso = false
  for (let p = offerFrom[offer]!; p < end; p++) {
    const to = request[p]!
    const slot = to * mtus + mtu[p]!
    const amount = power[p]!
    const bid = price[p]!
    const ticks = amount * bid
    served.power[slot]! += amount
    if (bid > served.highestBid[slot]!) served.highestBid[slot] = bid
    volume += amount
    cost += ticks
    if (requestIsDso[to] === 1) {
      forDso = true
      addTo(dsoCost, ticks)
    } else addTo(tsoCost, ticks)
  }
  return { offer, forDso, averageBid: cost / volume }
}

/** 1 = keep longest: what serves the DSO before what does not, then by average accepted bid, then by arrival (T-21). */
const ranksOf = (offers: number, accepted: readonly AcceptedOffer[]): Int32Array => {
  const ranks = new Int32Array(offers)
  accepted
    .toSorted((a, b) => Number(b.forDso) - Number(a.forDso) || a.averageBid - b.averageBid || a.offer - b.offer)
    .forEach(({ offer }, k) => {
      ranks[offer] = k + 1
    })
  return ranks
}

const requestOutcome = (
  id: string,
  r: number,
  { served, residual, prices }: RequestRuns,
  paidMicroEur: number
): RequestOutcome => {
  const interval = (mtu: number, mtus: number, power: number): ProfileInterval => ({ mtu, mtus, power })
  return {
    id,
    served: listOfRuns(served, r, interval),
    residual: listOfRuns(residual, r, interval),
    prices: listOfRuns(prices, r, (mtu, mtus, price) => ({ mtu, mtus, price })),
    paidMicroEur
  }
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

/** A sum of whole numbers below 2^53, exact; a bigint for each addend would cost most of the outcome's time. */
interface ExactSum {
  /** One number, in place: a field would be a new object with each addend. */
  readonly low: Float64Array
  high: bigint
}

const nothingSummed = (): ExactSum => ({ low: new Float64Array(1), high: 0n })

const addTo = (sum: ExactSum, ticks: number): void => {
  const half = 2 ** 52
  const low = sum.low[0]!
  if (low >= half || ticks >= half) {
    sum.high += BigInt(low) + BigInt(ticks)
    sum.low[0] = 0
  } else sum.low[0] = low + ticks
}

const totalOf = ({ low, high }: ExactSum): bigint => high + BigInt(low[0]!)
