/**
 * What the market has noted of PoDs: which DSO's they are under each PoM, and when they cannot deliver. The read models of
 * the market rest on the first to say which services a DSO may see. A row stays when the market forgets the PoD: the DSO of
 * that time goes on seeing the services of that time.
 */
import type { TableDefinitions } from '../runtime/table.ts'

export interface NotedPodRow {
  pom: string
  pod: string
  dso_id: string
}

/** As it was declared (T-19); it ends by itself. */
export interface UnavailabilityRow {
  pod: string
  start: number
  end: number
  pom: string
  aggregator_id: string
  reason: string
  declared_at: number
  partition: number
  cause: number
}

export type PlaceTables = { noted_pods: NotedPodRow; unavailabilities: UnavailabilityRow }

export const placeTables: TableDefinitions<PlaceTables> = {
  noted_pods: { columns: { pom: 'text', pod: 'text', dso_id: 'text' }, key: ['pom', 'pod'] },
  unavailabilities: {
    columns: {
      pod: 'text',
      start: 'bigint',
      end: 'bigint',
      pom: 'text',
      aggregator_id: 'text',
      reason: 'text',
      declared_at: 'bigint',
      partition: 'integer',
      cause: 'bigint'
    },
    key: ['pod', 'start', 'end', 'pom']
  }
}
