/**
 * Kysely over `node:sqlite`. One connection, given out in the order of asking: a transaction keeps it to its end, so what
 * others ask meanwhile waits. Transactions take the write lock at their start, because one that reads first and writes
 * later could find its reading outdated by another process and would have to be run again.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler
} from 'kysely'
import { FlexError, isFlexError } from '../errors.ts'
import { whileBusy } from '../sqlite-file.ts'
import type { EngineAdapter } from './engine-adapter.ts'
import { turns } from './turns.ts'
import { noValue } from './values.ts'

/** Prepared statements kept; a projection uses a few dozen, and large ones hold tens of kB. */
const statementsMax = 256
/** A file has one; it is kept for a batch of rows, some 100 ms. More waiters mean that readers ask faster than it answers. */
const turnLimits = { connectionsMax: 1, waitMs: 30_000, waitersMax: 10_000 }

export const sqliteDialect = (database: DatabaseSync, file: string): Dialect => ({
  createAdapter: () => new SqliteEngineAdapter(),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createIntrospector: db => new SqliteIntrospector(db),
  createDriver: () => sqliteDriver(database, file)
})

class SqliteEngineAdapter extends SqliteAdapter implements EngineAdapter {
  /** A transaction has the whole file for itself from its beginning. */
  async lockUntilCommit(): Promise<void> {}
}

const sqliteDriver = (database: DatabaseSync, file: string): Driver => {
  const connection = sqliteConnection(database, file)
  const turn = turns(file, turnLimits)
  const run = async (sql: string) => {
    await connection.executeQuery(CompiledQuery.raw(sql))
  }
  return {
    init: async () => {},
    async acquireConnection() {
      await turn.take()
      return connection
    },
    releaseConnection: async () => turn.give(),
    beginTransaction: () => run('BEGIN IMMEDIATE'),
    commitTransaction: () => run('COMMIT'),
    async rollbackTransaction() {
      // An error such as a full disk may have ended the transaction already.
      if (database.isTransaction) await run('ROLLBACK')
    },
    destroy: async () => database.close()
  }
}

const sqliteConnection = (database: DatabaseSync, file: string): DatabaseConnection => {
  const statements = new Map<string, StatementSync>()
  const prepared = (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? database.prepare(sql)
    // A map keeps the order of insertion: what is used again goes to the end, what is not used falls off the beginning.
    statements.delete(sql)
    statements.set(sql, statement)
    if (statements.size > statementsMax) statements.delete(statements.keys().next().value ?? '')
    return statement
  }

  return {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      try {
        return await whileBusy(() => {
          const statement = prepared(sql)
          const bound = parameters.map(toSql)
          // Which type a row has is what the query's builder promises; Kysely's own drivers trust it likewise.
          if (statement.columns().length > 0) return { rows: statement.all(...bound) as Row[] }
          const { changes, lastInsertRowid } = statement.run(...bound)
          return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
        })
      } catch (error) {
        throw unavailable(error, file)
      }
    },
    async *streamQuery<Row>({ sql, parameters }: CompiledQuery): AsyncGenerator<QueryResult<Row>> {
      // Not from the cache: another query of the same text would begin it anew.
      for (const row of database.prepare(sql).iterate(...parameters.map(toSql))) yield { rows: [row as Row] }
    }
  }
}

/** Whole numbers are bound as INTEGER: as REAL, which is the default, `7 / ?` would not be a division of integers. */
const toSql = (value: unknown): SQLInputValue => {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (value === null || typeof value === 'string' || typeof value === 'bigint' || value instanceof Uint8Array)
    return value
  throw noValue(value)
}

/** read-only, I/O error, corrupt, full, cannot open, locked, no database: the file's fault. The rest is the query's. */
const codesOfTheFile = new Set([5, 6, 8, 10, 11, 13, 14, 26])

export const unavailable = (error: unknown, file: string): unknown => {
  if (isFlexError(error) || !(error instanceof Error)) return error
  const isOfTheFile =
    'errcode' in error && typeof error.errcode === 'number' && codesOfTheFile.has(error.errcode & 0xff)
  return isOfTheFile ? new FlexError('FLEX_SQL_UNAVAILABLE', `${file}: ${error.message}`, { cause: error }) : error
}
