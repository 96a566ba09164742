/**
 * Reads of any partition from any offset, without consumer groups. A reader that is behind fetches for itself; readers at
 * the end share one long poll per broker, so a hundred of them cost one request and not a hundred connections.
 *
 *   behind   fetch(offset) -> records -> consumer, the next fetch under way meanwhile -> nothing there: at the end
 *   at end   the partition's tail is in the broker's long poll -> records to every reader of it -> poll again
 *   back     anything goes wrong, or the reader has too much unread -> behind
 *
 * All trying again is in the first state, per reader and with a bound; the polls only ever let their readers go. A tail that
 * comes while the long poll is away waits in a second, short one, and joins the long one when that returns.
 */
import type { StoredRecord } from '../log.ts'
import { BrokerError, isBrokerError } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
import type { KafkaLimits } from './limits.ts'
import { readBatches } from './record-batch-reader.ts'
import { type FetchedPartition, fetchRequest } from './requests.ts'

export interface Fetched {
  readonly records: readonly StoredRecord[]
  /** The offset to fetch next. */
  readonly next: number
  /** Where the partition ended when this was fetched. */
  readonly end: number
}

export interface TailReader {
  /** Given in order, without gaps, until `onBehind`; perhaps from before the offset that was asked for. */
  onRecords(records: readonly StoredRecord[], next: number): void
  /** From now on nothing more is given: the reader fetches for itself. */
  onBehind(): void
}

export interface Fetcher {
  /** What stands at `offset` and after it now; waits for nothing but the broker, and tries again within the bounds. */
  fetch(topic: string, partition: number, offset: number, signal: AbortSignal): Promise<Fetched>
  /** False if the tail is already beyond `offset`: fetch again. */
  follow(topic: string, partition: number, offset: number, reader: TailReader): boolean
  unfollow(topic: string, partition: number, reader: TailReader): void
}

interface Tail {
  readonly topic: string
  readonly partition: number
  readonly leader: number
  offset: number
  isPolled: boolean
  readonly readers: Set<TailReader>
}

/** The bytes of one answer: all tails together. */
const pollBytesMax = 8 * 1024 * 1024

export const fetcher = (cluster: Cluster, limits: KafkaLimits): Fetcher => {
  const tails = new Map<string, Tail>()
  /** Brokers with a long poll, and with a short one, under way. */
  const polling = new Set<string>()
  const isPollScheduled = new Set<number>()
  let turn = 0

  const fetchOnce = async (topic: string, partition: number, offset: number): Promise<Fetched> => {
    const leader = cluster.leaderOf(topic, partition)
    turn = (turn + 1) % limits.catchUpLanes
    const request = fetchRequest([{ topic, partition, offset }], {
      maxWaitMs: 0,
      partitionBytesMax: limits.fetchBytesMax,
      bytesMax: limits.fetchBytesMax
    })
    const { errorCode, partitions } = await cluster.send(leader, `catch-up-${turn}`, request)
    const answer = partitions[0]
    if (errorCode !== 0 || !answer) throw new BrokerError(errorCode, `${topic}/${partition}`)
    if (answer.errorCode !== 0) throw new BrokerError(answer.errorCode, `${topic}/${partition} at ${offset}`)
    return { ...readBatches(answer.records, offset), end: answer.highWatermark }
  }

  const letGo = (tail: Tail) => {
    tails.delete(keyOf(tail))
    for (const reader of tail.readers) reader.onBehind()
    tail.readers.clear()
  }

  const schedulePoll = (leader: number) => {
    if (isPollScheduled.has(leader)) return
    isPollScheduled.add(leader)
    // After those of this turn that also come to their end.
    setImmediate(() => {
      isPollScheduled.delete(leader)
      startPoll(leader)
    })
  }

  const startPoll = (leader: number) => {
    if (cluster.signal.aborted) return
    const purpose = !polling.has(`${leader}/poll`) ? 'poll' : 'join-poll'
    if (polling.has(`${leader}/${purpose}`)) return
    const mine = [...tails.values()].filter(tail => tail.leader === leader && !tail.isPolled)
    if (mine.length === 0) return
    void poll(leader, purpose, mine)
  }

  const poll = async (leader: number, purpose: 'poll' | 'join-poll', mine: readonly Tail[]) => {
    const maxWaitMs = purpose === 'poll' ? limits.pollMs : limits.joinPollMs
    polling.add(`${leader}/${purpose}`)
    for (const tail of mine) tail.isPolled = true
    try {
      const request = fetchRequest(mine, {
        maxWaitMs,
        partitionBytesMax: limits.fetchBytesMax,
        bytesMax: pollBytesMax
      })
      const { errorCode, partitions } = await cluster.send(leader, purpose, request, limits.requestMs + maxWaitMs)
      if (errorCode !== 0) throw new BrokerError(errorCode, `broker ${leader}`)
      for (const answer of partitions) {
        const tail = tails.get(keyOf(answer))
        // One that was left and made anew meanwhile has a poll of its own.
        if (tail && mine.includes(tail)) deliver(tail, answer)
      }
    } catch {
      // The readers meet the error, with its context, when they fetch for themselves.
      for (const tail of mine) letGo(tail)
    } finally {
      for (const tail of mine) tail.isPolled = false
      polling.delete(`${leader}/${purpose}`)
      startPoll(leader)
    }
  }

  const deliver = (tail: Tail, answer: FetchedPartition) => {
    if (answer.errorCode !== 0) return letGo(tail)
    if (answer.records.length === 0) return
    const { records, next } = readBatches(answer.records, tail.offset)
    // A batch too large for a share of the answer: alone it comes whole.
    if (next === tail.offset) return letGo(tail)
    tail.offset = next
    for (const reader of tail.readers) reader.onRecords(records, next)
  }

  return {
    fetch: (topic, partition, offset, signal) =>
      cluster.persistently(() => fetchOnce(topic, partition, offset), signal),
    follow(topic, partition, offset, reader) {
      const key = keyOf({ topic, partition })
      const known = tails.get(key)
      if (known) {
        if (known.offset > offset) return false
        known.readers.add(reader)
        return true
      }
      const tail: Tail = {
        topic,
        partition,
        leader: cluster.leaderOf(topic, partition),
        offset,
        isPolled: false,
        readers: new Set([reader])
      }
      tails.set(key, tail)
      schedulePoll(tail.leader)
      return true
    },
    unfollow(topic, partition, reader) {
      const tail = tails.get(keyOf({ topic, partition }))
      if (!tail?.readers.delete(reader)) return
      if (tail.readers.size === 0) tails.delete(keyOf(tail))
    }
  }
}

const keyOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`

export const isOutOfRange = (error: unknown): boolean => isBrokerError(error, 'OFFSET_OUT_OF_RANGE')
