/**
 * Who sees the outcome of a service: its aggregator, whatever became of it; the DSO of its PoDs, if something of it was
 * accepted, with the rank; the operator of a request (TSO, or a DSO elsewhere), the part that serves its own requests;
 * the administrator.
 */
import type { ExpressionBuilder } from 'kysely'
import type { Allocation, Unit, VerdictInterval } from '../../schemas/generated.ts'
import { readAllocations, writeAllocations } from '../curves/columns.ts'
import type { PlaceTables } from '../places/table.ts'
import { type Actor, everybody } from '../runtime/actor.ts'
import { fetchLimit, type Page, type PageRequest, page, positionOf, readCursor } from '../runtime/page.ts'
import type { Position } from '../runtime/projection.ts'
import type { Sql } from '../runtime/sql.ts'
import { ALL_OF_THE_SERVICE, type OutcomeServiceRow, type OutcomeTables, type Stage } from './table.ts'

export { type ActorAccount, type DaySummary, daySummary, type SessionAccount } from './day-summary.ts'
export {
  listRequestOutcomes,
  type RequestOutcomeFilter,
  type RequestOutcomeItem
} from './request-outcomes.ts'

const topic = 'flex.market.events'

export interface OutcomeFilter extends PageRequest {
  readonly visibleTo: Actor
  readonly sessionId: string
}

interface ServiceOutcome {
  readonly sessionId: string
  readonly marketOutcomeId: string
  readonly offerId: string
  readonly pom: string
  readonly aggregatorId: string
  readonly unit: Unit
  readonly quantity: OutcomeServiceRow['quantity']
  readonly direction: OutcomeServiceRow['direction']
  readonly carriedFrom: string | null
  /** 1 = keep longest; 0 if nothing was accepted (T-21). */
  readonly rank: number
  /** Those that the asker may see; the sums are of these alone. */
  readonly allocations: readonly Allocation[]
  readonly acceptedWattMtus: number
  readonly paidMicroEur: number
  readonly position: Position
}

export interface MarketOutcomeItem extends ServiceOutcome {
  /** Why nothing was accepted. */
  readonly reason: string | null
  /** The last technical verdict, if there was one; not for the TSO. */
  readonly verdicts: readonly VerdictInterval[] | null
}

export interface ValidatedOutcomeItem extends ServiceOutcome {
  readonly definitive: boolean
  readonly curtailedWattMtus: number
}

/** Flow 3: by rank, what was not accepted last. */
export const listMarketOutcome = async (sql: Sql, filter: OutcomeFilter): Promise<Page<MarketOutcomeItem>> => {
  const rows = await services(sql, 'market', filter)
  const isTso = filter.visibleTo.role === 'tso'
  return page('outcome/market', rows, filter.limit, keyOf, row => ({
    ...serviceOf(row),
    reason: row.reason,
    verdicts: row.verdicts === null || isTso ? null : (JSON.parse(row.verdicts) as VerdictInterval[])
  }))
}

/** Flow 5: by rank. */
export const listValidatedOutcome = async (sql: Sql, filter: OutcomeFilter): Promise<Page<ValidatedOutcomeItem>> => {
  const rows = await services(sql, 'validated', filter)
  return page('outcome/validated', rows, filter.limit, keyOf, row => ({
    ...serviceOf(row),
    definitive: row.is_definitive === 1,
    curtailedWattMtus: row.curtailed_watt_mtus
  }))
}

type ServiceRow = OutcomeServiceRow & { readonly verdicts: string | null }
type Visible = OutcomeTables & PlaceTables

const keyOf = (row: OutcomeServiceRow): [number, string] => [row.sort_rank, row.offer_id]

const services = async (sql: Sql, stage: Stage, filter: OutcomeFilter): Promise<ServiceRow[]> => {
  const { visibleTo, sessionId } = filter
  const after = readCursor(`outcome/${stage}`, ['number', 'text'], filter.after)
  let query = sql
    .withTables<Visible>()
    .selectFrom('outcome_services')
    .leftJoin('outcome_verdicts', join =>
      join
        .onRef('outcome_verdicts.session_id', '=', 'outcome_services.session_id')
        .onRef('outcome_verdicts.offer_id', '=', 'outcome_services.offer_id')
    )
    .selectAll('outcome_services')
    .select('outcome_verdicts.verdicts')
    .where('outcome_services.session_id', '=', sessionId)
    .where('outcome_services.stage', '=', stage)
    .where(expression => seesService(expression, visibleTo))
    .orderBy('outcome_services.sort_rank')
    .orderBy('outcome_services.offer_id')
    .limit(fetchLimit(filter.limit))
  if (after)
    query = query.where(({ eb, or, and }) =>
      or([
        eb('outcome_services.sort_rank', '>', after[0]),
        and([eb('outcome_services.sort_rank', '=', after[0]), eb('outcome_services.offer_id', '>', after[1])])
      ])
    )
  const rows = await query.execute()
  return visibleTo.role === 'dso' || visibleTo.role === 'tso'
    ? limitToShares(sql, stage, sessionId, visibleTo, rows)
    : rows
}

type Visibility = ExpressionBuilder<Visible, 'outcome_services'>

const seesService = (expression: Visibility, actor: Actor) => {
  const { eb, and, or } = expression
  switch (actor.role) {
    case 'aggregator':
      return eb('outcome_services.aggregator_id', '=', actor.id)
    case 'dso':
      return and([eb('outcome_services.rank', '>', 0), or([isOfDso(expression, actor.id), serves(expression, actor)])])
    case 'tso':
      return serves(expression, actor)
    case 'administrator':
      return everybody
  }
}

const isOfDso = ({ exists, selectFrom }: Visibility, dsoId: string) =>
  exists(
    selectFrom('noted_pods')
      .select('noted_pods.pod')
      .whereRef('noted_pods.pom', '=', 'outcome_services.pom')
      .whereRef('noted_pods.pod', '=', 'outcome_services.first_pod')
      .where('noted_pods.dso_id', '=', dsoId)
  )

const serves = ({ exists, selectFrom }: Visibility, { role, id }: Actor) =>
  exists(
    selectFrom('outcome_shares')
      .select('outcome_shares.offer_id')
      .whereRef('outcome_shares.session_id', '=', 'outcome_services.session_id')
      .whereRef('outcome_shares.stage', '=', 'outcome_services.stage')
      .whereRef('outcome_shares.offer_id', '=', 'outcome_services.offer_id')
      .where('outcome_shares.operator', '=', id)
      .where('outcome_shares.side', '=', role === 'dso' ? 'DSO' : 'TSO')
  )

/** For an operator, the rows of PoDs that are not its own are cut down to the shares that serve it. */
const limitToShares = async (
  sql: Sql,
  stage: Stage,
  sessionId: string,
  { role, id }: Actor,
  rows: readonly ServiceRow[]
): Promise<ServiceRow[]> => {
  if (rows.length === 0) return []
  const tables = sql.withTables<Visible>()
  const own = new Set<string>()
  if (role === 'dso') {
    const pods = await tables
      .selectFrom('noted_pods')
      .select('pod')
      .where('pom', '=', rows[0]!.pom)
      .where('dso_id', '=', id)
      .execute()
    for (const { pod } of pods) own.add(pod)
  }
  if (rows.every(row => own.has(row.first_pod))) return [...rows]

  const shares = await tables
    .selectFrom('outcome_shares')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('stage', '=', stage)
    .where('operator', '=', id)
    .where('side', '=', role === 'dso' ? 'DSO' : 'TSO')
    .where(
      'offer_id',
      'in',
      rows.map(row => row.offer_id)
    )
    .orderBy('offer_id')
    .orderBy('request_id')
    .execute()
  const byOffer = Map.groupBy(shares, ({ offer_id }) => offer_id)
  return rows.map(row => {
    if (own.has(row.first_pod)) return row
    const mine = byOffer.get(row.offer_id) ?? []
    const allocations = mine.flatMap(share =>
      readAllocations(share.allocations === ALL_OF_THE_SERVICE ? row.allocations : share.allocations)
    )
    return {
      ...row,
      allocations: writeAllocations(allocations),
      accepted_watt_mtus: mine.reduce((sum, share) => sum + share.accepted_watt_mtus, 0),
      paid_micro_eur: mine.reduce((sum, share) => sum + share.paid_micro_eur, 0),
      // What was curtailed is known of the service as a whole, not of a share.
      curtailed_watt_mtus: 0
    }
  })
}

const serviceOf = (row: OutcomeServiceRow): ServiceOutcome => ({
  sessionId: row.session_id,
  marketOutcomeId: row.market_outcome_id,
  offerId: row.offer_id,
  pom: row.pom,
  aggregatorId: row.aggregator_id,
  unit: { id: row.unit_id, pods: JSON.parse(row.pods) as string[] },
  quantity: row.quantity,
  direction: row.direction,
  carriedFrom: row.carried_from,
  rank: row.rank,
  allocations: readAllocations(row.allocations),
  acceptedWattMtus: row.accepted_watt_mtus,
  paidMicroEur: row.paid_micro_eur,
  position: positionOf(topic, row)
})
