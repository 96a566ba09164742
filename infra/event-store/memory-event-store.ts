/** An event store in memory, for tests of what writes to one. */
import type { EventStore, StreamEvent } from './event-store.ts'

export interface MemoryEventStore extends EventStore {
  readonly streams: ReadonlyMap<string, readonly StreamEvent[]>
}

export const memoryEventStore = (): MemoryEventStore => {
  const streams = new Map<string, StreamEvent[]>()
  return {
    streams,
    async endOf(stream) {
      const events = streams.get(stream)
      const last = events?.at(-1)
      return events && last && { revision: events.length - 1, metadata: last.metadata }
    },
    async append(stream, events, after) {
      const known = streams.get(stream) ?? []
      if (known.length - 1 !== (after ?? -1)) return undefined
      streams.set(stream, [...known, ...events])
      return known.length + events.length - 1
    },
    close: async () => {}
  }
}
