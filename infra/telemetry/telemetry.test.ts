import t from 'tap'
import { logger } from './logger.ts'
import { metrics } from './metrics.ts'

t.test('a log line is JSON with a level name and an ISO time, and lines below the level are not written', async t => {
  const lines: string[] = []
  const log = logger('info', { write: line => lines.push(line) })
  log.debug('not this')
  log.info({ topic: 'flex.market.commands' }, 'opened')
  t.equal(lines.length, 1)
  const line = JSON.parse(lines[0] ?? '')
  t.match(line, { level: 'info', msg: 'opened', topic: 'flex.market.commands', pid: process.pid })
  t.match(line.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

t.test('credentials do not reach a log line', async t => {
  const lines: string[] = []
  logger('info', { write: line => lines.push(line) }).info(
    { client: { client_secret: 's3cr3t' }, password: 's3cr3t' },
    'x'
  )
  t.notMatch(lines[0], 's3cr3t')
})

t.test('a metrics page holds the own counters and those of Node.js, apart for each registry', async t => {
  const one = metrics()
  const other = metrics()
  t.teardown(() => {
    one.close()
    other.close()
  })
  one.counter({ name: 'flex_log_appends_total', help: 'Appends', labels: ['topic'] }).inc({ topic: 'a' }, 3)
  other.gauge({ name: 'flex_log_end_offset', help: 'End' }).set(7)
  one.histogram({ name: 'flex_decide_seconds', help: 'Decisions', buckets: [0.01, 0.1] }).observe(0.05)
  const page = await one.page()
  t.match(page, 'flex_log_appends_total{topic="a"} 3')
  t.match(page, 'flex_decide_seconds_bucket{le="0.1"} 1')
  t.match(page, 'process_cpu_seconds_total')
  t.notMatch(page, 'flex_log_end_offset')
  t.match(await other.page(), 'flex_log_end_offset 7')
})
