import { existsSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { kafkaForTests, lacking, postgresForTests, startForTests, testEngineVariables } from './for-tests.ts'

const withVariable = async (name: string, value: string | undefined, work: () => Promise<void>): Promise<void> => {
  const before = process.env[name]
  const set = (next: string | undefined): void => {
    if (next === undefined) delete process.env[name]
    else process.env[name] = next
  }
  set(value)
  try {
    await work()
  } finally {
    set(before)
  }
}

t.test('an engine that the run has started is taken, and cannot be broken', async t => {
  await withVariable(testEngineVariables.kafka, 'kafka:127.0.0.1:4711', async () => {
    const kafka = await kafkaForTests(t)
    t.equal(kafka.skip, false)
    t.equal(kafka.url, 'kafka:127.0.0.1:4711')
    t.strictSame(kafka.addresses, ['127.0.0.1:4711'])
    t.throws(() => kafka.engine, /shared with other tests/)
  })
})

t.test(
  'two tests on one server have a database each, which is gone afterwards',
  { skip: await lacking('postgres') },
  async t => {
    const server = await startForTests('postgres')
    if ('missing' in server) throw new Error(server.missing)
    t.teardown(server.end)
    const databases = async (): Promise<readonly string[]> => {
      const client = new pg.Client(server.engine.url)
      await client.connect()
      const { rows } = await client.query<{ datname: string }>('select datname from pg_database')
      await client.end()
      return rows.map(({ datname }) => datname).filter(name => name.startsWith('test_'))
    }
    await withVariable(testEngineVariables.postgres, server.engine.url, async () => {
      await t.test('meanwhile', async t => {
        const one = await postgresForTests(t)
        const other = await postgresForTests(t)
        t.not(one.url, other.url)
        t.equal((await databases()).length, 2)
      })
      t.strictSame(await databases(), [])
    })
    await server.end()
    t.notOk(existsSync(join(server.engine.dir, '..')), 'its folder is removed')
  }
)

t.test('an engine that cannot be had is a reason to skip, and in continuous integration a failure', async t => {
  const uid = process.getuid
  // Neither Java nor a right to install it.
  process.getuid = () => 1_000
  t.teardown(() => {
    if (uid) process.getuid = uid
  })
  await withVariable('PATH', '/nowhere', () =>
    withVariable('JAVA_HOME', undefined, async () => {
      await withVariable('CI', undefined, async () => {
        await withVariable(testEngineVariables.kafka, undefined, async () => {
          const kafka = await kafkaForTests(t)
          t.match(kafka.skip, /^no kafka: FLEX_ENGINE_UNAVAILABLE: .*default-jre-headless/)
          t.throws(() => kafka.url, /there is no kafka/)
        })
        t.match(await lacking('kafka'), /default-jre-headless/)
      })
      await withVariable('CI', 'true', async () => {
        await t.rejects(startForTests('kafka'), { code: 'FLEX_ENGINE_UNAVAILABLE' })
        await t.rejects(lacking('kafka'), { code: 'FLEX_ENGINE_UNAVAILABLE' })
      })
    })
  )
})
