import { projection } from '../runtime/projection.ts'
import { type PlaceTables, placeTables } from './table.ts'

export const placesProjection = projection<PlaceTables, 'PodNoted' | 'UnavailabilityDeclared'>({
  name: 'places',
  version: 2,
  topics: ['flex.market.events'],
  handles: ['PodNoted', 'UnavailabilityDeclared'],
  tables: placeTables,
  apply({ meta, events }, write) {
    for (const event of events)
      if (event.type === 'PodNoted') write.put('noted_pods', { pom: event.pom, pod: event.pod, dso_id: event.dsoId })
      else {
        const { pod, start, end, pom, by, reason } = event
        const { partition, cause, time: declared_at } = meta
        write.put('unavailabilities', {
          ...{ pod, start, end, pom, aggregator_id: by.id, reason },
          ...{ declared_at, partition, cause }
        })
      }
  }
})
