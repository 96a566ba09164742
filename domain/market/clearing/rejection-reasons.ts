/**
 * Why an offer got nothing: the first obstacle that no MTU of it passes, in the order place, T-16, price limit, room; if it
 * passes them all, it was either not cheap enough, or cheaper than what was accepted and held back by its own minimum or
 * by what its unit already delivers.
 */

import type { Served } from './accepted-runs.ts'
import type { Offer, RejectionReason } from './book.ts'
import {
  type Compiled,
  closedByState,
  closedToDso,
  closedToTso,
  marketCount,
  placesClosedToTso,
  roomOf
} from './compiled-book.ts'
import { type OfferSteps, stepsEnd, stepsOf } from './offer-steps.ts'

/** All reasons there are, in an order of their own. */
export const rejectionReasonList: readonly RejectionReason[] = [
  'not-needed',
  'no-eligible-request',
  'above-price-limit',
  'closed-by-opposite-request',
  'no-room',
  'min-acceptance'
]

const obstacles: readonly RejectionReason[] = [
  'no-eligible-request',
  'closed-by-opposite-request',
  'above-price-limit',
  'no-room'
]

/** What looking at one offer after the other needs and finds. */
export interface Rejections {
  readonly compiled: Compiled
  readonly served: Served
  /** By market and MTU, what T-16 closes there by place; `null`: not worked out yet. */
  readonly closedPlaces: (Uint8Array | undefined | null)[]
  /** Of the offer in question: how many obstacles it passes in some MTU; whether it bids below what was accepted there. */
  passed: number
  wanted: boolean
  /** Its largest minimum acceptance, W. */
  minimum: number
}

export const rejectionsOf = (compiled: Compiled, served: Served): Rejections => ({
  compiled,
  served,
  closedPlaces: new Array<null>(marketCount * compiled.book.mtus).fill(null),
  passed: 0,
  wanted: false,
  minimum: 0
})

export const rejectionReason = (rejections: Rejections, o: number): RejectionReason => {
  const { compiled } = rejections
  const { book } = compiled
  const offer: Offer = book.offers[o]!
  const unit = book.units[compiled.offerUnit[o]!]!
  rejections.passed = 0
  rejections.wanted = false
  rejections.minimum = 0
  // An offer without minimum, of a unit without room, state or shared rule, can only be too dear.
  const simple = !unit.caps && !book.rules.exclusivePerPod && offer.kind === 'single' && !compiled.hasMinAcceptance[o]
  if (offer.kind === 'single') seeSingle(rejections, o, stepsOf(offer), simple)
  else for (let t = offer.earliest; t < offer.latest; t++) see(rejections, o, t, offer.price, offer.minAcceptance)
  const { passed, wanted, minimum } = rejections
  if (passed < obstacles.length) return obstacles[passed]!
  if (offer.kind === 'block') return wanted && minimum > 0 ? 'min-acceptance' : 'not-needed'
  if (!wanted || simple) return 'not-needed'
  return minimum > 0 ? 'min-acceptance' : unit.caps ? 'no-room' : 'not-needed'
}

const seeSingle = (rejections: Rejections, o: number, columns: OfferSteps, simple: boolean): void => {
  const { intervals, minAcceptances, steps } = columns
  for (let k = 0; 3 * k < intervals.length; k++) {
    let bid = Number.POSITIVE_INFINITY
    const last = stepsEnd(columns, k)
    for (let s = intervals[3 * k + 2]!; s < last; s++) bid = Math.min(bid, steps[2 * s]!)
    const end = intervals[3 * k + 1]!
    for (let t = intervals[3 * k]!; t < end; t++) {
      see(rejections, o, t, bid, minAcceptances[k] ?? 0)
      if (simple && rejections.passed === obstacles.length) return
    }
  }
}

const see = (rejections: Rejections, o: number, mtu: number, bid: number, minimum: number): void => {
  const { compiled, closedPlaces } = rejections
  const { book, offerKind, offerMarket, offerUnit, kinds, unitHasState } = compiled
  const market = offerMarket[o]!
  const unit = offerUnit[o]!
  const { place, dso, tso } = kinds[offerKind[o]!]!
  if (minimum > rejections.minimum) rejections.minimum = minimum
  const slot = market * book.mtus + mtu
  let places = closedPlaces[slot]
  if (places === null) {
    places = placesClosedToTso(compiled, market, mtu)
    closedPlaces[slot] = places
  }
  let closed = places?.[place] ?? 0
  if (unitHasState[unit]) closed |= closedByState(compiled, unit, market, mtu)
  const hasRoom = roomOf(compiled, unit, market, mtu) >= Math.max(1, minimum)
  look(rejections, dso[market]!, (closed & closedToDso) !== 0, mtu, bid, hasRoom)
  look(rejections, tso[market]!, (closed & closedToTso) !== 0, mtu, bid, hasRoom)
}

const look = (
  rejections: Rejections,
  requests: readonly number[],
  isClosed: boolean,
  mtu: number,
  bid: number,
  hasRoom: boolean
): void => {
  const { compiled, served } = rejections
  const { demand, requestLimit, book } = compiled
  for (let k = 0; k < requests.length; k++) {
    const r = requests[k]!
    const asked = demand[r]![mtu]!
    if (asked === 0) continue
    const slot = r * book.mtus + mtu
    const reached = isClosed ? 1 : bid > requestLimit[r]! ? 2 : !hasRoom ? 3 : 4
    if (reached > rejections.passed) rejections.passed = reached
    if (reached === 4 && (served.power[slot]! < asked || served.highestBid[slot]! > bid)) rejections.wanted = true
  }
}
