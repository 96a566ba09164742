/**
 * A log that fails chosen appends: before their effect, in the middle (only the first records persist), or after it. The
 * caller sees the same error in all three cases, as it would from a real log, and must not be able to tell them apart.
 */
import { FlexError } from '../errors.ts'
import type { Log } from './log.ts'

export type AppendFault = 'not-persisted' | 'persisted' | { readonly persisted: number }

/** `faultAt` is asked once for each append, counted from 1. */
export const faultyLog = (log: Log, faultAt: (appendNumber: number) => AppendFault | undefined): Log => {
  let appends = 0
  return {
    ensureTopics: topics => log.ensureTopics(topics),
    topics: () => log.topics(),
    read: (topic, partition, from, options) => log.read(topic, partition, from, options),
    endOffset: (topic, partition) => log.endOffset(topic, partition),
    assignments: (group, topics, signal) => log.assignments(group, topics, signal),
    close: () => log.close(),
    async append(topic, partition, records) {
      const appendNumber = ++appends
      const fault = faultAt(appendNumber)
      if (fault === undefined) return log.append(topic, partition, records)
      const persisted = typeof fault === 'object' ? fault.persisted : fault === 'persisted' ? records.length : 0
      if (persisted > 0) await log.append(topic, partition, records.slice(0, persisted))
      throw new FlexError('FLEX_LOG_UNAVAILABLE', `append ${appendNumber} to ${topic}[${partition}]: no answer`)
    }
  }
}
