/**
 * What was accepted, as columns: for each offer its pieces, a piece being one bid's part in one request and MTU.
 *
 * `inStepOrder` gives them the order that the outcome is read in: by MTU; within one, the cheapest accepted steps serve the
 * DSO first, then requests by rising price limit, then by their order in the book. (A cheaper step suits every
 * request that a dearer one of the same offer suits.) So an outcome and the curves say which bid served whom.
 */
import type { Compiled } from './compiled-book.ts'
import type { Grants } from './grants.ts'

export interface Pieces {
  /** The pieces of offer `o` are those from `offerFrom[o]` up to `offerFrom[o + 1]`. */
  readonly offerFrom: Int32Array
  readonly mtu: Int32Array
  readonly request: Int32Array
  readonly power: Float64Array
  readonly price: Float64Array
}

/** The same as one object. */
export interface Piece {
  readonly mtu: number
  readonly request: number
  readonly power: number
  readonly price: number
}

/** Of which grants, and of which offers, pieces are made. */
export interface GrantShare {
  /** Where grants begin and end, pair by pair, in the order of MTUs. */
  readonly ranges: Int32Array
  /** Offers from this one up to that one. */
  readonly from: number
  readonly to: number
}

/** Overwritten by the next call. Offer `share.from` is the first one of the result. */
export const piecesOfGrants = (
  { book }: Compiled,
  grants: Grants,
  share: GrantShare = { ranges: Int32Array.of(0, grants.count), from: 0, to: book.offers.length }
): Pieces => {
  const { ranges, from } = share
  const offers = share.to - from
  const offerFrom = new Int32Array(offers + 1)
  for (let k = 0; k < ranges.length; k += 2)
    for (let g = ranges[k]!; g < ranges[k + 1]!; g++) {
      const o = grants.offer[g]! - from
      if (o >= 0 && o < offers) offerFrom[o + 1]!++
    }
  for (let o = 0; o < offers; o++) offerFrom[o + 1]! += offerFrom[o]!
  const count = offerFrom[offers]!
  if (sorted.mtu.length < count) sorted = emptyPieces(0, 2 * count)
  const { mtu, request, power, price } = sorted
  const next = offerFrom.slice()
  for (let k = 0; k < ranges.length; k += 2)
    for (let g = ranges[k]!; g < ranges[k + 1]!; g++) {
      const o = grants.offer[g]! - from
      if (o < 0 || o >= offers) continue
      const p = next[o]!++
      mtu[p] = grants.mtu[g]!
      request[p] = grants.request[g]!
      power[p] = grants.power[g]!
      price[p] = grants.price[g]!
    }
  return { ...sorted, offerFrom }
}

export const piecesOf = (byOffer: readonly (readonly Piece[])[]): Pieces => {
  const pieces = emptyPieces(
    byOffer.length,
    byOffer.reduce((sum, { length }) => sum + length, 0)
  )
  let p = 0
  byOffer.forEach((own, o) => {
    for (const { mtu, request, power, price } of own) write(pieces, p++, mtu, request, power, price)
    pieces.offerFrom[o + 1] = p
  })
  return pieces
}

export const pieceAt = ({ mtu, request, power, price }: Pieces, p: number): Piece => ({
  mtu: mtu[p]!,
  request: request[p]!,
  power: power[p]!,
  price: price[p]!
})

const emptyPieces = (offers: number, count: number): Pieces => ({
  offerFrom: new Int32Array(offers + 1),
  mtu: new Int32Array(count),
  request: new Int32Array(count),
  power: new Float64Array(count),
  price: new Float64Array(count)
})

const write = (into: Pieces, p: number, mtu: number, request: number, power: number, price: number): void => {
  into.mtu[p] = mtu
  into.request[p] = request
  into.power[p] = power
  into.price[p] = price
}

/** Overwritten by the next call. */
export const inStepOrder = (compiled: Compiled, pieces: Pieces): Pieces => {
  const { offerFrom } = pieces
  const offers = offerFrom.length - 1
  // Dealing r requests and b bids makes fewer than r + b pieces.
  const into = paperFor(2 * offerFrom[offers]!)
  const most = mostOfOneOffer(offerFrom)
  const dealt: Pieces = {
    offerFrom: new Int32Array(offers + 1),
    mtu: into.mtu,
    request: into.request,
    power: into.power,
    price: into.price
  }
  const order = new Int32Array(most)
  const bids = new Int32Array(most)
  let next = 0
  for (let o = 0; o < offers; o++) {
    next = orderOffer(compiled, pieces, o, dealt, next, order, bids)
    dealt.offerFrom[o + 1] = next
  }
  return {
    offerFrom: dealt.offerFrom,
    mtu: dealt.mtu.subarray(0, next),
    request: dealt.request.subarray(0, next),
    power: dealt.power.subarray(0, next),
    price: dealt.price.subarray(0, next)
  }
}

/** Columns that are longer than what stands in them: memory of the largest session is used again by all. */
let sorted: Omit<Pieces, 'offerFrom'> = emptyPieces(0, 0)
/** The same for pieces in the order of steps. */
let paper: Omit<Pieces, 'offerFrom'> = emptyPieces(0, 0)

const paperFor = (count: number): Omit<Pieces, 'offerFrom'> => {
  if (paper.mtu.length < count) paper = emptyPieces(0, count)
  return paper
}

const mostOfOneOffer = (offerFrom: Int32Array): number => {
  let most = 0
  for (let o = 1; o < offerFrom.length; o++) most = Math.max(most, offerFrom[o]! - offerFrom[o - 1]!)
  return most
}

/** Writes the ordered pieces of an offer from `next` on, and says where they end; `order` and `bids` are paper. */
const orderOffer = (
  compiled: Compiled,
  pieces: Pieces,
  offer: number,
  into: Pieces,
  next: number,
  order: Int32Array,
  bids: Int32Array
): number => {
  const { mtu, request, power, price } = pieces
  const first = pieces.offerFrom[offer]!
  const count = pieces.offerFrom[offer + 1]! - first
  let isByMtu = true
  for (let k = 0; k < count; k++) {
    order[k] = first + k
    if (k > 0 && mtu[first + k]! < mtu[first + k - 1]!) isByMtu = false
  }
  if (!isByMtu) order.subarray(0, count).sort((a, b) => mtu[a]! - mtu[b]! || a - b)
  for (let from = 0; from < count; ) {
    const p = order[from]!
    const here = mtu[p]!
    let to = from + 1
    while (to < count && mtu[order[to]!] === here) to++
    if (to === from + 1) write(into, next++, here, request[p]!, power[p]!, price[p]!)
    else next = orderOne(compiled, pieces, order, from, to, into, next, bids)
    from = to
  }
  return next
}

/** The same of one MTU, whose pieces are those of `byMtu[from … to - 1]`, which it sorts. */
const orderOne = (
  { requestIsDso, requestLimit }: Compiled,
  pieces: Pieces,
  byMtu: Int32Array,
  from: number,
  to: number,
  into: Pieces,
  next: number,
  bids: Int32Array
): number => {
  const { mtu, request, power, price } = pieces
  let isMixed = false
  // A few pieces: by insertion.
  for (let k = from + 1; k < to; k++) {
    const p = byMtu[k]!
    const r = request[p]!
    let n = k
    for (; n > from; n--) {
      const before = byMtu[n - 1]!
      const other = request[before]!
      const isAfter =
        other === r
          ? price[before]! > price[p]!
          : (requestIsDso[r]! - requestIsDso[other]! ||
              compareLimits(requestLimit[other]!, requestLimit[r]!) ||
              other - r) > 0
      if (other !== r) isMixed = true
      if (!isAfter) break
      byMtu[n] = before
    }
    byMtu[n] = p
  }
  if (isMixed) {
    const end = deal(pieces, byMtu, from, to, into, next, bids)
    let suits = true
    for (let d = next; d < end; d++) if (into.price[d]! > requestLimit[into.request[d]!]!) suits = false
    if (suits) return end
  }
  for (let k = from; k < to; k++) {
    const p = byMtu[k]!
    write(into, next++, mtu[p]!, request[p]!, power[p]!, price[p]!)
  }
  return next
}

const compareLimits = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)

/** The same bids by rising price, dealt to the same requests in their order. */
const deal = (
  { mtu, request, power, price }: Pieces,
  order: Int32Array,
  from: number,
  to: number,
  into: Pieces,
  next: number,
  bids: Int32Array
): number => {
  const count = to - from
  for (let k = from; k < to; k++) bids[k - from] = order[k]!
  for (let k = 1; k < count; k++) {
    const p = bids[k]!
    let n = k
    for (; n > 0 && price[bids[n - 1]!]! > price[p]!; n--) bids[n] = bids[n - 1]!
    bids[n] = p
  }
  let end = next
  let bid = 0
  let left = power[bids[0]!]!
  for (let k = from; k < to; k++) {
    const p = order[k]!
    for (let rest = power[p]!; rest > 0; ) {
      const part = Math.min(rest, left)
      const bidPrice = price[bids[bid]!]!
      if (end > next && into.request[end - 1] === request[p] && into.price[end - 1] === bidPrice)
        into.power[end - 1]! += part
      else write(into, end++, mtu[p]!, request[p]!, part, bidPrice)
      rest -= part
      left -= part
      if (left === 0 && ++bid < count) left = power[bids[bid]!]!
    }
  }
  return end
}
