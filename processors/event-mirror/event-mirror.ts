/**
 * Mirrors outboxes into an event store, one stream per aggregate, with expected revisions. Optional and one-way: the log
 * never waits for it, and it can be filled again from the beginning into an empty store.
 *
 * Promises: each event of the log is in its stream once, in order, after any crash and with two mirrors at once. What the
 * stream's last event says about its source decides what is missing; the checkpoint only saves time. A stream that
 * somebody else wrote to is an error, and is left alone.
 */
import { createHash } from 'node:crypto'
import { FlexError } from '../../infra/errors.ts'
import type { EventStore, StreamEvent } from '../../infra/event-store/event-store.ts'
import type { Component, Worker } from '../../infra/host/host.ts'
import { header } from '../../infra/log/envelope.ts'
import type { Log, Partition, StoredRecord } from '../../infra/log/log.ts'
import { decode, fullNameOf } from '../../schemas/codec.ts'
import type { Message } from '../../schemas/generated.ts'
import { outboxReading } from '../runtime/outbox-reading.ts'
import type { Snapshots } from '../runtime/snapshots.ts'
import { compareSources, parseSource, type SourcePosition, sourceText } from '../runtime/source-position.ts'

export interface EventMirrorOptions {
  readonly store: EventStore
  readonly from: string
  readonly streamOf: (topic: string, key: string, event: Message) => string | undefined
  readonly log: Log
  /** Without them each start reads the outbox, and the end of each stream, from the beginning. */
  readonly checkpoints?: Snapshots
  readonly onWarning?: (message: string, error: unknown) => void
}

/** Of one append, in bytes on the log: as JSON some five times that, below a store's limit of 1 MiB for an append. */
const appendBytesMax = 150_000
/** Events of one append: the metadata of each is some 300 bytes. */
const eventsMax = 500
/** Ends of streams that are remembered: those of some days of a city. One that was forgotten is asked for. */
const streamsMax = 10_000
/** Another mirror may write to the same stream at the same moment, until one of them loses its partition. */
const attemptsMax = 5

interface End {
  readonly revision: number | undefined
  readonly source: SourcePosition | undefined
}

interface Mirrored {
  readonly source: SourcePosition
  readonly bytes: number
  readonly event: StreamEvent
}

export const eventMirrorName = 'event-mirror'

export const eventMirror = (options: EventMirrorOptions): Component => ({
  name: `${eventMirrorName} ${options.from}`,
  inputs: [options.from],
  worker: partition => mirrorWorker(options, partition)
})

const mirrorWorker = (options: EventMirrorOptions, input: Partition): Worker => {
  const { store, log, from, checkpoints, onWarning } = options
  const name = `${eventMirrorName}-${from}`
  const reading = outboxReading({ log, name, from: input, checkpoints, onWarning })
  const ends = new Map<string, End>()

  const endOf = async (stream: string): Promise<End> => {
    const known = ends.get(stream)
    if (known) return known
    const found = await store.endOf(stream)
    if (!found) return { revision: undefined, source: undefined }
    const source = parseSource(String(found.metadata['source'] ?? ''))
    if (source?.topic !== from || source.partition !== input.partition)
      throw new FlexError(
        'FLEX_EVENT_STORE_FOREIGN_STREAM',
        `${stream} ends with an event that is not from ${from}/${input.partition}`
      )
    return { revision: found.revision, source }
  }

  const remember = (stream: string, end: End) => {
    ends.delete(stream)
    const [oldest] = ends.keys()
    if (ends.size >= streamsMax && oldest !== undefined) ends.delete(oldest)
    ends.set(stream, end)
  }

  const append = async (stream: string, events: readonly Mirrored[]): Promise<void> => {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const { revision, source } = await endOf(stream)
      const missing = firstOf(events.filter(one => !source || compareSources(one.source, source) > 0))
      const last = missing.at(-1)
      if (!last) return
      ends.delete(stream)
      const next = await store.append(
        stream,
        missing.map(({ event }) => event),
        revision
      )
      if (next === undefined) continue
      remember(stream, { revision: next, source: last.source })
      if (last === events.at(-1)) return
      attempt = 0
    }
    throw new FlexError('FLEX_EVENT_STORE_UNAVAILABLE', `${stream} moved on ${attemptsMax} times; two mirrors at once?`)
  }

  return {
    name: `${eventMirrorName} ${from}/${input.partition}`,
    input,

    start() {
      ends.clear()
      return reading.start()
    },

    async handle(batch) {
      const waiting = new Map<string, Mirrored[]>()
      for (const { cause, events } of reading.causes(batch))
        for (const [index, record] of events.entries()) {
          const message = decode(record.value)
          const stream = options.streamOf(from, record.key, message)
          if (stream === undefined) continue
          const source: SourcePosition = { topic: from, partition: input.partition, cause, index, part: 0 }
          const mirrored = { source, bytes: record.value.length, event: eventOf(message, record, source) }
          const others = waiting.get(stream)
          if (others) others.push(mirrored)
          else waiting.set(stream, [mirrored])
        }
      for (const [stream, events] of waiting) await append(stream, events)
      await reading.passedOn()
    },

    stop: () => reading.stop()
  }
}

/** As many as fit into one append, one at least. */
const firstOf = (events: readonly Mirrored[]): readonly Mirrored[] => {
  let bytes = 0
  const end = events.findIndex((event, n) => {
    bytes += event.bytes
    return n > 0 && (n === eventsMax || bytes > appendBytesMax)
  })
  return end < 0 ? events : events.slice(0, end)
}

const eventOf = ({ type, ...data }: Message, record: StoredRecord, source: SourcePosition): StreamEvent => {
  const id = record.headers[header.id] ?? sourceText(source)
  const correlation = record.headers[header.correlation]
  return {
    id: uuidOf(id),
    type: fullNameOf(type),
    data,
    metadata: {
      id,
      source: sourceText(source),
      offset: String(record.offset),
      time: new Date(record.timestamp).toISOString(),
      // The name by which such a store groups what belongs together.
      ...(correlation === undefined ? {} : { $correlationId: correlation })
    }
  }
}

/** Version 8 (RFC 9562): from a digest. */
const uuidOf = (id: string): string => {
  const bytes = createHash('sha256').update(`flexledger/event\0${id}`).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
