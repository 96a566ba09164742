/**
 * How feeds and filters read an outbox: complete causes from a safe place on. The place is kept in memory while the worker
 * lives and, every so often, as a checkpoint. Correctness rests on neither: it is always a place before which everything
 * was passed on, and what is passed on twice is dropped by whoever receives it. A lost checkpoint costs repeats only.
 */
import type { Cause } from '../../infra/log/cause-reader.ts'
import { type CauseAssembler, causeAssembler, startPosition } from '../../infra/log/cause-reader.ts'
import type { Log, Partition, StoredRecord } from '../../infra/log/log.ts'
import { isLogPlace, isOnLog, type LogPlace, placeAfter } from './log-place.ts'
import type { Snapshots } from './snapshots.ts'

/** Checkpoints are small files; after a crash at most this many causes are passed on again. */
const checkpointEveryCauses = 1_000
const version = '1'

export interface OutboxReading {
  /** The offset to read from: right after what was passed on. */
  start(): Promise<number>
  /** The causes that these records complete. */
  causes(records: readonly StoredRecord[]): readonly Cause[]
  /** All causes given out so far were passed on and are durable. */
  passedOn(): Promise<void>
  stop(): Promise<void>
}

export interface OutboxReadingOptions {
  readonly log: Log
  /** The component; names the checkpoint. */
  readonly name: string
  readonly from: Partition
  readonly checkpoints: Snapshots | undefined
  readonly onWarning: ((message: string, error: unknown) => void) | undefined
}

export const outboxReading = ({ log, name, from, checkpoints, onWarning }: OutboxReadingOptions): OutboxReading => {
  let reader: CauseAssembler = causeAssembler()
  let given: Cause | undefined
  let safe: LogPlace | undefined
  let causesSinceCheckpoint = 0

  const load = async (): Promise<LogPlace | undefined> => {
    try {
      const found = await checkpoints?.load(name, from.partition, version)
      if (isLogPlace(found) && (await isOnLog(log, from, found))) return found
    } catch (error) {
      onWarning?.(`${name}/${from.partition}: the checkpoint could not be loaded`, error)
    }
    return undefined
  }

  const save = async () => {
    if (!safe || causesSinceCheckpoint === 0) return
    causesSinceCheckpoint = 0
    try {
      await checkpoints?.save(name, from.partition, version, safe)
    } catch (error) {
      onWarning?.(`${name}/${from.partition}: the checkpoint could not be saved`, error)
    }
  }

  return {
    async start() {
      safe ??= await load()
      given = undefined
      const position = safe?.position ?? startPosition
      reader = causeAssembler(position)
      return position.nextOffset
    },

    causes(records) {
      const complete: Cause[] = []
      for (const record of records) {
        const cause = reader.push(record)
        if (cause) complete.push(cause)
      }
      given = complete.at(-1) ?? given
      causesSinceCheckpoint += complete.length
      return complete
    },

    async passedOn() {
      if (!given) return
      safe = placeAfter(given.cause, given.events.at(-1)!)
      given = undefined
      if (causesSinceCheckpoint >= checkpointEveryCauses) await save()
    },

    stop: save
  }
}
