/**
 * The handle that projections and their queries get: a Kysely on whatever database is configured. It promises no table;
 * each read model adds its own by `withTables`, so that none depends on the list of all.
 */
import type { Kysely, Transaction } from 'kysely'

/** What a column can hold: what SQLite and PostgreSQL have in common. Booleans are 0 and 1, structures are JSON text. */
export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>
export type AnyTables = Record<string, Row>

export type Sql = Kysely<object>
export type SqlTransaction = Transaction<object>
