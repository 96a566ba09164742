/**
 * A feed carries facts from the outbox of one processor to the inbox of another: a stateless rule says which commands an
 * event gives, and under which keys. A fed command names its source position, takes over the time and the correlation of
 * the event, and has an id that follows from the position.
 *
 * Promises: at least once; of one source partition, each target partition sees every position first in order, whoever
 * feeds and however often. Assumes one feed only from an outbox to an inbox: the receiver keeps one mark for both.
 * An event that cannot be decoded stops the feed of its partition until a version that can read it is started: to leave
 * out a fact would be silent, and to go on past it would break the order.
 */
import { mustHold } from '../../infra/host/broken-invariant.ts'
import type { Component, Worker } from '../../infra/host/host.ts'
import { commandId, commandRecord, header, type SaltSource } from '../../infra/log/envelope.ts'
import type { Log, LogRecord, Partition, StoredRecord } from '../../infra/log/log.ts'
import { partitionOf } from '../../infra/log/partition-of.ts'
import { decode, decodeOutline, encode, fullNameOf } from '../../schemas/codec.ts'
import type { Message } from '../../schemas/generated.ts'
import type { Outline } from '../../schemas/outline.ts'
import { assertRecordSize } from '../../schemas/record-size.ts'
import { type AppendLimits, appendChunks, appendLimitsDefault, recordBytes } from './append-chunks.ts'
import { outboxReading } from './outbox-reading.ts'
import type { Snapshots } from './snapshots.ts'
import { sourceText } from './source-position.ts'
import { typeFilter } from './type-filter.ts'

export interface FeedMeta {
  /** Recorded time of the event. */
  readonly now: number
  readonly key: string
}

export interface FedCommand {
  readonly command: Message
  /** Decides the partition of the inbox. */
  readonly key: string
}

type Rule<Event> = (event: Event, meta: FeedMeta) => readonly FedCommand[]

export type FeedRule = Rule<Message>
/** A rule for which the outline of an event is enough, which is much quicker to read. */
export interface OutlineRule {
  readonly ofOutline: Rule<Outline>
}

export interface FeedOptions {
  /** E.g. 'feed/registry-to-market'. */
  readonly name: string
  /** An outbox. */
  readonly from: string
  /** An inbox. */
  readonly to: string
  readonly rule: FeedRule | OutlineRule
  /** The types that the rule feeds from; what else stands in the outbox is not even decoded. Default: all. */
  readonly types?: readonly Message['type'][]
  readonly log: Log
  readonly salt: SaltSource
  /** Without them each start repeats everything. */
  readonly checkpoints?: Snapshots
  readonly limits?: Partial<AppendLimits>
  readonly onWarning?: (message: string, error: unknown) => void
}

export const feedComponent = (options: FeedOptions): Component => ({
  name: options.name,
  inputs: [options.from],
  worker: partition => feedWorker(options, partition)
})

const feedWorker = (options: FeedOptions, input: Partition): Worker => {
  const { log, name, from, to, rule, types, salt, checkpoints, onWarning } = options
  const isFed = typeFilter(types)
  const limits = { ...appendLimitsDefault, ...options.limits }
  const reading = outboxReading({ log, name, from: input, checkpoints, onWarning })
  let partitions = 0

  const applied =
    <Event extends { readonly type: string }>(read: (value: Uint8Array) => Event, to: Rule<Event>) =>
    (cause: number, event: StoredRecord, index: number): readonly LogRecord[] => {
      const message = read(event.value)
      return mustHold(`${name}: ${message.type} ${cause}.${index} cannot be fed`, () =>
        to(message, { now: event.timestamp, key: event.key }).map((fed, part) =>
          fedRecord(fed, event, sourceText({ topic: from, partition: input.partition, cause, index, part }))
        )
      )
    }
  const commandsOf = typeof rule === 'function' ? applied(decode, rule) : applied(decodeOutline, rule.ofOutline)

  const fedRecord = ({ command, key }: FedCommand, { timestamp, headers }: StoredRecord, source: string): LogRecord => {
    const id = commandId(name, source)
    const traceParent = headers[header.traceParent]
    const record = commandRecord(
      {
        type: fullNameOf(command.type),
        writer: name,
        key,
        value: encode(command),
        time: timestamp,
        id,
        correlation: headers[header.correlation] ?? id,
        fedFrom: source,
        ...(traceParent === undefined ? {} : { traceParent })
      },
      salt
    )
    assertRecordSize(to, record)
    return record
  }

  const appendAll = async (targets: Map<number, LogRecord[]>) => {
    for (const [partition, records] of [...targets].toSorted(([a], [b]) => a - b))
      for (const chunk of appendChunks(records, limits)) await log.append(to, partition, chunk)
    targets.clear()
  }

  return {
    name: `${name} ${from}/${input.partition}`,
    input,

    async start() {
      const target = (await log.topics()).find(topic => topic.name === to)
      if (!target) throw new Error(`${name}: there is no topic ${to}`)
      partitions = target.partitions
      return reading.start()
    },

    async handle(batch) {
      const targets = new Map<number, LogRecord[]>()
      let waitingBytes = 0
      for (const { cause, events } of reading.causes(batch))
        for (const [index, event] of events.entries()) {
          if (!isFed(event)) continue
          for (const command of commandsOf(cause, event, index)) {
            const partition = partitionOf(command.key, partitions)
            const records = targets.get(partition)
            if (records) records.push(command)
            else targets.set(partition, [command])
            waitingBytes += recordBytes(command)
          }
          if (waitingBytes < limits.appendBytesMax) continue
          await appendAll(targets)
          waitingBytes = 0
        }
      await appendAll(targets)
      await reading.passedOn()
    },

    stop: () => reading.stop()
  }
}
