/** Owners that break a rule, made by lying to a right one about the log, or by taking its memory away. */
import type { Log } from '../../infra/log/log.ts'
import type { ProcessorLimits } from '../../processors/runtime/processor-limits.ts'

export interface OwnerVariant {
  log(log: Log): Log
  readonly limits: Partial<ProcessorLimits>
}

export const rightOwner: OwnerVariant = { log: log => log, limits: {} }

/** Takes an append without an answer for one that happened: it does not take ownership again. */
export const doesNotRetake: OwnerVariant = {
  limits: {},
  log: log => {
    let expected = 0
    return {
      ...log,
      async append(topic, partition, records) {
        const first = await log.append(topic, partition, records).catch(error => {
          if (!topic.endsWith('.events')) throw error
          return expected
        })
        if (topic.endsWith('.events')) expected = first + records.length
        return first
      },
      async endOffset(topic, partition) {
        const end = await log.endOffset(topic, partition)
        return expected === 0 ? end : expected
      }
    }
  }
}

/** Does not look where its appends landed: it never learns that another owner took the partition. */
export const doesNotLook: OwnerVariant = {
  limits: {},
  log: log => {
    let expected: number | undefined
    return {
      ...log,
      async append(topic, partition, records) {
        const first = await log.append(topic, partition, records)
        if (!topic.endsWith('.events')) return first
        const told = expected ?? first
        expected = told + records.length
        return told
      },
      endOffset: async (topic, partition) => expected ?? log.endOffset(topic, partition)
    }
  }
}

/** Remembers no idempotency key. */
export const forgetsKeys: OwnerVariant = { log: log => log, limits: { keysMax: 0 } }
