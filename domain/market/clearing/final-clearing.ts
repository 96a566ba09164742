/**
 * Final clearing (FR_MP_FS_5.b): what stays accepted once the grid operator has judged it.
 *
 * Nothing is cleared anew: a verdict only takes away, from TSO allocations first, then from the DSO's, dearest bids first.
 * A single offer that falls below its minimum acceptance in an MTU gets nothing there; a block keeps the least that any
 * MTU of its run allows, or nothing at all. Prices, payments, residuals and totals are then those of what is left, so the
 * uniform price falls where its dearest bid went. Ranks stay as the market outcome gave them.
 * Assumes, like clearing does, that an offer's cheapest steps are accepted first.
 */
import type { Book, ClearingOutcome, Offer, OfferOutcome } from './book.ts'
import { type Compiled, compileBook } from './compiled-book.ts'
import { outcomeOf } from './outcome.ts'
import { inStepOrder, type Piece, pieceAt, piecesOf } from './pieces.ts'
import { intervalAt } from './restrictions.ts'

export interface Verdict {
  readonly mtu: number
  readonly mtus: number
  readonly verdict: 'OK' | 'PARTIAL' | 'KO'
  /** W or var that may stay in each of these MTUs; only read when PARTIAL. */
  readonly power: number
}

/** By offer id. What no verdict names is OK; of several verdicts on one MTU the strictest holds. */
export type Verdicts = ReadonlyMap<string, readonly Verdict[]>

export type ValidatedOutcome = Pick<ClearingOutcome, 'offers' | 'requests' | 'dso' | 'tso'>

export const applyVerdicts = (book: Book, outcomes: readonly OfferOutcome[], verdicts: Verdicts): ValidatedOutcome => {
  const compiled = compileBook(book)
  const requestIndex = new Map(book.requests.map((request, r) => [request.id, r]))
  const outcomeById = new Map(outcomes.map(outcome => [outcome.id, outcome]))
  const pieces = book.offers.map((offer, o) => {
    const outcome = outcomeById.get(offer.id)
    if (!outcome || outcome.allocations.length === 0) return []
    const accepted = acceptedPieces(compiled, o, outcome, requestIndex)
    const judged = verdicts.get(offer.id)
    return judged ? judgedPieces(compiled, o, offer, accepted, judged) : accepted
  })
  const { offers, requests, dso, tso } = outcomeOf(compiled, piecesOf(pieces), {
    algorithm: 'merit-order',
    version: '',
    gap: 0,
    nodes: 0
  })
  return {
    offers: offers.map(({ id, allocations }): OfferOutcome => {
      const before = outcomeById.get(id)
      if (allocations.length > 0) return { id, allocations, rank: before?.rank ?? 0 }
      const reason = before?.reason
      return { id, allocations, rank: 0, ...(reason !== undefined && { reason }) }
    }),
    requests,
    dso,
    tso
  }
}

/** The allocations with the bids behind them. */
const acceptedPieces = (
  compiled: Compiled,
  o: number,
  { id, allocations }: OfferOutcome,
  requestIndex: ReadonlyMap<string, number>
): readonly Piece[] => {
  const pieces: Piece[] = []
  for (const { requestId, mtu, mtus, power, price } of allocations) {
    const request = requestIndex.get(requestId)
    if (request === undefined) throw new Error(`applyVerdicts: ${id} serves no request of the book: ${requestId}`)
    for (let t = mtu; t < mtu + mtus; t++) pieces.push({ mtu: t, request, power, price })
  }
  return compiled.book.rules.pricing === 'payAsBid' ? ordered(compiled, pieces) : bidsBehind(compiled, o, pieces)
}

const ordered = (compiled: Compiled, pieces: readonly Piece[]): readonly Piece[] => {
  const columns = inStepOrder(compiled, piecesOf([pieces]))
  return Array.from(columns.mtu, (_, p) => pieceAt(columns, p))
}

/** Puts the bid in place of the clearing price: the cheapest steps of the curve, in the order in which they are dealt. */
const bidsBehind = (compiled: Compiled, o: number, pieces: readonly Piece[]): Piece[] => {
  const offer = compiled.book.offers[o]!
  if (offer.kind === 'block') return pieces.map(piece => ({ ...piece, price: offer.price }))
  const bids: Piece[] = []
  for (const here of byMtu(ordered(compiled, pieces))) {
    const { mtu } = here[0]!
    const steps = (intervalAt(compiled, o, mtu)?.steps ?? [])
      .map(({ quantity, price }) => ({ left: quantity, price }))
      .sort((a, b) => a.price - b.price)
    let k = 0
    for (const { request, power } of here)
      for (let rest = power; rest > 0; ) {
        const step = steps[k]
        if (!step) throw new Error(`applyVerdicts: ${offer.id} has more accepted than offered in MTU ${mtu}`)
        const part = Math.min(rest, step.left)
        bids.push({ mtu, request, power: part, price: step.price })
        step.left -= part
        rest -= part
        if (step.left === 0) k++
      }
  }
  return bids
}

const byMtu = (pieces: readonly Piece[]): Piece[][] => {
  const groups = new Map<number, Piece[]>()
  for (const piece of pieces) {
    const group = groups.get(piece.mtu)
    if (group) group.push(piece)
    else groups.set(piece.mtu, [piece])
  }
  return [...groups.values()]
}

const judgedPieces = (
  compiled: Compiled,
  o: number,
  offer: Offer,
  pieces: readonly Piece[],
  judged: readonly Verdict[]
): Piece[] => {
  const groups = byMtu(pieces)
  const allowed = groups.map(group => allowedIn(group, judged))
  if (offer.kind === 'block') {
    const least = allowed.reduce((lowest, power) => Math.min(lowest, power), Number.POSITIVE_INFINITY)
    const kept = least < offer.minAcceptance ? 0 : least
    return groups.flatMap(group => cutTo(compiled, group, kept))
  }
  return groups.flatMap((group, k) => {
    const minimum = intervalAt(compiled, o, group[0]!.mtu)?.minAcceptance ?? 0
    return cutTo(compiled, group, allowed[k]! < minimum ? 0 : allowed[k]!)
  })
}

const allowedIn = (group: readonly Piece[], judged: readonly Verdict[]): number => {
  let allowed = group.reduce((sum, piece) => sum + piece.power, 0)
  const { mtu } = group[0]!
  for (const verdict of judged) {
    if (mtu < verdict.mtu || mtu >= verdict.mtu + verdict.mtus) continue
    if (verdict.verdict === 'KO') allowed = 0
    else if (verdict.verdict === 'PARTIAL') allowed = Math.min(allowed, Math.max(0, verdict.power))
  }
  return allowed
}

/** Takes from the TSO first, then from the DSO; of one side the dearest bid first, then the later request. */
const cutTo = ({ requestIsDso }: Compiled, group: readonly Piece[], power: number): Piece[] => {
  let excess = group.reduce((sum, piece) => sum + piece.power, 0) - power
  if (excess === 0) return [...group]
  const lastFirst = group
    .map((piece, k) => ({ piece, k }))
    .sort(
      (a, b) =>
        requestIsDso[a.piece.request]! - requestIsDso[b.piece.request]! || b.piece.price - a.piece.price || b.k - a.k
    )
  const kept = group.map(piece => piece.power)
  for (const { piece, k } of lastFirst) {
    const cut = Math.min(excess, piece.power)
    kept[k]! -= cut
    excess -= cut
  }
  return group.map((piece, k) => ({ ...piece, power: kept[k]! })).filter(piece => piece.power > 0)
}
