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
import type { AnswerReader, Waiting } from './answer-reader.ts'

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

interface Item {
  readonly id: string
  readonly record: LogRecord
  readonly inbox: Partition
  readonly outbox: Partition
}

export const submitter = (options: SubmitOptions): Submit => {
  const { log, answers, salt, now, limits, earlier } = options
  const kept = recentOutcomes(limits.answersKept)

  const itemOf = ({ actor, idempotencyKey, traceParent }: Call, command: Command, index: number): Item => {
    const { inbox, outbox, recordKey } = placeOf(command)
    const partition = partitionOf(recordKey, inbox.partitions)
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
    return { id, record, inbox: { topic: inbox.name, partition }, outbox: { topic: outbox.name, partition } }
  }

  const append = async (items: readonly { readonly item: Item; readonly waiting: Waiting }[]): Promise<void> => {
    const byPartition = Map.groupBy(items, ({ item: { inbox } }) => `${inbox.topic}/${inbox.partition}`)
    await Promise.all(
      [...byPartition.values()].map(async group => {
        for (const chunk of chunks(group, limits)) {
          const { topic, partition } = chunk[0]!.item.inbox
          const records = chunk.map(({ item }) => item.record)
          const first = await log.append(topic, partition, records)
          for (const [index, { waiting }] of chunk.entries()) waiting.appendedAt(first + index)
        }
      })
    )
  }

  const outcomeOf = async (item: Item, cause: Cause | undefined, actor: CallingActor): Promise<Outcome> => {
    const command = item.id
    if (!cause) return { status: 'pending', command }
    const [event] = cause.events
    if (!event) throw new Error(`the answer to ${command} has no event`)
    // What was decided stands in the header; only some answers have to be read for it, and a document can be long.
    if (!isRead.has(event.headers[header.type] ?? '')) return accepted(item, cause)
    const first = decode(event.value)
    if (first.type === 'CommandRepeated') {
      if (!first.sameContent) return { status: 'refused', command, reasons: [keyReused] }
      const before = kept.get(item.outbox, command)
      return before ?? (await earlier(command, actor)) ?? { status: 'pending', command }
    }
    if (first.type === 'RecordParked')
      throw new SubmitError('unreadable', `the command at ${first.topic}/${first.partition}@${first.offset} was parked`)
    if (isRefusal(first)) {
      const outcome: Outcome = { status: 'refused', command, reasons: first.reasons }
      kept.set(item.outbox, command, outcome)
      return outcome
    }
    return accepted(item, cause, 'playerServiceId' in first ? first.playerServiceId : undefined)
  }

  const accepted = (item: Item, { cause }: Cause, serviceId?: string): Outcome => {
    const outcome: Outcome = {
      status: 'accepted',
      command: item.id,
      position: { ...item.outbox, cause },
      ...(serviceId === undefined ? {} : { serviceId })
    }
    kept.set(item.outbox, item.id, outcome)
    return outcome
  }

  const settle = async ({ actor }: Call, items: readonly Item[]): Promise<readonly Outcome[]> => {
    if (answers.waiting() + items.length > limits.waitingMax)
      throw new SubmitError('overloaded', `${answers.waiting()} commands wait for their decision.`)
    const waits = items.map(item => ({ item, waiting: answers.wait(item.outbox, item.id, limits.decisionMs) }))
    try {
      await append(waits)
    } catch (error) {
      for (const { waiting } of waits) waiting.giveUp()
      throw error
    }
    return Promise.all(waits.map(async ({ item, waiting }) => outcomeOf(item, await waiting.answer, actor)))
  }

  // The commands themselves are not kept while their decisions are waited for.
  return async (call, commands) => {
    const items = commands.map((command, index) => itemOf(call, command, index))
    return settle(call, items)
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

const placeOf = (command: Command) => {
  const name = messageTopic[command.type]
  return { inbox: topics[name], outbox: outboxOf[name], recordKey: 'pom' in command ? command.pom : command.pod }
}

function* chunks<T extends { readonly item: Item }>(
  group: readonly T[],
  { appendBytesMax, appendRecordsMax }: GatewayLimits
): Generator<readonly T[]> {
  let chunk: T[] = []
  let bytes = 0
  for (const one of group) {
    const size = one.item.record.value.length
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

/** The last outcomes, oldest dropped first. */
const recentOutcomes = (most: number) => {
  const outcomes = new Map<string, Outcome>()
  const keyOf = ({ topic, partition }: Partition, command: string): string => `${topic}/${partition}/${command}`
  return {
    get: (at: Partition, command: string): Outcome | undefined => outcomes.get(keyOf(at, command)),
    set(at: Partition, command: string, outcome: Outcome): void {
      outcomes.set(keyOf(at, command), outcome)
      const [oldest] = outcomes.keys()
      if (outcomes.size > most && oldest !== undefined) outcomes.delete(oldest)
    }
  }
}
