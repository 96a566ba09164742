/**
 * Runs workers, each over one partition of an input topic, and keeps them running. A worker that throws is started again
 * after a growing delay and reads on from where its `start` says; the others go on meanwhile. A worker that breaks an
 * invariant stops for good: to repeat it would give the same, and what follows it must not be guessed.
 *
 *   ordered  one loop pumps all workers in a fixed order, each to the end of its input, until nothing moves. The order of
 *            all appends follows from what is on the log, so a scenario runs the same way each time.
 *   free     each worker follows its input on its own; which ones run here follows from `log.assignments`.
 *
 * Promises: one batch in flight per worker, bounded in records and bytes; nothing else is read ahead here. Records are
 * handled in order, at least once. Assumes that `start` and `handle` are safe to repeat after any failure.
 */
import { FlexError } from '../errors.ts'
import type { Log, Partition, StoredRecord } from '../log/log.ts'
import { runFree } from './free.ts'
import { runOrdered } from './ordered.ts'
import type { HostLogger, Supervised, WorkerFailure } from './supervision.ts'

export { BrokenInvariant } from './broken-invariant.ts'
export type { HostLogger, WorkerFailure } from './supervision.ts'

/** One input partition. */
export interface Worker {
  /** E.g. 'projection/pods flex.registry.events/3'. */
  readonly name: string
  readonly input: Partition
  /** Takes what it needs, at first and again after each failure; resolves with the next offset to read. */
  start(): Promise<number>
  handle(batch: readonly StoredRecord[]): Promise<void>
  stop?(): Promise<void>
}

export interface Component {
  readonly name: string
  /** Topics; one worker for each partition of each. */
  readonly inputs: readonly string[]
  worker(partition: Partition): Worker
  /**
   * Its workers touch nothing in common. In ordered mode they then take their turn together, so that what they append can
   * share a commit.
   */
  readonly isIndependent?: boolean
  /**
   * It appends nothing. In ordered mode its turn waits while those that do have something new, so that a decision does not
   * wait for a table.
   */
  readonly isReader?: boolean
  /** After all its workers have stopped. */
  close?(): Promise<void>
}

export interface HostLimits {
  readonly batchRecordsMax: number
  readonly batchBytesMax: number
  readonly retryMsMin: number
  readonly retryMsMax: number
  /** Failures in a row, without a batch handled between, after which `idle` no longer waits for a worker. */
  readonly failingAfterAttempts: number
  readonly stopMs: number
  readonly pollMs: number
  readonly quietLookMs: number
  readonly giveWayMsMax: number
}

export const hostLimitsDefault: HostLimits = {
  /**
   * Enough to spread the cost of a batch (a transaction, an append); at the largest record size still below 64 MiB. A call that
   * comes in while a table is brought up to date waits for one batch, some 20 ms.
   */
  batchRecordsMax: 250,
  /** What a worker may hold at once; decoded it is a few times as much. */
  batchBytesMax: 4 * 1024 * 1024,
  /** A first retry soon (a lock, a broker's change of leader), then doubling. */
  retryMsMin: 100,
  /** An engine that is back is used again within half a minute. */
  retryMsMax: 30_000,
  /** About 3 s of retries: longer than a hiccup. */
  failingAfterAttempts: 5,
  /** Below the 30 s that a supervisor of processes usually grants before it kills. */
  stopMs: 20_000,
  /** How soon appends of another process are seen in ordered mode; those of this one wake the loop at once. */
  pollMs: 20,
  /** How often it is looked in free mode whether it is quiet: between two calls of a machine, and no load by itself. */
  quietLookMs: 100,
  /** A call with a thousand documents is answered in less; under calls without a pause tables are late by this much, and no more. */
  giveWayMsMax: 500
}

export interface HostOptions {
  readonly log: Log
  readonly components: readonly Component[]
  readonly mode: 'ordered' | 'free'
  readonly instance: string
  readonly logger?: HostLogger
  /** Each failure of a worker, at each attempt. */
  readonly onError?: (failure: WorkerFailure) => void
  /** After each batch: for counters. */
  readonly onHandled?: (component: string, input: Partition, records: number) => void
  /**
   * Somebody waits for an answer of this process. In ordered mode readers give way to it for a while, so that an answer does
   * not wait for tables that nobody reads yet.
   */
  readonly isAnswering?: () => boolean
  /** Workers have moved, and now none has anything to do and nobody waits for an answer. Must be short. */
  readonly onQuiet?: () => void
  readonly limits?: Partial<HostLimits>
}

export interface WorkerLag extends Partition {
  readonly component: string
  /** Records on the log that this worker has not handled; undefined if it has not started yet. */
  readonly behind: number | undefined
}

export interface Host {
  /** Look at the log now: something was appended (see `watchAppends`). Needed in ordered mode only. */
  wake(): void
  /**
   * Resolves when everything on the log now, and everything it leads to in this host, has been handled. Rejects with the
   * first failure if a worker has stopped, or has failed too often in a row, for then it never will be.
   */
  idle(): Promise<void>
  /** Workers that do not work: stopped for good, or between two attempts. */
  failures(): readonly WorkerFailure[]
  lag(): Promise<readonly WorkerLag[]>
  /** Finishes the batches in hand, stops the workers, closes the components. Rejects if that takes too long. */
  stop(): Promise<void>
}

export interface Running {
  readonly workers: () => readonly Supervised[]
  wake(): void
  idle(): Promise<void>
  /** Ends the reading and stops the workers. */
  stop(): Promise<void>
}

export const startHost = async (options: HostOptions): Promise<Host> => {
  const { log, components, mode } = options
  const limits = { ...hostLimitsDefault, ...options.limits }
  const topics = new Map((await log.topics()).map(({ name, partitions }) => [name, partitions]))
  for (const { name, inputs } of components)
    for (const topic of inputs)
      if (!topics.has(topic))
        throw new FlexError('FLEX_LOG_UNKNOWN_TOPIC', `${name} reads ${topic}, and there is no such topic`)

  const running = mode === 'ordered' ? runOrdered(options, limits, topics) : runFree(options, limits)
  let stopping: Promise<void> | undefined

  const stopAll = async () => {
    const errors: unknown[] = []
    const inTime = async (what: string, work: Promise<void>) => {
      const late = timeOut(limits.stopMs, `${what} did not stop within ${limits.stopMs} ms`)
      await Promise.race([work, late.promise]).catch(error => errors.push(error))
      late.cancel()
    }
    await inTime('the workers', running.stop())
    for (const component of components.toReversed())
      if (component.close) await inTime(component.name, component.close())
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('; '))
  }

  return {
    wake: () => running.wake(),
    idle: () => running.idle(),
    failures: () => running.workers().flatMap(({ failure }) => failure ?? []),
    lag: () =>
      Promise.all(
        running.workers().map(async ({ component, worker: { input }, next }) => ({
          component,
          ...input,
          behind:
            next === undefined ? undefined : Math.max(0, (await log.endOffset(input.topic, input.partition)) - next)
        }))
      ),
    stop() {
      stopping ??= stopAll()
      return stopping
    }
  }
}

const timeOut = (ms: number, message: string) => {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(message)), ms)
  return { promise, cancel: () => clearTimeout(timer) }
}
