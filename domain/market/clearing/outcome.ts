/**
 * From "who serves whom" to the outcome: prices (T-10), payments, residuals (T-23) and ranks (T-21).
 *
 * Uniform price = the dearest bid that serves the request in the MTU. A payment is rounded once per allocation line and
 * MTU, half up, to whole µ€, so totals are exact sums of lines. Inside one offer and MTU, accepted steps go to its
 * requests in a fixed order (pieces.ts), so an outcome and the curves say which bid served whom.
 */
import type {
  Allocation,
  ClearingOutcome,
  OfferOutcome,
  ProfileInterval,
  RequestOutcome,
  Side,
  SideTotals
} from './book.ts'
import type { Compiled } from './compiled-book.ts'
import type { Grants } from './grants.ts'
import { inStepOrder, type Pieces, piecesOfGrants } from './pieces.ts'
import { rejectionReasons } from './rejection-reasons.ts'

/** What `power` W for one MTU cost at `price` µ€/kWh, in µ€, half up. Exact while power × price stays below 2^53. */
export const paymentOf = (power: number, price: number): number => {
  const ticks = power * price
  const rest = ticks % 4000
  return (ticks - rest) / 4000 + (rest >= 2000 ? 1 : 0)
}

export type ClearingHead = Pick<ClearingOutcome, 'algorithm' | 'version' | 'gap' | 'nodes'>

/** Accepted power and the dearest accepted bid, by request and MTU (`request × mtus + mtu`). */
export interface Served {
  readonly power: Float64Array
  readonly highestBid: Float64Array
}

export const buildOutcome = (compiled: Compiled, grants: Grants, head: ClearingHead): ClearingOutcome =>
  outcomeOf(compiled, piecesOfGrants(compiled, grants), head)

export const outcomeOf = (compiled: Compiled, unordered: Pieces, head: ClearingHead): ClearingOutcome => {
  const { book, requestIsDso } = compiled
  const { mtus } = book
  const pieces = inStepOrder(compiled, unordered)
  const { offerFrom, mtu, request, power, price } = pieces
  const served: Served = {
    power: new Float64Array(book.requests.length * mtus),
    highestBid: new Float64Array(book.requests.length * mtus)
  }
  const costs = { dso: exactSum(), tso: exactSum() }
  for (let p = 0; p < mtu.length; p++) {
    const to = request[p]!
    const slot = to * mtus + mtu[p]!
    served.power[slot]! += power[p]!
    if (price[p]! > served.highestBid[slot]!) served.highestBid[slot] = price[p]!
    const side = requestIsDso[to] ? costs.dso : costs.tso
    side.add(power[p]! * price[p]!)
  }
  const paid = new Float64Array(book.requests.length)
  const allocations = allocationsOf(compiled, pieces, served, orderOfRequests(compiled), paid)
  const ranks = ranksOf(compiled, pieces)
  const reasonOf = rejectionReasons(compiled, served)
  const offers = book.offers.map(
    ({ id }, o): OfferOutcome =>
      offerFrom[o]! < offerFrom[o + 1]!
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

type OpenRun = { -readonly [Field in keyof Allocation]: Allocation[Field] }

/** The runs of one offer in one MTU, in the order found. */
interface RunsAt {
  count: number
  readonly request: number[]
  readonly run: OpenRun[]
}

/** By offer: its pieces as runs of equal MTUs, ordered by MTU, then DSO before TSO, then request id, then bid. Adds up what is paid. */
const allocationsOf = (
  compiled: Compiled,
  { offerFrom, mtu, request, power, price }: Pieces,
  served: Served,
  requestOrder: Int32Array,
  paid: Float64Array
): Allocation[][] => {
  const { book, requestIsDso } = compiled
  const { mtus } = book
  const uniform = book.rules.pricing === 'uniform'
  const ids = book.requests.map(({ id }) => id)
  const sides = book.requests.map((_, r): Side => (requestIsDso[r] ? 'DSO' : 'TSO'))
  let previous: RunsAt = { count: 0, request: [], run: [] }
  let current: RunsAt = { count: 0, request: [], run: [] }
  // By run of one offer, the place of its request in the order.
  const orders: number[] = []
  const allocations: Allocation[][] = []
  for (let o = 0; o < book.offers.length; o++) {
    const end = offerFrom[o + 1]!
    const runs: OpenRun[] = []
    allocations.push(runs)
    current.count = 0
    let at = -1
    for (let p = offerFrom[o]!; p < end; ) {
      const here = mtu[p]!
      const to = request[p]!
      const bid = price[p]!
      let amount = power[p++]!
      while (p < end && mtu[p] === here && request[p] === to && (uniform || price[p] === bid)) amount += power[p++]!
      if (here !== at) {
        const past = previous
        previous = current
        current = past
        current.count = 0
        if (here !== at + 1) previous.count = 0
        at = here
      }
      const paidPrice = uniform ? served.highestBid[to * mtus + here]! : bid
      paid[to]! += paymentOf(amount, paidPrice)
      let run: OpenRun | undefined
      for (let k = 0; k < previous.count; k++) {
        if (previous.request[k] !== to) continue
        const open = previous.run[k]!
        if (open.power !== amount || open.price !== paidPrice) continue
        run = open
        break
      }
      if (run) run.mtus++
      else {
        run = { requestId: ids[to]!, side: sides[to]!, mtu: here, mtus: 1, power: amount, price: paidPrice }
        insert(runs, orders, run, requestOrder[to]!)
      }
      current.request[current.count] = to
      current.run[current.count++] = run
    }
  }
  return allocations
}

/** Almost always at the end: only what comes later in the order of its MTU moves up. */
const insert = (runs: OpenRun[], orders: number[], run: OpenRun, order: number): void => {
  let k = runs.length
  runs.push(run)
  for (; k > 0; k--) {
    const before = runs[k - 1]!
    const later = orders[k - 1]! > order || (orders[k - 1] === order && before.price > run.price)
    if (before.mtu !== run.mtu || !later) break
    runs[k] = before
    orders[k] = orders[k - 1]!
  }
  runs[k] = run
  orders[k] = order
}

/** 1 = keep longest: what serves the DSO before what does not, then by average accepted bid, then by arrival (T-21). */
const ranksOf = ({ book, requestIsDso }: Compiled, { offerFrom, request, power, price }: Pieces): Int32Array => {
  const accepted: { offer: number; forDso: boolean; averageBid: number }[] = []
  for (let offer = 0; offer < book.offers.length; offer++) {
    const end = offerFrom[offer + 1]!
    if (offerFrom[offer] === end) continue
    let volume = 0
    let cost = 0
    let forDso = false
    for (let p = offerFrom[offer]!; p < end; p++) {
      volume += power[p]!
      cost += power[p]! * price[p]!
      if (requestIsDso[request[p]!]) forDso = true
    }
    accepted.push({ offer, forDso, averageBid: cost / volume })
  }
  accepted.sort((a, b) => Number(b.forDso) - Number(a.forDso) || a.averageBid - b.averageBid || a.offer - b.offer)
  const ranks = new Int32Array(book.offers.length)
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
