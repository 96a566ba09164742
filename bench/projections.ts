/**
 * How fast the read models follow the log of a whole market day, and are built again from it, on both databases: the same
 * log, the same code, by turns, so that what else the machine does meets both. PostgreSQL is a cluster of its own on this
 * machine, with every fsync.
 */
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startEngine } from '../infra/engines/engines.ts'
import { startHost } from '../infra/host/host.ts'
import type { Log } from '../infra/log/log.ts'
import { sqliteLog } from '../infra/log/sqlite-log.ts'
import type { Database } from '../infra/sql/database.ts'
import { openDatabase } from '../infra/sql/open-database.ts'
import { projections } from '../projections/all.ts'
import { listMarketOutcome } from '../projections/outcomes/query.ts'
import { projectionComponent } from '../projections/runtime/component.ts'
import { rebuildProjection } from '../projections/runtime/rebuild.ts'
import type { AnyTables } from '../projections/runtime/sql.ts'

export const describe = 'the read models of a market day of 1,500 PoDs (or the number given) on SQLite and PostgreSQL'

/** The median of these is shown; the first of each database warms up and is not counted. */
const ROUNDS = 3
const DATE = '2016-01-05'

interface Measured {
  readonly rows: number
  /** From the first record to the last, live: each batch a transaction. */
  readonly followMs: number
  readonly rebuildMs: number
  /** The whole outcome of the day-ahead session, in pages of 1,000. */
  readonly readMs: number
}

interface Engine {
  readonly name: string
  fresh(round: number): Promise<string>
}

export const run = async (args: readonly string[], tell: (text: string) => void) => {
  const pods = Number(args[0] ?? 1_500)
  if (!Number.isSafeInteger(pods) || pods < 1) throw new Error('the number of PoDs is a whole number')
  await using opened = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'flexledger-bench-'))
  opened.defer(() => rm(dir, { recursive: true, force: true }))
  // PostgreSQL may run as another user.
  await chmod(dir, 0o755)
  tell(`a market day of ${pods} points of delivery …`)
  await playDay(pods, dir)
  const log = await sqliteLog({ file: join(dir, 'log.sqlite') })
  opened.defer(() => log.close())

  const postgres = await startEngine('postgres', { dir, durable: true })
  opened.defer(() => postgres.remove())
  const engines: readonly Engine[] = [
    { name: 'sqlite', fresh: async round => `sqlite:${join(dir, `tables-${round}.sqlite`)}` },
    { name: 'postgresql', fresh: round => freshPostgres(postgres.url, round) }
  ]
  const measured = new Map<string, Measured[]>(engines.map(({ name }) => [name, []]))
  for (let round = 0; round <= ROUNDS; round++)
    for (const { name, fresh } of engines) {
      tell(`${name}, ${round === 0 ? 'to warm up' : `${round} of ${ROUNDS}`} …`)
      const one = await measure(log, await fresh(round))
      if (round > 0) measured.get(name)!.push(one)
    }
  return {
    pods,
    records: await recordsRead(log),
    databases: [...measured].map(([name, rounds]) => ({ name, ...medians(rounds) }))
  }
}

type Result = Awaited<ReturnType<typeof run>>

export const readable = ({ pods, records, databases }: Result): string =>
  [
    `The read models of a market day of ${pods} points of delivery: ${records} records of outboxes`,
    '',
    '                rows   following   rows/s   built again   rows/s   outcome read',
    ...databases.map(({ name, rows, followMs, rebuildMs, readMs }) =>
      [
        name.padEnd(11),
        String(rows).padStart(9),
        `${followMs} ms`.padStart(12),
        String(Math.round((rows / followMs) * 1_000)).padStart(9),
        `${rebuildMs} ms`.padStart(14),
        String(Math.round((rows / rebuildMs) * 1_000)).padStart(9),
        `${readMs} ms`.padStart(15)
      ].join('')
    )
  ].join('\n')

const measure = async (log: Log, url: string): Promise<Measured> => {
  const database = await openDatabase<object>(url)
  try {
    const { query } = database
    const components = projections.map(projection => projectionComponent(projection, query, log))
    let began = performance.now()
    const host = await startHost({ log, components, mode: 'ordered', instance: 'bench' })
    await host.idle()
    const followMs = performance.now() - began
    await host.stop()

    began = performance.now()
    for (const projection of projections) await rebuildProjection(projection, { db: query, log })
    const rebuildMs = performance.now() - began

    began = performance.now()
    let after: string | undefined
    do {
      const page = await listMarketOutcome(query, {
        visibleTo: { role: 'administrator', id: 'bench' },
        sessionId: `${DATE}.DA.ROMA01`,
        limit: 1_000,
        ...(after === undefined ? {} : { after })
      })
      after = page.next
    } while (after !== undefined)
    const readMs = performance.now() - began
    return { rows: await rowCount(database), followMs, rebuildMs, readMs }
  } finally {
    await database.close()
  }
}

const rowCount = async ({ query }: Database<object>): Promise<number> => {
  let rows = 0
  for (const table of projections.flatMap(({ tables }) => Object.keys(tables))) {
    const { n } = await query
      .withTables<AnyTables>()
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
    rows += n
  }
  return rows
}

const recordsRead = async (log: Log): Promise<number> => {
  const outboxes = new Set(projections.flatMap(({ topics }) => topics))
  let records = 0
  for (const { name, partitions } of await log.topics())
    for (let partition = 0; outboxes.has(name) && partition < partitions; partition++)
      records += await log.endOffset(name, partition)
  return records
}

const freshPostgres = async (url: string, round: number): Promise<string> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE bench_${round}`)
  } finally {
    await client.end()
  }
  return Object.assign(new URL(url), { pathname: `/bench_${round}` }).href
}

const playDay = (pods: number, dir: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url))
    const args = ['run', '--exit', '--quiet', '--json', '--pods', String(pods), '--date', DATE, '--data', dir]
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', reject)
    child.on('close', code => (code === 0 ? resolve() : reject(new Error(`the market day ended with ${code}`))))
  })

const medians = (rounds: readonly Measured[]): Measured => ({
  rows: median(rounds.map(({ rows }) => rows)),
  followMs: median(rounds.map(({ followMs }) => followMs)),
  rebuildMs: median(rounds.map(({ rebuildMs }) => rebuildMs)),
  readMs: median(rounds.map(({ readMs }) => readMs))
})

const median = (values: readonly number[]): number =>
  Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0)
