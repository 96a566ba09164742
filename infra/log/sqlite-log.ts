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
import { appendQueue } from './append-queue.ts'
import { appendSignal } from './append-signal.ts'
import type { Log, StoredRecord } from './log.ts'
import { leaseMsDefault, type MemberStore, membership } from './membership.ts'
import { quietCheckpoints } from './quiet-checkpoints.ts'
import { recentRecords } from './recent-records.ts'
import { recordsMaxDefault, requireRecords, topicsToCreate, unknownPartition, unknownTopic } from './rules.ts'
import { recordsOf, segmentsOf } from './segment.ts'
import { type LogTables, logTables } from './sqlite-tables.ts'

/** Another process's append is seen after at most this; the poll itself costs a few microseconds. */
const pollMs = 20
/** Seconds of work for a disk. */
const pendingBytesMaxDefault = 256 * 1024 * 1024
/** Bytes that one batch of a reader holds, beside the segment that passes it. */
const batchBytesMax = 8 * 1024 * 1024

/**
 * Of a new file. Nearly all of it are rows of up to a megabyte, each page of which is two writes into the write-ahead log: with
 * pages of 4 KiB they take as long as the flush. With 32 KiB a row of 100 kB, which shares pages with its neighbours, costs
 * twice as much.
 */
const pageBytes = 16 * 1024

export interface SqliteLogOptions {
  readonly file: string
  /** Names this process among the members of a group. */
  readonly instance?: string
  /** A member that is silent for this long has left its groups. */
  readonly leaseMs?: number
  /** Bytes that may wait for the disk before an append is refused; one append alone may be larger. Default 256 MiB. */
  readonly pendingBytesMax?: number
}

export const sqliteLog = async ({
  file,
  instance = randomUUID(),
  leaseMs = leaseMsDefault,
  pendingBytesMax = pendingBytesMaxDefault
}: SqliteLogOptions): Promise<Log> => {
  const unavailable = (error: unknown): unknown =>
    isFlexError(error) || error instanceof TypeError
      ? error
      : new FlexError('FLEX_LOG_UNAVAILABLE', `${file}: ${error instanceof Error ? error.message : error}`, {
          cause: error
        })

  const tables: LogTables = await openSqliteFile(file, { pageBytes })
    .then(database => logTables(database, file))
    .catch(error => {
      throw unavailable(error)
    })
  const closed = new AbortController()
  const appended = appendSignal()
  const recent = recentRecords()
  const checkpoints = quietCheckpoints(tables.database)
  const queue = appendQueue({
    tables,
    pendingBytesMax,
    unavailable,
    onWritten(partitionId, first, segments) {
      let offset = first
      for (const { records, contents, bytes } of segments) {
        recent.add(partitionId, offset, contents, bytes.length)
        offset += records
        checkpoints.committed(bytes.length)
      }
      appended.notify(partitionId)
    }
  })

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
      return queue.append(partitionId, segmentsOf(records))
    },

    async *read(topic, partition, from, { follow = false, signal, recordsMax = recordsMaxDefault } = {}) {
      const partitionId = partitionIdOf(topic, partition)
      let next = Math.max(0, from)
      while (!signal?.aborted && !closed.signal.aborted) {
        const known = recent.from(partitionId, next, recordsMax)
        const records =
          known.length > 0 ? known : await patiently(() => readSegments(tables, partitionId, next, recordsMax))
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
      await queue.drained()
      clearInterval(poll)
      checkpoints.stop()
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
