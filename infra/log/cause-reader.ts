/**
 * How every reader of an outbox reads it: the rules that make one history out of what several owners, some of them dead
 * or asleep, wrote to one partition.
 *
 *   - `OwnershipTaken` at offset o begins epoch o and drops what its predecessor left unfinished.
 *   - Records of any other epoch than the current one are ignored: a woken-up owner writes, and nobody listens.
 *   - A cause that is not above the last complete one is dropped: it was applied before.
 *   - The events of a cause are given out together, when all `count` of them are there.
 *
 * Promises: the same causes for the same log, whatever the batches and from whichever `position()` the reading resumes.
 * Assumes: records arrive in offset order, and within its epoch an owner finishes a cause before it begins the next.
 * Memory: the records of one unfinished cause (a session's outcome: some 23,000 records, below 20 MB).
 */
import { answerPosition, header } from './envelope.ts'
import type { StoredRecord } from './log.ts'

export const ownershipTakenType = 'flex.runtime.OwnershipTaken'

/** A safe place to resume: nothing before it is needed, nothing given out before it comes again. */
export interface ReaderPosition {
  readonly nextOffset: number
  /** Offset of the last `OwnershipTaken` before `nextOffset`; -1 before the first. */
  readonly epoch: number
  /** The last complete cause; -1 before the first. */
  readonly cause: number
}

export const startPosition: ReaderPosition = { nextOffset: 0, epoch: -1, cause: -1 }

export interface Cause {
  readonly cause: number
  readonly epoch: number
  /** All the events that answer the command, in order; at least one. */
  readonly events: readonly StoredRecord[]
}

export interface CauseAssembler {
  /** The cause that this record completes, if it does. */
  push(record: StoredRecord): Cause | undefined
  position(): ReaderPosition
}

export const isOwnershipTaken = (record: StoredRecord): boolean => record.headers[header.type] === ownershipTakenType

export const causeAssembler = (from: ReaderPosition = startPosition): CauseAssembler => {
  let { nextOffset, epoch, cause: lastCause } = from
  let pending: { readonly cause: number; readonly count: number; readonly events: StoredRecord[] } | undefined

  return {
    push(record) {
      if (record.offset < nextOffset) return undefined
      nextOffset = record.offset + 1
      if (isOwnershipTaken(record)) {
        epoch = record.offset
        pending = undefined
        return undefined
      }
      const answer = answerPosition(record)
      if (!answer || answer.epoch !== epoch || answer.cause <= lastCause) return undefined

      const { cause, index, count } = answer
      if (index === 0) pending = { cause, count, events: [] }
      else if (pending?.cause !== cause || pending.count !== count || pending.events.length !== index) {
        // No owner writes this. What cannot become complete must not look as if it could.
        pending = undefined
        return undefined
      }
      pending!.events.push(record)
      if (index + 1 !== count) return undefined

      const { events } = pending!
      pending = undefined
      lastCause = cause
      return { cause, epoch, events }
    },

    position: () => ({ nextOffset: pending?.events[0]?.offset ?? nextOffset, epoch, cause: lastCause })
  }
}
