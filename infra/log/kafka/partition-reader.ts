/**
 * One `read` of the port: behind, it fetches for itself with the next fetch under way while the consumer works; at the end
 * it follows the shared poll (fetcher.ts) until it has too much unread or the poll lets it go.
 */
import { FlexError } from '../../errors.ts'
import type { StoredRecord } from '../log.ts'
import { isTransient } from './broker-errors.ts'
import { type Fetched, type Fetcher, isOutOfRange } from './fetcher.ts'
import type { KafkaLimits } from './limits.ts'
import { pause } from './retry.ts'

export interface PartitionReading {
  readonly fetcher: Fetcher
  readonly limits: KafkaLimits
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly follow: boolean
  readonly recordsMax: number
  /** Ends the iteration, without an error. */
  readonly signal: AbortSignal
  readonly endOffset: () => Promise<number>
}

export async function* readPartition(reading: PartitionReading): AsyncGenerator<readonly StoredRecord[]> {
  const { fetcher, limits, topic, partition, follow, recordsMax, signal } = reading
  let next = Math.max(0, reading.from)
  let ahead: Promise<Fetched | undefined> | undefined

  const fetchFrom = (offset: number): Promise<Fetched | undefined> => {
    const fetching = fetcher
      .fetch(topic, partition, offset, signal)
      .catch(error => (isOutOfRange(error) ? outOfRange(reading, offset, error) : Promise.reject(error)))
    // Looked at later, or never if the iteration ends before.
    fetching.catch(() => undefined)
    return fetching
  }

  while (!signal.aborted) {
    const fetched = await unlessAborted(ahead ?? fetchFrom(next), signal)
    ahead = undefined
    if (signal.aborted) return
    if (fetched && fetched.next > next) {
      if (fetched.next < fetched.end) ahead = fetchFrom(fetched.next)
      next = fetched.next
      for (let at = 0; at < fetched.records.length && !signal.aborted; at += recordsMax)
        yield at === 0 && fetched.records.length <= recordsMax
          ? fetched.records
          : fetched.records.slice(at, at + recordsMax)
    } else if (!follow) return
    else if (fetched) next = yield* followTail(reading, next)
    // The offset lies beyond the end; the partition has to grow up to it.
    else await pause(limits.pollMs, signal)
  }
}

/** Undefined if the offset is beyond the end, where nothing is yet. */
const outOfRange = async (
  { fetcher, topic, partition, from, signal, endOffset }: PartitionReading,
  offset: number,
  error: unknown
): Promise<Fetched | undefined> => {
  const end = await endOffset()
  if (offset > end && offset === Math.max(0, from)) return undefined
  // It may have grown to this offset since.
  if (offset <= end) {
    const again = await fetcher.fetch(topic, partition, offset, signal).catch(other => {
      if (isOutOfRange(other)) return undefined
      throw other
    })
    if (again) return again
  }
  throw new FlexError(
    'FLEX_LOG_TRUNCATED',
    offset > end
      ? `${topic}/${partition} ends at ${end}, and was read up to ${offset}: acknowledged records are gone`
      : `${topic}/${partition} no longer has offset ${offset}: older records were deleted`,
    { cause: error }
  )
}

/** Follows the shared poll from `offset`; returns the offset from which to fetch again. */
async function* followTail(
  { fetcher, limits, topic, partition, recordsMax, signal }: PartitionReading,
  offset: number
): AsyncGenerator<readonly StoredRecord[], number> {
  let unread: StoredRecord[] = []
  let unreadBytes = 0
  let next = offset
  let isBehind = false
  let wake = () => {}
  const behind = () => {
    isBehind = true
    wake()
  }
  const reader = {
    onRecords(records: readonly StoredRecord[], to: number) {
      for (const record of records)
        if (record.offset >= next) {
          unread.push(record)
          unreadBytes += record.value.length + 100
        }
      next = Math.max(next, to)
      if (unreadBytes > limits.readerBytesMax) {
        fetcher.unfollow(topic, partition, reader)
        isBehind = true
      }
      wake()
    },
    onBehind: behind
  }
  try {
    if (!fetcher.follow(topic, partition, offset, reader)) return offset
  } catch (error) {
    // There is no leader now: the fetch waits for one.
    if (isTransient(error)) return offset
    throw error
  }
  signal.addEventListener('abort', behind, { once: true })
  try {
    for (;;) {
      if (signal.aborted) return next
      if (unread.length > 0) {
        const batch = unread.length <= recordsMax ? unread : unread.slice(0, recordsMax)
        unread = batch === unread ? [] : unread.slice(recordsMax)
        if (unread.length === 0) unreadBytes = 0
        yield batch
      } else if (isBehind) return next
      else
        await new Promise<void>(resolve => {
          wake = resolve
        })
    }
  } finally {
    signal.removeEventListener('abort', behind)
    fetcher.unfollow(topic, partition, reader)
  }
}

/** Undefined at once when the signal comes. */
const unlessAborted = <Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> =>
  new Promise((resolve, reject) => {
    const onAbort = () => resolve(undefined)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise
      .then(resolve, error => (signal.aborted ? resolve(undefined) : reject(error)))
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
