/**
 * The rules of the port that every adapter checks in the same words: which topics may be created, what a record is, and
 * the errors for a topic or partition that is not there.
 */
import { FlexError } from '../errors.ts'
import type { LogRecord, TopicSpec } from './log.ts'

/** Records in one batch of a reader: enough that the cost of a batch is spread, small enough to hold (a few hundred kB). */
export const recordsMaxDefault = 1_000

/** Partitions of one topic. Far above what one city needs; more is a typing error. */
export const partitionsMax = 1_024

/** What is missing of `wanted`; throws if one exists, or is asked for twice, with another partition count. */
export const topicsToCreate = (existing: readonly TopicSpec[], wanted: readonly TopicSpec[]): readonly TopicSpec[] => {
  const known = new Map(existing.map(topic => [topic.name, topic.partitions]))
  const missing: TopicSpec[] = []
  for (const { name, partitions } of wanted) {
    if (!/^[A-Za-z0-9._-]{1,200}$/.test(name))
      throw new FlexError(
        'FLEX_LOG_TOPIC_MISMATCH',
        `"${name}" is no topic name (1-200 letters, digits, dots, _ and -)`
      )
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > partitionsMax)
      throw new FlexError(
        'FLEX_LOG_TOPIC_MISMATCH',
        `${name} cannot have ${partitions} partitions (1-${partitionsMax})`
      )
    const count = known.get(name)
    if (count === undefined) {
      known.set(name, partitions)
      missing.push({ name, partitions })
    } else if (count !== partitions)
      throw new FlexError('FLEX_LOG_TOPIC_MISMATCH', `${name} has ${count} partitions for ever, not ${partitions}`)
  }
  return missing
}

/** A record that cannot be stored is a defect of its writer, found before anything of its batch is written. */
export const requireRecords = (records: readonly LogRecord[]): void => {
  for (const { key, value, timestamp } of records) {
    if (typeof key !== 'string') throw new TypeError('a record needs a key that is a string')
    if (!(value instanceof Uint8Array)) throw new TypeError('a record needs a value of bytes')
    if (!Number.isSafeInteger(timestamp)) throw new TypeError('a record needs a timestamp in whole milliseconds')
  }
}

export const unknownTopic = (topic: string): FlexError =>
  new FlexError('FLEX_LOG_UNKNOWN_TOPIC', `there is no topic ${topic}`)

export const unknownPartition = (topic: string, partition: number, partitions: number): FlexError =>
  new FlexError('FLEX_LOG_UNKNOWN_PARTITION', `${topic} has partitions 0-${partitions - 1}, not ${partition}`)
