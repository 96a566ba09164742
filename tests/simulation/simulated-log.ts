/**
 * The log of a history: every access takes turns, and an append may be lost, torn or answered by nobody, or may be the
 * last thing that its caller does. What happened is on `partitions`, for whoever checks it.
 */
import { FlexError } from '../../infra/errors.ts'
import type { Log, LogRecord, StoredRecord, TopicSpec } from '../../infra/log/log.ts'
import type { Random } from './random.ts'
import type { Actor } from './scheduler.ts'

export interface Faults {
  /** Of an append: nothing, a part, or all of it persists, and the caller gets an error. */
  readonly rejected: number
  /** Of an append: the same, and the caller is dead. */
  readonly crashed: number
  /** Of an append: it reaches the log in two parts, and others may write between them. */
  readonly split: number
  /** Of any access: the caller falls asleep before it, or before it hears of it. */
  readonly paused: number
  readonly pauseStepsMax: number
}

export const noFaults: Faults = { rejected: 0, crashed: 0, split: 0, paused: 0, pauseStepsMax: 0 }

export interface SimulatedStore {
  readonly topics: readonly TopicSpec[]
  readonly partitions: ReadonlyMap<string, StoredRecord[]>
  faults: Faults
  /** What happened, for the figures of a run. */
  readonly counts: { appends: number; rejected: number; torn: number; crashed: number; paused: number }
}

export const simulatedStore = (topics: readonly TopicSpec[], faults: Faults): SimulatedStore => ({
  topics,
  partitions: new Map(
    topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition): [string, StoredRecord[]] => [`${name}/${partition}`, []])
    )
  ),
  faults,
  counts: { appends: 0, rejected: 0, torn: 0, crashed: 0, paused: 0 }
})

export const storedRecords = (store: SimulatedStore, topic: string, partition: number): StoredRecord[] => {
  const records = store.partitions.get(`${topic}/${partition}`)
  if (!records) throw new FlexError('FLEX_LOG_UNKNOWN_TOPIC', `there is no ${topic}/${partition}`)
  return records
}

/** The log as one actor sees it. */
export const simulatedLog = (store: SimulatedStore, actor: Actor, random: Random): Log => {
  const turn = async () => {
    if (random.chance(store.faults.paused)) {
      store.counts.paused++
      actor.pause(1 + random.below(store.faults.pauseStepsMax))
    }
    await actor.turn()
  }
  const put = (to: StoredRecord[], records: readonly LogRecord[]) => {
    for (const record of records) to.push({ ...record, offset: to.length })
  }

  return {
    async ensureTopics() {},
    topics: async () => store.topics,

    async append(topic, partition, records) {
      await turn()
      const to = storedRecords(store, topic, partition)
      let first = to.length
      store.counts.appends++
      const isCrash = random.chance(store.faults.crashed)
      if (isCrash || random.chance(store.faults.rejected)) {
        const persisted = random.below(records.length + 1)
        put(to, records.slice(0, persisted))
        if (persisted > 0 && persisted < records.length) store.counts.torn++
        store.counts[isCrash ? 'crashed' : 'rejected']++
        if (isCrash) actor.kill()
        await turn()
        throw new FlexError('FLEX_LOG_UNAVAILABLE', `no answer to an append to ${topic}/${partition}`)
      }
      const half = random.chance(store.faults.split) ? random.below(records.length) : records.length
      put(to, records.slice(0, half))
      if (half < records.length) {
        await turn()
        // Whoever waits here may find others' records between its own.
        if (half === 0) first = to.length
        put(to, records.slice(half))
      }
      await turn()
      return first
    },

    async *read(topic, partition, from, { follow = false, recordsMax = 1_000 } = {}) {
      const records = storedRecords(store, topic, partition)
      let next = from
      for (;;) {
        await turn()
        const batch = records.slice(next, next + 1 + random.below(recordsMax))
        next += batch.length
        if (batch.length > 0) yield batch
        else if (!follow) return
      }
    },

    async endOffset(topic, partition) {
      await turn()
      return storedRecords(store, topic, partition).length
    },

    // biome-ignore lint/correctness/useYield: who owns what is the scheduler's affair.
    async *assignments() {
      throw new Error('a history has no assignments')
    },
    async close() {}
  }
}
