/**
 * What became of the services of a session, twice: as clearing made it (`market`, flow 3) and as it was finalised
 * (`validated`, flow 5). Sums are columns, so that lists and accounts read no JSON.
 */
import type { Direction, MarketType, Quantity, Service, Side } from '../../schemas/generated.ts'
import type { TableDefinitions } from '../runtime/table.ts'

export type Stage = 'market' | 'validated'

/** `sort_rank` of what was not accepted: after all others. */
export const UNRANKED = 2 ** 31 - 1

/** `allocations` of a share that is the whole service. */
export const ALL_OF_THE_SERVICE = ''

export interface OutcomeSessionRow {
  session_id: string
  pom: string
  delivery_date: string
  market_type: MarketType
  number: number
  definitive_start: number
  definitive_end: number
  /** The last one there is; null while the session is open. */
  stage: Stage | null
}

interface Sums {
  accepted_watt_mtus: number
  /** Σ over allocations of MTUs × round half up (quantity × price / 4000). */
  paid_micro_eur: number
  /** The same for the definitive MTUs alone: those of other sessions come on top without counting anything twice. */
  definitive_micro_eur: number
  /** µ€ per kWh; null if nothing was accepted. */
  price_min: number | null
  price_max: number | null
}

export interface OutcomeServiceRow extends Sums {
  session_id: string
  stage: Stage
  offer_id: string
  market_outcome_id: string
  pom: string
  aggregator_id: string
  unit_id: string
  /** JSON. */
  pods: string
  first_pod: string
  quantity: Quantity
  direction: Direction
  carried_from: string | null
  /** JSON: the allocations by columns (curves/columns.ts). */
  allocations: string
  rank: number
  sort_rank: number
  reason: string | null
  /** Of the validated stage: 0 or 1. */
  is_definitive: number | null
  curtailed_watt_mtus: number
  partition: number
  cause: number
}

/** The part of a service that serves one request: what the operator of that request sees of it, and pays. */
export interface OutcomeShareRow extends Sums {
  session_id: string
  stage: Stage
  offer_id: string
  request_id: string
  side: Side
  operator: string | null
  aggregator_id: string
  /** The same; empty where it is all of the service's, which is nearly always and would be stored twice. */
  allocations: string
}

export interface OutcomeRequestRow {
  session_id: string
  stage: Stage
  request_id: string
  market_outcome_id: string
  pom: string
  side: Side
  operator: string
  quantity: Quantity
  direction: Direction
  service: Service
  carried_from: string | null
  served_watt_mtus: number
  residual_watt_mtus: number
  paid_micro_eur: number
  /** JSON: ProfileInterval[], ProfileInterval[], PriceInterval[]. */
  served: string
  residual: string
  prices: string
  partition: number
  cause: number
}

/** The last technical verdict on a service. */
export interface OutcomeVerdictRow {
  session_id: string
  offer_id: string
  by_role: string
  by_id: string
  /** JSON: VerdictInterval[]. */
  verdicts: string
  partition: number
  cause: number
}

export type OutcomeTables = {
  outcome_sessions: OutcomeSessionRow
  outcome_services: OutcomeServiceRow
  outcome_shares: OutcomeShareRow
  outcome_requests: OutcomeRequestRow
  outcome_verdicts: OutcomeVerdictRow
}

const sums = {
  accepted_watt_mtus: 'bigint',
  paid_micro_eur: 'bigint',
  definitive_micro_eur: 'bigint',
  price_min: 'bigint?',
  price_max: 'bigint?'
} as const

export const outcomeTables: TableDefinitions<OutcomeTables> = {
  outcome_sessions: {
    columns: {
      session_id: 'text',
      pom: 'text',
      delivery_date: 'text',
      market_type: 'text',
      number: 'integer',
      definitive_start: 'bigint',
      definitive_end: 'bigint',
      stage: 'text?'
    },
    key: ['session_id'],
    indexes: [['delivery_date']]
  },
  outcome_services: {
    columns: {
      session_id: 'text',
      stage: 'text',
      offer_id: 'text',
      market_outcome_id: 'text',
      pom: 'text',
      aggregator_id: 'text',
      unit_id: 'text',
      pods: 'text',
      first_pod: 'text',
      quantity: 'text',
      direction: 'text',
      carried_from: 'text?',
      allocations: 'text',
      rank: 'integer',
      sort_rank: 'integer',
      reason: 'text?',
      is_definitive: 'integer?',
      curtailed_watt_mtus: 'bigint',
      ...sums,
      partition: 'integer',
      cause: 'bigint'
    },
    key: ['session_id', 'stage', 'offer_id'],
    indexes: [['session_id', 'stage', 'sort_rank', 'offer_id']]
  },
  outcome_shares: {
    columns: {
      session_id: 'text',
      stage: 'text',
      offer_id: 'text',
      request_id: 'text',
      side: 'text',
      operator: 'text?',
      aggregator_id: 'text',
      allocations: 'text',
      ...sums
    },
    key: ['session_id', 'stage', 'offer_id', 'request_id']
  },
  outcome_requests: {
    columns: {
      session_id: 'text',
      stage: 'text',
      request_id: 'text',
      market_outcome_id: 'text',
      pom: 'text',
      side: 'text',
      operator: 'text',
      quantity: 'text',
      direction: 'text',
      service: 'text',
      carried_from: 'text?',
      served_watt_mtus: 'bigint',
      residual_watt_mtus: 'bigint',
      paid_micro_eur: 'bigint',
      served: 'text',
      residual: 'text',
      prices: 'text',
      partition: 'integer',
      cause: 'bigint'
    },
    key: ['session_id', 'stage', 'request_id']
  },
  outcome_verdicts: {
    columns: {
      session_id: 'text',
      offer_id: 'text',
      by_role: 'text',
      by_id: 'text',
      verdicts: 'text',
      partition: 'integer',
      cause: 'bigint'
    },
    key: ['session_id', 'offer_id']
  }
}
