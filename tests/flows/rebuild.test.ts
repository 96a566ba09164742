/** Tables are a copy of the log: made anew from it they hold the same rows, and who looks sees the same. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { documentOf, flexledger } from './command-line.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'flexledger-rebuild-'))
t.teardown(() => rm(dataDir, { recursive: true, force: true }))

/** The tables of a projection carry the number of their generation. */
const generation = /_g\d+$/

interface Row {
  readonly name: string
}

/** Rows of the read models, by the name of the table without its generation; their order does not count. */
const dump = (file: string): ReadonlyMap<string, readonly string[]> => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as unknown as Row[]
    return new Map(
      tables
        .filter(({ name }) => generation.test(name))
        .map(({ name }) => [
          name.replace(generation, ''),
          database
            .prepare(`SELECT * FROM "${name}"`)
            .all()
            .map(row => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
            .sort()
        ])
    )
  } finally {
    database.close()
  }
}

await documentOf('run', '--exit', '--json', '--quiet', '--pods', '12', '--seed', '1', '--data', dataDir)

/** What the command line shows of the tables. */
const shown = async () => ({
  pods: await documentOf('pod', 'list', '--data', dataDir, '--json'),
  sessions: await Promise.all(
    ['DA', 'RT3'].map(label => documentOf('session', 'show', `2016-01-05.${label}.ROMA01`, '--data', dataDir, '--json'))
  )
})
const file = join(dataDir, 'projections.sqlite')
const rowsBefore = dump(file)
const shownBefore = await shown()

t.test('a projection that is built again from the log has the rows of the one that followed it', async t => {
  t.ok(rowsBefore.get('offers')!.length > 0)
  const { rebuilt } = await documentOf<{ rebuilt: { projection: string; generation: number; problems: number }[] }>(
    'projection',
    'rebuild',
    '--data',
    dataDir,
    '--json',
    '--quiet'
  )
  t.ok(rebuilt.every(({ generation, problems }) => generation === 2 && problems === 0))
  const rowsAfter = dump(file)
  t.strictSame([...rowsAfter.keys()].sort(), [...rowsBefore.keys()].sort())
  for (const [name, rows] of rowsBefore) t.strictSame(rowsAfter.get(name), rows, name)
})

t.test('who looks through the command line sees the same after a rebuild', async t => {
  t.strictSame(await shown(), shownBefore)
})

t.test('tables that were lost are made again from the log alone', async t => {
  for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true })
  t.not(
    (await flexledger('pod', 'list', '--data', dataDir, '--json')).code,
    0,
    'without tables there is nothing to see'
  )
  await documentOf('projection', 'rebuild', '--data', dataDir, '--json', '--quiet')
  for (const [name, rows] of dump(file)) t.strictSame(rows, rowsBefore.get(name), name)
  t.strictSame(await shown(), shownBefore)
})

t.test('rebuilding one projection leaves the others where they are', async t => {
  const { rebuilt } = await documentOf<{ rebuilt: { projection: string }[] }>(
    'projection',
    'rebuild',
    'pods',
    '--data',
    dataDir,
    '--json',
    '--quiet'
  )
  t.strictSame(
    rebuilt.map(({ projection }) => projection),
    ['pods']
  )
  for (const [name, rows] of dump(file)) t.strictSame(rows, rowsBefore.get(name), name)
})
