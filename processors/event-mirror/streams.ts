/**
 * Which stream of an event store an event belongs to: one per aggregate, named `<category>-<id>` as such stores expect it.
 * All events of a stream stand in one partition of one outbox, so their order is that of the log.
 */
import type { Message } from '../../schemas/generated.ts'

/** The outboxes that are mirrored. */
export const mirroredTopics = ['flex.registry.events', 'flex.market.events', 'flex.grid.events'] as const

/** Undefined: what the runtime writes for itself (owners, repeats) is no event of an aggregate. */
export const streamOf = (topic: string, key: string, event: Message): string | undefined => {
  if (event.type === 'OwnershipTaken' || event.type === 'CommandRepeated' || event.type === 'RecordParked')
    return undefined
  if (topic === 'flex.registry.events') return `pod-${key}`
  if (topic === 'flex.grid.events') return `grid-${key}`
  if ('sessionId' in event && event.sessionId) return `session-${event.sessionId}`
  return `substation-${key}`
}
