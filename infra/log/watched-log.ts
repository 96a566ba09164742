/**
 * Tells the host of an embedded system at once that a partition may have grown, so that it need not poll what its own
 * processors write. Also after a failed append, which may have happened: being told promises nothing, look again.
 */
import type { Log } from './log.ts'

export const watchAppends = (log: Log, onAppend: (topic: string, partition: number) => void): Log => ({
  ensureTopics: topics => log.ensureTopics(topics),
  topics: () => log.topics(),
  read: (topic, partition, from, options) => log.read(topic, partition, from, options),
  endOffset: (topic, partition) => log.endOffset(topic, partition),
  assignments: (group, topics, signal) => log.assignments(group, topics, signal),
  close: () => log.close(),
  async append(topic, partition, records) {
    try {
      return await log.append(topic, partition, records)
    } finally {
      onAppend(topic, partition)
    }
  }
})
