/**
 * What was accepted, as it is told: for each offer its runs of MTUs in which one request takes the same power at the same
 * price, as columns. A session has a hundred thousand of them, so they become objects only where somebody wants objects.
 */
import { TICKS_PER_MICRO_EUR } from '../../units/quantities.ts'
import type { Allocation, Side } from './book.ts'
import type { Compiled } from './compiled-book.ts'
import type { Pieces } from './pieces.ts'

export interface AcceptedRuns {
  /** The runs of offer `o` are those from `offerFrom[o]` up to `offerFrom[o + 1]`, ordered as `Allocation`s are. */
  readonly offerFrom: Int32Array
  readonly request: Int32Array
  readonly mtu: Int32Array
  readonly mtus: Int32Array
  readonly power: Float64Array
  readonly price: Float64Array
}

/** Accepted power and the dearest accepted bid, by request and MTU (`request × mtus + mtu`). */
export interface Served {
  readonly power: Float64Array
  readonly highestBid: Float64Array
}

/** In memory that threads share: one of them may go on reading while another writes down what was accepted. */
export const roomForRuns = (offers: number, runs: number): AcceptedRuns => ({
  offerFrom: sharedInts(offers + 1),
  request: sharedInts(runs),
  mtu: sharedInts(runs),
  mtus: sharedInts(runs),
  power: sharedFloats(runs),
  price: sharedFloats(runs)
})

const sharedInts = (size: number): Int32Array =>
  new Int32Array(new SharedArrayBuffer(size * Int32Array.BYTES_PER_ELEMENT))

const sharedFloats = (size: number): Float64Array =>
  new Float64Array(new SharedArrayBuffer(size * Float64Array.BYTES_PER_ELEMENT))

/** What `power` W for one MTU cost at `price` µ€/kWh, in µ€, half up. Exact while power × price stays below 2^53. */
export const paymentOf = (power: number, price: number): number => {
  const ticks = power * price
  // Rounded, the quotient may reach the next whole number from just below; the rest is exact and then a little below zero, which
  // half up is that number too. (`%` takes ten times as long.)
  const whole = Math.floor(ticks / TICKS_PER_MICRO_EUR)
  return ticks - whole * TICKS_PER_MICRO_EUR >= TICKS_PER_MICRO_EUR / 2 ? whole + 1 : whole
}

/**
 * Pieces in the order of steps become runs ordered by MTU, then DSO before TSO, then request id, then bid. Adds up what is
 * paid by request. `runs`: room for as many runs as there are pieces.
 */
export const acceptedRuns = (
  compiled: Compiled,
  pieces: Pieces,
  served: Served,
  paid: Float64Array,
  runs: AcceptedRuns
): void => {
  const { book } = compiled
  const most = mostInOneMtu(pieces)
  const writing: Writing = {
    pieces,
    served,
    paid,
    runs,
    mtus: book.mtus,
    isUniform: book.rules.pricing === 'uniform',
    requestOrder: orderOfRequests(compiled),
    found: { count: 0, position: new Int32Array(most) },
    before: { count: 0, position: new Int32Array(most) }
  }
  for (let o = 0, count = 0; o + 1 < pieces.offerFrom.length; o++) {
    count = writeRuns(writing, o, count)
    runs.offerFrom[o + 1] = count
  }
}

interface Writing {
  readonly pieces: Pieces
  readonly served: Served
  readonly paid: Float64Array
  readonly runs: AcceptedRuns
  readonly mtus: number
  readonly isUniform: boolean
  readonly requestOrder: Int32Array
  /** Paper: the runs in the MTU that is being written, and in the one before. */
  readonly found: RunsAt
  readonly before: RunsAt
}

/** The runs of one offer, from place `count` on; says where they end. */
const writeRuns = (writing: Writing, offer: number, count: number): number => {
  const { served, paid, runs, mtus, isUniform, requestOrder, found, before } = writing
  const { offerFrom, mtu, request, power, price } = writing.pieces
  const end = offerFrom[offer + 1]!
  let last = -2
  for (let p = offerFrom[offer]!; p < end; ) {
    const here = mtu[p]!
    take(before, found)
    if (here !== last + 1) before.count = 0
    last = here
    found.count = 0
    const first = count
    while (p < end && mtu[p] === here) {
      const to = request[p]!
      const bid = price[p]!
      let amount = power[p++]!
      while (p < end && mtu[p] === here && request[p] === to && (isUniform || price[p] === bid)) amount += power[p++]!
      const paidPrice = isUniform ? served.highestBid[to * mtus + here]! : bid
      paid[to]! += paymentOf(amount, paidPrice)
      let run = runLike(before, runs, to, amount, paidPrice)
      if (run >= 0) runs.mtus[run]!++
      else {
        run = count++
        runs.request[run] = to
        runs.mtu[run] = here
        runs.mtus[run] = 1
        runs.power[run] = amount
        runs.price[run] = paidPrice
      }
      found.position[found.count++] = run
    }
    if (count - first > 1) inOrder(runs, first, count, requestOrder, found)
  }
  return count
}

/** An offer's runs as objects. */
export const allocationsOf = (
  runs: AcceptedRuns,
  offer: number,
  requests: readonly { readonly id: string; readonly side: Side }[]
): Allocation[] => {
  const allocations: Allocation[] = []
  for (let k = runs.offerFrom[offer]!; k < runs.offerFrom[offer + 1]!; k++) {
    const { id, side } = requests[runs.request[k]!]!
    allocations.push({
      requestId: id,
      side,
      mtu: runs.mtu[k]!,
      mtus: runs.mtus[k]!,
      power: runs.power[k]!,
      price: runs.price[k]!
    })
  }
  return allocations
}

/** The runs of one offer in one MTU, by their places, in the order found. */
interface RunsAt {
  count: number
  readonly position: Int32Array
}

const take = (into: RunsAt, { count, position }: RunsAt): void => {
  into.count = count
  for (let k = 0; k < count; k++) into.position[k] = position[k]!
}

/** The place of the one that goes on; -1: none does. */
const runLike = (
  { count, position }: RunsAt,
  runs: AcceptedRuns,
  request: number,
  power: number,
  price: number
): number => {
  for (let k = 0; k < count; k++) {
    const run = position[k]!
    if (runs.request[run] === request && runs.power[run] === power && runs.price[run] === price) return run
  }
  return -1
}

const mostInOneMtu = (pieces: Pieces): number => {
  let most = 0
  for (let o = 0; o + 1 < pieces.offerFrom.length; o++) most = Math.max(most, mostOfOffer(pieces, o))
  return most
}

const mostOfOffer = ({ offerFrom, mtu }: Pieces, offer: number): number => {
  const end = offerFrom[offer + 1]!
  let most = 0
  for (let p = offerFrom[offer]!, first = p; p < end; p++) {
    if (mtu[p] !== mtu[first]) first = p
    if (p - first >= most) most = p - first + 1
  }
  return most
}

/** The runs that begin in one MTU, a few, are mostly in order already. */
const inOrder = (runs: AcceptedRuns, first: number, end: number, requestOrder: Int32Array, found: RunsAt): void => {
  for (let k = first + 1; k < end; k++)
    for (let n = k; n > first && isLater(runs, n - 1, n, requestOrder); n--) {
      exchange(runs, n - 1, n)
      for (let f = 0; f < found.count; f++) {
        const position = found.position[f]!
        if (position === n) found.position[f] = n - 1
        else if (position === n - 1) found.position[f] = n
      }
    }
}

const isLater = ({ request, price }: AcceptedRuns, a: number, b: number, requestOrder: Int32Array): boolean => {
  const later = requestOrder[request[a]!]! - requestOrder[request[b]!]!
  return later > 0 || (later === 0 && price[a]! > price[b]!)
}

const exchange = ({ request, power, price }: AcceptedRuns, a: number, b: number): void => {
  exchangeIn(request, a, b)
  exchangeIn(power, a, b)
  exchangeIn(price, a, b)
}

const exchangeIn = (column: Int32Array | Float64Array, a: number, b: number): void => {
  const kept = column[a]!
  column[a] = column[b]!
  column[b] = kept
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
