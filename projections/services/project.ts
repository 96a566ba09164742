import { runEnd } from '../../domain/units/time.ts'
import type { BlockOfferPlaced, OfferPlaced, RequestPlaced } from '../../schemas/generated.ts'
import { writeIntervals } from '../curves/columns.ts'
import { type CauseMeta, projection } from '../runtime/projection.ts'
import { type OfferRow, type RequestRow, type ServiceTables, serviceTables } from './table.ts'

type Handled =
  | 'OfferPlaced'
  | 'BlockOfferPlaced'
  | 'OfferWithdrawn'
  | 'RequestPlaced'
  | 'RequestWithdrawn'
  | 'MarketCleared'

export const servicesProjection = projection<ServiceTables, Handled>({
  name: 'services',
  version: 1,
  topics: ['flex.market.events'],
  handles: ['OfferPlaced', 'BlockOfferPlaced', 'OfferWithdrawn', 'RequestPlaced', 'RequestWithdrawn', 'MarketCleared'],
  tables: serviceTables,
  async apply({ meta, events }, write) {
    for (const event of events)
      switch (event.type) {
        case 'OfferPlaced':
          write.put('offers', { ...offerRow(event, meta), ...singleTerms(event) })
          break
        case 'BlockOfferPlaced':
          write.put('offers', { ...offerRow(event, meta), ...blockTerms(event) })
          break
        case 'RequestPlaced':
          write.put('requests', requestRow(event, meta))
          break
        case 'OfferWithdrawn': {
          const db = await write.statements()
          await db
            .updateTable('offers')
            .set({ status: 'withdrawn', partition: meta.partition, cause: meta.cause })
            .where('session_id', '=', event.sessionId)
            .where('offer_id', '=', event.offerId)
            .execute()
          break
        }
        case 'RequestWithdrawn': {
          const db = await write.statements()
          await db
            .updateTable('requests')
            .set({ status: 'withdrawn', partition: meta.partition, cause: meta.cause })
            .where('session_id', '=', event.sessionId)
            .where('request_id', '=', event.requestId)
            .execute()
          break
        }
        case 'MarketCleared':
          write.put('service_cleared_sessions', { session_id: event.sessionId, cleared_at: meta.time })
          break
      }
  }
})

type Terms = 'kind' | 'start' | 'end' | 'offered_watt_mtus' | 'price_min' | 'price_max' | 'curves'

const offerRow = (offer: OfferPlaced | BlockOfferPlaced, meta: CauseMeta): Omit<OfferRow, Terms> => ({
  session_id: offer.sessionId,
  offer_id: offer.offerId,
  pom: offer.pom,
  aggregator_id: offer.by.id,
  unit_id: offer.unit.id,
  pods: JSON.stringify(offer.unit.pods),
  first_pod: offer.unit.pods[0] ?? offer.unit.id,
  quantity: offer.quantity,
  direction: offer.direction,
  service: offer.service,
  player_service_id: offer.playerServiceId,
  placed_at: offer.placedAt,
  status: 'placed',
  partition: meta.partition,
  cause: meta.cause
})

const singleTerms = ({ intervals }: OfferPlaced): Pick<OfferRow, Terms> => {
  let start = Number.MAX_SAFE_INTEGER
  let end = 0
  let offered = 0
  let priceMin = Number.MAX_SAFE_INTEGER
  let priceMax = 0
  for (const interval of intervals) {
    start = Math.min(start, interval.start)
    end = Math.max(end, runEnd(interval))
    for (const { quantity, price } of interval.steps) {
      offered += quantity * interval.mtus
      priceMin = Math.min(priceMin, price)
      priceMax = Math.max(priceMax, price)
    }
  }
  return {
    kind: 'single',
    start: Math.min(start, end),
    end,
    offered_watt_mtus: offered,
    price_min: Math.min(priceMin, priceMax),
    price_max: priceMax,
    curves: writeIntervals(intervals)
  }
}

const blockTerms = (block: BlockOfferPlaced): Pick<OfferRow, Terms> => {
  const { power, mtus, maxEnergyWattMtus, earliestStart, latestEnd, price, minAcceptance } = block
  return {
    kind: 'block',
    start: earliestStart,
    end: latestEnd,
    offered_watt_mtus: Math.min(power * mtus, maxEnergyWattMtus),
    price_min: price,
    price_max: price,
    curves: JSON.stringify({ power, mtus, maxEnergyWattMtus, earliestStart, latestEnd, price, minAcceptance })
  }
}

const requestRow = (request: RequestPlaced, meta: CauseMeta): RequestRow => ({
  session_id: request.sessionId,
  request_id: request.requestId,
  pom: request.pom,
  operator: request.by.id,
  side: request.side,
  level: request.level,
  location: request.location,
  pods: JSON.stringify(request.pods),
  quantity: request.quantity,
  direction: request.direction,
  service: request.service,
  profile: JSON.stringify(request.profile),
  asked_watt_mtus: request.profile.reduce((sum, { mtus, quantity }) => sum + mtus * quantity, 0),
  price_limit: request.priceLimit,
  player_service_id: request.playerServiceId,
  placed_at: request.placedAt,
  status: 'placed',
  partition: meta.partition,
  cause: meta.cause
})
