/**
 * Applies one partition of the log to one generation of a projection's tables. The same code runs a live projection, its
 * restart and its rebuild: a restart is a rebuild that begins at a checkpoint.
 *
 * Promises: rows and checkpoint are one transaction; complete causes only, each once. The checkpoint moves only from where
 * this applier left it, so a second one on the same partition waits for the first and then fails, instead of applying
 * anything twice.
 * A record that cannot be decoded is noted in `projection_problems` and left out; the partition goes on.
 */
import type { Transaction } from 'kysely'
import { type Cause, causeAssembler, type ReaderPosition } from '../../infra/log/cause-reader.ts'
import { header } from '../../infra/log/envelope.ts'
import type { Partition, StoredRecord } from '../../infra/log/log.ts'
import { decode, decodeOutline, fullNameOf } from '../../schemas/codec.ts'
import { SchemaError } from '../../schemas/errors.ts'
import type { Message } from '../../schemas/generated.ts'
import type { BookkeepingTables, ProblemRow } from './bookkeeping.ts'
import { generationPlugin } from './generation-tables.ts'
import type { AnyProjection, CauseMeta, DecodedCause } from './projection.ts'
import { ProjectionError } from './projection-error.ts'
import { rowWriter, type Upserts } from './row-writer.ts'
import { markOf } from './same-log.ts'
import type { Sql, SqlTransaction } from './sql.ts'

/** Causes in one transaction: one commit for a batch of 1,000 small commands. */
const CAUSES_MAX = 1000
/** Events in one transaction, so that decoded ones do not pile up; a single larger cause is applied wholly. */
const EVENTS_MAX = 5000

export type Problem = Omit<ProblemRow, 'generation'>

export interface PartitionApplier {
  /** Records in the order of the log; those before the position are ignored. */
  apply(records: readonly StoredRecord[]): Promise<void>
  position(): ReaderPosition
}

export const partitionApplier = async (
  db: Sql,
  projection: AnyProjection,
  generation: number,
  partition: Partition,
  upserts: Upserts,
  onProblem: (problem: Problem) => void
): Promise<PartitionApplier> => {
  const assembler = causeAssembler(await checkpointOf(db, projection.name, generation, partition))
  const handled = new Map(projection.handles.map(type => [fullNameOf(type), type]))
  const plugin = generationPlugin(Object.keys(projection.tables), generation)
  let saved = assembler.position()

  const commit = async (causes: readonly Cause[], position: ReaderPosition) => {
    const problems: Problem[] = []
    const decoded = causes.map(cause => decodeCause(projection, partition, cause, handled, problems))
    await db.transaction().execute(async transaction => {
      await moveCheckpoint(transaction, projection.name, generation, partition, saved, position, lastOf(causes))
      const write = rowWriter(transaction.withPlugin(plugin), projection.tables, upserts)
      for (const cause of decoded) if (cause.events.length > 0) await projection.apply(cause, write)
      await write.flush()
      if (problems.length > 0) await noteProblems(transaction, generation, problems)
    })
    saved = position
    for (const problem of problems) onProblem(problem)
  }

  return {
    async apply(records) {
      let causes: Cause[] = []
      let events = 0
      for (const record of records) {
        const cause = assembler.push(record)
        if (!cause) continue
        causes.push(cause)
        events += cause.events.length
        if (causes.length < CAUSES_MAX && events < EVENTS_MAX) continue
        await commit(causes, assembler.position())
        causes = []
        events = 0
      }
      if (causes.length > 0) await commit(causes, assembler.position())
    },
    position: () => assembler.position()
  }
}

const checkpointOf = async (
  db: Sql,
  projection: string,
  generation: number,
  { topic, partition }: Partition
): Promise<ReaderPosition> => {
  const row = await db
    .withTables<BookkeepingTables>()
    .selectFrom('projection_checkpoints')
    .select(['next_offset', 'epoch', 'cause'])
    .where('projection', '=', projection)
    .where('generation', '=', generation)
    .where('topic', '=', topic)
    .where('partition', '=', partition)
    .executeTakeFirst()
  if (!row) throw overtaken(projection, generation, { topic, partition })
  return { nextOffset: row.next_offset, epoch: row.epoch, cause: row.cause }
}

const moveCheckpoint = async (
  transaction: Transaction<object>,
  projection: string,
  generation: number,
  { topic, partition }: Partition,
  from: ReaderPosition,
  to: ReaderPosition,
  last: StoredRecord
): Promise<void> => {
  const { numUpdatedRows } = await transaction
    .withTables<BookkeepingTables>()
    .updateTable('projection_checkpoints')
    .set({
      next_offset: to.nextOffset,
      epoch: to.epoch,
      cause: to.cause,
      mark_offset: last.offset,
      mark: markOf(last)
    })
    .where('projection', '=', projection)
    .where('generation', '=', generation)
    .where('topic', '=', topic)
    .where('partition', '=', partition)
    .where('cause', '=', from.cause)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) throw overtaken(projection, generation, { topic, partition })
}

const lastOf = (causes: readonly Cause[]): StoredRecord => causes.at(-1)!.events.at(-1)!

const overtaken = (projection: string, generation: number, { topic, partition }: Partition): ProjectionError =>
  new ProjectionError('FLEX_PROJECTION_OVERTAKEN', `${projection} generation ${generation}, ${topic}/${partition}.`)

const decodeCause = (
  { name: projection, concerns, readsOutlines = false }: AnyProjection,
  { topic, partition }: Partition,
  cause: Cause,
  handled: ReadonlyMap<string, Message['type']>,
  problems: Problem[]
): DecodedCause<Message['type']> => {
  const meta = causeMeta(topic, partition, cause, cause.events[0]!)
  const events: Message[] = []
  if (concerns && !concerns(meta)) return { meta, events }
  for (const record of cause.events) {
    const type = record.headers[header.type] ?? ''
    const expected = handled.get(type)
    if (expected === undefined) continue
    const read = decodeAs(record, type, expected, readsOutlines)
    if (typeof read !== 'string') {
      events.push(read)
      continue
    }
    problems.push({
      projection,
      topic,
      partition,
      record_offset: record.offset,
      type,
      detail: read,
      recorded_at: record.timestamp
    })
  }
  return { meta, events }
}

/** The message, or why there is none. Every reader has the same bytes, so to stop at them would help nobody. */
const decodeAs = (
  record: StoredRecord,
  type: string,
  expected: Message['type'],
  isOutline: boolean
): Message | string => {
  try {
    // A projection of outlines sees no more of it (projection.ts).
    const message = isOutline ? (decodeOutline(record.value) as Message) : decode(record.value)
    return message.type === expected ? message : `The header says ${type}, the schema ${message.type}.`
  } catch (error) {
    if (error instanceof SchemaError) return error.message
    throw error
  }
}

const causeMeta = (topic: string, partition: number, { cause, events }: Cause, first: StoredRecord): CauseMeta => {
  const { headers, timestamp } = first
  const idempotencyKey = headers[header.idempotencyKey]
  const fedFrom = headers[header.fedFrom]
  return {
    topic,
    partition,
    cause,
    time: timestamp,
    correlation: headers[header.correlation] ?? '',
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(fedFrom === undefined ? {} : { fedFrom }),
    count: events.length
  }
}

const noteProblems = async (
  transaction: SqlTransaction,
  generation: number,
  problems: readonly Problem[]
): Promise<void> => {
  await transaction
    .withTables<BookkeepingTables>()
    .insertInto('projection_problems')
    .values(problems.map(problem => ({ ...problem, generation })))
    .execute()
}
