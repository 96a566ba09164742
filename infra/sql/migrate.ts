/**
 * Brings tables to the shape that the code knows: an ordered list of named steps, each applied once, in one transaction
 * with the note that it was. What was applied must be the beginning of the list; anything else is another version's
 * database, which is refused and left as it is. A scope has a list of its own, so that each read model can be rebuilt alone.
 */
import { type Kysely, sql, type Transaction } from 'kysely'
import { FlexError } from '../errors.ts'
import type { Database } from './database.ts'

/** `schema` builds tables; `sql` templates execute on the whole. */
export type MigrationTransaction = Pick<Kysely<unknown>, 'schema' | 'getExecutor'>

export interface Migration {
  readonly name: string
  /** Only adds or drops tables, columns and indexes of its scope. */
  up(transaction: MigrationTransaction): Promise<void>
}

/** Returns the names of what was applied now. */
export const migrate = async <Schema>(
  database: Database<Schema>,
  scope: string,
  migrations: readonly Migration[]
): Promise<readonly string[]> => {
  await database.transaction(transaction =>
    sql`CREATE TABLE IF NOT EXISTS flex_migration (
      scope TEXT NOT NULL, step INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (scope, step)
    )`.execute(transaction)
  )
  const applied: string[] = []
  for (;;) {
    // Read again inside each transaction: another process may be migrating the same database.
    const name = await database.transaction(transaction => applyNext(transaction, scope, migrations))
    if (name === undefined) return applied
    applied.push(name)
  }
}

const applyNext = async <Schema>(
  transaction: Transaction<Schema>,
  scope: string,
  migrations: readonly Migration[]
): Promise<string | undefined> => {
  const { rows } = await sql<{
    name: string
  }>`SELECT name FROM flex_migration WHERE scope = ${scope} ORDER BY step`.execute(transaction)
  for (const [step, { name }] of rows.entries())
    if (migrations[step]?.name !== name)
      throw new FlexError(
        'FLEX_SQL_MIGRATION_MISMATCH',
        `step ${step} of ${scope} is ${name} in the database and ${migrations[step]?.name ?? 'unknown'} here`
      )
  const next = migrations[rows.length]
  if (next === undefined) return undefined
  await next.up(transaction)
  await sql`INSERT INTO flex_migration (scope, step, name) VALUES (${scope}, ${rows.length}, ${next.name})`.execute(
    transaction
  )
  return next.name
}
