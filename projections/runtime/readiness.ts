/** What an operator asks of the projections: how far they are, and what they could not read. */
import type { BookkeepingTables, ProblemRow } from './bookkeeping.ts'
import type { Sql } from './sql.ts'

export interface ProjectionPosition {
  readonly projection: string
  readonly generation: number
  readonly topic: string
  readonly partition: number
  /** The last command whose events are in the rows; -1 = none. */
  readonly cause: number
}

/** Whether any projection has ever run on this database. */
export const hasProjections = async (db: Sql): Promise<boolean> =>
  (await db.introspection.getTables()).some(({ name }) => name === 'projection_generations')

/** Of the live generations. */
export const projectionPositions = async (db: Sql): Promise<readonly ProjectionPosition[]> =>
  db
    .withTables<BookkeepingTables>()
    .selectFrom('projection_checkpoints as checkpoint')
    .innerJoin('projection_generations as generation', join =>
      join
        .onRef('generation.projection', '=', 'checkpoint.projection')
        .onRef('generation.generation', '=', 'checkpoint.generation')
    )
    .where('generation.status', '=', 'live')
    .select([
      'checkpoint.projection',
      'checkpoint.generation',
      'checkpoint.topic',
      'checkpoint.partition',
      'checkpoint.cause'
    ])
    .orderBy('checkpoint.projection')
    .orderBy('checkpoint.topic')
    .orderBy('checkpoint.partition')
    .execute()

/** Records that the live generations left out, the first `limit` of them. */
export const projectionProblems = async (db: Sql, limit = 100): Promise<readonly ProblemRow[]> =>
  db
    .withTables<BookkeepingTables>()
    .selectFrom('projection_problems as problem')
    .innerJoin('projection_generations as generation', join =>
      join
        .onRef('generation.projection', '=', 'problem.projection')
        .onRef('generation.generation', '=', 'problem.generation')
    )
    .where('generation.status', '=', 'live')
    .selectAll('problem')
    .orderBy('problem.projection')
    .orderBy('problem.topic')
    .orderBy('problem.partition')
    .orderBy('problem.record_offset')
    .limit(limit)
    .execute()
