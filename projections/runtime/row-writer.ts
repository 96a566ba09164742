/**
 * Collects rows and writes them by statements of many rows: what 1,500 offers cost is the rows, not 1,500 round trips.
 *
 * Promises: within one transaction, what is put and what is done by `statements()` take effect in the order of the calls.
 * Statements are compiled once per table and number of rows, and their text repeats, so that drivers can keep them
 * prepared.
 */
import type { CompiledQuery, Transaction } from 'kysely'
import type { RowWriter } from './projection.ts'
import type { AnyTables, Row, SqlTransaction, Value } from './sql.ts'
import type { AnyTableDefinition } from './table.ts'

/** Parameters in one statement: SQLite takes 32,766, PostgreSQL 65,535. */
const PARAMETERS_MAX = 30_000
/** Rows in one statement: more saves nothing measurable. A power of two, so that a rest needs few other sizes. */
const ROWS_MAX = 128

export type Upserts = Map<string, CompiledQuery>

export interface BufferedWriter extends RowWriter<AnyTables> {
  flush(): Promise<void>
}

export const rowWriter = (
  transaction: SqlTransaction,
  tables: Readonly<Record<string, AnyTableDefinition>>,
  upserts: Upserts
): BufferedWriter => {
  const db: Transaction<AnyTables> = transaction.withTables<AnyTables>()
  const buffers = new Map<string, Map<string, Row>>()

  const flush = async () => {
    for (const [table, rows] of buffers) await writeRows(db, table, tables[table]!, [...rows.values()], upserts)
    buffers.clear()
  }

  return {
    put(table, row) {
      const definition = tables[table]
      if (!definition) throw new Error(`put: there is no table ${table}`)
      let rows = buffers.get(table)
      if (!rows) {
        rows = new Map()
        buffers.set(table, rows)
      }
      rows.set(rowKey(definition.key, row), row)
    },
    async statements() {
      await flush()
      return db
    },
    flush
  }
}

const rowKey = (key: readonly string[], row: Row): string =>
  key.length === 1 ? String(row[key[0]!]) : JSON.stringify(key.map(column => row[column]))

const writeRows = async (
  db: Transaction<AnyTables>,
  table: string,
  definition: AnyTableDefinition,
  rows: readonly Row[],
  upserts: Upserts
): Promise<void> => {
  const columns = Object.keys(definition.columns)
  let most = ROWS_MAX
  while (most * columns.length > PARAMETERS_MAX) most /= 2

  let from = 0
  while (from < rows.length) {
    const count = Math.min(most, 2 ** Math.floor(Math.log2(rows.length - from)))
    const parameters: Value[] = []
    for (let at = from; at < from + count; at++) {
      const row = rows[at]!
      for (const column of columns) {
        const value = row[column]
        if (value === undefined) throw new Error(`put: a row of ${table} has no ${column}`)
        parameters.push(value)
      }
    }
    await db.executeQuery({ ...compiledUpsert(db, table, definition, columns, count, upserts), parameters })
    from += count
  }
}

const compiledUpsert = (
  db: Transaction<AnyTables>,
  table: string,
  { key }: AnyTableDefinition,
  columns: readonly string[],
  count: number,
  upserts: Upserts
): CompiledQuery => {
  const name = `${table}/${count}`
  const known = upserts.get(name)
  if (known) return known

  const row: Row = Object.fromEntries(columns.map(column => [column, 0]))
  const others = columns.filter(column => !key.includes(column))
  const compiled = db
    .insertInto(table)
    .values(Array.from({ length: count }, () => row))
    .onConflict(conflict => {
      const onKey = conflict.columns([...key])
      if (others.length === 0) return onKey.doNothing()
      return onKey.doUpdateSet(({ ref }) =>
        Object.fromEntries(others.map(column => [column, ref(`excluded.${column}`)]))
      )
    })
    .compile()
  upserts.set(name, compiled)
  return compiled
}
