/**
 * Puts commands into an inbox and tells what was decided. The gateway decides nothing: an item is accepted or refused by the
 * event that answers it, and is `pending` when none came in time (its id then leads to the answer later).
 *
 * Promises: items of one partition keep their order; every item is encoded and measured before the first is appended, so a
 * call that is too large writes nothing; a call repeated with its Idempotency-Key gets the first answer again.
 * Assumes: an append that failed may have happened. The caller is told to repeat the call with its key, which is safe.
 */
import type { Cause } from '../../infra/log/cause-reader.ts'
import { commandId, commandRecord, header, type SaltSource } from '../../infra/log/envelope.ts'
import type { Log, LogRecord, Partition } from '../../infra/log/log.ts'
import { partitionOf } from '../../infra/log/partition-of.ts'
import { decode, encode, fullNameOf } from '../../schemas/codec.ts'
import {
  type GridCommand,
  type MarketCommand,
  type Message,
  messageTopic,
  type RegistryCommand
} from '../../schemas/generated.ts'
import { topics } from '../../schemas/topics.ts'
import type { CallingActor } from '../auth/principal.ts'
import type { GatewayLimits } from '../limits.ts'
import type { ProblemItem } from '../problem.ts'
import type { AnswerReader, Asked, Waiting } from './answer-reader.ts'

export interface Position {
  readonly topic: string
  readonly partition: number
  readonly cause: number
}

export type Outcome =
  | { readonly status: 'accepted'; readonly command: string; readonly position: Position; readonly serviceId?: string }
  | { readonly status: 'refused'; readonly command: string; readonly reasons: readonly ProblemItem[] }
  | { readonly status: 'pending'; readonly command: string }

export type Command = RegistryCommand | MarketCommand | GridCommand

export interface Call {
  readonly actor: CallingActor
  readonly idempotencyKey: string
  readonly traceParent?: string
}

/** Nothing was written, and why; or (log) it is not known whether something was. */
export class SubmitError extends Error {
  readonly code: 'overloaded' | 'item-too-large' | 'unreadable'
  readonly index: number | undefined

  constructor(code: SubmitError['code'], message: string, index?: number) {
    super(message)
    this.name = 'SubmitError'
    this.code = code
    this.index = index
  }
}

export interface SubmitOptions {
  readonly log: Log
  readonly answers: AnswerReader
  readonly salt: SaltSource
  /** The time that is written into commands. */
  readonly now: () => number
  readonly limits: GatewayLimits
  /** What the tables know of an earlier command; undefined if (still) nothing. */
  readonly earlier: (command: string, actor: CallingActor) => Promise<Outcome | undefined>
}

export type Submit = (call: Call, commands: readonly Command[]) => Promise<readonly Outcome[]>

/** One object for each partition, because thousands of commands name it. */
interface Place {
  readonly inbox: Partition
  readonly outbox: Partition
}

interface Item {
  readonly index: number
  readonly id: string
  readonly record: LogRecord
  readonly place: Place
}

export const submitter = (options: SubmitOptions): Submit => {
  const { log, answers, salt, now, limits, earlier } = options
  const kept = recentOutcomes(limits.answersKept)

  const itemOf = ({ actor, idempotencyKey, traceParent }: Call, command: Command, index: number): Item => {
    const recordKey = 'pom' in command ? command.pom : command.pod
    const place = placeOf(messageTopic[command.type], recordKey)
    // Processors remember the keys of all clients together, so the actor is part of it.
    const key = `${actor.role}/${actor.id}/${idempotencyKey}/${index}`
    const id = commandId(actor.id, key)
    const value = encode(command)
    if (value.length > limits.recordBytesMax)
      throw new SubmitError('item-too-large', `${value.length} bytes; at most ${limits.recordBytesMax}.`, index)
    const record = commandRecord(
      {
        type: fullNameOf(command.type),
        writer: 'gateway',
        key: recordKey,
        value,
        time: now(),
        id,
        correlation: id,
        idempotencyKey: key,
        ...(traceParent === undefined ? {} : { traceParent })
      },
      salt
    )
    return { index, id, record, place }
  }

  const append = async (items: readonly Item[], waiting: Waiting): Promise<void> => {
    const byPlace = Map.groupBy(items, ({ place }) => place)
    const appendTo = async ({ inbox: { topic, partition } }: Place, group: readonly Item[]): Promise<void> => {
      for (const chunk of chunks(group, limits)) {
        const records = chunk.map(({ record }) => record)
        const first = await log.append(topic, partition, records)
        for (const [n, { index }] of chunk.entries()) waiting.appendedAt(index, first + n)
      }
    }
    await Promise.all([...byPlace].map(([place, group]) => appendTo(place, group)))
  }

  /** Only of what was answered before it may have to be asked what the answer was. */
  const outcomeOf = (asked: Asked, cause: Cause | undefined, actor: CallingActor): Outcome | Promise<Outcome> => {
    const command = asked.id
    if (!cause) return { status: 'pending', command }
    const [event] = cause.events
    if (!event) throw new Error(`the answer to ${command} has no event`)
    // What was decided stands in the header; only some answers have to be read for it, and a document can be long.
    if (!isRead.has(event.headers[header.type] ?? '')) return accepted(asked, cause)
    const first = decode(event.value)
    if (first.type === 'CommandRepeated') {
      if (!first.sameContent) return { status: 'refused', command, reasons: [keyReused] }
      return kept.get(asked) ?? earlierOrPending(command, actor)
    }
    if (first.type === 'RecordParked')
      throw new SubmitError('unreadable', `the command at ${first.topic}/${first.partition}@${first.offset} was parked`)
    if (isRefusal(first)) {
      const outcome: Outcome = { status: 'refused', command, reasons: first.reasons }
      kept.set(asked, outcome)
      return outcome
    }
    return accepted(asked, cause, 'playerServiceId' in first ? first.playerServiceId : undefined)
  }

  const earlierOrPending = async (command: string, actor: CallingActor): Promise<Outcome> =>
    (await earlier(command, actor)) ?? { status: 'pending', command }

  const accepted = (asked: Asked, { cause }: Cause, serviceId?: string): Outcome => {
    const { id: command, outbox } = asked
    const position: Position = { topic: outbox.topic, partition: outbox.partition, cause }
    const outcome: Outcome =
      serviceId === undefined
        ? { status: 'accepted', command, position }
        : { status: 'accepted', command, position, serviceId }
    kept.set(asked, outcome)
    return outcome
  }

  const outcomesOf = async (
    { actor }: Call,
    asked: readonly Asked[],
    waiting: Waiting,
    appended: Promise<void>
  ): Promise<readonly Outcome[]> => {
    try {
      await appended
    } catch (error) {
      waiting.giveUp()
      throw error
    }
    const causes = await waiting.answers
    return Promise.all(asked.map((one, n) => outcomeOf(one, causes[n], actor)))
  }

  // Neither the commands nor their records are kept while the decisions are waited for.
  return async (call, commands) => {
    const items = commands.map((command, index) => itemOf(call, command, index))
    if (answers.waiting() + items.length > limits.waitingMax)
      throw new SubmitError('overloaded', `${answers.waiting()} commands wait for their decision.`)
    const asked = items.map(({ id, place: { outbox } }) => ({ id, outbox }))
    const waiting = answers.wait(asked, limits.decisionMs)
    return outcomesOf(call, asked, waiting, append(items, waiting))
  }
}

/** Types of the first event of an answer that says more than that the command was accepted. */
const isRead: ReadonlySet<string> = new Set(
  (
    [
      'CommandRepeated',
      'RecordParked',
      'RegistryCommandRefused',
      'MarketCommandRefused',
      'GridCommandRefused',
      'OfferPlaced',
      'BlockOfferPlaced',
      'RequestPlaced'
    ] as const
  ).map(fullNameOf)
)

const keyReused: ProblemItem = {
  code: 'idempotency-key-reused',
  path: '',
  detail: 'A command with this Idempotency-Key and another content was answered before.'
}

const isRefusal = (
  event: Message
): event is Extract<
  Message,
  { readonly type: 'RegistryCommandRefused' | 'MarketCommandRefused' | 'GridCommandRefused' }
> =>
  event.type === 'RegistryCommandRefused' ||
  event.type === 'MarketCommandRefused' ||
  event.type === 'GridCommandRefused'

const outboxOf = {
  'flex.registry.commands': topics['flex.registry.events'],
  'flex.market.commands': topics['flex.market.events'],
  'flex.grid.commands': topics['flex.grid.events']
} as const

const places = new Map<keyof typeof outboxOf, readonly Place[]>()

const placeOf = (topic: keyof typeof outboxOf, recordKey: string): Place => {
  let own = places.get(topic)
  if (!own) {
    own = Array.from({ length: topics[topic].partitions }, (_, partition) => ({
      inbox: { topic, partition },
      outbox: { topic: outboxOf[topic].name, partition }
    }))
    places.set(topic, own)
  }
  return own[partitionOf(recordKey, own.length)]!
}

function* chunks(
  group: readonly Item[],
  { appendBytesMax, appendRecordsMax }: GatewayLimits
): Generator<readonly Item[]> {
  let chunk: Item[] = []
  let bytes = 0
  for (const one of group) {
    const size = one.record.value.length
    if (chunk.length > 0 && (chunk.length >= appendRecordsMax || bytes + size > appendBytesMax)) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(one)
    bytes += size
  }
  if (chunk.length > 0) yield chunk
}

interface KeptOutcome {
  readonly outbox: Partition
  readonly outcome: Outcome
}

/** The last outcomes, oldest dropped first. */
const recentOutcomes = (most: number) => {
  const kept = new Map<string, KeptOutcome>()
  // One for all: a new one passes over the places of everything dropped since the map last moved, thousands of them.
  const oldestFirst = kept.keys()
  return {
    get({ id, outbox }: Asked): Outcome | undefined {
      const found = kept.get(id)
      // The same key with another document may have led to another partition.
      return found && isSame(found.outbox, outbox) ? found.outcome : undefined
    },
    set({ id, outbox }: Asked, outcome: Outcome): void {
      kept.set(id, { outbox, outcome })
      if (kept.size <= most) return
      const { value: oldest } = oldestFirst.next()
      if (oldest !== undefined) kept.delete(oldest)
    }
  }
}

const isSame = (one: Partition, other: Partition): boolean =>
  one.topic === other.topic && one.partition === other.partition
