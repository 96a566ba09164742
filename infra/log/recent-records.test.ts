import t from 'tap'
import type { LogRecord } from './log.ts'
import { recentRecords } from './recent-records.ts'

const records = (...keys: readonly string[]): LogRecord[] =>
  keys.map(key => ({ key, value: new Uint8Array(), headers: {}, timestamp: 0 }))

const seen = (found: readonly { readonly offset: number; readonly key: string }[]) =>
  found.map(({ offset, key }) => `${offset}:${key}`)

t.test('a run goes over several appends, from any offset in it, and is no longer than asked for', async t => {
  const recent = recentRecords()
  recent.add(1, 10, records('a', 'b'), 1)
  recent.add(1, 12, records('c'), 1)
  t.same(seen(recent.from(1, 10, 100)), ['10:a', '11:b', '12:c'])
  t.same(seen(recent.from(1, 11, 100)), ['11:b', '12:c'])
  t.same(seen(recent.from(1, 10, 2)), ['10:a', '11:b'])
})

t.test('what was not appended here is not here: before, after, in between, in another partition', async t => {
  const recent = recentRecords()
  recent.add(1, 10, records('a'), 1)
  recent.add(1, 12, records('c'), 1)
  t.same(seen(recent.from(1, 10, 100)), ['10:a'], 'the record of another process at 11 ends the run')
  for (const offset of [0, 9, 11, 13]) t.same(recent.from(1, offset, 100), [], `offset ${offset}`)
  t.same(recent.from(2, 10, 100), [])
})

t.test('the oldest are dropped when they are too many or too large together', async t => {
  const many = recentRecords()
  for (let n = 0; n < 5_000; n++) many.add(n % 2, n, records(String(n)), 1)
  t.same(many.from(0, 0, 1), [])
  t.same(seen(many.from(1, 4_999, 1)), ['4999:4999'])
  const large = recentRecords()
  for (let n = 0; n < 10; n++) large.add(0, n, records(String(n)), 30 * 1024 * 1024)
  t.same(large.from(0, 7, 100), [])
  t.same(seen(large.from(0, 8, 100)), ['8:8', '9:9'])
})
