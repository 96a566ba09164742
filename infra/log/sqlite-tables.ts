/**
 * The tables of the SQLite log and the only SQL of it. A segment's row id is its place: partition id × 2^38 + first
 * offset, so the file is ordered by partition and offset without a second index. That leaves 2^38 offsets to a partition
 * and 2^15 partitions to a file inside the numbers that JavaScript holds exactly.
 */
import type { DatabaseSync } from 'node:sqlite'
import { FlexError } from '../errors.ts'
import { immediately, whileBusy } from '../sqlite-file.ts'
import type { Member } from './assignment.ts'
import type { TopicSpec } from './log.ts'
import type { Segment } from './segment.ts'

export const offsetsMax = 2 ** 38
const partitionIdsMax = 2 ** 15

/** In `PRAGMA user_version`: a file of another format is refused, never guessed at. */
const fileFormat = 1

interface KnownTopic extends TopicSpec {
  readonly firstPartitionId: number
}

interface StoredSegment {
  readonly first: number
  readonly bytes: Uint8Array
}

export interface LogTables {
  readonly database: DatabaseSync
  topics(): readonly TopicSpec[]
  topic(name: string): KnownTopic | undefined
  /** Inside a transaction. */
  createTopic(topic: TopicSpec): void
  /** The segment that holds `from` and those after it. Break off before anything else is asked of the tables. */
  segments(partitionId: number, from: number): Iterable<StoredSegment>
  endOffset(partitionId: number): number
  /** Inside a transaction. */
  insert(partitionId: number, first: number, segment: Segment): void
  /** Differs from the last time if another connection has committed meanwhile. */
  dataVersion(): number
  /** Inside a transaction. */
  renew(group: string, member: Member, leaseMs: number): readonly Member[]
  leave(memberId: string): void
  close(): void
}

const schema = `
  CREATE TABLE topic (
    name TEXT PRIMARY KEY,
    partitions INTEGER NOT NULL,
    first_partition_id INTEGER NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE segment (
    place INTEGER PRIMARY KEY,
    records INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE member (
    id TEXT PRIMARY KEY,
    member_group TEXT NOT NULL,
    topics TEXT NOT NULL,
    lease_until INTEGER NOT NULL
  ) STRICT;
  PRAGMA user_version = ${fileFormat};
`

interface Row {
  readonly [column: string]: unknown
}

export const logTables = async (database: DatabaseSync, file: string): Promise<LogTables> => {
  await whileBusy(() => immediately(database, () => createSchema(database, file)))

  const selectTopics = database.prepare('SELECT name, partitions, first_partition_id FROM topic ORDER BY name')
  const selectNextPartitionId = database.prepare(
    'SELECT coalesce(max(first_partition_id + partitions), 0) AS next FROM topic'
  )
  const insertTopic = database.prepare('INSERT INTO topic (name, partitions, first_partition_id) VALUES (?, ?, ?)')
  const selectSegmentOf = database.prepare(
    'SELECT place FROM segment WHERE place BETWEEN ? AND ? ORDER BY place DESC LIMIT 1'
  )
  const selectSegments = database.prepare('SELECT place, bytes FROM segment WHERE place BETWEEN ? AND ? ORDER BY place')
  const selectLast = database.prepare(
    'SELECT place, records FROM segment WHERE place BETWEEN ? AND ? ORDER BY place DESC LIMIT 1'
  )
  const insertSegment = database.prepare('INSERT INTO segment (place, records, bytes) VALUES (?, ?, ?)')
  const selectVersion = database.prepare('PRAGMA data_version')
  const deleteSilent = database.prepare('DELETE FROM member WHERE member_group = ? AND lease_until <= ?')
  const upsertMember = database.prepare(
    `INSERT INTO member (id, member_group, topics, lease_until) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`
  )
  const selectMembers = database.prepare('SELECT id, topics FROM member WHERE member_group = ? ORDER BY id')
  const deleteMember = database.prepare('DELETE FROM member WHERE id = ?')

  const known = new Map<string, KnownTopic>()
  const knownTopics = (): readonly KnownTopic[] =>
    selectTopics.all().map(row => ({
      name: textOf(row, 'name'),
      partitions: numberOf(row, 'partitions'),
      firstPartitionId: numberOf(row, 'first_partition_id')
    }))
  const placeOf = (partitionId: number, offset: number) => partitionId * offsetsMax + offset
  const lastPlaceOf = (partitionId: number) => placeOf(partitionId + 1, 0) - 1

  return {
    database,
    topics: () => knownTopics().map(({ name, partitions }) => ({ name, partitions })),

    topic(name) {
      // A topic never changes, so what is known stays true; what isn't may have been created by another process.
      if (!known.has(name)) for (const topic of knownTopics()) known.set(topic.name, topic)
      return known.get(name)
    },

    createTopic({ name, partitions }) {
      const next = numberOf(selectNextPartitionId.get(), 'next')
      if (next + partitions > partitionIdsMax)
        throw new FlexError(
          'FLEX_LOG_TOPIC_MISMATCH',
          `${file} holds at most ${partitionIdsMax} partitions; ${name} is too many`
        )
      insertTopic.run(name, partitions, next)
    },

    *segments(partitionId, from) {
      const holding = selectSegmentOf.get(placeOf(partitionId, 0), placeOf(partitionId, Math.min(from, offsetsMax - 1)))
      const start = holding ? numberOf(holding, 'place') : placeOf(partitionId, 0)
      for (const row of selectSegments.iterate(start, lastPlaceOf(partitionId)))
        yield { first: numberOf(row, 'place') - placeOf(partitionId, 0), bytes: bytesOf(row) }
    },

    endOffset(partitionId) {
      const last = selectLast.get(placeOf(partitionId, 0), lastPlaceOf(partitionId))
      return last ? numberOf(last, 'place') - placeOf(partitionId, 0) + numberOf(last, 'records') : 0
    },

    insert: (partitionId, first, { records, bytes }) => {
      insertSegment.run(placeOf(partitionId, first), records, bytes)
    },

    dataVersion: () => numberOf(selectVersion.get(), 'data_version'),

    renew(group, member, leaseMs) {
      const now = Date.now()
      deleteSilent.run(group, now)
      upsertMember.run(member.id, group, JSON.stringify(member.topics), now + leaseMs)
      return selectMembers.all(group).map(row => ({
        id: textOf(row, 'id'),
        topics: JSON.parse(textOf(row, 'topics')) as readonly string[]
      }))
    },

    leave: memberId => {
      deleteMember.run(memberId)
    },

    close: () => database.close()
  }
}

const createSchema = (database: DatabaseSync, file: string): void => {
  const format = numberOf(database.prepare('PRAGMA user_version').get(), 'user_version')
  if (format === fileFormat) return
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_master').get() as { tables: number }
  if (format !== 0 || tables > 0)
    throw new FlexError('FLEX_LOG_UNAVAILABLE', `${file} is no log of format ${fileFormat} (user_version is ${format})`)
  database.exec(schema)
}

// Rows come from our own STRICT tables; the checks are for a file that somebody else has changed.
const textOf = (row: Row, column: string): string => {
  const value = row[column]
  if (typeof value !== 'string') throw new Error(`column ${column} holds no text`)
  return value
}
const numberOf = (row: Row | undefined, column: string): number => {
  const value = row?.[column]
  if (typeof value !== 'number') throw new Error(`column ${column} holds no number`)
  return value
}
const bytesOf = (row: Row): Uint8Array => {
  const { bytes } = row
  if (!(bytes instanceof Uint8Array)) throw new Error('column bytes holds no bytes')
  return bytes
}
