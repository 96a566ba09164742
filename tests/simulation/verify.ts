/**
 * What must hold at the end of a history, told as a list of sentences that do not. The checks know what was asked, what is
 * on the log, and what readers saw on the way; they share no code with the owners but the reading of headers.
 */

import type { ReaderPosition } from '../../infra/log/cause-reader.ts'
import { type Cause, startPosition } from '../../infra/log/cause-reader.ts'
import { header } from '../../infra/log/envelope.ts'
import type { StoredRecord } from '../../infra/log/log.ts'
import { decode } from '../../schemas/codec.ts'
import type { Message } from '../../schemas/generated.ts'
import type { Assembler } from './readers.ts'
import { digestAfter, feedRule, parsePayload } from './world.ts'

export interface Observed {
  /** What a reader that lived through the history gave out. */
  readonly causes: readonly Cause[]
  /** Where others may have begun. */
  readonly positions: readonly ReaderPosition[]
}

export interface PartitionHistory {
  readonly name: string
  readonly commands: readonly StoredRecord[]
  readonly records: readonly StoredRecord[]
  readonly observed: Observed
}

export const readCauses = (
  records: readonly StoredRecord[],
  assembler: Assembler,
  from: ReaderPosition = startPosition
): readonly Cause[] => {
  const reader = assembler(from)
  return records.slice(from.nextOffset).flatMap(record => reader.push(record) ?? [])
}

const outline = (causes: readonly Cause[]): string =>
  JSON.stringify(causes.map(({ cause, events }) => [cause, events.map(({ offset }) => offset)]))

const isRepeat = (message: Message) => message.type === 'CommandRepeated'
const isParked = (message: Message) => message.type === 'RecordParked'

export const problemsOf = (history: PartitionHistory, assembler: Assembler): readonly string[] => {
  const { name, commands, records, observed } = history
  const problems: string[] = []
  const problem = (text: string) => problems.push(`${name}: ${text}`)
  const causes = readCauses(records, assembler)

  const answered = causes.map(({ cause }) => cause).join()
  const asked = commands.map(({ offset }) => offset).join()
  if (answered !== asked) problem(`commands ${asked} were answered as ${answered}`)

  if (!outline(causes).startsWith(outline(observed.causes).slice(0, -1)))
    problem('a reader was given what the log does not say in the end')
  for (const position of observed.positions) {
    const rest = causes.filter(({ cause }) => cause > position.cause)
    if (outline(readCauses(records, assembler, position)) !== outline(rest))
      problem(`a reader that begins at ${JSON.stringify(position)} is not given the rest`)
  }

  let digest = ''
  const decidedBy = new Map<string, number>()
  const fedLast = new Map<string, string>()
  for (const { cause, events } of causes) {
    const command = commands[cause]
    const messages = events.map(({ value }) => decode(value))
    const before = digest
    for (const message of messages) {
      if (!('pod' in message)) continue
      const decided = parsePayload(message.pod)
      if (decided.before !== before) problem(`cause ${cause} was decided on another state than the one before it`)
      digest = digestAfter(digest, message.pod)
      if (command && !askedFor(command, decided.asked)) problem(`cause ${cause} answers another command`)
    }
    if (!command || messages.some(isParked)) {
      if (command && isReadable(command)) problem(`cause ${cause} was parked, and could be read`)
      continue
    }
    const identity = command.headers[header.fedFrom] ?? command.headers[header.idempotencyKey] ?? ''
    const first = decidedBy.get(identity)
    if (messages.some(isRepeat) !== (first !== undefined))
      problem(`cause ${cause} (${identity}) was ${first === undefined ? 'refused as a repeat' : 'applied again'}`)
    for (const message of messages)
      if (message.type === 'CommandRepeated') {
        if (command.headers[header.fedFrom] === undefined && message.firstCause !== first)
          problem(`cause ${cause} names ${message.firstCause} as the first answer, not ${first}`)
        const isSame = command.headers[header.contentDigest] === commands[first ?? -1]?.headers[header.contentDigest]
        if (message.sameContent !== isSame) problem(`cause ${cause} takes other content for the same`)
      }
    if (first === undefined) decidedBy.set(identity, cause)
    if (first === undefined && command.headers[header.fedFrom] !== undefined) {
      const [from = '', at = ''] = identity.split('@')
      const last = fedLast.get(from)
      if (last !== undefined && compare(at, last) <= 0) problem(`the fact ${identity} came after ${last}`)
      fedLast.set(from, at)
    }
  }
  return problems
}

/** Every fact of the outbox was applied once in one of the inboxes, as what the rule makes of it. */
export const feedProblems = (
  from: readonly PartitionHistory[],
  to: readonly PartitionHistory[],
  assembler: Assembler
): readonly string[] => {
  const facts = from.flatMap(({ records, name }) =>
    readCauses(records, assembler).flatMap(({ cause, events }) =>
      events.flatMap((event, index) => {
        const given = feedRule(decode(event.value), { now: event.timestamp, key: event.key })
        return given.map(({ command }, part) => {
          const pod = 'pod' in command ? command.pod : ''
          return `${name}@${cause}.${index}${part > 0 ? `.${part}` : ''} ${pod}`
        })
      })
    )
  )
  const applied = to.flatMap(({ records, commands }) =>
    readCauses(records, assembler).flatMap(({ cause, events }) => {
      const source = commands[cause]?.headers[header.fedFrom]
      const message = decode(events[0]!.value)
      return source !== undefined && 'pod' in message ? [`${source} ${parsePayload(message.pod).asked}`] : []
    })
  )
  return JSON.stringify(facts.toSorted()) === JSON.stringify(applied.toSorted())
    ? []
    : [`the feed: ${facts.length} facts, ${applied.length} applied`]
}

const compare = (a: string, b: string): number => {
  const [x, y] = [a.split('.').map(Number), b.split('.').map(Number)]
  return x[0]! - y[0]! || x[1]! - y[1]! || (x[2] ?? 0) - (y[2] ?? 0)
}

const isReadable = ({ value }: StoredRecord): boolean => value[0] === 0

const askedFor = (command: StoredRecord, asked: string): boolean => {
  const message = decode(command.value)
  return 'pod' in message && message.pod === asked
}
