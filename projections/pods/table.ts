/** Points of delivery as the registry has them now, and the places that each has had. */
import type { TableDefinitions } from '../runtime/table.ts'

export interface PodRow {
  pod: string
  status: 'registered' | 'ceased'
  aggregator_id: string
  dso_id: string | null
  pom: string | null
  feeder: string | null
  secondary_substation: string | null
  smart_contract_id: string | null
  /** JSON: the document without the curves. */
  record: string
  /** JSON: the curves, 3 × 96 slots. */
  baseline: string
  partition: number
  cause: number
}

/** Apart from `pods`, because later events of a PoD do not repeat it and rows are replaced wholly. */
export interface PodRegistrationRow {
  pod: string
  registered_at: number
}

export interface PodPlaceRow {
  pod: string
  valid_from: number
  /** Of the event: two assignments may hold from the same time; the later event counts. */
  cause: number
  dso_id: string
  pom: string
  feeder: string | null
  secondary_substation: string | null
  partition: number
}

export type PodTables = { pods: PodRow; pod_registrations: PodRegistrationRow; pod_places: PodPlaceRow }

export const podTables: TableDefinitions<PodTables> = {
  pods: {
    columns: {
      pod: 'text',
      status: 'text',
      aggregator_id: 'text',
      dso_id: 'text?',
      pom: 'text?',
      feeder: 'text?',
      secondary_substation: 'text?',
      smart_contract_id: 'text?',
      record: 'text',
      baseline: 'text',
      partition: 'integer',
      cause: 'bigint'
    },
    key: ['pod'],
    indexes: [
      ['aggregator_id', 'pod'],
      ['dso_id', 'pod'],
      ['pom', 'pod']
    ]
  },
  pod_registrations: { columns: { pod: 'text', registered_at: 'bigint' }, key: ['pod'] },
  pod_places: {
    columns: {
      pod: 'text',
      valid_from: 'bigint',
      cause: 'bigint',
      dso_id: 'text',
      pom: 'text',
      feeder: 'text?',
      secondary_substation: 'text?',
      partition: 'integer'
    },
    key: ['pod', 'valid_from', 'cause']
  }
}
