/**
 * Why an offer got nothing: the first obstacle that no MTU of it passes, in the order place, T-16, price limit, room; if it
 * passes them all, it was either not cheap enough, or cheaper than what was accepted and held back by its own minimum or
 * by what its unit already delivers.
 */

import type { Served } from './accepted-runs.ts'
import type { Offer, RejectionReason } from './book.ts'
import { type Compiled, closedByState, closedToDso, closedToTso, placesClosedToTso, roomOf } from './compiled-book.ts'
import { stepsEnd, stepsOf } from './offer-steps.ts'

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

export const rejectionReasons = (compiled: Compiled, served: Served): ((offer: number) => RejectionReason) => {
  const { book, demand, offerKind, offerMarket, offerUnit, kinds, requestLimit, unitHasState } = compiled
  const closedPlaces = new Map<number, Uint8Array | undefined>()
  const closedAt = (market: number, mtu: number): Uint8Array | undefined => {
    const slot = market * book.mtus + mtu
    if (!closedPlaces.has(slot)) closedPlaces.set(slot, placesClosedToTso(compiled, market, mtu))
    return closedPlaces.get(slot)
  }

  /** How many obstacles the offer passes in one MTU; `wanted` if it bids below what was accepted there. */
  const passedAt = (o: number, mtu: number, bid: number, least: number): { passed: number; wanted: boolean } => {
    const market = offerMarket[o]!
    const { place, dso, tso } = kinds[offerKind[o]!]!
    const unit = offerUnit[o]!
    let closed = closedAt(market, mtu)?.[place] ?? 0
    if (unitHasState[unit]) closed |= closedByState(compiled, unit, market, mtu)
    let passed = 0
    let wanted = false
    const look = (requests: readonly number[], closing: number): void => {
      for (const r of requests) {
        const asked = demand[r]![mtu]!
        if (asked === 0) continue
        const slot = r * book.mtus + mtu
        const reached =
          closed & closing ? 1 : bid > requestLimit[r]! ? 2 : roomOf(compiled, unit, market, mtu) < least ? 3 : 4
        if (reached > passed) passed = reached
        if (reached === 4 && (served.power[slot]! < asked || served.highestBid[slot]! > bid)) wanted = true
      }
    }
    look(dso[market]!, closedToDso)
    look(tso[market]!, closedToTso)
    return { passed, wanted }
  }

  return o => {
    const offer: Offer = book.offers[o]!
    let passed = 0
    let wanted = false
    let minimum = 0
    const see = (mtu: number, bid: number, least: number): void => {
      const here = passedAt(o, mtu, bid, Math.max(1, least))
      if (here.passed > passed) passed = here.passed
      if (here.wanted) wanted = true
      if (least > minimum) minimum = least
    }
    // An offer without minimum, of a unit without room, state or shared rule, can only be too dear.
    const unit = book.units[offerUnit[o]!]!
    const simple = !unit.caps && !book.rules.exclusivePerPod && offer.kind === 'single' && !compiled.hasMinAcceptance[o]
    if (offer.kind === 'single') {
      const columns = stepsOf(offer)
      for (let k = 0; 3 * k < columns.intervals.length && !(simple && passed === 4); k++) {
        let bid = Number.POSITIVE_INFINITY
        const last = stepsEnd(columns, k)
        for (let s = columns.intervals[3 * k + 2]!; s < last; s++) bid = Math.min(bid, columns.steps[2 * s]!)
        const end = columns.intervals[3 * k + 1]!
        for (let t = columns.intervals[3 * k]!; t < end && !(simple && passed === 4); t++)
          see(t, bid, columns.minAcceptances[k] ?? 0)
      }
    } else for (let t = offer.earliest; t < offer.latest; t++) see(t, offer.price, offer.minAcceptance)
    if (passed < 4) return obstacles[passed]!
    if (offer.kind === 'block') return wanted && minimum > 0 ? 'min-acceptance' : 'not-needed'
    if (!wanted || simple) return 'not-needed'
    return minimum > 0 ? 'min-acceptance' : unit.caps ? 'no-room' : 'not-needed'
  }
}
