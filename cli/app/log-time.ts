/**
 * How far time has come on a log: the latest time among the last records of its partitions. A market day that is taken up
 * again goes on from there; a clock that began anew at the morning would let time go back, and open sessions that nobody
 * could open before.
 * Assumes a writer whose time does not go back, so that the last records of a partition are its latest.
 */
import type { Log } from '../../infra/log/log.ts'
import { isOwnTopic } from '../../schemas/topics.ts'

/** Offsets may have gaps: the last record is among the last so many offsets. */
const LAST_OFFSETS = 100

/** Milliseconds; undefined for an empty log. */
export const latestTime = async (log: Log): Promise<number | undefined> => {
  let latest: number | undefined
  for (const { name, partitions } of await log.topics()) {
    // Brokers may hold topics of other systems, whose times mean nothing here.
    if (!isOwnTopic(name)) continue
    for (let partition = 0; partition < partitions; partition++) {
      const end = await log.endOffset(name, partition)
      for await (const batch of log.read(name, partition, Math.max(0, end - LAST_OFFSETS)))
        for (const { timestamp } of batch) if (latest === undefined || timestamp > latest) latest = timestamp
    }
  }
  return latest
}
