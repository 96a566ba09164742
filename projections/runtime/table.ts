/**
 * Tables as data: from one description come the DDL of a generation, the statements that write rows, and the check (by
 * the compiler) that both agree with the row type.
 */
import type { ColumnDataType, Kysely } from 'kysely'
import type { AnyTables, Sql } from './sql.ts'

/** `?` = may be null. `bigint` for times, sums and positions; PostgreSQL's `integer` ends at 2^31. */
export type ColumnKind = 'text' | 'text?' | 'integer' | 'integer?' | 'bigint' | 'bigint?' | 'double' | 'double?'

type KindOf<V> = null extends V
  ? NonNullable<V> extends number
    ? 'integer?' | 'bigint?' | 'double?'
    : 'text?'
  : V extends number
    ? 'integer' | 'bigint' | 'double'
    : 'text'

export interface TableDefinition<R> {
  readonly columns: { readonly [Column in keyof R & string]: KindOf<R[Column]> }
  /** Primary key: a row of the same key is replaced. */
  readonly key: readonly (keyof R & string)[]
  readonly indexes?: readonly (readonly (keyof R & string)[])[]
}

export type TableDefinitions<Tables> = { readonly [Table in keyof Tables & string]: TableDefinition<Tables[Table]> }

/** The same without the row types: what the runtime works with. */
export interface AnyTableDefinition {
  readonly columns: Readonly<Record<string, ColumnKind>>
  readonly key: readonly string[]
  readonly indexes?: readonly (readonly string[])[]
}

export const createTable = async (
  db: Sql,
  name: string,
  definition: AnyTableDefinition,
  options: { readonly ifMissing?: boolean } = {}
): Promise<void> => {
  const tables: Kysely<AnyTables> = db.withTables<AnyTables>()
  let table = tables.schema.createTable(name)
  if (options.ifMissing) table = table.ifNotExists()
  for (const [column, kind] of Object.entries(definition.columns))
    table = table.addColumn(column, dataType(kind), build => (kind.endsWith('?') ? build : build.notNull()))
  await table.addPrimaryKeyConstraint(`${name}_key`, [...definition.key] as never[]).execute()
  for (const [at, columns] of (definition.indexes ?? []).entries())
    await tables.schema
      .createIndex(`${name}_${at + 1}`)
      .on(name)
      .columns([...columns])
      .execute()
}

const dataType = (kind: ColumnKind): ColumnDataType => {
  switch (kind) {
    case 'text':
    case 'text?':
      return 'text'
    case 'integer':
    case 'integer?':
      return 'integer'
    case 'bigint':
    case 'bigint?':
      return 'bigint'
    case 'double':
    case 'double?':
      return 'double precision'
  }
}
