/** Flow 0A, first half: a network says under its PoM where its PoDs hang; the directory wants it under each PoD. */
import type { LocatePod, Message } from '../../schemas/generated.ts'
import type { FedCommand } from '../runtime/feed.ts'

export const gridToGridTypes = ['NetworkPodsPlaced'] as const satisfies readonly Message['type'][]

export const gridToGrid = (event: Message): readonly FedCommand[] => {
  if (event.type !== 'NetworkPodsPlaced') return []
  return event.pods.map(({ pod, place }) => {
    const command: LocatePod = { type: 'LocatePod', pod, place, pom: event.pom }
    return { key: pod, command }
  })
}
