/**
 * The last records that this handle appended, as readers get them. Half a dozen readers follow a partition (its owner, feeds,
 * tables, whoever waits for an answer), and each would fetch and parse again what was in memory a moment ago.
 *
 * Promises: what is given out is what a read of the file would give: only records of committed appends, and a gap, where
 * another process wrote in between, ends a run. What is not here has to be read from the file.
 */
import type { LogRecord, StoredRecord } from './log.ts'

/** Bytes of values and headers kept: some seconds of a busy market, so that readers that gave way still find them. */
const bytesMax = 64 * 1024 * 1024
/** Appends kept: bounds the bookkeeping of many small ones. */
const blocksMax = 1_024

interface Block {
  readonly partitionId: number
  readonly first: number
  readonly records: readonly StoredRecord[]
  readonly bytes: number
}

export interface RecentRecords {
  add(partitionId: number, first: number, records: readonly LogRecord[], bytes: number): void
  /** Records from `offset` on without a gap, at most `recordsMax`; empty if the one at `offset` is not here. */
  from(partitionId: number, offset: number, recordsMax: number): readonly StoredRecord[]
}

export const recentRecords = (): RecentRecords => {
  /** All blocks, oldest first; and those of each partition, in the order of their offsets. */
  const blocks: Block[] = []
  const byPartition = new Map<number, Block[]>()
  let bytesKept = 0

  const dropOldest = () => {
    const oldest = blocks.shift()
    if (!oldest) return
    bytesKept -= oldest.bytes
    const own = byPartition.get(oldest.partitionId)
    own?.shift()
    if (own?.length === 0) byPartition.delete(oldest.partitionId)
  }

  return {
    add(partitionId, first, records, bytes) {
      const stored = records.map(({ key, value, headers, timestamp }, n) => ({
        offset: first + n,
        key,
        value,
        headers,
        timestamp
      }))
      const block = { partitionId, first, records: stored, bytes }
      blocks.push(block)
      const own = byPartition.get(partitionId)
      if (own) own.push(block)
      else byPartition.set(partitionId, [block])
      bytesKept += bytes
      while (bytesKept > bytesMax || blocks.length > blocksMax) dropOldest()
    },

    from(partitionId, offset, recordsMax) {
      const own = byPartition.get(partitionId) ?? []
      // Readers are near the end.
      let at = own.length - 1
      while (at >= 0 && own[at]!.first > offset) at--
      const found: StoredRecord[] = []
      for (let next = offset; at >= 0 && at < own.length && found.length < recordsMax; at++) {
        const { first, records } = own[at]!
        if (next < first || next >= first + records.length) break
        const some = records.slice(next - first, next - first + recordsMax - found.length)
        for (const record of some) found.push(record)
        next = first + records.length
      }
      return found
    }
  }
}
