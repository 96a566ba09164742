/** The order book as it was sent: offers and requests of each session, with sums so that lists need not read curves. */
import type { Direction, LocationLevel, OfferService, Quantity, Service, Side } from '../../schemas/generated.ts'
import type { TableDefinitions } from '../runtime/table.ts'

export interface OfferRow {
  session_id: string
  offer_id: string
  pom: string
  aggregator_id: string
  unit_id: string
  /** JSON: PoD codes of the unit. */
  pods: string
  /** The first of them: through it a DSO finds its own. */
  first_pod: string
  kind: 'single' | 'block'
  quantity: Quantity
  direction: Direction
  service: OfferService
  /** First MTU in which it may be accepted, and the end of the last one. */
  start: number
  end: number
  /** W·MTU, the most that can be accepted. */
  offered_watt_mtus: number
  price_min: number
  price_max: number
  /** JSON: the intervals by columns (curves/columns.ts), or BlockTerms of a block. */
  curves: string
  player_service_id: string
  placed_at: number
  status: 'placed' | 'withdrawn'
  partition: number
  cause: number
}

export interface RequestRow {
  session_id: string
  request_id: string
  pom: string
  operator: string
  side: Side
  level: LocationLevel
  location: string
  /** JSON. */
  pods: string
  quantity: Quantity
  direction: Direction
  service: Service
  /** JSON: ProfileInterval[]. */
  profile: string
  asked_watt_mtus: number
  price_limit: number | null
  player_service_id: string
  placed_at: number
  status: 'placed' | 'withdrawn'
  partition: number
  cause: number
}

/** From when on a DSO may look at the offers. */
export interface ClearedSessionRow {
  session_id: string
  cleared_at: number
}

export type ServiceTables = { offers: OfferRow; requests: RequestRow; service_cleared_sessions: ClearedSessionRow }

export const serviceTables: TableDefinitions<ServiceTables> = {
  offers: {
    columns: {
      session_id: 'text',
      offer_id: 'text',
      pom: 'text',
      aggregator_id: 'text',
      unit_id: 'text',
      pods: 'text',
      first_pod: 'text',
      kind: 'text',
      quantity: 'text',
      direction: 'text',
      service: 'text',
      start: 'bigint',
      end: 'bigint',
      offered_watt_mtus: 'bigint',
      price_min: 'bigint',
      price_max: 'bigint',
      curves: 'text',
      player_service_id: 'text',
      placed_at: 'bigint',
      status: 'text',
      partition: 'integer',
      cause: 'bigint'
    },
    key: ['session_id', 'offer_id'],
    indexes: [['aggregator_id', 'session_id', 'offer_id']]
  },
  requests: {
    columns: {
      session_id: 'text',
      request_id: 'text',
      pom: 'text',
      operator: 'text',
      side: 'text',
      level: 'text',
      location: 'text',
      pods: 'text',
      quantity: 'text',
      direction: 'text',
      service: 'text',
      profile: 'text',
      asked_watt_mtus: 'bigint',
      price_limit: 'bigint?',
      player_service_id: 'text',
      placed_at: 'bigint',
      status: 'text',
      partition: 'integer',
      cause: 'bigint'
    },
    key: ['session_id', 'request_id']
  },
  service_cleared_sessions: { columns: { session_id: 'text', cleared_at: 'bigint' }, key: ['session_id'] }
}
