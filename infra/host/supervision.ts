/**
 * What the host knows of one worker, and the one way to start it, give it records and take its failures. The position is
 * forgotten at each failure: only `start` knows where to go on.
 */
import type { Partition, StoredRecord } from '../log/log.ts'
import { isBrokenInvariant } from './broken-invariant.ts'
import type { HostLimits, HostOptions, Worker } from './host.ts'

/** The part of a pino logger that is used. */
export interface HostLogger {
  error(fields: object, message: string): void
}

export interface WorkerFailure extends Partition {
  readonly component: string
  readonly worker: string
  readonly error: unknown
  /** Failures in a row. */
  readonly attempts: number
  /** Milliseconds since 1970. */
  readonly since: number
  /** For good: the worker broke an invariant. */
  readonly isStopped: boolean
}

export interface Supervised {
  readonly component: string
  readonly worker: Worker
  /** Undefined until it has started, and after a failure until it has started again. */
  next: number | undefined
  failure: WorkerFailure | undefined
  /** Milliseconds since 1970; no attempt before. */
  retryAt: number
  isBusy: boolean
}

export const supervised = (component: string, worker: Worker): Supervised => ({
  component,
  worker,
  next: undefined,
  failure: undefined,
  retryAt: 0,
  isBusy: false
})

/** How far a worker goes in one turn. */
export interface Turn {
  /** It is given what is on its input before this offset. */
  readonly until: number
  /** Asked before each batch: the turn ends here. */
  readonly endsEarly: () => boolean
}

export interface Supervision {
  /** Starts the worker if it must be, and gives it one turn or, without one, follows its input. False after a failure, which is recorded. */
  run(one: Supervised, signal: AbortSignal, turn?: Turn): Promise<boolean>
  /** The end of the input is reached, and nothing is wrong. */
  isAtEnd(one: Supervised): Promise<boolean>
  /** A failure that waiting will not mend, or has not. */
  hopeless(workers: readonly Supervised[]): WorkerFailure | undefined
  /** Grows with every batch. */
  readonly moves: number
}

export const supervision = ({ log, logger, onError, onHandled }: HostOptions, limits: HostLimits): Supervision => {
  let moves = 0

  const end = ({ worker: { input } }: Supervised) => log.endOffset(input.topic, input.partition)

  const failed = (one: Supervised, error: unknown) => {
    const attempts = (one.failure?.attempts ?? 0) + 1
    const { input, name } = one.worker
    const now = Date.now()
    one.failure = {
      component: one.component,
      worker: name,
      topic: input.topic,
      partition: input.partition,
      error,
      attempts,
      since: one.failure?.since ?? now,
      isStopped: isBrokenInvariant(error)
    }
    one.next = undefined
    one.retryAt = now + Math.min(limits.retryMsMax, limits.retryMsMin * 2 ** Math.min(attempts - 1, 30))
    const then = one.failure.isStopped ? 'stopped for good' : `tries again in ${one.retryAt - now} ms`
    logger?.error({ err: error, worker: name, ...input, attempts }, `${name} failed and ${then}`)
    onError?.(one.failure)
  }

  const handle = async (one: Supervised, batch: readonly StoredRecord[]) => {
    one.isBusy = true
    try {
      await one.worker.handle(batch)
      one.next = batch.at(-1)!.offset + 1
      one.failure = undefined
      moves++
      onHandled?.(one.component, one.worker.input, batch.length)
    } finally {
      one.isBusy = false
    }
  }

  return {
    async run(one, signal, turn) {
      const { topic, partition } = one.worker.input
      const until = turn?.until
      const { batchRecordsMax: recordsMax } = limits
      try {
        if (one.next === undefined) {
          one.next = await one.worker.start()
          // Started, and what it failed at is done: nothing is wrong any more.
          if (one.failure && one.next >= (await end(one))) one.failure = undefined
        }
        if (until !== undefined && one.next >= until) return true
        const follow = until === undefined
        for await (const records of log.read(topic, partition, one.next, { follow, signal, recordsMax }))
          for (const batch of withinBytes(upTo(records, until), limits.batchBytesMax)) {
            if (signal.aborted || turn?.endsEarly()) return true
            if (batch.length > 0) await handle(one, batch)
            if (until !== undefined && one.next >= until) return true
          }
        return true
      } catch (error) {
        failed(one, error)
        return false
      }
    },
    isAtEnd: async one => {
      if (one.isBusy || one.failure || one.next === undefined) return false
      return one.next >= (await end(one))
    },
    hopeless: workers =>
      workers
        .map(({ failure }) => failure)
        .find(failure => failure && (failure.isStopped || failure.attempts >= limits.failingAfterAttempts)),
    get moves() {
      return moves
    }
  }
}

/** The records before an offset: a reader may give more than was on the log when the turn began. */
const upTo = (records: readonly StoredRecord[], until: number | undefined): readonly StoredRecord[] =>
  until === undefined || records.at(-1)!.offset < until ? records : records.filter(({ offset }) => offset < until)

/** What a record holds beside its value: key and headers, about. */
const envelopeBytes = 512

export function* withinBytes(
  records: readonly StoredRecord[],
  bytesMax: number
): Generator<readonly StoredRecord[], void, undefined> {
  let first = 0
  let bytes = 0
  for (const [n, { value }] of records.entries()) {
    const size = value.length + envelopeBytes
    if (n > first && bytes + size > bytesMax) {
      yield records.slice(first, n)
      first = n
      bytes = 0
    }
    bytes += size
  }
  if (first < records.length) yield first === 0 ? records : records.slice(first)
}

/** For `idle` and `stop`: the failure as an error. */
export const workerFailed = (failure: WorkerFailure): Error =>
  new Error(`${failure.worker} ${failure.isStopped ? 'has stopped' : `failed ${failure.attempts} times`}`, {
    cause: failure.error
  })
