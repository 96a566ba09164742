import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
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

t.test('appends beyond the bound of what may wait are refused, and those that wait are written', async t => {
  const file = await newFile(t)
  const log = await sqliteLog({ file, pendingBytesMax: 500 })
  t.teardown(() => log.close())
  await log.ensureTopics([{ name: 'orders', partitions: 1 }])
  const large = log.append('orders', 0, records(0, 100))
  await t.rejects(log.append('orders', 0, records(100, 1)), { code: 'FLEX_LOG_OVERLOADED' })
  await large
  t.equal(await log.append('orders', 0, records(100, 1)), 100)
})

t.test('an append that the disk refuses is an error of the log, and the next one is written', async t => {
  const file = await newFile(t)
  const log = await sqliteLog({ file })
  t.teardown(() => log.close())
  await log.ensureTopics([{ name: 'orders', partitions: 2 }])
  const other = new DatabaseSync(file)
  t.teardown(() => other.close())
  other.exec("CREATE TRIGGER full BEFORE INSERT ON segment BEGIN SELECT RAISE(FAIL, 'disk full'); END")
  const appends = [log.append('orders', 0, records(0, 1)), log.append('orders', 1, records(0, 1))]
  for (const append of appends) await t.rejects(append, { code: 'FLEX_LOG_UNAVAILABLE', message: /disk full/ })
  other.exec('DROP TRIGGER full')
  t.equal(await log.append('orders', 0, records(0, 1)), 0)
})

t.test(
  'a hundred readers that wait at the end of their partitions are woken, without a warning of Node.js',
  async t => {
    const file = await newFile(t)
    const log = await sqliteLog({ file })
    await log.ensureTopics([{ name: 'orders', partitions: 100 }])
    const warnings: string[] = []
    const warn = (warning: Error) => warnings.push(warning.message)
    process.on('warning', warn)
    t.teardown(() => process.off('warning', warn))
    const stop = new AbortController()
    const keys: string[] = []
    const readers = Array.from({ length: 100 }, async (_, partition) => {
      for await (const batch of log.read('orders', partition, 0, { follow: true, signal: stop.signal })) {
        keys.push(...keysOf(batch))
        if (keys.length === 100) stop.abort()
      }
    })
    await new Promise(resolve => setImmediate(resolve))
    await Promise.all(Array.from({ length: 100 }, (_, n) => log.append('orders', n, records(n, 1))))
    await Promise.all(readers)
    await log.close()
    t.equal(new Set(keys).size, 100)
    t.strictSame(warnings, [])
  }
)

t.test('what was appended moves into the file in a pause, not in the append', async t => {
  const file = await newFile(t)
  const log = await sqliteLog({ file })
  t.teardown(() => log.close())
  await log.ensureTopics([{ name: 'orders', partitions: 1 }])
  const mebibyte = { key: 'k', value: new Uint8Array(2 ** 20), headers: {}, timestamp: 0 }
  for (let n = 0; n < 6; n++) await log.append('orders', 0, [mebibyte])
  t.ok((await stat(file)).size < 2 ** 20, 'still beside it')
  while ((await stat(file)).size < 6 * 2 ** 20) await delay(50)
  t.equal(await log.endOffset('orders', 0), 6)
})

t.test('a file keeps the pages that it was made with, and a new one gets large ones', async t => {
  const pageBytesOf = (file: string) => {
    const database = new DatabaseSync(file)
    const bytes = database.prepare('PRAGMA page_size').get()?.['page_size']
    database.close()
    return bytes
  }
  const file = await newFile(t)
  await (await sqliteLog({ file })).close()
  t.equal(pageBytesOf(file), 16_384)

  const small = `${file}.small`
  const other = new DatabaseSync(small)
  other.exec('PRAGMA page_size = 4096; PRAGMA journal_mode = WAL')
  other.close()
  const log = await sqliteLog({ file: small })
  await log.ensureTopics([{ name: 'orders', partitions: 1 }])
  await log.append('orders', 0, records(0, 2_000))
  t.strictSame(keysOf(await readAll(log, 'orders')), keysOf(records(0, 2_000)))
  await log.close()
  t.equal(pageBytesOf(small), 4_096)
})
