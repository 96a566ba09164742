/**
 * From "who serves whom" to the outcome: prices (T-10), payments, residuals (T-23) and ranks (T-21).
 *
 * Uniform price = the dearest bid that serves the request in the MTU. A payment is rounded once per allocation line and
 * MTU, half up, to whole µ€, so totals are exact sums of lines. Inside one offer and MTU, accepted steps go to its
 * requests in a fixed order (`inStepOrder`), so an outcome and the curves say which bid served whom.
 */
import type { Allocation, ClearingOutcome, OfferOutcome, ProfileInterval, RequestOutcome, SideTotals } from './book.ts'
import type { Compiled } from './compiled-book.ts'
import type { Grants } from './merit-order.ts'
import { rejectionReasons } from './rejection-reasons.ts'

/** What `power` W for one MTU cost at `price` µ€/kWh, in µ€, half up. Exact while power × price stays below 2^53. */
export const paymentOf = (power: number, price: number): number => {
  const ticks = power * price
  const rest = ticks % 4000
  return (ticks - rest) / 4000 + (rest >= 2000 ? 1 : 0)
}

export type ClearingHead = Pick<ClearingOutcome, 'algorithm' | 'version' | 'gap' | 'nodes'>

/** A bid's part in one request and MTU. */
export interface Piece {
  readonly mtu: number
  readonly request: number
  readonly power: number
  readonly price: number
}

/** Accepted power and the dearest accepted bid, by request and MTU (`request × mtus + mtu`). */
export interface Served {
  readonly power: Float64Array
  readonly highestBid: Float64Array
}

export const buildOutcome = (compiled: Compiled, grants: Grants, head: ClearingHead): ClearingOutcome => {
  const byOffer: Piece[][] = compiled.book.offers.map(() => [])
  for (let g = 0; g < grants.offer.length; g++)
    byOffer[grants.offer[g]!]!.push({
      mtu: grants.mtu[g]!,
      request: grants.request[g]!,
      power: grants.power[g]!,
      price: grants.price[g]!
    })
  return outcomeOf(compiled, byOffer, head)
}

export const outcomeOf = (
  compiled: Compiled,
  byOffer: readonly (readonly Piece[])[],
  head: ClearingHead
): ClearingOutcome => {
  const { book, requestIsDso } = compiled
  const { mtus } = book
  const ordered = byOffer.map(pieces => inStepOrder(compiled, pieces))
  const served: Served = {
    power: new Float64Array(book.requests.length * mtus),
    highestBid: new Float64Array(book.requests.length * mtus)
  }
  const costs = { dso: exactSum(), tso: exactSum() }
  for (const pieces of ordered)
    for (const { mtu, request, power, price } of pieces) {
      const slot = request * mtus + mtu
      served.power[slot]! += power
      if (price > served.highestBid[slot]!) served.highestBid[slot] = price
      costs[requestIsDso[request] ? 'dso' : 'tso'].add(power * price)
    }
  const requestOrder = orderOfRequests(compiled)
  const paid = new Float64Array(book.requests.length)
  const allocations = ordered.map(pieces =>
    pieces.length === 0 ? [] : allocationsOf(compiled, pieces, served, requestOrder, paid)
  )
  const ranks = ranksOf(compiled, ordered)
  const reasonOf = rejectionReasons(compiled, served)
  const offers = book.offers.map(
    ({ id }, o): OfferOutcome =>
      ranks[o]! > 0
        ? { id, allocations: allocations[o]!, rank: ranks[o]! }
        : { id, allocations: [], rank: 0, reason: reasonOf(o) }
  )
  const requests = book.requests.map((_, r) => requestOutcome(compiled, r, served, paid[r]!))
  return {
    ...head,
    offers,
    requests,
    dso: totalsOf(compiled, 1, served, costs.dso.total(), paid),
    tso: totalsOf(compiled, 0, served, costs.tso.total(), paid)
  }
}

/** DSO before TSO, then by id. */
const orderOfRequests = ({ book, requestIsDso }: Compiled): Int32Array => {
  const sorted = book.requests
    .map((_, r) => r)
    .sort((a, b) => requestIsDso[b]! - requestIsDso[a]! || compareText(book.requests[a]!.id, book.requests[b]!.id))
  const position = new Int32Array(sorted.length)
  sorted.forEach((r, k) => {
    position[r] = k
  })
  return position
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * Pieces by MTU; within one, the cheapest accepted steps serve the DSO first, then requests by rising price limit, then by
 * their order in the book. (A cheaper step suits every request that a dearer one of the same offer suits.)
 */
export const inStepOrder = (compiled: Compiled, pieces: readonly Piece[]): readonly Piece[] => {
  const { requestIsDso, requestLimit } = compiled
  let oneAtATime = true
  let inOrder = true
  for (let k = 1; k < pieces.length && inOrder; k++) {
    const step = pieces[k]!.mtu - pieces[k - 1]!.mtu
    if (step <= 0) oneAtATime = false
    if (step < 0) inOrder = false
  }
  if (oneAtATime) return pieces
  const byRequest = (a: Piece, b: Piece): number =>
    a.request === b.request
      ? a.price - b.price
      : requestIsDso[b.request]! - requestIsDso[a.request]! ||
        compareLimits(requestLimit[a.request]!, requestLimit[b.request]!) ||
        a.request - b.request
  const sorted = inOrder ? pieces : pieces.slice().sort((a, b) => a.mtu - b.mtu)
  const result: Piece[] = []
  for (let from = 0; from < sorted.length; ) {
    const { mtu, request } = sorted[from]!
    let to = from + 1
    let mixed = false
    while (to < sorted.length && sorted[to]!.mtu === mtu) {
      if (sorted[to]!.request !== request) mixed = true
      to++
    }
    if (to === from + 1) result.push(sorted[from]!)
    else {
      const here = sorted.slice(from, to).sort(byRequest)
      const dealt = mixed ? deal(here) : here
      const suits = ({ request: to, price }: Piece): boolean => price <= requestLimit[to]!
      for (const piece of dealt === here || dealt.every(suits) ? dealt : here) result.push(piece)
    }
    from = to
  }
  return result
}

const compareLimits = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)

/** The same bids by rising price, dealt to the same requests in their order. */
const deal = (pieces: readonly Piece[]): Piece[] => {
  const bids = pieces.map(({ price, power }) => ({ price, power })).sort((a, b) => a.price - b.price)
  const dealt: Piece[] = []
  let k = 0
  for (const { mtu, request, power } of pieces)
    for (let rest = power; rest > 0; ) {
      const bid = bids[k]!
      const part = Math.min(rest, bid.power)
      const last = dealt[dealt.length - 1]
      if (last && last.request === request && last.price === bid.price)
        dealt[dealt.length - 1] = { ...last, power: last.power + part }
      else dealt.push({ mtu, request, power: part, price: bid.price })
      bid.power -= part
      rest -= part
      if (bid.power === 0) k++
    }
  return dealt
}

interface Run {
  readonly request: number
  readonly mtu: number
  mtus: number
  readonly power: number
  readonly price: number
}

const allocationsOf = (
  compiled: Compiled,
  pieces: readonly Piece[],
  served: Served,
  requestOrder: Int32Array,
  paid: Float64Array
): Allocation[] => {
  const { book, requestIsDso } = compiled
  const uniform = book.rules.pricing === 'uniform'
  const runs: Run[] = []
  let previous: Run[] = []
  let current: Run[] = []
  let at = -1
  for (let from = 0; from < pieces.length; ) {
    const { mtu, request, price: bid } = pieces[from]!
    let power = 0
    while (from < pieces.length) {
      const piece = pieces[from]!
      if (piece.mtu !== mtu || piece.request !== request || !(uniform || piece.price === bid)) break
      power += piece.power
      from++
    }
    if (mtu !== at) {
      previous = mtu === at + 1 ? current : []
      current = []
      at = mtu
    }
    const price = uniform ? served.highestBid[request * book.mtus + mtu]! : bid
    paid[request]! += paymentOf(power, price)
    let run = previous.find(open => open.request === request && open.power === power && open.price === price)
    if (run) run.mtus++
    else {
      run = { request, mtu, mtus: 1, power, price }
      runs.push(run)
    }
    current.push(run)
  }
  if (runs.length > 1)
    runs.sort((a, b) => a.mtu - b.mtu || requestOrder[a.request]! - requestOrder[b.request]! || a.price - b.price)
  return runs.map(({ request, mtu, mtus, power, price }) => ({
    requestId: book.requests[request]!.id,
    side: requestIsDso[request] ? 'DSO' : 'TSO',
    mtu,
    mtus,
    power,
    price
  }))
}

/** 1 = keep longest: what serves the DSO before what does not, then by average accepted bid, then by arrival (T-21). */
const ranksOf = ({ requestIsDso }: Compiled, byOffer: readonly (readonly Piece[])[]): Int32Array => {
  const accepted: { offer: number; forDso: boolean; averageBid: number }[] = []
  byOffer.forEach((pieces, offer) => {
    if (pieces.length === 0) return
    let power = 0
    let cost = 0
    let forDso = false
    for (const piece of pieces) {
      power += piece.power
      cost += piece.power * piece.price
      if (requestIsDso[piece.request]) forDso = true
    }
    accepted.push({ offer, forDso, averageBid: cost / power })
  })
  accepted.sort((a, b) => Number(b.forDso) - Number(a.forDso) || a.averageBid - b.averageBid || a.offer - b.offer)
  const ranks = new Int32Array(byOffer.length)
  accepted.forEach(({ offer }, k) => {
    ranks[offer] = k + 1
  })
  return ranks
}

const requestOutcome = (compiled: Compiled, r: number, served: Served, paidMicroEur: number): RequestOutcome => {
  const { mtus, requests } = compiled.book
  const at = (values: Float64Array, t: number): number => values[r * mtus + t]!
  return {
    id: requests[r]!.id,
    served: intervalsOf(mtus, t => at(served.power, t)),
    residual: intervalsOf(mtus, t => compiled.demand[r]![t]! - at(served.power, t)),
    prices: runsOf(mtus, t => (at(served.power, t) > 0 ? at(served.highestBid, t) : -1))
      .filter(run => run.value >= 0)
      .map(({ mtu, mtus: length, value }) => ({ mtu, mtus: length, price: value })),
    paidMicroEur
  }
}

const intervalsOf = (mtus: number, powerAt: (mtu: number) => number): ProfileInterval[] =>
  runsOf(mtus, powerAt)
    .filter(run => run.value > 0)
    .map(({ mtu, mtus: length, value }) => ({ mtu, mtus: length, power: value }))

const runsOf = (mtus: number, valueAt: (mtu: number) => number): { mtu: number; mtus: number; value: number }[] => {
  const runs: { mtu: number; mtus: number; value: number }[] = []
  for (let t = 0; t < mtus; t++) {
    const value = valueAt(t)
    const last = runs[runs.length - 1]
    if (last && last.value === value) last.mtus++
    else runs.push({ mtu: t, mtus: 1, value })
  }
  return runs
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

/** Adds whole numbers below 2^53 exactly; a bigint for each addend would cost most of the outcome's time. */
const exactSum = (): { add: (ticks: number) => void; total: () => bigint } => {
  const half = 2 ** 52
  let low = 0
  let high = 0n
  return {
    add: ticks => {
      if (low >= half || ticks >= half) {
        high += BigInt(low) + BigInt(ticks)
        low = 0
      } else low += ticks
    },
    total: () => high + BigInt(low)
  }
}
