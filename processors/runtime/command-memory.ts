/**
 * What an owner remembers of the commands it answered, so that none is applied twice: idempotency keys of HTTP commands
 * for a bounded time and number, and of each source partition of a feed the highest position. It is folded from the
 * headers of the first event of each cause, and from nothing else: an owner that starts anew remembers the same.
 *
 * Assumes that keys are made unique among clients by whoever writes the command (the gateway puts the actor into them),
 * that one feed only leads from an outbox to an inbox, and that its writers write every position in order.
 * If a key is forgotten, a repeat is decided again: the rules then refuse it by its business id.
 */
import { header } from '../../infra/log/envelope.ts'
import type { Headers, StoredRecord } from '../../infra/log/log.ts'
import { compareSources, parseSource, type SourcePosition } from './source-position.ts'

export interface MemoryLimits {
  /** By the recorded times of the commands. */
  readonly keysKeptMs: number
  readonly keysMax: number
}

interface Answered {
  readonly cause: number
  readonly digest: string
  readonly time: number
}

interface Fed {
  readonly source: SourcePosition
  /** The command that carried it. */
  readonly cause: number
}

export interface CommandMemoryContent {
  readonly keys: readonly (readonly [string, Answered])[]
  readonly sources: readonly (readonly [string, Fed])[]
}

export interface Repeated {
  /** Of a repeated fact: the last command from its source partition, which may be later than the first that carried it. */
  readonly firstCause: number
  readonly sameContent: boolean
}

export interface CommandMemory {
  /** Undefined if the command is new. */
  repeated(headers: Headers): Repeated | undefined
  /** Notes the first event of a cause. */
  note(cause: number, first: Pick<StoredRecord, 'headers' | 'timestamp'>, isParked: boolean): void
  content(): CommandMemoryContent
}

export const commandMemory = (
  { keysKeptMs, keysMax }: MemoryLimits,
  content: CommandMemoryContent = { keys: [], sources: [] }
): CommandMemory => {
  // In the order of their causes, so that the oldest stands first.
  const keys = new Map<string, Answered>(content.keys)
  const sources = new Map<string, Fed>(content.sources)

  // One iterator for all: a new one passes over the places of everything dropped since the map last moved, up to as many as
  // there are keys.
  const oldestFirst = keys.entries()
  let oldest: readonly [string, Answered] | undefined

  const forgetOld = (now: number) => {
    while (keys.size > 0) {
      oldest ??= oldestFirst.next().value
      if (!oldest || (keys.size <= keysMax && oldest[1].time >= now - keysKeptMs)) return
      keys.delete(oldest[0])
      oldest = undefined
    }
  }

  return {
    repeated(headers) {
      const source = parseSource(headers[header.fedFrom] ?? '')
      const fed = source && sources.get(sourcePartition(source))
      if (source && fed && compareSources(source, fed.source) <= 0) return { firstCause: fed.cause, sameContent: true }
      const key = headers[header.idempotencyKey]
      const answered = key === undefined ? undefined : keys.get(key)
      if (!answered) return undefined
      return { firstCause: answered.cause, sameContent: answered.digest === (headers[header.contentDigest] ?? '') }
    },

    note(cause, { headers, timestamp }, isParked) {
      const source = parseSource(headers[header.fedFrom] ?? '')
      if (source) {
        const fed = sources.get(sourcePartition(source))
        if (!fed || compareSources(source, fed.source) > 0) sources.set(sourcePartition(source), { source, cause })
      }
      // A parked command was not applied: sent again when it can be read, it is new. And the first answer is the answer.
      const key = headers[header.idempotencyKey]
      if (key !== undefined && !isParked && !keys.has(key))
        keys.set(key, { cause, digest: headers[header.contentDigest] ?? '', time: timestamp })
      forgetOld(timestamp)
    },

    content: () => ({ keys: [...keys], sources: [...sources] })
  }
}

const sourcePartition = ({ topic, partition }: SourcePosition): string => `${topic}/${partition}`
