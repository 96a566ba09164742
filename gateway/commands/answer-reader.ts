/**
 * Waits for what the processors decide: one reader for each partition of an outbox, started at its end, that hands each
 * complete cause to whoever waits for its correlation id.
 *
 * Promises: a waiter that was registered before its command was appended gets the answer to that very command (its position
 * is compared, so the answer to an earlier use of the same id is not taken for it), or nothing when its time is over.
 * Assumes: an owner's records are among the last 4,096 of the partition; the epoch is learned from them. Should that ever be
 * wrong, the first record of a higher epoch corrects it.
 * If a reader stops here, calls are answered 202 and the command's own page tells what became of it.
 */

import { type Cause, causeAssembler, isOwnershipTaken } from '../../infra/log/cause-reader.ts'
import { answerPosition, header } from '../../infra/log/envelope.ts'
import type { Log, Partition, StoredRecord } from '../../infra/log/log.ts'

export interface Waiting {
  /** The cause that answers; undefined when the time is over or the wait was given up. */
  readonly answer: Promise<Cause | undefined>
  /** The command stands at this offset or after it; answers to earlier ones are not meant. */
  appendedAt(offset: number): void
  giveUp(): void
}

export interface AnswerReader {
  start(): Promise<void>
  wait(partition: Partition, correlation: string, timeoutMs: number): Waiting
  /** Partitions of which the reader is not running, or behind. */
  behind(): Promise<readonly (Partition & { readonly records: number })[]>
  waiting(): number
  stop(): Promise<void>
}

/** Records that are looked at to learn the current epoch. */
const tailRecords = 4_096
/** After a failed read; short, because calls are waiting, and bounded by the time-outs of the calls. */
const retryMs = 250

interface Waiter {
  offer(cause: Cause): void
}

export const answerReader = (
  log: Log,
  outboxes: readonly { readonly name: string; readonly partitions: number }[],
  onError: (error: unknown, partition: Partition) => void
): AnswerReader => {
  const stopped = new AbortController()
  /** Of each outbox partition, by correlation id. */
  const waiters = new Map<string, Map<string, readonly Waiter[]>>()
  const next = new Map<string, number>()
  const running: Promise<void>[] = []

  const waitersOf = ({ topic, partition }: Partition): Map<string, readonly Waiter[]> => {
    const name = `${topic}/${partition}`
    const known = waiters.get(name)
    if (known) return known
    const own = new Map<string, readonly Waiter[]>()
    waiters.set(name, own)
    return own
  }

  const follow = async (at: Partition, from: number, epoch: number): Promise<void> => {
    const name = `${at.topic}/${at.partition}`
    const own = waitersOf(at)
    const deliver = (cause: Cause): void => {
      const correlation = cause.events[0]?.headers[header.correlation]
      if (correlation === undefined) return
      for (const waiter of own.get(correlation) ?? []) waiter.offer(cause)
    }
    let assembler = causeAssembler({ nextOffset: from, epoch, cause: -1 })
    let knownEpoch = epoch
    while (!stopped.signal.aborted) {
      try {
        const { nextOffset } = { nextOffset: next.get(name) ?? from }
        const batches = log.read(at.topic, at.partition, nextOffset, { follow: true, signal: stopped.signal })
        for await (const batch of batches) {
          for (const record of batch) {
            const recordEpoch = epochOf(record)
            if (recordEpoch > knownEpoch) {
              knownEpoch = recordEpoch
              if (!isOwnershipTaken(record))
                assembler = causeAssembler({ nextOffset: record.offset, epoch: recordEpoch, cause: -1 })
            }
            const cause = assembler.push(record)
            if (cause) deliver(cause)
          }
          next.set(name, batch[batch.length - 1]!.offset + 1)
        }
      } catch (error) {
        if (stopped.signal.aborted) return
        onError(error, at)
      }
      if (!stopped.signal.aborted) await pause(retryMs, stopped.signal)
    }
  }

  return {
    async start() {
      for (const { name: topic, partitions } of outboxes)
        for (let partition = 0; partition < partitions; partition++) {
          const end = await log.endOffset(topic, partition)
          let epoch = -1
          for await (const batch of log.read(topic, partition, Math.max(0, end - tailRecords)))
            for (const record of batch) if (record.offset < end) epoch = Math.max(epoch, epochOf(record))
          next.set(`${topic}/${partition}`, end)
          running.push(follow({ topic, partition }, end, epoch))
        }
    },

    wait(partition, correlation, timeoutMs) {
      const own = waitersOf(partition)
      const { promise, resolve } = Promise.withResolvers<Cause | undefined>()
      let seen: Cause[] | undefined
      let from: number | undefined
      const settle = (cause: Cause | undefined): void => {
        clearTimeout(timer)
        const others = own.get(correlation)?.filter(one => one !== waiter) ?? []
        if (others.length === 0) own.delete(correlation)
        else own.set(correlation, others)
        resolve(cause)
      }
      const waiter: Waiter = {
        offer(cause) {
          // Before the append is acknowledged nobody knows from which position on an answer is meant.
          if (from !== undefined) {
            if (cause.cause >= from) settle(cause)
          } else if (seen) seen.push(cause)
          else seen = [cause]
        }
      }
      const timer = setTimeout(() => settle(undefined), timeoutMs)
      const others = own.get(correlation)
      own.set(correlation, others ? [...others, waiter] : [waiter])
      return {
        answer: promise,
        appendedAt(offset) {
          from = offset
          const cause = seen?.find(one => one.cause >= offset)
          if (cause) settle(cause)
        },
        giveUp: () => settle(undefined)
      }
    },

    async behind() {
      const late: (Partition & { records: number })[] = []
      for (const { name: topic, partitions } of outboxes)
        for (let partition = 0; partition < partitions; partition++) {
          const at = next.get(`${topic}/${partition}`)
          const end = await log.endOffset(topic, partition)
          if (at === undefined || at < end) late.push({ topic, partition, records: end - (at ?? 0) })
        }
      return late
    },

    waiting: () => [...waiters.values()].reduce((sum, own) => sum + own.size, 0),

    async stop() {
      stopped.abort()
      await Promise.all(running)
    }
  }
}

const epochOf = (record: StoredRecord): number =>
  isOwnershipTaken(record) ? record.offset : (answerPosition(record)?.epoch ?? -1)

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
