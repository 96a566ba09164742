/**
 * The tables on a PostgreSQL server: a pool of connections whose every wait has an end.
 *
 * A server that is restarted is waited for; who was in a transaction then is told, and repeats it. A commit waits for the
 * server's disk, though the log could give the rows again: a server that lost its last commits and came back would not be
 * noticed by a process that has nothing more to write.
 */
import { Kysely } from 'kysely'
import pg, { type PoolClient } from 'pg'
import { FlexError, isFlexError } from '../errors.ts'
import type { Database } from './database.ts'
import { serverOf } from './database-url.ts'
import { lockUntilCommit } from './engine-adapter.ts'
import { type Connections, postgresDialect } from './postgres-dialect.ts'
import { postgresError } from './postgres-errors.ts'
import { turns } from './turns.ts'

export interface PostgresLimits {
  readonly connectionsMax: number
  readonly waitMs: number
  readonly waitersMax: number
  readonly connectMs: number
  readonly reconnectMs: number
  readonly statementMs: number
  readonly idleTransactionMs: number
}

export const postgresLimitsDefault: PostgresLimits = {
  /** A server has 100 by default: this leaves room for eight processes. Two cores keep about four busy. */
  connectionsMax: 10,
  /** For a connection that others use. As long as a statement may take. */
  waitMs: 30_000,
  /** Queries that wait. More means that readers ask faster than the database answers. */
  waitersMax: 10_000,
  /** To connect once. */
  connectMs: 10_000,
  /** How long a server that does not answer is waited for: a restart takes a few seconds. */
  reconnectMs: 10_000,
  /** Longer than any query of ours by far; a statement that waits for a lock ends with it too. */
  statementMs: 30_000,
  /** A process that stopped in the middle of a transaction holds its rows no longer than this. */
  idleTransactionMs: 60_000
}

export interface PostgresOptions {
  readonly url: string
  readonly limits?: Partial<PostgresLimits>
}

/** Resolves when the server has answered; a wrong password or a missing database is an error here. */
export const postgresDatabase = async <Schema>({ url, limits }: PostgresOptions): Promise<Database<Schema>> => {
  const connections = pool(url, { ...postgresLimitsDefault, ...limits })
  const query = new Kysely<Schema>({ dialect: postgresDialect(connections) })
  try {
    connections.give(await connections.take(), false)
  } catch (error) {
    await connections.end()
    throw error
  }
  return {
    query,
    transaction: work =>
      query.transaction().execute(async transaction => {
        await lockUntilCommit(transaction, 'transaction')
        return work(transaction)
      }),
    async close() {
      await query.destroy()
      await connections.end()
    }
  }
}

const pool = (url: string, limits: PostgresLimits): Connections => {
  const { connectionsMax, connectMs, reconnectMs, statementMs, idleTransactionMs } = limits
  const server = serverOf(url)
  const clients = new pg.Pool({
    connectionString: url,
    application_name: 'flexledger',
    max: connectionsMax,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    // A server that is gone without a word: its own time-out would never come.
    query_timeout: statementMs + 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    idle_in_transaction_session_timeout: idleTransactionMs,
    types: { getTypeParser },
    onConnect: prepareSession
  })
  // A connection that breaks while nobody uses it is replaced at the next use; without a listener the process would end.
  clients.on('error', () => {})
  clients.on('connect', client => client.on('error', () => {}))
  const turn = turns(server, limits)
  let ended: Promise<void> | undefined

  const connect = async (): Promise<PoolClient> => {
    const giveUpAt = performance.now() + reconnectMs
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
      try {
        return await clients.connect()
      } catch (error) {
        const known = postgresError(error, server)
        if (!isFlexError(known, 'FLEX_SQL_UNAVAILABLE') || ended || performance.now() + pauseMs > giveUpAt) throw known
        await new Promise(resolve => setTimeout(resolve, pauseMs))
      }
    }
  }

  return {
    server,
    async take() {
      await turn.take()
      try {
        return await connect()
      } catch (error) {
        turn.give()
        throw error
      }
    },
    give(client, isLost) {
      client.release(isLost)
      turn.give()
    },
    end() {
      ended ??= clients.end()
      return ended
    }
  }
}

/** What holds for every query of a connection. */
const prepareSession = async (client: pg.ClientBase): Promise<void> => {
  const { rows } = await client.query<{ encoding: string; lz4: boolean }>(`SELECT
    current_setting('server_encoding') AS encoding,
    EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) AS lz4`)
  const { encoding, lz4 } = rows[0]!
  if (encoding !== 'UTF8')
    throw new FlexError('FLEX_SQL_REFUSED', `the database has the encoding ${encoding}; make one with ENCODING 'UTF8'`)
  await client.query(
    [
      // Curves are kilobytes of JSON: half of the time of a bulk load is to compress them the older way.
      lz4 ? 'SET default_toast_compression = lz4' : '',
      // Our queries read pages by key; to compile one costs more than to run it.
      'SET jit = off',
      'SET client_min_messages = warning'
    ]
      .filter(Boolean)
      .join('; ')
  )
}

type Parse = (text: string) => unknown

const getTypeParser = (oid: number, format?: 'text' | 'binary'): Parse => {
  if (format !== 'binary') {
    const parse = parsers[oid]
    if (parse) return parse
  }
  return pg.types.getTypeParser(oid, format) as Parse
}

const exact: Parse = text => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond the whole numbers that are exact here`)
  return value
}

/** By the number of the type: bool, int8, and numeric, which a sum of int8 is. */
const parsers: Readonly<Record<number, Parse>> = {
  16: text => (text === 't' ? 1 : 0),
  20: exact,
  1700: text => (/^-?\d+$/.test(text) ? exact(text) : Number(text))
}
