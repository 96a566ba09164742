/**
 * Who sees it: the grid operator whose network it is, and the administrator. The state of a grid is nobody else's: it tells
 * what every customer of a street draws.
 */
import type {
  AlarmValue,
  ForecastBasis,
  HelpfulResources,
  NetworkCounts,
  NetworkRemark,
  ProfileInterval,
  SlotSummary,
  SwitchState
} from '../../schemas/generated.ts'
import { type Actor, nobody } from '../runtime/actor.ts'
import { fetchLimit, type Page, type PageRequest, page, positionOf, readCursor } from '../runtime/page.ts'
import type { Position } from '../runtime/projection.ts'
import type { Sql } from '../runtime/sql.ts'
import type {
  AlarmRow,
  GridAssessmentRow,
  GridTables,
  NetworkVersionRow,
  ProposalRow,
  SeriesForecastRow,
  TechnicalValidationRow
} from './table.ts'

const topic = 'flex.grid.events'

export interface NetworkVersion {
  readonly pom: string
  readonly version: number
  readonly dsoId: string
  readonly name: string
  readonly source: string | null
  readonly digest: string
  readonly changed: NetworkVersionRow['changed']
  readonly activatedAt: number
  readonly counts: NetworkCounts
  readonly remarks: readonly NetworkRemark[]
  readonly remarkCount: number
  readonly switched: readonly SwitchState[]
  readonly position: Position
}

/** The networks that hold, by PoM. */
export const listNetworks = async (
  db: Sql,
  { visibleTo, limit, after }: PageRequest & { readonly visibleTo: Actor }
): Promise<Page<NetworkVersion>> => {
  const from = readCursor('networks', ['text'], after)
  let query = db
    .withTables<GridTables>()
    .selectFrom('network_versions')
    .innerJoin('grid_networks', join =>
      join
        .onRef('grid_networks.pom', '=', 'network_versions.pom')
        .onRef('grid_networks.version', '=', 'network_versions.version')
    )
    .selectAll('network_versions')
    .orderBy('network_versions.pom')
    .limit(fetchLimit(limit))
  if (visibleTo.role === 'dso') query = query.where('grid_networks.dso_id', '=', visibleTo.id)
  else if (visibleTo.role !== 'administrator') query = query.where(nobody)
  if (from) query = query.where('network_versions.pom', '>', from[0])
  return page('networks', await query.execute(), limit, row => [row.pom], versionOf)
}

/** Newest first. */
export const listNetworkVersions = async (
  db: Sql,
  { pom, visibleTo, limit, after }: PageRequest & { readonly pom: string; readonly visibleTo: Actor }
): Promise<Page<NetworkVersion>> => {
  const from = readCursor('network-versions', ['number'], after)
  let query = db
    .withTables<GridTables>()
    .selectFrom('network_versions')
    .selectAll()
    .where('pom', '=', pom)
    .where('pom', 'in', operatedBy(db, visibleTo))
    .orderBy('version', 'desc')
    .limit(fetchLimit(limit))
  if (from) query = query.where('version', '<', from[0])
  return page('network-versions', await query.execute(), limit, row => [row.version], versionOf)
}

export const getNetwork = async (db: Sql, pom: string, visibleTo: Actor): Promise<NetworkVersion | undefined> =>
  (await listNetworkVersions(db, { pom, visibleTo, limit: 1 })).items[0]

const versionOf = (row: NetworkVersionRow): NetworkVersion => ({
  pom: row.pom,
  version: row.version,
  dsoId: row.dso_id,
  name: row.name,
  source: row.source,
  digest: row.digest,
  changed: row.changed,
  activatedAt: row.activated_at,
  counts: JSON.parse(row.counts) as NetworkCounts,
  remarks: JSON.parse(row.remarks) as NetworkRemark[],
  remarkCount: row.remark_count,
  switched: JSON.parse(row.switched) as SwitchState[],
  position: positionOf(topic, row)
})

/** The PoMs whose network is the asking operator's; all of them for the administrator. */
const operatedBy = (db: Sql, { role, id }: Actor) => {
  const poms = db.withTables<GridTables>().selectFrom('grid_networks').select('grid_networks.pom')
  switch (role) {
    case 'dso':
      return poms.where('grid_networks.dso_id', '=', id)
    case 'aggregator':
    case 'tso':
      return poms.where(nobody)
    case 'administrator':
      return poms
  }
}

export interface GridAssessment {
  readonly sessionId: string
  readonly pom: string
  readonly stage: GridAssessmentRow['stage']
  readonly networkVersion: number
  readonly basis: ForecastBasis
  readonly slots: readonly SlotSummary[]
  readonly violatedSlots: number
  readonly divergedSlots: number
  readonly worst: number
  readonly alarms: number
  readonly requests: number
  readonly unresolved: number
  readonly digest: string
  readonly assessedAt: number
  readonly position: Position
}

/** At most two: the forecast, and with the final outcome. */
export const gridAssessments = async (
  db: Sql,
  sessionId: string,
  visibleTo: Actor
): Promise<readonly GridAssessment[]> => {
  const rows = await db
    .withTables<GridTables>()
    .selectFrom('grid_assessments')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('pom', 'in', operatedBy(db, visibleTo))
    .orderBy('stage')
    .execute()
  return rows.map(row => ({
    sessionId: row.session_id,
    pom: row.pom,
    stage: row.stage,
    networkVersion: row.network_version,
    basis: JSON.parse(row.basis) as ForecastBasis,
    slots: JSON.parse(row.slots) as SlotSummary[],
    violatedSlots: row.violated_slots,
    divergedSlots: row.diverged_slots,
    worst: row.worst,
    alarms: row.alarms,
    requests: row.requests,
    unresolved: row.unresolved,
    digest: row.digest,
    assessedAt: row.assessed_at,
    position: positionOf(topic, row)
  }))
}

export interface SessionPage extends PageRequest {
  readonly visibleTo: Actor
  readonly sessionId: string
}

export interface Alarm {
  readonly alarmId: string
  readonly sessionId: string
  readonly pom: string
  readonly stage: AlarmRow['stage']
  readonly kind: AlarmRow['kind']
  readonly element: string
  readonly feeder: string | null
  readonly secondarySubstation: string | null
  readonly limit: number
  readonly worst: number
  readonly values: readonly AlarmValue[]
  readonly helpful: readonly HelpfulResources[]
  readonly raisedAt: number
  readonly position: Position
}

/** The forecast's first, each in their order. */
export const listAlarms = async (
  db: Sql,
  { sessionId, visibleTo, limit, after, stage }: SessionPage & { readonly stage?: AlarmRow['stage'] }
): Promise<Page<Alarm>> => {
  const from = readCursor('alarms', ['text', 'number'], after)
  let query = db
    .withTables<GridTables>()
    .selectFrom('grid_alarms')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('pom', 'in', operatedBy(db, visibleTo))
    .orderBy('stage')
    .orderBy('number')
    .limit(fetchLimit(limit))
  if (stage !== undefined) query = query.where('stage', '=', stage)
  if (from) {
    const [fromStage, number] = [stageOf(from[0]), from[1]]
    query = query.where(({ eb, or, and }) =>
      or([eb('stage', '>', fromStage), and([eb('stage', '=', fromStage), eb('number', '>', number)])])
    )
  }
  return page('alarms', await query.execute(), limit, row => [row.stage, row.number], alarmOf)
}

const stageOf = (text: string): AlarmRow['stage'] => (text === 'validated' ? 'validated' : 'forecast')

const alarmOf = (row: AlarmRow): Alarm => ({
  alarmId: row.alarm_id,
  sessionId: row.session_id,
  pom: row.pom,
  stage: row.stage,
  kind: row.kind,
  element: row.element,
  feeder: row.feeder,
  secondarySubstation: row.secondary_substation,
  limit: row.limit,
  worst: row.worst,
  values: JSON.parse(row.values) as AlarmValue[],
  helpful: JSON.parse(row.helpful) as HelpfulResources[],
  raisedAt: row.raised_at,
  position: positionOf(topic, row)
})

export interface SeriesForecast {
  readonly sessionId: string
  readonly pom: string
  readonly series: string
  readonly kind: SeriesForecastRow['kind']
  readonly start: number
  readonly p: readonly number[]
  readonly q: readonly number[]
  readonly low: readonly number[]
  readonly high: readonly number[]
  readonly position: Position
}

export const listForecasts = async (
  db: Sql,
  { sessionId, visibleTo, limit, after }: SessionPage
): Promise<Page<SeriesForecast>> => {
  const from = readCursor('forecasts', ['text'], after)
  let query = db
    .withTables<GridTables>()
    .selectFrom('series_forecasts')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('pom', 'in', operatedBy(db, visibleTo))
    .orderBy('series')
    .limit(fetchLimit(limit))
  if (from) query = query.where('series', '>', from[0])
  return page('forecasts', await query.execute(), limit, row => [row.series], forecastOf)
}

const forecastOf = (row: SeriesForecastRow): SeriesForecast => ({
  sessionId: row.session_id,
  pom: row.pom,
  series: row.series,
  kind: row.kind,
  start: row.start,
  p: JSON.parse(row.p) as number[],
  q: JSON.parse(row.q) as number[],
  low: JSON.parse(row.low) as number[],
  high: JSON.parse(row.high) as number[],
  position: positionOf(topic, row)
})

export interface Proposal {
  readonly sessionId: string
  readonly requestId: string
  readonly pom: string
  readonly level: ProposalRow['level']
  readonly location: string
  readonly pods: readonly string[]
  readonly quantity: ProposalRow['quantity']
  readonly direction: ProposalRow['direction']
  readonly service: ProposalRow['service']
  readonly profile: readonly ProfileInterval[]
  readonly status: ProposalRow['status']
  readonly proposedAt: number
  readonly position: Position
}

export const listProposals = async (
  db: Sql,
  { sessionId, visibleTo, limit, after, status }: SessionPage & { readonly status?: ProposalRow['status'] }
): Promise<Page<Proposal>> => {
  const from = readCursor('proposals', ['text'], after)
  let query = db
    .withTables<GridTables>()
    .selectFrom('request_proposals')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('pom', 'in', operatedBy(db, visibleTo))
    .orderBy('request_id')
    .limit(fetchLimit(limit))
  if (status !== undefined) query = query.where('status', '=', status)
  if (from) query = query.where('request_id', '>', from[0])
  return page('proposals', await query.execute(), limit, row => [row.request_id], proposalOf)
}

const proposalOf = (row: ProposalRow): Proposal => ({
  sessionId: row.session_id,
  requestId: row.request_id,
  pom: row.pom,
  level: row.level,
  location: row.location,
  pods: JSON.parse(row.pods) as string[],
  quantity: row.quantity,
  direction: row.direction,
  service: row.service,
  profile: JSON.parse(row.profile) as ProfileInterval[],
  status: row.status,
  proposedAt: row.proposed_at,
  position: positionOf(topic, row)
})

export interface TechnicalValidation {
  readonly sessionId: string
  readonly pom: string
  readonly services: number
  readonly curtailed: number
  readonly curtailedWattMtus: number
  readonly residualViolations: number
  readonly divergedSlots: number
  readonly digest: string
  readonly judgedAt: number
  /** Null until the session is final. */
  readonly againstVerdicts: number | null
  readonly position: Position
}

export const getTechnicalValidation = async (
  db: Sql,
  sessionId: string,
  visibleTo: Actor
): Promise<TechnicalValidation | undefined> => {
  const row = await db
    .withTables<GridTables>()
    .selectFrom('technical_validations')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('pom', 'in', operatedBy(db, visibleTo))
    .executeTakeFirst()
  return row && validationOf(row)
}

const validationOf = (row: TechnicalValidationRow): TechnicalValidation => ({
  sessionId: row.session_id,
  pom: row.pom,
  services: row.services,
  curtailed: row.curtailed,
  curtailedWattMtus: row.curtailed_watt_mtus,
  residualViolations: row.residual_violations,
  divergedSlots: row.diverged_slots,
  digest: row.digest,
  judgedAt: row.judged_at,
  againstVerdicts: row.against_verdicts,
  position: positionOf(topic, row)
})
