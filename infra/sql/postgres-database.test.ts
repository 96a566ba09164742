/** What a server does to its clients, and SQLite cannot: refusing, stopping, ending sessions, being slow. */
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { sql } from 'kysely'
import pg from 'pg'
import t from 'tap'
import { postgresForTests } from '../engines/for-tests.ts'
import { lockUntilCommit } from './engine-adapter.ts'
import { openDatabase } from './open-database.ts'
import { type PostgresLimits, postgresDatabase } from './postgres-database.ts'

interface Schema {
  readonly offer: { readonly id: string; readonly power_w: number | null }
}

const server = await postgresForTests(t, { own: true })
const options = { skip: server.skip }

const open = async (t: Pick<typeof import('tap').t, 'teardown'>, limits: Partial<PostgresLimits> = {}) => {
  const database = await postgresDatabase<Schema>({ url: server.url, limits })
  t.teardown(() => database.close())
  return database
}
/** Somebody else at the same server. */
const asAdministrator = async (...statements: readonly string[]): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: server.url })
  client.on('error', () => {})
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows as Record<string, unknown>[]
    return rows
  } finally {
    await client.end()
  }
}
const urlWith = (parts: Partial<Pick<URL, 'username' | 'password' | 'pathname' | 'port' | 'search'>>): string =>
  Object.assign(new URL(server.url), parts).href

if (server.skip === false)
  await asAdministrator('CREATE TABLE offer (id text PRIMARY KEY, power_w bigint, CHECK (power_w <> 13))')

t.test('who is refused learns why at once, and no message holds the password', options, async t => {
  const [row] = await asAdministrator(
    "CREATE ROLE guarded LOGIN PASSWORD 'right'",
    "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    'SHOW hba_file'
  )
  await writeFile(
    String(row?.['hba_file']),
    'host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n'
  )
  await asAdministrator('SELECT pg_reload_conf()')
  const refused: readonly (readonly [string, RegExp])[] = [
    [urlWith({ username: 'guarded', password: 'wrong-secret' }), /password authentication failed for user "guarded"/],
    [urlWith({ username: 'guarded', password: '' }), /asks for a password/],
    [urlWith({ username: 'nobody', password: 'wrong-secret' }), /role "nobody" does not exist/],
    [urlWith({ pathname: '/nowhere' }), /database "nowhere" does not exist/],
    [urlWith({ pathname: '/latin' }), /has the encoding LATIN1/],
    [urlWith({ search: '?sslmode=verify-full' }), /does not support SSL/]
  ]
  for (const [url, message] of refused) {
    const error = await openDatabase(url).then(
      () => undefined,
      (error: Error) => error
    )
    t.match(error, { code: 'FLEX_SQL_REFUSED', message })
    t.notMatch(error?.message, /secret/)
  }
  const allowed = await openDatabase(urlWith({ username: 'guarded', password: 'right' }))
  t.teardown(() => allowed.close())
})

t.test('a server that is not there, or does not speak, is an error after a bounded wait', options, async t => {
  await t.rejects(postgresDatabase({ url: urlWith({ port: '1' }), limits: { reconnectMs: 200 } }), {
    code: 'FLEX_SQL_UNAVAILABLE',
    message: /ECONNREFUSED/
  })
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  t.teardown(() => silent.close())
  await new Promise(resolve => silent.once('listening', resolve))
  const address = silent.address()
  const port = String(typeof address === 'object' ? address?.port : '')
  await t.rejects(postgresDatabase({ url: urlWith({ port }), limits: { connectMs: 200, reconnectMs: 300 } }), {
    code: 'FLEX_SQL_UNAVAILABLE'
  })
})

t.test('a server that restarts is waited for; a transaction that it broke off left nothing', options, async t => {
  const database = await open(t)
  const { query } = database
  await query.insertInto('offer').values({ id: 'before', power_w: 1 }).execute()
  const broken = database.transaction(async transaction => {
    await transaction.insertInto('offer').values({ id: 'broken', power_w: 2 }).execute()
    await server.engine.stop()
    await transaction.insertInto('offer').values({ id: 'broken-too', power_w: 3 }).execute()
  })
  await t.rejects(broken, { code: 'FLEX_SQL_UNAVAILABLE' })
  // Asked while there is no server.
  const waiting = query.selectFrom('offer').select('id').execute()
  await server.engine.startAgain()
  t.strictSame(
    (await waiting).map(({ id }) => id),
    ['before']
  )
  await database.transaction(async transaction => {
    await transaction.insertInto('offer').values({ id: 'after', power_w: 4 }).execute()
  })
  t.equal((await query.selectFrom('offer').select('id').execute()).length, 2)
})

t.test(
  'sessions that the server ends, idle or in a transaction, end no process, and no more queries than there were sessions',
  options,
  async t => {
    const database = await open(t)
    const { query } = database
    const endOthers =
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()'
    await Promise.all(Array.from({ length: 5 }, () => query.selectFrom('offer').select('id').execute()))
    await asAdministrator(endOthers)
    // Until the end of a session has come over the network, a query may be given to it: each ended one fails once at most.
    let failed = 0
    for (let isAnswered = false; !isAnswered && failed <= 5; )
      isAnswered = await query
        .selectFrom('offer')
        .select('id')
        .execute()
        .then(
          () => true,
          () => ++failed < 0
        )
    t.ok(failed <= 5, `${failed} queries failed`)
    await t.rejects(
      database.transaction(async transaction => {
        await transaction.insertInto('offer').values({ id: 'ended', power_w: 1 }).execute()
        await asAdministrator(endOthers)
        // Nobody asks the connection anything while it breaks.
        await new Promise(resolve => setTimeout(resolve, 50))
        await transaction.selectFrom('offer').select('id').execute()
      }),
      { code: 'FLEX_SQL_UNAVAILABLE' }
    )
    const found = await query.selectFrom('offer').select('id').where('id', '=', 'ended').execute()
    t.strictSame(found, [])
  }
)

t.test('a statement that takes too long is ended, and its connection is used again', options, async t => {
  const { query } = await open(t, { statementMs: 100, connectionsMax: 1 })
  await t.rejects(sql`SELECT pg_sleep(20)`.execute(query), {
    code: 'FLEX_SQL_UNAVAILABLE',
    message: /statement timeout/
  })
  t.equal((await sql<{ n: number }>`SELECT 7 AS n`.execute(query)).rows[0]?.n, 7)
})

t.test('a process that stands still in a transaction does not hold its rows for ever', options, async t => {
  const still = await open(t, { idleTransactionMs: 200 })
  const other = await open(t)
  await t.rejects(
    still.query.transaction().execute(async transaction => {
      await lockUntilCommit(transaction, 'rows')
      // It gets the lock although the first transaction has not ended.
      await other.query.transaction().execute(async second => lockUntilCommit(second, 'rows'))
      await transaction.selectFrom('offer').select('id').execute()
    }),
    { code: 'FLEX_SQL_UNAVAILABLE' }
  )
})

t.test('who asks for a connection when all are taken waits for a bounded time', options, async t => {
  const { query } = await open(t, { connectionsMax: 1, waitMs: 100 })
  await query.transaction().execute(async () => {
    await t.rejects(query.selectFrom('offer').select('id').execute(), { code: 'FLEX_SQL_UNAVAILABLE' })
  })
  t.ok(await query.selectFrom('offer').select('id').execute())
})

t.test('more queries than may wait are refused at once', options, async t => {
  const { query } = await open(t, { connectionsMax: 1, waitersMax: 3 })
  const asked = await Promise.allSettled(
    Array.from({ length: 10 }, () => query.selectFrom('offer').select('id').execute())
  )
  const refused = asked.filter(({ status }) => status === 'rejected')
  t.equal(refused.length, 6)
  for (const one of refused)
    t.match(one, { reason: { code: 'FLEX_SQL_UNAVAILABLE', message: /3 queries wait already/ } })
})

t.test('a transaction that goes on after a failed statement is not taken for committed', options, async t => {
  const database = await open(t)
  await t.rejects(
    database.transaction(async transaction => {
      await transaction.insertInto('offer').values({ id: 'lost', power_w: 1 }).execute()
      await transaction
        .insertInto('offer')
        .values({ id: 'bad', power_w: 13 })
        .execute()
        .catch(() => {})
    }),
    { message: /nothing was committed/ }
  )
  t.strictSame(await database.query.selectFrom('offer').select('id').where('id', '=', 'lost').execute(), [])
})

t.test('a stream within a transaction leaves the transaction as it was', options, async t => {
  const database = await open(t)
  await database.transaction(async transaction => {
    await transaction.insertInto('offer').values({ id: 'streamed', power_w: 1 }).execute()
    for await (const { id } of transaction.selectFrom('offer').select('id').where('id', '=', 'streamed').stream(10))
      t.equal(id, 'streamed')
  })
  t.equal((await database.query.selectFrom('offer').select('id').where('id', '=', 'streamed').execute()).length, 1)
})

t.test('a NUL, which the server has no place for, is written as its symbol', options, async t => {
  const { query } = await open(t)
  await query.insertInto('offer').values({ id: 'a\0b', power_w: null }).execute()
  const found = await query.selectFrom('offer').selectAll().where('id', '=', 'a\0b').execute()
  t.strictSame(
    found.map(row => ({ ...row })),
    [{ id: 'a␀b', power_w: null }]
  )
})

t.test('a view that has got other columns is read by connections that knew the old ones', options, async t => {
  const { query } = await open(t, { connectionsMax: 1 })
  await asAdministrator('CREATE VIEW shown AS SELECT id FROM offer')
  const read = () => sql`SELECT * FROM shown WHERE id = ${'before'}`.execute(query)
  await read()
  await asAdministrator('DROP VIEW shown', 'CREATE VIEW shown AS SELECT power_w, id FROM offer')
  t.same((await read()).rows, [{ power_w: 1, id: 'before' }])
})

t.test('a server that has become a replica is unavailable, and its connections are given up', options, async t => {
  const { query } = await open(t, { connectionsMax: 1 })
  const pid = async () => (await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(query)).rows[0]!.pid
  const before = await pid()
  await sql`SET default_transaction_read_only = on`.execute(query)
  const write = () => query.updateTable('offer').set({ power_w: 1 }).where('id', '=', 'before').execute()
  await t.rejects(write(), { code: 'FLEX_SQL_UNAVAILABLE', message: /read-only/ })
  t.not(await pid(), before)
  await write()
})

t.test('connections that have prepared many statements are replaced, and nothing is noticed', options, async t => {
  const { query } = await open(t, { connectionsMax: 1 })
  for (let n = 1; n <= 600; n++)
    await sql`UPDATE offer SET power_w = ${n * 100} WHERE id = 'before' AND ${sql.raw(String(n))} = ${n}`.execute(query)
  const { power_w } = await query
    .selectFrom('offer')
    .select('power_w')
    .where('id', '=', 'before')
    .executeTakeFirstOrThrow()
  t.equal(power_w, 60_000)
  const rows = await sql<{ n: number }>`SELECT count(*) AS n FROM pg_prepared_statements`.execute(query)
  t.ok(rows.rows[0]!.n < 512)
})
