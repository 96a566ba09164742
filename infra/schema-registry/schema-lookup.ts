/**
 * Ids that this version does not know, asked once and then known to the codec: a newer version of the project may write
 * while this one still reads (a rolling upgrade). Ids of ids.json are never asked, so a log of this version is read with
 * the registry down.
 *
 * Promises: each id is asked once at a time; "there is none" is remembered for a while, then asked again; a registry that
 * does not answer is an error, never "there is none", because a record that counts as unreadable is parked for good.
 */
import { parseSchema } from '../../schemas/avro-schema.ts'
import type { Codec } from '../../schemas/codec.ts'
import type { SchemaRegistry } from './schema-registry.ts'

export interface LookupLimits {
  /** Ids learnt in the life of a process: far above the versions of some releases. More are treated as unknown. */
  readonly learntMax: number
  /** Ids remembered as unknown: the oldest is forgotten. Bounds what a foreign writer with random ids can cost. */
  readonly unknownMax: number
  /** For how long, ms: one question a minute for each id that nobody knows. */
  readonly unknownMs: number
}

export const lookupLimits: LookupLimits = { learntMax: 1_000, unknownMax: 1_000, unknownMs: 60_000 }

export interface SchemaLookup {
  /** True if nothing is to be asked: the id is known, or was just said to be unknown. */
  isSettled(id: number): boolean
  /** Asks for an id that is not settled. Rejects with FLEX_REGISTRY_UNAVAILABLE if nobody answers. */
  settle(id: number): Promise<void>
}

export interface LookupOptions {
  readonly registry: Pick<SchemaRegistry, 'schemaTextOf'>
  readonly codec: Pick<Codec, 'knows' | 'learn'>
  readonly limits?: Partial<LookupLimits>
  /** Milliseconds that only grow. */
  readonly now?: () => number
  /** A schema that is there and is none of ours. */
  readonly onForeign?: (id: number, why: string) => void
}

export const schemaLookup = ({ registry, codec, onForeign, ...options }: LookupOptions): SchemaLookup => {
  const limits = { ...lookupLimits, ...options.limits }
  const now = options.now ?? (() => performance.now())
  const unknownUntil = new Map<number, number>()
  const asked = new Map<number, Promise<void>>()
  let learnt = 0

  const isSettled = (id: number): boolean =>
    codec.knows(id) || (unknownUntil.get(id) ?? Number.NEGATIVE_INFINITY) > now()

  const rememberUnknown = (id: number): void => {
    unknownUntil.delete(id)
    const [oldest] = unknownUntil.keys()
    if (unknownUntil.size >= limits.unknownMax && oldest !== undefined) unknownUntil.delete(oldest)
    unknownUntil.set(id, now() + limits.unknownMs)
  }

  const ask = async (id: number): Promise<void> => {
    const text = await registry.schemaTextOf(id)
    const why = text === undefined ? undefined : learn(id, text)
    if (text !== undefined && why === undefined) return
    rememberUnknown(id)
    if (why !== undefined) onForeign?.(id, why)
  }

  const learn = (id: number, text: string): string | undefined => {
    if (learnt >= limits.learntMax) return `${limits.learntMax} other ids were learnt already`
    try {
      if (!codec.learn(id, parseSchema(text, `schema ${id}`))) return 'it is no version of a message that is known here'
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
    learnt++
    unknownUntil.delete(id)
    return undefined
  }

  return {
    isSettled,
    settle(id) {
      if (isSettled(id)) return Promise.resolve()
      const running = asked.get(id)
      if (running !== undefined) return running
      const question = ask(id).finally(() => asked.delete(id))
      asked.set(id, question)
      return question
    }
  }
}
