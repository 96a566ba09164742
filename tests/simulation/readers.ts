/** How the checks read an outbox: as every reader must, or (to see that the checks would notice) with one rule broken. */
import { type Cause, type causeAssembler, isOwnershipTaken, startPosition } from '../../infra/log/cause-reader.ts'
import { answerPosition } from '../../infra/log/envelope.ts'
import type { StoredRecord } from '../../infra/log/log.ts'

export type Assembler = typeof causeAssembler

interface BrokenRules {
  readonly ignoresEpochs?: boolean
  readonly takesRepeats?: boolean
  readonly takesIncomplete?: boolean
}

/** A second, plain formulation of the rules, each of which can be left out. */
export const plainAssembler =
  (broken: BrokenRules = {}): Assembler =>
  (from = startPosition) => {
    let { nextOffset, epoch, cause: lastCause } = from
    let pending: StoredRecord[] = []
    const of = (record: StoredRecord) => answerPosition(record)!

    return {
      push(record): Cause | undefined {
        nextOffset = record.offset + 1
        if (isOwnershipTaken(record)) {
          epoch = record.offset
          pending = []
          return undefined
        }
        const { cause, index, count } = of(record)
        if (!broken.ignoresEpochs && of(record).epoch !== epoch) return undefined
        if (!broken.takesRepeats && cause <= lastCause) return undefined
        if (index === 0) pending = []
        pending.push(record)
        const isWhole = pending.length === count && pending.every((event, n) => of(event).index === n)
        if (!isWhole && !broken.takesIncomplete) return undefined
        const events = pending
        pending = []
        lastCause = cause
        return { cause, epoch, events }
      },
      position: () => ({ nextOffset: pending[0]?.offset ?? nextOffset, epoch, cause: lastCause })
    }
  }
