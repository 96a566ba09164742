/**
 * Who sees a PoD: its aggregator; the DSO at whose PoM it is, and every DSO as long as it has no PoM (it has to be given
 * one); the TSO once it has a PoM, without baseline and agreement; the administrator.
 */
import type { ExpressionBuilder } from 'kysely'
import type { PodRecord, PowerBaselineCurves } from '../../schemas/generated.ts'
import { type Actor, everybody } from '../runtime/actor.ts'
import { fetchLimit, type Page, type PageRequest, page, positionOf, readCursor } from '../runtime/page.ts'
import type { Position } from '../runtime/projection.ts'
import type { Sql } from '../runtime/sql.ts'
import type { PodRow, PodTables } from './table.ts'

const topic = 'flex.registry.events'

export interface Pod {
  readonly pod: string
  readonly status: 'registered' | 'ceased'
  readonly aggregatorId: string
  readonly dsoId: string | null
  readonly pom: string | null
  readonly feeder: string | null
  readonly secondarySubstation: string | null
  readonly registeredAt: number
  /** The document without the baseline curves. */
  readonly record: Omit<PodRecord, 'powerBaselineCurves'>
  /** Null for the TSO. */
  readonly powerBaselineCurves: PowerBaselineCurves | null
  /** Null if there is none, and for the TSO. */
  readonly smartContractId: string | null
  readonly position: Position
}

/** What a list shows: no curves. */
export type PodSummary = Omit<Pod, 'powerBaselineCurves'>

export interface PodFilter extends PageRequest {
  readonly visibleTo: Actor
  readonly pom?: string
  readonly aggregatorId?: string
  readonly status?: 'registered' | 'ceased'
  /** Only those with (true) or without (false) a PoM. */
  readonly assigned?: boolean
}

export const listPods = async (db: Sql, filter: PodFilter): Promise<Page<PodSummary>> => {
  const { visibleTo, limit } = filter
  const after = readCursor('pods', ['text'], filter.after)
  let query = pods(db, visibleTo).orderBy('pods.pod').limit(fetchLimit(limit))
  if (after) query = query.where('pods.pod', '>', after[0])
  if (filter.pom !== undefined) query = query.where('pods.pom', '=', filter.pom)
  if (filter.aggregatorId !== undefined) query = query.where('pods.aggregator_id', '=', filter.aggregatorId)
  if (filter.status !== undefined) query = query.where('pods.status', '=', filter.status)
  if (filter.assigned !== undefined) query = query.where('pods.pom', filter.assigned ? 'is not' : 'is', null)
  const rows = await query.execute()
  return page(
    'pods',
    rows,
    limit,
    row => [row.pod],
    row => summaryOf(row, visibleTo)
  )
}

export const getPod = async (db: Sql, pod: string, visibleTo: Actor): Promise<Pod | undefined> => {
  const row = await pods(db, visibleTo).select('pods.baseline').where('pods.pod', '=', pod).executeTakeFirst()
  if (!row) return undefined
  const powerBaselineCurves = visibleTo.role === 'tso' ? null : (JSON.parse(row.baseline) as PowerBaselineCurves)
  return { ...summaryOf(row, visibleTo), powerBaselineCurves }
}

export interface PlaceOfPod {
  readonly from: number
  readonly dsoId: string
  readonly pom: string
  readonly feeder: string | null
  readonly secondarySubstation: string | null
  readonly position: Position
}

/** Every place that the PoD has had, earliest first (T-51); undefined for whoever may not see the PoD. */
export const podHistory = async (
  db: Sql,
  pod: string,
  visibleTo: Actor
): Promise<readonly PlaceOfPod[] | undefined> => {
  const visible = await pods(db, visibleTo).where('pods.pod', '=', pod).executeTakeFirst()
  if (!visible) return undefined
  const rows = await db
    .withTables<PodTables>()
    .selectFrom('pod_places')
    .selectAll()
    .where('pod', '=', pod)
    .orderBy('valid_from')
    .orderBy('cause')
    .execute()
  return rows.map(row => ({
    from: row.valid_from,
    dsoId: row.dso_id,
    pom: row.pom,
    feeder: row.feeder,
    secondarySubstation: row.secondary_substation,
    position: positionOf(topic, row)
  }))
}

const pods = (db: Sql, visibleTo: Actor) =>
  db
    .withTables<PodTables>()
    .selectFrom('pods')
    .innerJoin('pod_registrations', 'pod_registrations.pod', 'pods.pod')
    .select([
      'pods.pod',
      'pods.status',
      'pods.aggregator_id',
      'pods.dso_id',
      'pods.pom',
      'pods.feeder',
      'pods.secondary_substation',
      'pods.smart_contract_id',
      'pods.record',
      'pods.partition',
      'pods.cause',
      'pod_registrations.registered_at'
    ])
    .where(expression => isVisible(expression, visibleTo))

const isVisible = ({ eb, and, or }: ExpressionBuilder<PodTables, 'pods'>, { role, id }: Actor) => {
  switch (role) {
    case 'aggregator':
      return eb('pods.aggregator_id', '=', id)
    case 'dso':
      return or([eb('pods.dso_id', '=', id), and([eb('pods.pom', 'is', null), eb('pods.status', '=', 'registered')])])
    case 'tso':
      return eb('pods.pom', 'is not', null)
    case 'administrator':
      return everybody
  }
}

const summaryOf = (row: Omit<PodRow, 'baseline'> & { registered_at: number }, visibleTo: Actor): PodSummary => ({
  pod: row.pod,
  status: row.status,
  aggregatorId: row.aggregator_id,
  dsoId: row.dso_id,
  pom: row.pom,
  feeder: row.feeder,
  secondarySubstation: row.secondary_substation,
  registeredAt: row.registered_at,
  record: JSON.parse(row.record) as Pod['record'],
  smartContractId: visibleTo.role === 'tso' ? null : row.smart_contract_id,
  position: positionOf(topic, row)
})
