import t from 'tap'
import { flexledger } from './command-line.fixtures.ts'

t.test('the actor commands need brokers with certificates, and say so', async t => {
  for (const args of [['add', 'ACEAE', '--role', 'aggregator'], ['list']])
    for (const env of [{}, { FLEX_LOG_URL: 'kafka:127.0.0.1:9' }]) {
      const { code, stdout, stderr } = await flexledger(['actor', ...args], { env })
      t.equal(code, 2)
      t.equal(stdout, '')
      t.match(stderr, /FLEX_LOG_TLS_CA/)
    }
})
