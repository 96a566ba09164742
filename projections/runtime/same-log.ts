/**
 * Tables belong to one log. Beside its position a checkpoint keeps a mark of the last record that it has applied; tables
 * whose marks are not on the log were made from another one (another data folder, a broker that was set up anew or has lost
 * its end). To go on would mix two markets, without any error.
 */
import { createHash } from 'node:crypto'
import type { Log, Partition, StoredRecord } from '../../infra/log/log.ts'
import type { BookkeepingTables } from './bookkeeping.ts'
import { ProjectionError } from './projection-error.ts'
import type { Sql } from './sql.ts'

/** The salt that each record carries makes its headers, and so its mark, its own. */
export const markOf = ({ key, value, headers, timestamp }: StoredRecord): string => {
  const hash = createHash('sha256').update(JSON.stringify([key, timestamp, Object.entries(headers).sort()]))
  return hash.update(value).digest('base64url')
}

export const assertSameLog = async (db: Sql, log: Log, projection: string, generation: number): Promise<void> => {
  const strange = await partitionOfAnotherLog(db, log, projection, generation)
  if (strange)
    throw new ProjectionError(
      'FLEX_PROJECTION_FOREIGN',
      `${projection}: what its tables hold of ${strange.topic}/${strange.partition} is not on this log.`
    )
}

/** The first partition of which the tables hold what the log does not. */
export const partitionOfAnotherLog = async (
  db: Sql,
  log: Log,
  projection: string,
  generation: number
): Promise<Partition | undefined> => {
  const marks = await db
    .withTables<BookkeepingTables>()
    .selectFrom('projection_checkpoints')
    .select(['topic', 'partition', 'mark_offset', 'mark'])
    .where('projection', '=', projection)
    .where('generation', '=', generation)
    .orderBy('topic')
    .orderBy('partition')
    .execute()
  for (const { topic, partition, mark_offset, mark } of marks) {
    if (mark_offset === null) continue
    const record = await recordAt(log, { topic, partition }, mark_offset)
    if (record === undefined || markOf(record) !== mark) return { topic, partition }
  }
  return undefined
}

const recordAt = async (
  log: Log,
  { topic, partition }: Partition,
  offset: number
): Promise<StoredRecord | undefined> => {
  for await (const [record] of log.read(topic, partition, offset, { recordsMax: 1 }))
    return record?.offset === offset ? record : undefined
  return undefined
}
