import { projection } from '../runtime/projection.ts'
import { type PlaceTables, placeTables } from './table.ts'

export const placesProjection = projection<PlaceTables, 'PodNoted'>({
  name: 'places',
  version: 1,
  topics: ['flex.market.events'],
  handles: ['PodNoted'],
  tables: placeTables,
  apply({ events }, write) {
    for (const { pom, pod, dsoId } of events) write.put('noted_pods', { pom, pod, dso_id: dsoId })
  }
})
