/**
 * The log in memory, for tests and for throw-away runs: it keeps every promise of the port except that of surviving the
 * process. Several handles on one store stand for several instances; `crash` lets one of them fall silent as a killed
 * process would. Memory grows with the log; there is no bound, because a log that drops records is not a log.
 */
import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { FlexError } from '../errors.ts'
import { type AppendSignal, appendSignal } from './append-signal.ts'
import type { Member } from './assignment.ts'
import type { Log, StoredRecord, TopicSpec } from './log.ts'
import { leaseMsDefault, type MemberStore, membership } from './membership.ts'
import { recordsMaxDefault, requireRecords, topicsToCreate, unknownPartition, unknownTopic } from './rules.ts'

export interface MemoryStore {
  readonly topics: Map<string, readonly StoredRecord[][]>
  readonly leases: Map<string, { readonly group: string; readonly member: Member; readonly until: number }>
  readonly appended: AppendSignal
}

export interface MemoryLogOptions {
  readonly instance?: string
  readonly leaseMs?: number
}

export interface MemoryLog extends Log {
  /** Falls silent at once, without leaving its groups. What was appended stays in the store. */
  crash(): void
}

export const memoryStore = (): MemoryStore => ({ topics: new Map(), leases: new Map(), appended: appendSignal() })

export const memoryLog = (
  store: MemoryStore = memoryStore(),
  { instance = randomUUID(), leaseMs = leaseMsDefault }: MemoryLogOptions = {}
): MemoryLog => {
  const closed = new AbortController()
  let isCrashed = false

  const requireOpen = () => {
    if (closed.signal.aborted) throw new FlexError('FLEX_LOG_CLOSED', 'the memory log is closed')
  }

  const recordsOf = (topic: string, partition: number): StoredRecord[] => {
    requireOpen()
    const partitions = store.topics.get(topic)
    if (!partitions) throw unknownTopic(topic)
    const records = partitions[partition]
    if (!records) throw unknownPartition(topic, partition, partitions.length)
    return records
  }

  const specs = (): readonly TopicSpec[] =>
    [...store.topics]
      .map(([name, { length }]) => ({ name, partitions: length }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))

  const members: MemberStore = {
    async renew(group, member, ms) {
      const now = Date.now()
      store.leases.set(member.id, { group, member, until: now + ms })
      return [...store.leases.values()]
        .filter(lease => lease.group === group && lease.until > now)
        .map(lease => lease.member)
    },
    async leave(_group, memberId) {
      if (!isCrashed) store.leases.delete(memberId)
    },
    topics: async () => specs()
  }

  return {
    async ensureTopics(topics) {
      requireOpen()
      for (const { name, partitions } of topicsToCreate(specs(), topics))
        store.topics.set(
          name,
          Array.from({ length: partitions }, () => [])
        )
    },

    async topics() {
      requireOpen()
      return specs()
    },

    async append(topic, partition, records) {
      const stored = recordsOf(topic, partition)
      requireRecords(records)
      const first = stored.length
      for (const record of records)
        stored.push({
          offset: stored.length,
          key: record.key,
          value: new Uint8Array(record.value),
          headers: { ...record.headers },
          timestamp: record.timestamp
        })
      if (records.length > 0) store.appended.notify(`${topic}/${partition}`)
      return first
    },

    async *read(topic, partition, from, { follow = false, signal, recordsMax = recordsMaxDefault } = {}) {
      const records = recordsOf(topic, partition)
      let next = Math.max(0, from)
      while (!signal?.aborted && !closed.signal.aborted) {
        const batch = records.slice(next, next + recordsMax)
        if (batch.length > 0) {
          next += batch.length
          yield batch
          // A long replay must not keep timers and sockets waiting.
          if (next < records.length) await nextTurn()
        } else if (follow) await store.appended.wait(`${topic}/${partition}`, signal, closed.signal)
        else return
      }
    },

    async endOffset(topic, partition) {
      return recordsOf(topic, partition).length
    },

    async *assignments(group, topics, signal) {
      requireOpen()
      const ended = AbortSignal.any([signal, closed.signal])
      yield* membership(group, topics, { store: members, instance, leaseMs, signal: ended })
    },

    async close() {
      closed.abort()
    },

    crash() {
      isCrashed = true
      closed.abort()
    }
  }
}
