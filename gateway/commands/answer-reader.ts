/**
 * Waits for what the processors decide: one reader for each partition of an outbox, started at its end, that hands each
 * complete cause to whoever waits for its correlation id. The commands of a call are waited for together, with one promise and
 * one timer: thousands of each would be what a bulk call keeps alive over every collection of memory.
 *
 * Promises: a wait that was registered before its command was appended gets the answer to that very command (its position
 * is compared, so the answer to an earlier use of the same id is not taken for it), or nothing when its time is over.
 * Assumes: an owner's records are among the last 4,096 of the partition; the epoch is learned from them. Should that ever be
 * wrong, the first record of a higher epoch corrects it.
 * If a reader stops here, calls are answered 202 and the command's own page tells what became of it.
 */

import { type Cause, causeAssembler, isOwnershipTaken } from '../../infra/log/cause-reader.ts'
import { answerPosition, header } from '../../infra/log/envelope.ts'
import type { Log, Partition, StoredRecord } from '../../infra/log/log.ts'

/** A command whose answer is waited for. */
export interface Asked {
  /** Correlation id of the command and of what answers it. */
  readonly id: string
  readonly outbox: Partition
}

export interface Waiting {
  /** Of each command the cause that answers it; undefined when the time was over or the wait was given up. */
  readonly answers: Promise<readonly (Cause | undefined)[]>
  /** The nth command stands at this offset or after it; answers to earlier ones are not meant. */
  appendedAt(n: number, offset: number): void
  giveUp(): void
}

export interface AnswerReader {
  start(): Promise<void>
  wait(asked: readonly Asked[], timeoutMs: number): Waiting
  /** Partitions of which the reader is not running, or behind. */
  behind(): Promise<readonly (Partition & { readonly records: number })[]>
  waiting(): number
  stop(): Promise<void>
}

/** Records that are looked at to learn the current epoch. */
const tailRecords = 4_096
/** After a failed read; short, because calls are waiting, and bounded by the time-outs of the calls. */
const retryMs = 250

/** All that wait in one partition, by correlation id; several for the same id are a chain. */
type Waiters = Map<string, Waiter>

interface Waiter {
  readonly id: string
  readonly among: Waiters
  readonly call: Call
  readonly n: number
  /** From which offset on an answer is meant; undefined before the append is acknowledged. */
  from: number | undefined
  /** Answers that came before that. */
  seen: Cause[] | undefined
  isSettled: boolean
  next: Waiter | undefined
}

interface Call {
  readonly answers: (Cause | undefined)[]
  unsettled: number
  readonly finish: () => void
}

export const answerReader = (
  log: Log,
  outboxes: readonly { readonly name: string; readonly partitions: number }[],
  onError: (error: unknown, partition: Partition) => void
): AnswerReader => {
  const stopped = new AbortController()
  const waiters = new Map<string, Waiters>()
  const next = new Map<string, number>()
  const running: Promise<void>[] = []

  const waitersOf = ({ topic, partition }: Partition): Waiters => {
    const name = `${topic}/${partition}`
    const known = waiters.get(name)
    if (known) return known
    const own: Waiters = new Map()
    waiters.set(name, own)
    return own
  }

  const follow = async (at: Partition, from: number, epoch: number): Promise<void> => {
    const name = `${at.topic}/${at.partition}`
    const own = waitersOf(at)
    const deliver = (cause: Cause): void => {
      const correlation = cause.events[0]?.headers[header.correlation]
      if (correlation === undefined) return
      for (let waiter = own.get(correlation); waiter; ) {
        const { next } = waiter
        offer(waiter, cause)
        waiter = next
      }
    }
    let assembler = causeAssembler({ nextOffset: from, epoch, cause: -1 })
    let knownEpoch = epoch
    while (!stopped.signal.aborted) {
      try {
        const { nextOffset } = { nextOffset: next.get(name) ?? from }
        const batches = log.read(at.topic, at.partition, nextOffset, { follow: true, signal: stopped.signal })
        for await (const batch of batches) {
          for (const record of batch) {
            let cause = assembler.push(record)
            // What completes a cause is of the known epoch; only of the rest it has to be looked at.
            const recordEpoch = cause ? knownEpoch : epochOf(record)
            if (recordEpoch > knownEpoch) {
              knownEpoch = recordEpoch
              if (!isOwnershipTaken(record)) {
                assembler = causeAssembler({ nextOffset: record.offset, epoch: recordEpoch, cause: -1 })
                cause = assembler.push(record)
              }
            }
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

    wait(asked, timeoutMs) {
      const { promise, resolve } = Promise.withResolvers<readonly (Cause | undefined)[]>()
      const call: Call = {
        answers: Array.from(asked, () => undefined),
        unsettled: asked.length,
        finish() {
          clearTimeout(timer)
          resolve(call.answers)
        }
      }
      // The commands of a call go to a few partitions, and each of those is the same object wherever it is named.
      const amongOf = new Map<Partition, Waiters>()
      const mine = asked.map(({ id, outbox }, n) => {
        let among = amongOf.get(outbox)
        if (!among) {
          among = waitersOf(outbox)
          amongOf.set(outbox, among)
        }
        const waiter: Waiter = {
          id,
          among,
          call,
          n,
          from: undefined,
          seen: undefined,
          isSettled: false,
          next: among.get(id)
        }
        among.set(id, waiter)
        return waiter
      })
      const giveUp = (): void => {
        for (const waiter of mine) settle(waiter, undefined)
      }
      const timer = setTimeout(giveUp, timeoutMs)
      if (asked.length === 0) call.finish()
      return {
        answers: promise,
        appendedAt(n, offset) {
          const waiter = mine[n]!
          waiter.from = offset
          const cause = waiter.seen?.find(one => one.cause >= offset)
          if (cause) settle(waiter, cause)
        },
        giveUp
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

const offer = (waiter: Waiter, cause: Cause): void => {
  // Before the append is acknowledged nobody knows from which position on an answer is meant.
  if (waiter.from !== undefined) {
    if (cause.cause >= waiter.from) settle(waiter, cause)
  } else if (waiter.seen) waiter.seen.push(cause)
  else waiter.seen = [cause]
}

const settle = (waiter: Waiter, cause: Cause | undefined): void => {
  if (waiter.isSettled) return
  waiter.isSettled = true
  leave(waiter)
  const { call } = waiter
  call.answers[waiter.n] = cause
  call.unsettled--
  if (call.unsettled === 0) call.finish()
}

const leave = (waiter: Waiter): void => {
  const { among, id, next } = waiter
  let before = among.get(id)
  if (before === waiter) {
    if (next) among.set(id, next)
    else among.delete(id)
    return
  }
  while (before && before.next !== waiter) before = before.next
  if (before) before.next = next
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
