import type { Projection } from '../runtime/projection.ts'
import { type PlaceTables, placeTables } from './table.ts'

export const placesProjection: Projection<PlaceTables, 'PodNoted'> = {
  name: 'places',
  version: 1,
  topics: ['flex.market.events'],
  handles: ['PodNoted'],
  tables: placeTables,
  apply({ events }, write) {
    for (const { pom, pod, dsoId } of events) write.put('noted_pods', { pom, pod, dso_id: dsoId })
  }
}
