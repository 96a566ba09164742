/**
 * The appends of one handle on their way to the disk, in the order of their calls. Those that are asked for in the same
 * turn of the event loop share a transaction, hence one flush of the disk; a long one takes several transactions, in order,
 * so a crash or an error leaves a prefix of it. A transaction that fails rejects all that had a part in it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { FlexError } from '../errors.ts'
import { immediately, whileBusy } from '../sqlite-file.ts'
import type { Segment } from './segment.ts'
import { type LogTables, offsetsMax } from './sqlite-tables.ts'

/** Bytes in one transaction: bounds how long other processes wait for the lock (tens of ms). */
const transactionBytesMax = 16 * 1024 * 1024
export interface AppendQueue {
  /** Resolves with the offset of the first record when all are on the disk. */
  append(partitionId: number, segments: readonly Segment[]): Promise<number>
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>
}

export interface AppendQueueOptions {
  readonly tables: LogTables
  readonly pendingBytesMax: number
  /** Gives an error of SQLite its name and its file. */
  readonly unavailable: (error: unknown) => unknown
  /** After the commit of each part of an append, before the append resolves. */
  readonly onWritten: (partitionId: number, first: number, segments: readonly Segment[]) => void
}

interface PendingAppend {
  readonly partitionId: number
  readonly segments: readonly Segment[]
  written: number
  first: number | undefined
  readonly resolve: (offset: number) => void
  readonly reject: (error: unknown) => void
}

export const appendQueue = ({ tables, pendingBytesMax, unavailable, onWritten }: AppendQueueOptions): AppendQueue => {
  const pending: PendingAppend[] = []
  let pendingBytes = 0
  let writing: Promise<void> | undefined

  const writePending = async () => {
    while (pending.length > 0) {
      await nextTurn()
      const group = takeGroup(pending)
      try {
        await whileBusy(() => immediately(tables.database, () => writeGroup(tables, group)))
      } catch (error) {
        for (const append of leaveQueue(group.length)) append.reject(unavailable(error))
        continue
      }
      for (const { append, firstOffset, segments } of group) {
        append.first ??= firstOffset
        append.written += segments.length
        onWritten(append.partitionId, firstOffset, segments)
      }
      // Only the last of a group can be unfinished.
      const last = group.at(-1)!.append
      const finished = group.length - (last.written < last.segments.length ? 1 : 0)
      for (const append of leaveQueue(finished)) append.resolve(append.first!)
    }
  }

  const leaveQueue = (appends: number): readonly PendingAppend[] => {
    const left = pending.splice(0, appends)
    for (const { segments } of left) pendingBytes -= bytesOf(segments)
    return left
  }

  return {
    append(partitionId, segments) {
      const bytes = bytesOf(segments)
      if (pending.length > 0 && pendingBytes + bytes > pendingBytesMax)
        return Promise.reject(
          new FlexError('FLEX_LOG_OVERLOADED', `${pendingBytes} bytes wait for the disk, ${pendingBytesMax} may`)
        )
      pendingBytes += bytes
      return new Promise((resolve, reject) => {
        pending.push({ partitionId, segments, written: 0, first: undefined, resolve, reject })
        writing ??= writePending().finally(() => {
          writing = undefined
        })
      })
    },
    drained: async () => writing
  }
}

interface GroupEntry {
  readonly append: PendingAppend
  readonly segments: readonly Segment[]
  firstOffset: number
}

const bytesOf = (segments: readonly Segment[]): number => segments.reduce((sum, { bytes }) => sum + bytes.length, 0)

/** The next transaction: whole appends, or a part of the first, in the order in which they were asked for. */
const takeGroup = (pending: readonly PendingAppend[]): readonly GroupEntry[] => {
  const group: GroupEntry[] = []
  let bytes = 0
  for (const append of pending) {
    const segments: Segment[] = []
    for (const segment of append.segments.slice(append.written)) {
      if (bytes > 0 && bytes + segment.bytes.length > transactionBytesMax) break
      bytes += segment.bytes.length
      segments.push(segment)
    }
    if (segments.length > 0) group.push({ append, segments, firstOffset: -1 })
    if (append.written + segments.length < append.segments.length) break
  }
  return group
}

const writeGroup = (tables: LogTables, group: readonly GroupEntry[]): void => {
  for (const entry of group) {
    const { append, segments } = entry
    // Another process may have written since, so the end is read inside the transaction.
    let offset = tables.endOffset(append.partitionId)
    entry.firstOffset = offset
    for (const segment of segments) {
      if (offset + segment.records > offsetsMax)
        throw new Error(`partition id ${append.partitionId} is full: ${offset} offsets are taken`)
      tables.insert(append.partitionId, offset, segment)
      offset += segment.records
    }
  }
}
