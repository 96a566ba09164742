/**
 * EventStoreDB (KurrentDB) through its own client. The client's calls can wait for ever (a batch append has no deadline of
 * its own), so each has a bound here; a lost connection it makes anew by itself.
 */
import {
  BACKWARDS,
  END,
  EventStoreDBClient,
  jsonEvent,
  NO_STREAM,
  StreamNotFoundError,
  WrongExpectedVersionError
} from '@eventstore/db-client'
import { FlexError } from '../errors.ts'
import type { EventStore, StreamEnd } from './event-store.ts'

/** One call, ms: a store answers within some 10 ms, one that elects a leader within seconds. */
const CALL_MS = 10_000

export interface EventStoreDbOptions {
  /** A connection string of the client: `esdb://HOST:PORT?tls=false`. */
  readonly url: string
  readonly callMs?: number
}

export const eventStoreDb = ({ url, callMs = CALL_MS }: EventStoreDbOptions): EventStore => {
  const client = clientOf(url)

  const bounded = async <Result>(what: string, act: (late: AbortSignal) => Promise<Result>): Promise<Result> => {
    const { promise, reject } = Promise.withResolvers<never>()
    const late = new AbortController()
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${callMs} ms`))
      late.abort()
    }, callMs)
    try {
      return await Promise.race([act(late.signal), promise])
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new FlexError('FLEX_EVENT_STORE_UNAVAILABLE', `${what}: ${why}`, { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  const readEnd = async (stream: string, late: AbortSignal): Promise<StreamEnd | undefined> => {
    const events = client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 })
    // The client emits what happens after the last event, too: without a listener that would end the process.
    events.on('error', () => {})
    late.addEventListener('abort', () => events.destroy())
    let end: StreamEnd | undefined
    try {
      for await (const { event } of events)
        if (event) end = { revision: Number(event.revision), metadata: objectOr(event.metadata) }
    } catch (error) {
      if (!(error instanceof StreamNotFoundError)) throw error
    }
    return end
  }

  return {
    endOf: stream => bounded(`reading ${stream}`, late => readEnd(stream, late)),
    append: (stream, events, after) =>
      bounded(`appending to ${stream}`, async () => {
        try {
          const { nextExpectedRevision } = await client.appendToStream(
            stream,
            events.map(({ id, type, data, metadata }) => jsonEvent({ id, type, data, metadata })),
            { expectedRevision: after === undefined ? NO_STREAM : BigInt(after) }
          )
          return Number(nextExpectedRevision)
        } catch (error) {
          if (error instanceof WrongExpectedVersionError) return undefined
          throw error
        }
      }),
    close: () => client.dispose()
  }
}

const clientOf = (url: string): EventStoreDBClient => {
  try {
    return EventStoreDBClient.connectionString(url)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new FlexError('FLEX_CONFIG_INVALID', `FLEX_EVENTSTORE_URL: ${why}`, { cause: error })
  }
}

const objectOr = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
