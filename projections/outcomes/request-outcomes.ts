/** Who sees the outcome of a request: its operator; the administrator. */
import type { ExpressionBuilder } from 'kysely'
import type { PriceInterval, ProfileInterval } from '../../schemas/generated.ts'
import { type Actor, everybody, nobody } from '../runtime/actor.ts'
import { fetchLimit, type Page, type PageRequest, page, positionOf, readCursor } from '../runtime/page.ts'
import type { Position } from '../runtime/projection.ts'
import type { Sql } from '../runtime/sql.ts'
import type { OutcomeRequestRow, OutcomeTables, Stage } from './table.ts'

export interface RequestOutcomeItem {
  readonly sessionId: string
  readonly stage: Stage
  readonly marketOutcomeId: string
  readonly requestId: string
  readonly pom: string
  readonly side: OutcomeRequestRow['side']
  readonly operator: string
  readonly quantity: OutcomeRequestRow['quantity']
  readonly direction: OutcomeRequestRow['direction']
  readonly service: OutcomeRequestRow['service']
  readonly carriedFrom: string | null
  readonly served: readonly ProfileInterval[]
  /** Not served (T-23). */
  readonly residual: readonly ProfileInterval[]
  readonly prices: readonly PriceInterval[]
  readonly servedWattMtus: number
  readonly residualWattMtus: number
  readonly paidMicroEur: number
  readonly position: Position
}

export interface RequestOutcomeFilter extends PageRequest {
  readonly visibleTo: Actor
  readonly sessionId: string
  /** Default: the last one that the session has reached. */
  readonly stage?: Stage
}

export const listRequestOutcomes = async (
  sql: Sql,
  filter: RequestOutcomeFilter
): Promise<Page<RequestOutcomeItem>> => {
  const after = readCursor('outcome/requests', ['text'], filter.after)
  const limit = fetchLimit(filter.limit)
  const stage = filter.stage ?? (await lastStage(sql, filter.sessionId))
  if (stage === null) return { items: [] }
  let query = sql
    .withTables<OutcomeTables>()
    .selectFrom('outcome_requests')
    .selectAll()
    .where('session_id', '=', filter.sessionId)
    .where('stage', '=', stage)
    .where(expression => seesRequest(expression, filter.visibleTo))
    .orderBy('request_id')
    .limit(limit)
  if (after) query = query.where('request_id', '>', after[0])
  return page('outcome/requests', await query.execute(), filter.limit, row => [row.request_id], requestOf)
}

const lastStage = async (sql: Sql, sessionId: string): Promise<Stage | null> => {
  const session = await sql
    .withTables<OutcomeTables>()
    .selectFrom('outcome_sessions')
    .select('stage')
    .where('session_id', '=', sessionId)
    .executeTakeFirst()
  return session?.stage ?? null
}

const seesRequest = ({ eb, and }: ExpressionBuilder<OutcomeTables, 'outcome_requests'>, { role, id }: Actor) => {
  switch (role) {
    case 'aggregator':
      return nobody
    case 'dso':
    case 'tso':
      return and([
        eb('outcome_requests.operator', '=', id),
        eb('outcome_requests.side', '=', role === 'dso' ? 'DSO' : 'TSO')
      ])
    case 'administrator':
      return everybody
  }
}

const requestOf = (row: OutcomeRequestRow): RequestOutcomeItem => ({
  sessionId: row.session_id,
  stage: row.stage,
  marketOutcomeId: row.market_outcome_id,
  requestId: row.request_id,
  pom: row.pom,
  side: row.side,
  operator: row.operator,
  quantity: row.quantity,
  direction: row.direction,
  service: row.service,
  carriedFrom: row.carried_from,
  served: JSON.parse(row.served) as ProfileInterval[],
  residual: JSON.parse(row.residual) as ProfileInterval[],
  prices: JSON.parse(row.prices) as PriceInterval[],
  servedWattMtus: row.served_watt_mtus,
  residualWattMtus: row.residual_watt_mtus,
  paidMicroEur: row.paid_micro_eur,
  position: positionOf('flex.market.events', row)
})
