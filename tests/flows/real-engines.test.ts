/** The market day on Apache Kafka, a schema registry and PostgreSQL, chosen by configuration alone. */
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import t from 'tap'
import { kafkaForTests, postgresForTests, registryForTests } from '../../infra/engines/for-tests.ts'
import { openLog } from '../../infra/log/open-log.ts'
import { logger } from '../../infra/telemetry/logger.ts'
import { topics } from '../../schemas/topics.ts'
import { documentOf, documentWith, flexledgerWith } from './command-line.ts'

interface RunDocument {
  readonly sessions: readonly unknown[]
  readonly actors: readonly unknown[]
  readonly log: { readonly records: number }
}

// Engines of its own are started, because the topics and subjects of a market have fixed names.
t.setTimeout(290_000)

const kafka = await kafkaForTests(t, { own: true })
const registry = await registryForTests(t, { own: true })
const database = await postgresForTests(t)
const skip = kafka.skip || registry.skip || database.skip
const day = ['run', '--exit', '--json', '--quiet', '--pods', '12', '--seed', '3'] as const

t.test(
  'the same seed gives the same market results on Kafka, registry and PostgreSQL as embedded',
  { skip },
  async t => {
    const env = { FLEX_LOG_URL: kafka.url, FLEX_REGISTRY_URL: registry.url, FLEX_DATABASE_URL: database.url }
    const [embedded, { code, stdout, stderr }] = await Promise.all([
      documentOf<RunDocument>(...day),
      flexledgerWith(env, ...day)
    ])
    t.equal(code, 0)
    t.equal(stderr, '', 'engines that are not ready yet are nobody’s business')
    const onEngines = JSON.parse(stdout) as RunDocument
    t.ok(embedded.sessions.length > 0)
    t.strictSame(onEngines.sessions, embedded.sessions)
    t.strictSame(onEngines.actors, embedded.actors)
    t.match(await documentWith(env, 'log', 'digest', '--json'), onEngines.log, 'the log is there for other commands')

    const listed = await documentWith<{ pods: readonly unknown[] }>(env, 'pod', 'list', '--json')
    t.equal(listed.pods.length, 12, 'the tables are in PostgreSQL')

    const again = await documentWith<RunDocument>(env, ...day)
    t.strictSame(again.sessions, embedded.sessions, 'played again over its own log the day has the same results')
    t.ok(again.log.records > onEngines.log.records, 'repetitions and changes of owner are on the log')
  }
)

t.test('a stock client of the registry reads every record that the day left on Kafka', { skip }, async t => {
  const client = new SchemaRegistry({ host: registry.url })
  const log = await openLog(kafka.url, { instance: 'test', logger: logger('silent') })
  t.teardown(() => log.close())
  let read = 0
  for (const { name, partitions } of Object.values(topics))
    for (let partition = 0; partition < partitions; partition++)
      for await (const batch of log.read(name, partition, 0))
        for (const { value } of batch) {
          await client.decode(Buffer.from(value))
          read++
        }
  t.ok(read > 500, `${read} records`)
})
