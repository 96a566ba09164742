/**
 * What stands in the headers of a record: CloudEvents 1.0 in Kafka's binary mode, plus the fields that the rules of the
 * log need. Header values are short strings; the value is Avro in the Confluent wire format (schemas/codec.ts).
 *
 * Promises: a record's `ce_id` follows from what it answers (events: processor, partition, cause, index) or from what asked
 * for it (commands: actor and idempotency key, or source position), never from chance, so a reader that has had an id can
 * drop it.
 */
import { hash } from 'node:crypto'
import type { Headers, LogRecord, StoredRecord } from './log.ts'

export const header = {
  id: 'ce_id',
  type: 'ce_type',
  source: 'ce_source',
  subject: 'ce_subject',
  time: 'ce_time',
  dataSchema: 'ce_dataschema',
  specVersion: 'ce_specversion',
  /** The command that this belongs to: equal on a command, on the events that answer it, and on what is fed from those. */
  correlation: 'correlationid',
  /** Of a command from HTTP, and on the first event that answers it. */
  idempotencyKey: 'idempotencykey',
  /** SHA-256 (first 32 hex digits) of a command's type and value; on the first event that answers it too. */
  contentDigest: 'contentdigest',
  /** Of a fed command and the first event that answers it: where the fact stands, `topic/partition@cause.index`. */
  fedFrom: 'source',
  cause: 'cause',
  index: 'index',
  count: 'count',
  epoch: 'epoch',
  traceParent: 'traceparent',
  salt: 'salt'
} as const

type HeaderName = (typeof header)[keyof typeof header]
/** Written below with the names themselves: an object whose names come from variables takes five times as long to make. */
type HeaderValues = { [Name in HeaderName]?: string }

/** A 16-byte salt for the Merkle leaf, base64: random in operation, from the seed in a scenario. */
export type SaltSource = (recordId: string) => string

export const seededSalt =
  (seed: string): SaltSource =>
  recordId =>
    base64OfFirst16(hash('sha256', `flexledger/salt/${seed}\0${recordId}`, 'base64'))

/**
 * The base64 of the first 16 of more bytes, from the base64 of all: 21 characters, and one of which the last four bits, which
 * are of byte 17, are zero. Every record has a salt, and this takes a fifth of the time that bytes in between do.
 */
const base64OfFirst16 = (base64: string): string => {
  const bits = base64Digits.indexOf(base64[21] ?? '') & 0b110000
  return `${base64.slice(0, 21)}${base64Digits[bits]}==`
}
const base64Digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Id of a command from HTTP: the same actor with the same key asks for the same thing. 32 hex digits. */
export const commandId = (actorId: string, idempotencyKey: string): string =>
  hash('sha256', `flexledger/command\0${actorId}\0${idempotencyKey}`, 'hex').slice(0, 32)

export const contentDigest = (type: string, value: Uint8Array): string =>
  hash('sha256', Buffer.concat([Buffer.from(`${type}\0`), value]), 'hex').slice(0, 32)

export interface CommandEnvelope {
  /** Full name of the message type, e.g. `flex.market.PlaceOffer`. */
  readonly type: string
  /** Who wrote it, e.g. `gateway`, `clock`, `feed/registry-to-market`. */
  readonly writer: string
  readonly key: string
  readonly value: Uint8Array
  /** Milliseconds; the `now` of the decision. */
  readonly time: number
  /** `commandId(…)`, or any id that is derived from what asked. */
  readonly id: string
  readonly correlation: string
  readonly idempotencyKey?: string
  readonly fedFrom?: string
  readonly traceParent?: string
}

/** The records of a batch have one time. */
let lastTime = { ms: 0, text: new Date(0).toISOString() }

const isoTime = (ms: number): string => {
  if (lastTime.ms !== ms) lastTime = { ms, text: new Date(ms).toISOString() }
  return lastTime.text
}

export const commandRecord = (command: CommandEnvelope, salt: SaltSource): LogRecord => {
  const headers: HeaderValues = {
    ce_specversion: '1.0',
    ce_id: command.id,
    ce_type: command.type,
    ce_source: command.writer,
    ce_subject: command.key,
    ce_time: isoTime(command.time),
    correlationid: command.correlation,
    contentdigest: contentDigest(command.type, command.value),
    salt: salt(command.id)
  }
  if (command.idempotencyKey !== undefined) headers[header.idempotencyKey] = command.idempotencyKey
  if (command.fedFrom !== undefined) headers[header.fedFrom] = command.fedFrom
  if (command.traceParent !== undefined) headers[header.traceParent] = command.traceParent
  return { key: command.key, value: command.value, headers, timestamp: command.time }
}

/** What the records of the events that answer one command have in common. */
export interface AnswerEnvelope {
  /** The processor, e.g. `market`. */
  readonly writer: string
  readonly partition: number
  readonly key: string
  readonly time: number
  readonly cause: number
  readonly count: number
  readonly epoch: number
  /** Headers of the command; the memory of keys and sources is folded from the first event. */
  readonly commandHeaders: Headers
}

/** The record of the event that stands at `index`; `type` is its full name. */
export type EventRecord = (index: number, type: string, value: Uint8Array) => LogRecord

export const eventRecords = (answer: AnswerEnvelope, salt: SaltSource): EventRecord => {
  const { writer, key, time: timestamp, commandHeaders: from } = answer
  const idsBegin = `${writer}/${answer.partition}/${answer.cause}/`
  // Made once: an outcome has thousands of records, and a text that is the same text is found equal at once.
  const time = isoTime(timestamp)
  const cause = String(answer.cause)
  const count = String(answer.count)
  const epoch = String(answer.epoch)
  const { correlationid, traceparent } = from
  return (index, type, value) => {
    const id = idsBegin + index
    const headers: HeaderValues = {
      ce_specversion: '1.0',
      ce_id: id,
      ce_type: type,
      ce_source: writer,
      ce_subject: key,
      ce_time: time,
      cause,
      index: String(index),
      count,
      epoch,
      salt: salt(id)
    }
    if (correlationid !== undefined) headers.correlationid = correlationid
    if (traceparent !== undefined) headers.traceparent = traceparent
    if (index === 0) {
      copy(from, header.idempotencyKey, headers)
      copy(from, header.contentDigest, headers)
      copy(from, header.fedFrom, headers)
    }
    return { key, value, headers, timestamp }
  }
}

const copy = (from: Headers, name: HeaderName, to: HeaderValues): void => {
  const value = from[name]
  if (value !== undefined) to[name] = value
}

/** Where an event stands among the answers to commands; undefined for a record without these headers. */
export interface AnswerPosition {
  readonly cause: number
  readonly index: number
  readonly count: number
  readonly epoch: number
}

/** At most 15 digits. By its characters, because every reader asks for four of them of every record. */
const whole = (text: string | undefined): number | undefined => {
  if (text === undefined || text.length === 0 || text.length > 15) return undefined
  let value = 0
  for (let n = 0; n < text.length; n++) {
    const digit = text.charCodeAt(n) - 48
    if (!(digit >= 0 && digit <= 9)) return undefined
    value = value * 10 + digit
  }
  return value
}

export const answerPosition = (record: StoredRecord): AnswerPosition | undefined => {
  const cause = whole(record.headers[header.cause])
  const index = whole(record.headers[header.index])
  const count = whole(record.headers[header.count])
  const epoch = whole(record.headers[header.epoch])
  if (cause === undefined || index === undefined || count === undefined || epoch === undefined) return undefined
  return { cause, index, count, epoch }
}
