import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { keysOf, readAll, records } from './contract-fixtures.ts'
import { sqliteLog } from './sqlite-log.ts'

const newFile = async (t: Pick<typeof import('tap').t, 'teardown'>): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'flex-log-'))
  t.teardown(() => rm(folder, { recursive: true }))
  return join(folder, 'new', 'log.sqlite')
}

t.test('a log that is closed and opened again holds what was appended and goes on after it', async t => {
  const file = await newFile(t)
  for (let n = 0; n < 3; n++) {
    const log = await sqliteLog({ file })
    await log.ensureTopics([{ name: 'orders', partitions: 1 }])
    await log.append('orders', 0, records(n * 10, 10))
    t.equal(await log.endOffset('orders', 0), (n + 1) * 10)
    await log.close()
  }
  const log = await sqliteLog({ file })
  t.strictSame(keysOf(await readAll(log, 'orders')), keysOf(records(0, 30)))
  await log.close()
})

t.test('closing waits for the appends that were asked for before it', async t => {
  const file = await newFile(t)
  const log = await sqliteLog({ file })
  await log.ensureTopics([{ name: 'orders', partitions: 1 }])
  const appends = [log.append('orders', 0, records(0, 5)), log.append('orders', 0, records(5, 5))]
  await log.close()
  t.strictSame(await Promise.all(appends), [0, 5])
})

t.test('a file that is no log, or a log of another format, is refused and left as it is', async t => {
  const file = await newFile(t)
  const log = await sqliteLog({ file })
  await log.close()
  const other = new DatabaseSync(file)
  other.exec('PRAGMA user_version = 7')
  await t.rejects(sqliteLog({ file }), { code: 'FLEX_LOG_UNAVAILABLE', message: /format 1 \(user_version is 7\)/ })
  other.exec('PRAGMA user_version = 0')
  other.close()
  await t.rejects(sqliteLog({ file }), { code: 'FLEX_LOG_UNAVAILABLE' })
  await writeFile(`${file}.txt`, 'x'.repeat(5_000))
  await t.rejects(sqliteLog({ file: `${file}.txt` }), { code: 'FLEX_LOG_UNAVAILABLE' })
})

t.test('an append waits while another connection holds the file, and is written then', async t => {
  const file = await newFile(t)
  const log = await sqliteLog({ file })
  t.teardown(() => log.close())
  await log.ensureTopics([{ name: 'orders', partitions: 1 }])
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  let isAnswered = false
  const append = log.append('orders', 0, records(0, 1)).finally(() => {
    isAnswered = true
  })
  await new Promise(resolve => setTimeout(resolve, 150))
  t.notOk(isAnswered)
  other.exec('COMMIT')
  other.close()
  t.equal(await append, 0)
})

t.test('a record that cannot be stored is refused alone, before anything of its batch is written', async t => {
  const file = await newFile(t)
  const log = await sqliteLog({ file })
  t.teardown(() => log.close())
  await log.ensureTopics([{ name: 'orders', partitions: 1 }])
  const [good, bad] = records(0, 2)
  const good2 = log.append('orders', 0, [good!])
  await t.rejects(log.append('orders', 0, [good!, { ...bad!, timestamp: Number.NaN }]), TypeError)
  await good2
  t.equal(await log.endOffset('orders', 0), 1)
})
