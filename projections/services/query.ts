/**
 * Who sees an offer: the aggregator that made it; the DSO of its PoDs, once the session is cleared (before, it could ask
 * according to what is offered); the administrator. Who sees a request: the operator that made it; the administrator.
 */
import type { ExpressionBuilder } from 'kysely'
import type { BlockOfferPlaced, OfferInterval, ProfileInterval, Unit } from '../../schemas/generated.ts'
import { readIntervals } from '../curves/columns.ts'
import type { PlaceTables } from '../places/table.ts'
import { type Actor, everybody, nobody } from '../runtime/actor.ts'
import { fetchLimit, type Page, type PageRequest, page, positionOf, readCursor } from '../runtime/page.ts'
import type { Position } from '../runtime/projection.ts'
import type { Sql } from '../runtime/sql.ts'
import type { OfferRow, RequestRow, ServiceTables } from './table.ts'

const topic = 'flex.market.events'

export type BlockTerms = Pick<
  BlockOfferPlaced,
  'power' | 'mtus' | 'maxEnergyWattMtus' | 'earliestStart' | 'latestEnd' | 'price' | 'minAcceptance'
>

/** An offer without its curves. */
export interface OfferSummary {
  readonly sessionId: string
  readonly offerId: string
  readonly pom: string
  readonly aggregatorId: string
  readonly unit: Unit
  readonly kind: 'single' | 'block'
  readonly quantity: OfferRow['quantity']
  readonly direction: OfferRow['direction']
  readonly service: OfferRow['service']
  readonly start: number
  readonly end: number
  readonly offeredWattMtus: number
  readonly priceMin: number
  readonly priceMax: number
  readonly playerServiceId: string
  readonly placedAt: number
  readonly status: 'placed' | 'withdrawn'
  readonly position: Position
}

export interface Offer extends OfferSummary {
  /** Of a single offer; empty for a block. */
  readonly intervals: readonly OfferInterval[]
  /** Of a block; null for a single offer. */
  readonly block: BlockTerms | null
}

export interface OfferFilter extends PageRequest {
  readonly visibleTo: Actor
  readonly sessionId: string
  readonly aggregatorId?: string
  readonly status?: 'placed' | 'withdrawn'
}

export const listOffers = async (db: Sql, filter: OfferFilter): Promise<Page<Offer>> => {
  const rows = await offers(db, filter).select('curves').execute()
  return page('offers', rows, filter.limit, row => [row.offer_id], offerOf)
}

/** The same without curves: several times faster on a full session. */
export const listOfferSummaries = async (db: Sql, filter: OfferFilter): Promise<Page<OfferSummary>> => {
  const rows = await offers(db, filter).execute()
  return page('offers', rows, filter.limit, row => [row.offer_id], offerSummaryOf)
}

export const getOffer = async (
  db: Sql,
  key: { readonly sessionId: string; readonly offerId: string },
  visibleTo: Actor
): Promise<Offer | undefined> => {
  const row = await offers(db, { visibleTo, sessionId: key.sessionId, limit: 1 })
    .select('curves')
    .where('offer_id', '=', key.offerId)
    .executeTakeFirst()
  return row && offerOf(row)
}

type OfferTables = ServiceTables & PlaceTables

const offers = (db: Sql, filter: OfferFilter) => {
  const after = readCursor('offers', ['text'], filter.after)
  let query = db
    .withTables<OfferTables>()
    .selectFrom('offers')
    .select([
      'session_id',
      'offer_id',
      'pom',
      'aggregator_id',
      'unit_id',
      'pods',
      'first_pod',
      'kind',
      'quantity',
      'direction',
      'service',
      'start',
      'end',
      'offered_watt_mtus',
      'price_min',
      'price_max',
      'player_service_id',
      'placed_at',
      'status',
      'partition',
      'cause'
    ])
    .where('session_id', '=', filter.sessionId)
    .where(expression => seesOffer(expression, filter.visibleTo))
    .orderBy('offer_id')
    .limit(fetchLimit(filter.limit))
  if (after) query = query.where('offer_id', '>', after[0])
  if (filter.aggregatorId !== undefined) query = query.where('aggregator_id', '=', filter.aggregatorId)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  return query
}

const seesOffer = ({ eb, and, exists, selectFrom }: ExpressionBuilder<OfferTables, 'offers'>, { role, id }: Actor) => {
  switch (role) {
    case 'aggregator':
      return eb('offers.aggregator_id', '=', id)
    case 'dso':
      return and([
        exists(
          selectFrom('service_cleared_sessions')
            .select('service_cleared_sessions.session_id')
            .whereRef('service_cleared_sessions.session_id', '=', 'offers.session_id')
        ),
        exists(
          selectFrom('noted_pods')
            .select('noted_pods.pod')
            .whereRef('noted_pods.pom', '=', 'offers.pom')
            .whereRef('noted_pods.pod', '=', 'offers.first_pod')
            .where('noted_pods.dso_id', '=', id)
        )
      ])
    case 'tso':
      return nobody
    case 'administrator':
      return everybody
  }
}

const offerSummaryOf = (row: Omit<OfferRow, 'curves'>): OfferSummary => ({
  sessionId: row.session_id,
  offerId: row.offer_id,
  pom: row.pom,
  aggregatorId: row.aggregator_id,
  unit: { id: row.unit_id, pods: JSON.parse(row.pods) as string[] },
  kind: row.kind,
  quantity: row.quantity,
  direction: row.direction,
  service: row.service,
  start: row.start,
  end: row.end,
  offeredWattMtus: row.offered_watt_mtus,
  priceMin: row.price_min,
  priceMax: row.price_max,
  playerServiceId: row.player_service_id,
  placedAt: row.placed_at,
  status: row.status,
  position: positionOf(topic, row)
})

const offerOf = (row: OfferRow): Offer => ({
  ...offerSummaryOf(row),
  intervals: row.kind === 'single' ? readIntervals(row.curves) : [],
  block: row.kind === 'block' ? (JSON.parse(row.curves) as BlockTerms) : null
})

export interface FlexibilityRequest {
  readonly sessionId: string
  readonly requestId: string
  readonly pom: string
  readonly operator: string
  readonly side: RequestRow['side']
  readonly level: RequestRow['level']
  readonly location: string
  readonly pods: readonly string[]
  readonly quantity: RequestRow['quantity']
  readonly direction: RequestRow['direction']
  readonly service: RequestRow['service']
  readonly profile: readonly ProfileInterval[]
  readonly askedWattMtus: number
  readonly priceLimit: number | null
  readonly playerServiceId: string
  readonly placedAt: number
  readonly status: 'placed' | 'withdrawn'
  readonly position: Position
}

export interface RequestFilter extends PageRequest {
  readonly visibleTo: Actor
  readonly sessionId: string
  readonly status?: 'placed' | 'withdrawn'
}

export const listRequests = async (db: Sql, filter: RequestFilter): Promise<Page<FlexibilityRequest>> => {
  const rows = await requests(db, filter).execute()
  return page('requests', rows, filter.limit, row => [row.request_id], requestOf)
}

export const getRequest = async (
  db: Sql,
  key: { readonly sessionId: string; readonly requestId: string },
  visibleTo: Actor
): Promise<FlexibilityRequest | undefined> => {
  const row = await requests(db, { visibleTo, sessionId: key.sessionId, limit: 1 })
    .where('request_id', '=', key.requestId)
    .executeTakeFirst()
  return row && requestOf(row)
}

const requests = (db: Sql, filter: RequestFilter) => {
  const after = readCursor('requests', ['text'], filter.after)
  let query = db
    .withTables<ServiceTables>()
    .selectFrom('requests')
    .selectAll()
    .where('session_id', '=', filter.sessionId)
    .where(expression => seesRequest(expression, filter.visibleTo))
    .orderBy('request_id')
    .limit(fetchLimit(filter.limit))
  if (after) query = query.where('request_id', '>', after[0])
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  return query
}

const seesRequest = ({ eb, and }: ExpressionBuilder<ServiceTables, 'requests'>, { role, id }: Actor) => {
  switch (role) {
    case 'aggregator':
      return nobody
    case 'dso':
    case 'tso':
      return and([eb('requests.operator', '=', id), eb('requests.side', '=', role === 'dso' ? 'DSO' : 'TSO')])
    case 'administrator':
      return everybody
  }
}

const requestOf = (row: RequestRow): FlexibilityRequest => ({
  sessionId: row.session_id,
  requestId: row.request_id,
  pom: row.pom,
  operator: row.operator,
  side: row.side,
  level: row.level,
  location: row.location,
  pods: JSON.parse(row.pods) as string[],
  quantity: row.quantity,
  direction: row.direction,
  service: row.service,
  profile: JSON.parse(row.profile) as ProfileInterval[],
  askedWattMtus: row.asked_watt_mtus,
  priceLimit: row.price_limit,
  playerServiceId: row.player_service_id,
  placedAt: row.placed_at,
  status: row.status,
  position: positionOf(topic, row)
})
