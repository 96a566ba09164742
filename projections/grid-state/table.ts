/**
 * What the built-in grid operator says: network versions, assessments with their quarter-hours, alarms, forecasts, and the
 * requests that wait for an operator. Everything is found by PoM or session; whose PoM it is stands in `grid_networks`.
 */
import type {
  AlarmKind,
  AssessmentStage,
  Direction,
  LocationLevel,
  NetworkChange,
  Quantity,
  SeriesKind,
  Service
} from '../../schemas/generated.ts'
import type { TableDefinitions } from '../runtime/table.ts'

/** The version that holds. */
export interface GridNetworkRow {
  pom: string
  dso_id: string
  version: number
}

export interface NetworkVersionRow {
  pom: string
  version: number
  dso_id: string
  name: string
  source: string | null
  digest: string
  changed: NetworkChange
  activated_at: number
  /** JSON: NetworkCounts. */
  counts: string
  /** JSON: NetworkRemark[], the first 100. */
  remarks: string
  remark_count: number
  /** JSON: SwitchState[]. */
  switched: string
  partition: number
  cause: number
}

export interface GridAssessmentRow {
  session_id: string
  stage: AssessmentStage
  pom: string
  network_version: number
  /** JSON: ForecastBasis. */
  basis: string
  /** JSON: SlotSummary[]. */
  slots: string
  violated_slots: number
  diverged_slots: number
  worst: number
  alarms: number
  requests: number
  unresolved: number
  digest: string
  assessed_at: number
  partition: number
  cause: number
}

export interface AlarmRow {
  session_id: string
  alarm_id: string
  /** Alarms of a session in their order. */
  number: number
  pom: string
  stage: AssessmentStage
  kind: AlarmKind
  element: string
  feeder: string | null
  secondary_substation: string | null
  limit: number
  worst: number
  /** JSON: AlarmValue[]. */
  values: string
  /** JSON: HelpfulResources[]. */
  helpful: string
  raised_at: number
  partition: number
  cause: number
}

export interface SeriesForecastRow {
  session_id: string
  series: string
  pom: string
  kind: SeriesKind
  start: number
  /** JSON: numbers by quarter-hour. */
  p: string
  q: string
  low: string
  high: string
  partition: number
  cause: number
}

export interface ProposalRow {
  session_id: string
  request_id: string
  pom: string
  level: LocationLevel
  location: string
  /** JSON: PoD codes. */
  pods: string
  quantity: Quantity
  direction: Direction
  service: Service
  /** JSON: ProfileInterval[]. */
  profile: string
  status: 'waiting' | 'sent' | 'dropped'
  proposed_at: number
  partition: number
  cause: number
}

/** What was judged: one row for each session. */
export interface TechnicalValidationRow {
  session_id: string
  pom: string
  services: number
  curtailed: number
  curtailed_watt_mtus: number
  residual_violations: number
  diverged_slots: number
  digest: string
  judged_at: number
  /** Of the final outcome; null before. */
  against_verdicts: number | null
  partition: number
  cause: number
}

export type GridTables = {
  grid_networks: GridNetworkRow
  network_versions: NetworkVersionRow
  grid_assessments: GridAssessmentRow
  grid_alarms: AlarmRow
  series_forecasts: SeriesForecastRow
  request_proposals: ProposalRow
  technical_validations: TechnicalValidationRow
}

const position = { partition: 'integer', cause: 'bigint' } as const

export const gridTables: TableDefinitions<GridTables> = {
  grid_networks: { columns: { pom: 'text', dso_id: 'text', version: 'integer' }, key: ['pom'] },
  network_versions: {
    columns: {
      pom: 'text',
      version: 'integer',
      dso_id: 'text',
      name: 'text',
      source: 'text?',
      digest: 'text',
      changed: 'text',
      activated_at: 'bigint',
      counts: 'text',
      remarks: 'text',
      remark_count: 'integer',
      switched: 'text',
      ...position
    },
    key: ['pom', 'version']
  },
  grid_assessments: {
    columns: {
      session_id: 'text',
      stage: 'text',
      pom: 'text',
      network_version: 'integer',
      basis: 'text',
      slots: 'text',
      violated_slots: 'integer',
      diverged_slots: 'integer',
      worst: 'integer',
      alarms: 'integer',
      requests: 'integer',
      unresolved: 'integer',
      digest: 'text',
      assessed_at: 'bigint',
      ...position
    },
    key: ['session_id', 'stage']
  },
  grid_alarms: {
    columns: {
      session_id: 'text',
      alarm_id: 'text',
      number: 'integer',
      pom: 'text',
      stage: 'text',
      kind: 'text',
      element: 'text',
      feeder: 'text?',
      secondary_substation: 'text?',
      limit: 'double',
      worst: 'double',
      values: 'text',
      helpful: 'text',
      raised_at: 'bigint',
      ...position
    },
    key: ['session_id', 'alarm_id'],
    indexes: [['session_id', 'stage', 'number']]
  },
  series_forecasts: {
    columns: {
      session_id: 'text',
      series: 'text',
      pom: 'text',
      kind: 'text',
      start: 'bigint',
      p: 'text',
      q: 'text',
      low: 'text',
      high: 'text',
      ...position
    },
    key: ['session_id', 'series']
  },
  request_proposals: {
    columns: {
      session_id: 'text',
      request_id: 'text',
      pom: 'text',
      level: 'text',
      location: 'text',
      pods: 'text',
      quantity: 'text',
      direction: 'text',
      service: 'text',
      profile: 'text',
      status: 'text',
      proposed_at: 'bigint',
      ...position
    },
    key: ['session_id', 'request_id']
  },
  technical_validations: {
    columns: {
      session_id: 'text',
      pom: 'text',
      services: 'integer',
      curtailed: 'integer',
      curtailed_watt_mtus: 'bigint',
      residual_violations: 'integer',
      diverged_slots: 'integer',
      digest: 'text',
      judged_at: 'bigint',
      against_verdicts: 'integer?',
      ...position
    },
    key: ['session_id']
  }
}
