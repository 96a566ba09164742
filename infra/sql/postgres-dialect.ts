/**
 * Kysely over `pg`, with what SQLite gives us by nature: text compares byte by byte whatever the server's locale, integers
 * are exact up to 2^53 and an error beyond, a value that is no SQL value is refused.
 *
 * Statements that write are prepared once per connection: a statement of 128 rows has thousands of parameters, and to parse
 * and plan it costs more than the rows. Statements that read are not, because the shape of a view may change under them.
 */
import { createHash } from 'node:crypto'
import {
  type ColumnDefinitionNode,
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseMetadataOptions,
  DataTypeNode,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  RawNode,
  sql,
  type TableMetadata,
  type TransactionSettings
} from 'kysely'
import type { PoolClient } from 'pg'
import type { EngineAdapter, Queries } from './engine-adapter.ts'
import { isConnectionLost, postgresError } from './postgres-errors.ts'
import { noValue } from './values.ts'

/**
 * Statements prepared on one connection; then it is replaced, which is simpler than to drop single ones. The projections
 * have about 120 (eight sizes for each table), at some 2 MB for all sizes of a wide table.
 */
const statementsMax = 512
/** Rows fetched at once of a result that is streamed, if Kysely does not say. */
const streamRows = 100

export interface Connections {
  /** Connects within its bounds, or throws. */
  take(): Promise<PoolClient>
  give(client: PoolClient, isLost: boolean): void
  end(): Promise<void>
  /** For messages: without the password. */
  readonly server: string
}

export const postgresDialect = (connections: Connections): Dialect => ({
  createAdapter: () => new PostgresEngineAdapter(),
  createQueryCompiler: () => new Compiler(),
  createIntrospector: db => new Introspector(db),
  createDriver: () => postgresDriver(connections)
})

class PostgresEngineAdapter extends PostgresAdapter implements EngineAdapter {
  async lockUntilCommit(transaction: Queries, name: string): Promise<void> {
    // The number is ours alone only as far as a digest is; whoever else has it waits a little longer.
    await sql`SELECT pg_advisory_xact_lock(${digest(`flexledger/${name}`).readBigInt64BE()})`.execute(transaction)
  }
}

class Compiler extends PostgresQueryCompiler {
  protected override visitColumnDefinition(node: ColumnDefinitionNode): void {
    const type = DataTypeNode.is(node.dataType) ? columnTypes.get(node.dataType.dataType) : undefined
    super.visitColumnDefinition(type ? { ...node, dataType: RawNode.createWithSql(type) } : node)
  }
}

/** Of the tables that a query finds by their bare names: other schemas are other people's. */
class Introspector extends PostgresIntrospector {
  readonly #db: Queries

  constructor(db: Kysely<unknown>) {
    super(db)
    this.#db = db
  }

  override async getTables(options?: DatabaseMetadataOptions): Promise<TableMetadata[]> {
    const { rows } = await sql<{ schema: string }>`SELECT unnest(current_schemas(false)) AS schema`.execute(this.#db)
    const tables = await super.getTables(options)
    return tables.filter(table => rows.some(({ schema }) => schema === table.schema))
  }
}

/** Columns whose type has another name here, or another order. */
const columnTypes = new Map<unknown, string>([
  ['text', 'text COLLATE "C"'],
  ['blob', 'bytea']
])

const postgresDriver = (connections: Connections): Driver => {
  const open = new Map<DatabaseConnection, PostgresConnection>()
  const known = new WeakMap<PoolClient, Prepared>()
  const of = (connection: DatabaseConnection) => open.get(connection)!
  return {
    init: async () => {},
    async acquireConnection() {
      const client = await connections.take()
      const prepared = known.get(client) ?? new Map()
      known.set(client, prepared)
      const connection = new PostgresConnection(client, prepared, connections.server)
      open.set(connection, connection)
      return connection
    },
    async releaseConnection(connection) {
      const one = of(connection)
      open.delete(connection)
      connections.give(one.client, one.isSpent)
    },
    beginTransaction: (connection, settings) => of(connection).begin(settings),
    commitTransaction: connection => of(connection).commit(),
    rollbackTransaction: connection => of(connection).rollback(),
    destroy: () => connections.end()
  }
}

/** Names by text. */
type Prepared = Map<string, string>

class PostgresConnection implements DatabaseConnection {
  readonly client: PoolClient
  readonly #prepared: Prepared
  readonly #server: string
  #isLost = false
  #isInTransaction = false

  constructor(client: PoolClient, prepared: Prepared, server: string) {
    this.client = client
    this.#prepared = prepared
    this.#server = server
  }

  async executeQuery<Row>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const values = parameters.map(toSql)
    const name = this.#nameOf(text)
    try {
      const { command, rowCount, rows } = await this.client.query(
        name === undefined ? { text, values } : { name, text, values }
      )
      const changes = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE'
      // Which type a row has is what the query's builder promises; Kysely's own drivers trust it likewise.
      return { rows: rows as Row[], ...(changes ? { numAffectedRows: BigInt(rowCount ?? 0) } : {}) }
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** By a cursor of the server, which needs a transaction. */
  async *streamQuery<Row>(query: CompiledQuery, chunkSize = streamRows): AsyncGenerator<QueryResult<Row>> {
    const isOwn = !this.#isInTransaction
    if (isOwn) await this.begin({})
    await this.executeQuery({ ...query, sql: `DECLARE flex_stream NO SCROLL CURSOR FOR ${query.sql}` })
    try {
      for (;;) {
        const { rows } = await this.#run<Row>(`FETCH ${Math.max(1, Math.floor(chunkSize))} FROM flex_stream`)
        if (rows.length === 0) return
        yield { rows }
      }
    } finally {
      if (!this.#isLost) await (isOwn ? this.rollback() : this.#run('CLOSE flex_stream'))
    }
  }

  async begin({ isolationLevel, accessMode }: TransactionSettings): Promise<void> {
    await this.#run(
      ['BEGIN', isolationLevel && `ISOLATION LEVEL ${isolationLevel}`, accessMode].filter(Boolean).join(' ')
    )
    this.#isInTransaction = true
  }

  async commit(): Promise<void> {
    let command: string | undefined
    try {
      ;({ command } = await this.client.query('COMMIT'))
    } catch (error) {
      // Whether it was committed is not known.
      throw this.#failed(error)
    }
    this.#isInTransaction = false
    // A transaction in which a statement failed is rolled back by its commit, without an error.
    if (command !== 'COMMIT') throw new Error('nothing was committed: a statement of the transaction had failed')
  }

  /** Never throws: what led here is what the caller must see, and a lost connection has rolled back itself. */
  async rollback(): Promise<void> {
    if (!this.#isLost)
      await this.#run('ROLLBACK').catch(() => {
        this.#isLost = true
      })
    this.#isInTransaction = false
  }

  /** Not to be used again. */
  get isSpent(): boolean {
    return this.#isLost || this.#isInTransaction || this.#prepared.size > statementsMax
  }

  #run<Row>(text: string): Promise<QueryResult<Row>> {
    return this.executeQuery<Row>(CompiledQuery.raw(text))
  }

  #failed(error: unknown): unknown {
    if (isConnectionLost(error)) this.#isLost = true
    return postgresError(error, this.#server)
  }

  #nameOf(text: string): string | undefined {
    if (!/^(insert|update|delete) (?!.* returning )/is.test(text)) return undefined
    const name = this.#prepared.get(text) ?? digest(text).toString('base64url')
    this.#prepared.set(text, name)
    return name
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * NUL is a character that PostgreSQL has no place for. Ids and names cannot have one, but a record that somebody else wrote
 * can; its symbol stands for it, because a table that stops at a record stops for ever.
 */
const toSql = (value: unknown): unknown => {
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '␀') : value
  if (value === null || typeof value === 'number' || typeof value === 'bigint') return value
  // No column of ours is one, and an integer column refuses it; the catalogue of the server is asked with them.
  if (typeof value === 'boolean') return value
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  throw noValue(value)
}
