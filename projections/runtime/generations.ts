/**
 * The generations of a projection's tables.
 *
 *   (none) --first start--> live 1          building n+1 --switch--> live n+1, n retired --drop--> (gone)
 *
 * Readers use views named like the tables; the switch points them at the new generation in the transaction that takes the
 * old one's checkpoints away. Whoever still writes the old one finds no checkpoint, so its transaction fails and it moves
 * over. A building generation that nobody finishes is taken away by the next rebuild.
 */

import { startPosition } from '../../infra/log/cause-reader.ts'
import type { Log, Partition } from '../../infra/log/log.ts'
import { lockUntilCommit } from '../../infra/sql/engine-adapter.ts'
import { type BookkeepingTables, createBookkeeping } from './bookkeeping.ts'
import { physicalName } from './generation-tables.ts'
import type { AnyProjection } from './projection.ts'
import { ProjectionError } from './projection-error.ts'
import { assertSameLog, partitionOfAnotherLog } from './same-log.ts'
import type { AnyTables, Sql, SqlTransaction } from './sql.ts'
import { createTable } from './table.ts'

/** Held while generations are made, switched and dropped: by one process at a time, for all projections. */
const generationsLock = 'projection generations'

/** Makes what is missing; resolves with the live generation. Refuses tables of another version, and of another log. */
export const prepareProjection = async (db: Sql, log: Log, projection: AnyProjection): Promise<number> => {
  const partitions = await partitionsOf(log, projection)
  const generation = await db.transaction().execute(async transaction => {
    await lockUntilCommit(transaction, generationsLock)
    await createBookkeeping(transaction)
    const served = await servedGeneration(transaction, projection)
    if (served !== undefined) return served
    await createGeneration(transaction, projection, 1, partitions, 'live')
    await createViews(transaction, projection, 1)
    return 1
  })
  await assertSameLog(db, log, projection.name, generation)
  return generation
}

/** The live generation, if there is one and it is of this code. */
export const servedGeneration = async (db: Sql, projection: AnyProjection): Promise<number | undefined> => {
  const live = await liveGeneration(db, projection.name)
  if (!live || live.version === projection.version) return live?.generation
  throw new ProjectionError(
    'FLEX_PROJECTION_OUTDATED',
    `${projection.name}: the tables have version ${live.version}, the code ${projection.version}. Rebuild it.`
  )
}

const liveGeneration = async (
  db: Sql,
  projection: string
): Promise<{ generation: number; version: number; tables: string[] } | undefined> => {
  const row = await db
    .withTables<BookkeepingTables>()
    .selectFrom('projection_generations')
    .select(['generation', 'version', 'tables'])
    .where('projection', '=', projection)
    .where('status', '=', 'live')
    .executeTakeFirst()
  return row && { generation: row.generation, version: row.version, tables: tableNames(row.tables) }
}

/** Whether the live tables, if there are any, were built from another log. */
export const isOfAnotherLog = async (db: Sql, log: Log, projection: AnyProjection): Promise<boolean> => {
  const live = await liveGeneration(db, projection.name)
  return live !== undefined && (await partitionOfAnotherLog(db, log, projection.name, live.generation)) !== undefined
}

/** A fresh, empty generation; one that an earlier rebuild left unfinished is dropped. */
export const beginGeneration = async (db: Sql, log: Log, projection: AnyProjection): Promise<number> => {
  const partitions = await partitionsOf(log, projection)
  return db.transaction().execute(async transaction => {
    await lockUntilCommit(transaction, generationsLock)
    await createBookkeeping(transaction)
    const rows = await transaction
      .withTables<BookkeepingTables>()
      .selectFrom('projection_generations')
      .select(['generation', 'status', 'tables'])
      .where('projection', '=', projection.name)
      .execute()
    for (const { generation, status, tables } of rows)
      if (status !== 'live') await dropGeneration(transaction, projection.name, generation, tableNames(tables))
    const next = Math.max(0, ...rows.map(({ generation }) => generation)) + 1
    await createGeneration(transaction, projection, next, partitions, 'building')
    return next
  })
}

/**
 * Makes `generation` the live one, unless it has read less than the live one: then nothing changes, and the partitions
 * that are behind are returned. Tables that follow another log are not compared: their positions mean nothing here.
 */
export const switchGeneration = async (
  db: Sql,
  projection: AnyProjection,
  generation: number,
  { replacesAnotherLog = false } = {}
): Promise<readonly Partition[]> => {
  let behind: readonly Partition[] = []
  class Behind extends Error {}
  try {
    await db.transaction().execute(async transaction => {
      await lockUntilCommit(transaction, generationsLock)
      const tables = transaction.withTables<BookkeepingTables>()
      const live = await liveGeneration(transaction, projection.name)
      if (live) {
        // From here on nobody moves the live generation: who writes it waits for its checkpoint, and finds none.
        const before = await tables
          .deleteFrom('projection_checkpoints')
          .where('projection', '=', projection.name)
          .where('generation', '=', live.generation)
          .returning(['topic', 'partition', 'cause'])
          .execute()
        const built = await tables
          .selectFrom('projection_checkpoints')
          .select(['topic', 'partition', 'cause'])
          .where('projection', '=', projection.name)
          .where('generation', '=', generation)
          .execute()
        const causes = new Map(built.map(({ topic, partition, cause }) => [`${topic}/${partition}`, cause]))
        behind = before
          .filter(({ topic, partition, cause }) => (causes.get(`${topic}/${partition}`) ?? -1) < cause)
          .map(({ topic, partition }) => ({ topic, partition }))
        if (behind.length > 0 && !replacesAnotherLog) throw new Behind()
        behind = []
        await tables
          .updateTable('projection_generations')
          .set({ status: 'retired' })
          .where('projection', '=', projection.name)
          .where('generation', '=', live.generation)
          .execute()
        for (const table of live.tables) await transaction.schema.dropView(table).execute()
      }
      const { numUpdatedRows } = await tables
        .updateTable('projection_generations')
        .set({ status: 'live' })
        .where('projection', '=', projection.name)
        .where('generation', '=', generation)
        .executeTakeFirstOrThrow()
      // Another rebuild has taken it away.
      if (numUpdatedRows !== 1n)
        throw new ProjectionError('FLEX_PROJECTION_OVERTAKEN', `${projection.name} generation ${generation} is gone.`)
      await createViews(transaction, projection, generation)
    })
  } catch (error) {
    if (!(error instanceof Behind)) throw error
  }
  return behind
}

export const dropRetired = async (db: Sql, projection: string): Promise<void> => {
  await db.transaction().execute(async transaction => {
    await lockUntilCommit(transaction, generationsLock)
    const rows = await transaction
      .withTables<BookkeepingTables>()
      .selectFrom('projection_generations')
      .select(['generation', 'tables'])
      .where('projection', '=', projection)
      .where('status', '=', 'retired')
      .execute()
    for (const { generation, tables } of rows)
      await dropGeneration(transaction, projection, generation, tableNames(tables))
  })
}

const createGeneration = async (
  transaction: SqlTransaction,
  projection: AnyProjection,
  generation: number,
  partitions: readonly Partition[],
  status: 'building' | 'live'
): Promise<void> => {
  for (const [table, definition] of Object.entries(projection.tables))
    await createTable(transaction, physicalName(table, generation), definition)
  const tables = transaction.withTables<BookkeepingTables>()
  const { name, version } = projection
  await tables
    .insertInto('projection_generations')
    .values({ projection: name, generation, version, status, tables: JSON.stringify(Object.keys(projection.tables)) })
    .execute()
  if (partitions.length === 0) return
  const { nextOffset, epoch, cause } = startPosition
  await tables
    .insertInto('projection_checkpoints')
    .values(
      partitions.map(partition => ({
        projection: name,
        generation,
        ...partition,
        next_offset: nextOffset,
        epoch,
        cause
      }))
    )
    .execute()
}

const createViews = async (
  transaction: SqlTransaction,
  projection: AnyProjection,
  generation: number
): Promise<void> => {
  const tables = transaction.withTables<AnyTables>()
  for (const table of Object.keys(projection.tables))
    await tables.schema
      .createView(table)
      .as(tables.selectFrom(physicalName(table, generation)).selectAll())
      .execute()
}

const dropGeneration = async (
  transaction: SqlTransaction,
  projection: string,
  generation: number,
  names: readonly string[]
): Promise<void> => {
  const tables = transaction.withTables<BookkeepingTables>()
  for (const table of ['projection_checkpoints', 'projection_problems', 'projection_generations'] as const)
    await tables.deleteFrom(table).where('projection', '=', projection).where('generation', '=', generation).execute()
  for (const name of names) await transaction.schema.dropTable(physicalName(name, generation)).ifExists().execute()
}

const partitionsOf = async (log: Log, { name, topics }: AnyProjection): Promise<readonly Partition[]> => {
  const specs = new Map((await log.topics()).map(spec => [spec.name, spec.partitions]))
  return topics.flatMap(topic => {
    const partitions = specs.get(topic)
    if (partitions === undefined) throw new Error(`projection ${name}: the log has no topic ${topic}`)
    return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
  })
}

const tableNames = (json: string): string[] => JSON.parse(json) as string[]
