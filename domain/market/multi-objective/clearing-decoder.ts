/**
 * From genes to a solution of any book: the exact clearing of the same book at other prices (bid + surcharge), read back
 * at the bids' own prices. Whatever the clearing knows about blocks, minimum acceptances and exclusive units holds for
 * every solution; but each one costs a clearing, so the search counts them.
 *
 * The surcharge must not change who may serve whom: with price limits a price stays between the same two limits of its
 * market as before. Prices are whole µ€ per kWh and bounded (the clearing is exact up to PRICE_MAX), so a very high
 * weight is cut there: a solution found this way is always valid, but the end of its front may be short of the most reliable one.
 */

import type { Book, ClearingOutcome, Offer, PriceStep, Request } from '../clearing/book.ts'
import type { Compiled } from '../clearing/compiled-book.ts'
import { addGrant, type Grants, noGrants } from '../clearing/grants.ts'
import { surchargeOf } from './preference.ts'

/** µ€ per kWh: power up to 1e8 W times this stays within 2^53. */
const PRICE_MAX = 50_000_000

/** Times the dearest bid that "reliability alone" is worth here: more only costs the solver precision. */
const WEIGHT_OF_RELIABILITY_ALONE = 20

export interface ClearingDecoder {
  readonly compiled: Compiled
  readonly clear: (book: Book) => ClearingOutcome
  readonly unitUnreliability: Float64Array
  readonly highestPrice: number
  readonly weightMax: number
}

export const clearingDecoder = (
  compiled: Compiled,
  unitUnreliability: Float64Array,
  clear: (book: Book) => ClearingOutcome
): ClearingDecoder => {
  const highestPrice = compiled.book.offers.reduce((highest, offer) => Math.max(highest, ...pricesOf(offer)), 0)
  return {
    compiled,
    clear,
    unitUnreliability,
    highestPrice,
    weightMax: WEIGHT_OF_RELIABILITY_ALONE * (highestPrice + 1)
  }
}

/** What the clearing decides at the prices that these genes mean, at the bids' own prices. */
export const clearByGenes = (decoder: ClearingDecoder, genes: Float64Array): Grants => {
  const { compiled, clear, unitUnreliability, highestPrice, weightMax } = decoder
  const { byUnit } = surchargeOf(genes, highestPrice, weightMax, unitUnreliability)
  return grantsOf(compiled, clear(reprice(compiled, byUnit)))
}

const pricesOf = (offer: Offer): number[] =>
  offer.kind === 'block' ? [offer.price] : offer.intervals.flatMap(interval => interval.steps.map(step => step.price))

const sameMarket = (a: Offer | Request, b: Offer | Request): boolean =>
  a.quantity === b.quantity && a.direction === b.direction

/** The book with each unit's surcharge on its prices, eligibility unchanged. */
export const reprice = ({ book, offerUnit }: Compiled, byUnit: Float64Array): Book => {
  const highestPrice = book.offers.reduce((highest, offer) => Math.max(highest, ...pricesOf(offer)), 0)
  const highestSurcharge = byUnit.reduce((a, b) => Math.max(a, b), 0)
  const fitting = highestSurcharge > 0 ? Math.min(1, Math.max(0, PRICE_MAX - highestPrice) / highestSurcharge) : 1
  const offers = book.offers.map((offer, o): Offer => {
    const limits = book.requests
      .flatMap(request => (sameMarket(request, offer) ? (request.priceLimit ?? []) : []))
      .sort((a, b) => a - b)
    const surcharge = byUnit[offerUnit[o]!]! * fitting
    const changed = (price: number): number =>
      Math.min(Math.round(price + surcharge), limits.find(limit => price <= limit) ?? PRICE_MAX)
    if (offer.kind === 'block') return { ...offer, price: changed(offer.price) }
    return {
      ...offer,
      intervals: offer.intervals.map(interval => ({
        ...interval,
        steps: interval.steps.map((step): PriceStep => ({ ...step, price: changed(step.price) }))
      }))
    }
  })
  return { ...book, offers }
}

/** Who serves whom in an outcome, each part at its step's own price: the cheapest steps first, the DSO before the TSO. */
export const grantsOf = (compiled: Compiled, outcome: ClearingOutcome): Grants => {
  const { book } = compiled
  const grants = noGrants()
  const offerOf = new Map(book.offers.map((offer, o) => [offer.id, o]))
  const requestOf = new Map(book.requests.map((request, r) => [request.id, r]))
  for (const { id, allocations } of outcome.offers) {
    const offer = offerOf.get(id)!
    const byMtu = new Map<number, Part[]>()
    for (const { requestId, mtu, mtus, power } of allocations)
      for (let t = mtu; t < mtu + mtus; t++) {
        const parts = byMtu.get(t) ?? []
        parts.push({ request: requestOf.get(requestId)!, power })
        byMtu.set(t, parts)
      }
    for (const [mtu, parts] of byMtu)
      for (const { request, power, price } of fill(compiled, stepsAt(book.offers[offer]!, mtu), parts))
        addGrant(grants, offer, mtu, request, power, price)
  }
  return grants
}

interface Part {
  readonly request: number
  readonly power: number
}

const stepsAt = (offer: Offer, mtu: number): PriceStep[] => {
  if (offer.kind === 'block') return [{ quantity: offer.power, price: offer.price }]
  const interval = offer.intervals.find(({ mtu: from, mtus }) => from <= mtu && mtu < from + mtus)
  return [...(interval?.steps ?? [])].sort((a, b) => a.price - b.price)
}

const fill = (
  { requestIsDso, requestLimit, book }: Compiled,
  steps: readonly PriceStep[],
  parts: readonly Part[]
): (Part & { price: number })[] => {
  const inOrder = (order: (a: Part, b: Part) => number): (Part & { price: number })[] => {
    const filled: (Part & { price: number })[] = []
    let step = 0
    let open = steps[0]?.quantity ?? 0
    for (const { request, power } of [...parts].sort(order))
      for (let rest = power; rest > 0; ) {
        if (open === 0) open = steps[++step]?.quantity ?? 0
        const current = steps[step]
        if (current === undefined) throw new Error(`fill: more accepted than offered for ${book.requests[request]!.id}`)
        const taken = Math.min(rest, open)
        filled.push({ request, power: taken, price: current.price })
        open -= taken
        rest -= taken
      }
    return filled
  }
  const byLimit = (a: Part, b: Part): number => requestLimit[a.request]! - requestLimit[b.request]!
  const dsoFirst = inOrder(
    (a, b) => requestIsDso[b.request]! - requestIsDso[a.request]! || byLimit(a, b) || a.request - b.request
  )
  if (dsoFirst.every(({ request, price }) => price <= requestLimit[request]!)) return dsoFirst
  // The cheapest W are enough for everyone's limit, if those with the lowest limit choose first.
  return inOrder((a, b) => byLimit(a, b) || a.request - b.request)
}
