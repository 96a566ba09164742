/** The market day on Apache Kafka, chosen by configuration alone. */
import t from 'tap'
import { kafkaForTests } from '../../infra/engines/for-tests.ts'
import { documentOf, documentWith, flexledgerWith } from './command-line.ts'

interface RunDocument {
  readonly sessions: readonly unknown[]
  readonly actors: readonly unknown[]
  readonly log: { readonly records: number }
}

// A broker of its own is started, because the topics of a market have fixed names.
t.setTimeout(180_000)

const kafka = await kafkaForTests(t, { own: true })
const { skip } = kafka
const day = ['run', '--exit', '--json', '--quiet', '--pods', '12', '--seed', '3'] as const

t.test('the same seed gives the same market results on Kafka as on the embedded log', { skip }, async t => {
  const env = { FLEX_LOG_URL: kafka.url }
  const [embedded, { code, stdout, stderr }] = await Promise.all([
    documentOf<RunDocument>(...day),
    flexledgerWith(env, ...day)
  ])
  t.equal(code, 0)
  t.equal(stderr, '', 'a fresh broker that is not ready yet is nobody’s business')
  const onKafka = JSON.parse(stdout) as RunDocument
  t.ok(embedded.sessions.length > 0)
  t.strictSame(onKafka.sessions, embedded.sessions)
  t.strictSame(onKafka.actors, embedded.actors)
  t.match(await documentWith(env, 'log', 'digest', '--json'), onKafka.log, 'the log is there for other commands')

  const again = await documentWith<RunDocument>(env, ...day)
  t.strictSame(again.sessions, embedded.sessions, 'played again over its own log the day has the same results')
  t.ok(again.log.records > onKafka.log.records, 'repetitions and changes of owner are on the log')
})
