/**
 * Which DSO's PoDs the market has under each PoM. The read models of the market rest on it to say which services a DSO may
 * see. A row stays when the market forgets the PoD: the DSO of that time goes on seeing the services of that time.
 */
import type { TableDefinitions } from '../runtime/table.ts'

export interface NotedPodRow {
  pom: string
  pod: string
  dso_id: string
}

export type PlaceTables = { noted_pods: NotedPodRow }

export const placeTables: TableDefinitions<PlaceTables> = {
  noted_pods: { columns: { pom: 'text', pod: 'text', dso_id: 'text' }, key: ['pom', 'pod'] }
}
