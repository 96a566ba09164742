/**
 * The embedded default: the log in one SQLite file, which several processes may share. A commit is on the disk before an
 * append resolves. Appends of one handle are written in the order of their calls; those that wait in the same turn of the
 * event loop share one transaction, and a long one may take several, in order: hence the prefix after a crash.
 *
 * A reader at the end is woken at once by an append of its own handle, and by any other within `pollMs`.
 * SQLite works in the calling thread: a commit stops the event loop for about the time of a disk flush.
 */
import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { FlexError, isFlexError } from '../errors.ts'
import { immediately, openSqliteFile, whileBusy } from '../sqlite-file.ts'
import { appendSignal } from './append-signal.ts'
import type { Log, StoredRecord } from './log.ts'
import { leaseMsDefault, type MemberStore, membership } from './membership.ts'
import { recordsMaxDefault, requireRecords, topicsToCreate, unknownPartition, unknownTopic } from './rules.ts'
import { recordsOf, type Segment, segmentsOf } from './segment.ts'
import { type LogTables, logTables, offsetsMax } from './sqlite-tables.ts'

/** Another process's append is seen after at most this; the poll itself costs a few microseconds. */
const pollMs = 20
/** Bytes in one transaction: bounds how long other processes wait for the lock (tens of ms). */
const transactionBytesMax = 16 * 1024 * 1024
/** Bytes that wait for the disk. More means that the writers are faster than the disk for seconds. */
const pendingBytesMax = 256 * 1024 * 1024
/** Bytes that one batch of a reader holds, beside the segment that passes it. */
const batchBytesMax = 8 * 1024 * 1024

export interface SqliteLogOptions {
  readonly file: string
  /** Names this process among the members of a group. */
  readonly instance?: string
  /** A member that is silent for this long has left its groups. */
  readonly leaseMs?: number
}

interface PendingAppend {
  readonly topic: string
  readonly partition: number
  readonly partitionId: number
  readonly segments: readonly Segment[]
  written: number
  first: number | undefined
  readonly resolve: (offset: number) => void
  readonly reject: (error: unknown) => void
}

export const sqliteLog = async ({
  file,
  instance = randomUUID(),
  leaseMs = leaseMsDefault
}: SqliteLogOptions): Promise<Log> => {
  const unavailable = (error: unknown): unknown =>
    isFlexError(error) || error instanceof TypeError
      ? error
      : new FlexError('FLEX_LOG_UNAVAILABLE', `${file}: ${error instanceof Error ? error.message : error}`, {
          cause: error
        })

  const tables: LogTables = await openSqliteFile(file)
    .then(database => logTables(database, file))
    .catch(error => {
      throw unavailable(error)
    })
  const closed = new AbortController()
  const appended = appendSignal()
  const pending: PendingAppend[] = []
  let pendingBytes = 0
  let writing: Promise<void> | undefined

  const requireOpen = () => {
    if (closed.signal.aborted) throw new FlexError('FLEX_LOG_CLOSED', `${file} is closed`)
  }

  const attempt = <Result>(access: () => Result): Result => {
    requireOpen()
    try {
      return access()
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** As `attempt`, but waits its turn while another process holds the file. */
  const patiently = async <Result>(access: () => Result): Promise<Result> => {
    try {
      return await whileBusy(() => {
        requireOpen()
        return access()
      })
    } catch (error) {
      throw unavailable(error)
    }
  }

  // Not patient, so that appends are queued in the order of their calls.
  const partitionIdOf = (topic: string, partition: number): number => {
    const found = attempt(() => tables.topic(topic))
    if (!found) throw unknownTopic(topic)
    if (!Number.isInteger(partition) || partition < 0 || partition >= found.partitions)
      throw unknownPartition(topic, partition, found.partitions)
    return found.firstPartitionId + partition
  }

  const writePending = async () => {
    while (pending.length > 0) {
      // All that is asked for in this turn goes into one transaction, hence one flush of the disk.
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
        appended.notify(append.partitionId)
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

  let poll: NodeJS.Timeout | undefined
  let versionSeen: number | undefined
  const pollOthers = () => {
    try {
      if (appended.waiting > 0) {
        const version = tables.dataVersion()
        if (version !== versionSeen) appended.notifyAll()
        versionSeen = version
        return
      }
    } catch {
      // The readers look for themselves and meet the error with its context.
      appended.notifyAll()
    }
    clearInterval(poll)
    poll = undefined
  }
  const waitForAppend = (partitionId: number, signal: AbortSignal | undefined): Promise<void> => {
    poll ??= setInterval(pollOthers, pollMs)
    return appended.wait(partitionId, signal, closed.signal)
  }

  const joined = new Set<string>()
  const members: MemberStore = {
    renew(group, member, ms) {
      joined.add(member.id)
      return patiently(() => immediately(tables.database, () => tables.renew(group, member, ms)))
    },
    async leave(_group, id) {
      // Closing the log has left all groups already.
      if (!closed.signal.aborted) await patiently(() => tables.leave(id))
      joined.delete(id)
    },
    topics: () => patiently(() => tables.topics())
  }

  return {
    ensureTopics: topics =>
      patiently(() =>
        immediately(tables.database, () => {
          for (const topic of topicsToCreate(tables.topics(), topics)) tables.createTopic(topic)
        })
      ),

    topics: () => patiently(() => tables.topics()),

    async append(topic, partition, records) {
      const partitionId = partitionIdOf(topic, partition)
      requireRecords(records)
      if (records.length === 0) return patiently(() => tables.endOffset(partitionId))
      const segments = segmentsOf(records)
      const bytes = bytesOf(segments)
      if (pending.length > 0 && pendingBytes + bytes > pendingBytesMax)
        throw new FlexError('FLEX_LOG_OVERLOADED', `${file}: ${pendingBytes} bytes wait for the disk already`)
      pendingBytes += bytes
      return new Promise<number>((resolve, reject) => {
        pending.push({ topic, partition, partitionId, segments, written: 0, first: undefined, resolve, reject })
        writing ??= writePending().finally(() => {
          writing = undefined
        })
      })
    },

    async *read(topic, partition, from, { follow = false, signal, recordsMax = recordsMaxDefault } = {}) {
      const partitionId = partitionIdOf(topic, partition)
      let next = Math.max(0, from)
      while (!signal?.aborted && !closed.signal.aborted) {
        const records = await patiently(() => readSegments(tables, partitionId, next, recordsMax))
        for (let at = 0; at < records.length && !signal?.aborted; at += recordsMax) {
          const batch = records.slice(at, at + recordsMax)
          next = batch.at(-1)!.offset + 1
          yield batch
        }
        // A long replay must not keep timers and sockets waiting.
        if (records.length > 0) await nextTurn()
        else if (follow) await waitForAppend(partitionId, signal)
        else return
      }
    },

    async endOffset(topic, partition) {
      const partitionId = partitionIdOf(topic, partition)
      return patiently(() => tables.endOffset(partitionId))
    },

    async *assignments(group, topics, signal) {
      requireOpen()
      yield* membership(group, topics, {
        store: members,
        instance,
        leaseMs,
        signal: AbortSignal.any([signal, closed.signal])
      })
    },

    async close() {
      if (closed.signal.aborted) return
      closed.abort()
      await writing
      clearInterval(poll)
      try {
        await whileBusy(() => {
          for (const id of joined) tables.leave(id)
        })
      } finally {
        tables.close()
      }
    }
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
  const ends = new Map<number, number>()
  for (const entry of group) {
    const { append, segments } = entry
    let offset = ends.get(append.partitionId) ?? tables.endOffset(append.partitionId)
    entry.firstOffset = offset
    for (const segment of segments) {
      if (offset + segment.records > offsetsMax) throw new Error(`${append.topic}[${append.partition}] is full`)
      tables.insert(append.partitionId, offset, segment)
      offset += segment.records
    }
    ends.set(append.partitionId, offset)
  }
}

const readSegments = (
  tables: LogTables,
  partitionId: number,
  from: number,
  recordsMax: number
): readonly StoredRecord[] => {
  const records: StoredRecord[] = []
  let bytes = 0
  for (const segment of tables.segments(partitionId, from)) {
    for (const record of recordsOf(segment.bytes, segment.first, from)) records.push(record)
    bytes += segment.bytes.length
    if (records.length >= recordsMax || bytes >= batchBytesMax) break
  }
  return records
}
