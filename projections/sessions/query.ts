/** Everybody in the market sees every session and its totals. */
import type { MarketCleared, MarketType, SessionFinalised, SessionRules } from '../../schemas/generated.ts'
import type { Actor } from '../runtime/actor.ts'
import { fetchLimit, type Page, type PageRequest, page, positionOf, readCursor } from '../runtime/page.ts'
import type { Position } from '../runtime/projection.ts'
import type { Sql } from '../runtime/sql.ts'
import type { SessionRow, SessionStatus, SessionTables } from './table.ts'

export type { SessionStatus } from './table.ts'

type Head = 'type' | 'pom' | 'sessionId' | 'marketOutcomeId'

export interface Session {
  readonly sessionId: string
  readonly pom: string
  readonly deliveryDate: string
  readonly timeZone: string
  readonly calendar: string
  readonly type: MarketType
  readonly number: number
  readonly start: number
  readonly mtus: number
  readonly definitiveStart: number
  readonly definitiveMtus: number
  readonly opensAt: number
  readonly closesAt: number
  readonly validationEndsAt: number
  readonly rules: SessionRules
  readonly podCount: number
  readonly podDigest: string
  readonly status: SessionStatus
  readonly marketOutcomeId: string | null
  /** How and with what totals it was cleared. */
  readonly cleared: Omit<MarketCleared, Head> | null
  readonly clearedAt: number | null
  /** The final counts and totals. */
  readonly finalised: Omit<SessionFinalised, Head | 'status'> | null
  readonly finalisedAt: number | null
  readonly position: Position
}

export interface SessionFilter extends PageRequest {
  readonly visibleTo: Actor
  /** Delivery date, YYYY-MM-DD. */
  readonly date?: string
  readonly pom?: string
  readonly type?: MarketType
  readonly status?: SessionStatus
}

/** By delivery date, then id. */
export const listSessions = async (db: Sql, filter: SessionFilter): Promise<Page<Session>> => {
  const after = readCursor('sessions', ['text', 'text'], filter.after)
  let query = db
    .withTables<SessionTables>()
    .selectFrom('sessions')
    .selectAll()
    .orderBy('delivery_date')
    .orderBy('session_id')
    .limit(fetchLimit(filter.limit))
  if (after)
    query = query.where(({ eb, or, and }) =>
      or([
        eb('delivery_date', '>', after[0]),
        and([eb('delivery_date', '=', after[0]), eb('session_id', '>', after[1])])
      ])
    )
  if (filter.date !== undefined) query = query.where('delivery_date', '=', filter.date)
  if (filter.pom !== undefined) query = query.where('pom', '=', filter.pom)
  if (filter.type !== undefined) query = query.where('market_type', '=', filter.type)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  return page('sessions', await query.execute(), filter.limit, row => [row.delivery_date, row.session_id], sessionOf)
}

export const getSession = async (db: Sql, sessionId: string, _visibleTo: Actor): Promise<Session | undefined> => {
  const row = await db
    .withTables<SessionTables>()
    .selectFrom('sessions')
    .selectAll()
    .where('session_id', '=', sessionId)
    .executeTakeFirst()
  return row && sessionOf(row)
}

const sessionOf = (row: SessionRow): Session => ({
  sessionId: row.session_id,
  pom: row.pom,
  deliveryDate: row.delivery_date,
  timeZone: row.time_zone,
  calendar: row.calendar,
  type: row.market_type,
  number: row.number,
  start: row.start,
  mtus: row.mtus,
  definitiveStart: row.definitive_start,
  definitiveMtus: row.definitive_mtus,
  opensAt: row.opens_at,
  closesAt: row.closes_at,
  validationEndsAt: row.validation_ends_at,
  rules: JSON.parse(row.rules) as SessionRules,
  podCount: row.pod_count,
  podDigest: row.pod_digest,
  status: row.status,
  marketOutcomeId: row.market_outcome_id,
  cleared: row.cleared === null ? null : (JSON.parse(row.cleared) as NonNullable<Session['cleared']>),
  clearedAt: row.cleared_at,
  finalised: row.finalised === null ? null : (JSON.parse(row.finalised) as NonNullable<Session['finalised']>),
  finalisedAt: row.finalised_at,
  position: positionOf('flex.market.events', row)
})
