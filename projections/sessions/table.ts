/** Sessions: the calendar entry, how far it is, and the totals of clearing and of the final outcome. */
import type { MarketType } from '../../schemas/generated.ts'
import type { TableDefinitions } from '../runtime/table.ts'

/** A session is cleared where it closes, so there is no time between the two. */
export type SessionStatus = 'open' | 'cleared' | 'validated' | 'notValidated'

export interface SessionRow {
  session_id: string
  pom: string
  delivery_date: string
  time_zone: string
  calendar: string
  market_type: MarketType
  number: number
  start: number
  mtus: number
  definitive_start: number
  definitive_mtus: number
  opens_at: number
  closes_at: number
  validation_ends_at: number
  /** JSON: SessionRules. */
  rules: string
  pod_count: number
  pod_digest: string
  status: SessionStatus
  market_outcome_id: string | null
  /** JSON: what MarketCleared says. */
  cleared: string | null
  cleared_at: number | null
  /** JSON: what SessionFinalised says. */
  finalised: string | null
  finalised_at: number | null
  partition: number
  cause: number
}

export type SessionTables = { sessions: SessionRow }

export const sessionTables: TableDefinitions<SessionTables> = {
  sessions: {
    columns: {
      session_id: 'text',
      pom: 'text',
      delivery_date: 'text',
      time_zone: 'text',
      calendar: 'text',
      market_type: 'text',
      number: 'integer',
      start: 'bigint',
      mtus: 'integer',
      definitive_start: 'bigint',
      definitive_mtus: 'integer',
      opens_at: 'bigint',
      closes_at: 'bigint',
      validation_ends_at: 'bigint',
      rules: 'text',
      pod_count: 'integer',
      pod_digest: 'text',
      status: 'text',
      market_outcome_id: 'text?',
      cleared: 'text?',
      cleared_at: 'bigint?',
      finalised: 'text?',
      finalised_at: 'bigint?',
      partition: 'integer',
      cause: 'bigint'
    },
    key: ['session_id'],
    indexes: [
      ['delivery_date', 'session_id'],
      ['pom', 'delivery_date', 'session_id']
    ]
  }
}
