/**
 * From "who serves whom" to the outcome: prices (T-10), payments, residuals (T-23) and ranks (T-21).
 *
 * Uniform price = the dearest bid that serves the request in the MTU. A payment is rounded once per allocation line and
 * MTU, half up, to whole µ€, so totals are exact sums of lines. Inside one offer and MTU, accepted steps go to its
 * requests in a fixed order (pieces.ts), so an outcome and the curves say which bid served whom.
 */
import { type AcceptedRuns, allocationsOf, roomForRuns, type Served } from './accepted-runs.ts'
import type { Book, ClearingOutcome, OfferOutcome, ProfileInterval, RequestOutcome, SideTotals } from './book.ts'
import type { Compiled } from './compiled-book.ts'
import type { Grants } from './grants.ts'
import { outcomeShare, outcomeSums } from './outcome-share.ts'
import { type Pieces, piecesOfGrants } from './pieces.ts'
import { rejectionReasonList } from './rejection-reasons.ts'
import { listOfRuns, type RequestRuns, requestRuns } from './request-runs.ts'
import { alone } from './team.ts'

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
  const { runs, sums } = outcomeShare(compiled, unordered, alone, 0)
  return { ...head, runs, ...outcomeSums(compiled, sums) }
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
