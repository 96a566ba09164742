/**
 * A filter copies chosen, possibly reduced, events of an outbox to topics of which each belongs to one reader, and creates
 * a topic when its first event comes. Partition and order are those of the source; each copy names its source position.
 *
 * Promises: what is on a target already is not written again by this owner: it looks at the end of a target partition
 * before it first writes there, after each start and after each append that did not land where expected. Two owners at
 * once may both write an event; it then has the same `ce_id` twice, and a reader drops an id that it has had.
 */
import { mustHold } from '../../infra/host/broken-invariant.ts'
import type { Component, Worker } from '../../infra/host/host.ts'
import { header, type SaltSource } from '../../infra/log/envelope.ts'
import type { Log, LogRecord, Partition, StoredRecord, TopicSpec } from '../../infra/log/log.ts'
import { decode, encode, fullNameOf } from '../../schemas/codec.ts'
import type { Message } from '../../schemas/generated.ts'
import { assertRecordSize } from '../../schemas/record-size.ts'
import { type AppendLimits, appendChunks, appendLimitsDefault, recordBytes } from './append-chunks.ts'
import type { FeedMeta } from './feed.ts'
import { outboxReading } from './outbox-reading.ts'
import type { Snapshots } from './snapshots.ts'
import { compareSources, parseSource, type SourcePosition, sourceText } from './source-position.ts'
import { typeFilter } from './type-filter.ts'

export interface FilteredEvent {
  readonly topic: TopicSpec
  readonly event: Message
}

export type FilterRule = (event: Message, meta: FeedMeta) => readonly FilteredEvent[]

export interface FilterOptions {
  /** E.g. 'actor-topics'. */
  readonly name: string
  /** An outbox. */
  readonly from: string
  readonly rule: FilterRule
  /** The types that the rule copies from; what else stands in the outbox is not even decoded. Default: all. */
  readonly types?: readonly Message['type'][]
  readonly log: Log
  readonly salt: SaltSource
  /** Without them each start reads the outbox from its beginning. */
  readonly checkpoints?: Snapshots
  readonly limits?: Partial<AppendLimits>
  readonly onWarning?: (message: string, error: unknown) => void
}

/** How much of a target's end is looked at: two owners at once may have mixed up about a batch each. */
const endRecordsMax = 5_000

/** One partition of a target topic, as far as this owner knows it. */
interface Target {
  readonly topic: string
  readonly records: LogRecord[]
  last: SourcePosition | undefined
  expectedOffset: number
}

export const filterComponent = (options: FilterOptions): Component => ({
  name: options.name,
  inputs: [options.from],
  worker: partition => filterWorker(options, partition)
})

const filterWorker = (options: FilterOptions, input: Partition): Worker => {
  const { log, name, from, rule, types, salt, checkpoints, onWarning } = options
  const isCopied = typeFilter(types)
  const limits = { ...appendLimitsDefault, ...options.limits }
  const { partition } = input
  const reading = outboxReading({ log, name, from: input, checkpoints, onWarning })
  const targets = new Map<string, Target>()

  const targetOf = async (topic: TopicSpec): Promise<Target> => {
    const known = targets.get(topic.name)
    if (known) return known
    await log.ensureTopics([topic])
    const end = await log.endOffset(topic.name, partition)
    const target: Target = { topic: topic.name, records: [], last: undefined, expectedOffset: end }
    for await (const batch of log.read(topic.name, partition, Math.max(0, end - endRecordsMax)))
      for (const record of batch) {
        const source = parseSource(record.headers[header.fedFrom] ?? '')
        if (source && (!target.last || compareSources(source, target.last) > 0)) target.last = source
      }
    targets.set(topic.name, target)
    return target
  }

  const append = async (target: Target) => {
    for (const chunk of appendChunks(target.records.splice(0), limits)) {
      const first = await log.append(target.topic, partition, chunk)
      if (first !== target.expectedOffset)
        throw new Error(`${name}: appended to ${target.topic}/${partition} at ${first}, not ${target.expectedOffset}`)
      target.expectedOffset = first + chunk.length
    }
  }

  const appendAll = async () => {
    for (const target of targets.values()) await append(target)
  }

  const copy = (event: Message, value: Uint8Array, of: StoredRecord, source: SourcePosition): LogRecord => {
    const place = sourceText(source)
    const id = `${name}/${place}`
    const headers: Record<string, string> = {
      [header.specVersion]: '1.0',
      [header.id]: id,
      [header.type]: fullNameOf(event.type),
      [header.source]: name,
      [header.subject]: of.key,
      [header.time]: new Date(of.timestamp).toISOString(),
      [header.fedFrom]: place,
      [header.salt]: salt(id)
    }
    for (const passedOn of [header.correlation, header.traceParent]) {
      const value = of.headers[passedOn]
      if (value !== undefined) headers[passedOn] = value
    }
    const record = { key: of.key, value, headers, timestamp: of.timestamp }
    assertRecordSize(name, record)
    return record
  }

  return {
    name: `${name} ${from}/${partition}`,
    input,

    start() {
      targets.clear()
      return reading.start()
    },

    async handle(batch) {
      let waitingBytes = 0
      for (const { cause, events } of reading.causes(batch))
        for (const [index, record] of events.entries()) {
          if (!isCopied(record)) continue
          const message = decode(record.value)
          const what = `${name}: ${message.type} ${cause}.${index} cannot be copied`
          const chosen = mustHold(what, () => rule(message, { now: record.timestamp, key: record.key }))
          for (const [part, { topic, event }] of chosen.entries()) {
            const source: SourcePosition = { topic: from, partition, cause, index, part }
            const target = await targetOf(topic)
            if (target.last && compareSources(source, target.last) <= 0) continue
            target.last = source
            const copied = mustHold(what, () => {
              // What is passed on whole is passed on as it stands.
              const value = event === message ? record.value : encode(event)
              return copy(event, value, record, source)
            })
            target.records.push(copied)
            waitingBytes += recordBytes(copied)
          }
          if (waitingBytes < limits.appendBytesMax) continue
          await appendAll()
          waitingBytes = 0
        }
      await appendAll()
      await reading.passedOn()
    },

    stop: () => reading.stop()
  }
}
