/** A market day with its tables on PostgreSQL is the day of the embedded engines, in every result and in every row. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { flexledger } from '../../cli/command-line.fixtures.ts'
import { postgresForTests } from '../../infra/engines/for-tests.ts'
import { openDatabase } from '../../infra/sql/open-database.ts'
import { projections } from '../../projections/all.ts'
import { rowsOf } from '../../projections/fixtures/projected.ts'

interface Day {
  readonly sessions: readonly unknown[]
  readonly actors: readonly unknown[]
  readonly log: { readonly digest: string }
}

const folder = await mkdtemp(join(tmpdir(), 'flexledger-postgresql-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const server = await postgresForTests(t)
const options = { skip: server.skip }
const compiled = { NODE_COMPILE_CACHE: join(tmpdir(), 'flexledger-compiled') }
const env = server.skip === false ? { ...compiled, FLEX_DATABASE_URL: server.url } : undefined

const command = async (args: readonly string[], onPostgresql = true): Promise<unknown> => {
  const { code, stdout, stderr } = await flexledger([...args, '--json'], { env: onPostgresql && env ? env : compiled })
  if (code !== 0) throw new Error(`flexledger ${args.join(' ')} ended with ${code}: ${stderr.slice(-2_000)}`)
  return JSON.parse(stdout)
}
const day = (seed: number, onPostgresql: boolean, ...more: readonly string[]): Promise<Day> =>
  command(['run', '--exit', '--quiet', '--pods', '6', '--seed', String(seed), ...more], onPostgresql) as Promise<Day>

const rowsAt = async (url: string) => {
  const database = await openDatabase<object>(url)
  try {
    const rows = new Map<string, unknown>()
    for (const projection of projections) rows.set(projection.name, await rowsOf(database.query, projection))
    return rows
  } finally {
    await database.close()
  }
}

let sessionsOfDay: readonly unknown[] = []
const embedded = join(folder, 'embedded')
const apart = join(folder, 'apart')

t.test('the same seed gives the same sessions, prices, accounts, log and rows on both databases', options, async t => {
  const [expected, found] = await Promise.all([day(1, false, '--data', embedded), day(1, true, '--data', apart)])
  t.same(found.sessions, expected.sessions)
  sessionsOfDay = expected.sessions
  t.same(found.actors, expected.actors)
  t.same(found.log, expected.log)
  const rows = await rowsAt(server.url)
  for (const [name, expectedRows] of await rowsAt(`sqlite:${join(embedded, 'projections.sqlite')}`))
    t.same(rows.get(name), expectedRows, name)
})

t.test('what the command line shows is the same, before and after a rebuild on the server', options, async t => {
  const list = ['pod', 'list', '--data', apart]
  const show = ['session', 'show', '2016-01-05.DA.ROMA01', '--data', apart]
  const expected = [await command(['pod', 'list', '--data', embedded], false), await command(show)]
  t.same([await command(list), await command(show)], expected)
  const rows = await rowsAt(server.url)
  t.match(await command(['projection', 'rebuild', '--quiet', '--data', apart]), {
    rebuilt: [{ projection: 'pods', generation: 2, problems: 0 }]
  })
  t.same(await rowsAt(server.url), rows)
})

t.test('another log is refused where a market is served, until its tables are built again', options, async t => {
  const other = join(folder, 'other')
  const expected = await day(2, false, '--data', other)
  const served = { env: { ...env, FLEX_HTTP_PORT: '0' } }
  const refused = await flexledger(['serve', '--data', other], served)
  t.equal(refused.code, 3)
  t.match(refused.stderr, /FLEX_PROJECTION_FOREIGN/)
  await command(['projection', 'rebuild', '--quiet', '--data', other])
  t.same(await rowsAt(server.url), await rowsAt(`sqlite:${join(other, 'projections.sqlite')}`))
  const again = await flexledger(['serve', '--data', other], {
    ...served,
    signalAt: { output: /"serving"/, signal: 'SIGTERM' }
  })
  t.equal(again.code, 0, again.stderr)
  // A day that is only played has a log of its own, and makes its tables.
  t.same((await day(1, true)).sessions, sessionsOfDay)
  t.notSame(expected.sessions, sessionsOfDay)
})

t.test('a database that is not there ends every command with 3 and its name', options, async t => {
  const nowhere = { env: { FLEX_DATABASE_URL: Object.assign(new URL(server.url), { pathname: '/nowhere' }).href } }
  for (const args of [
    ['run', '--exit', '--pods', '2'],
    ['pod', 'list', '--data', embedded]
  ]) {
    const { code, stderr } = await flexledger(args, nowhere)
    t.equal(code, 3)
    t.match(stderr, /^flexledger: FLEX_SQL_REFUSED: postgres:\/\/\S+\/nowhere: database "nowhere" does not exist$/m)
  }
})
