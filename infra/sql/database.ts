/**
 * The SQL port that projections write and the gateway reads: Kysely's typed queries over an engine. What both engines can
 * do alike is what `sql.contract.ts` tests, so: no boolean columns (0 and 1), JSON as text, times and amounts as integers
 * up to 2^53, ids as text. Tables hold nothing that the log does not: they may be dropped and built again.
 */
import type { Kysely, Transaction } from 'kysely'

export interface Database<Schema> {
  /**
   * Each query sees what was committed before it. Not from inside a transaction: on SQLite that waits for itself.
   * `query.transaction()` is all or nothing; two of them may run at once, and see what the other has committed.
   */
  readonly query: Kysely<Schema>
  /** All or nothing, and one after another, whichever process asks. An error that leaves `work` is thrown on. */
  transaction<Result>(work: (transaction: Transaction<Schema>) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/** Bound parameters in one statement. SQLite allows 32,766 and PostgreSQL 65,535; above a few thousand nothing is gained. */
const parametersMax = 8_000

/** Rows in parts that fit one INSERT each. All rows must have the same columns. */
export function* insertChunks<Row extends object>(rows: readonly Row[]): Generator<readonly Row[]> {
  const columns = Object.keys(rows[0] ?? {}).length
  const size = Math.max(1, Math.floor(parametersMax / Math.max(1, columns)))
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size)
}
