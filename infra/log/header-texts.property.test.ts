import fc from 'fast-check'
import t from 'tap'
import { beginHeaderTexts, headerTexts, writeHeaders } from './header-texts.ts'
import type { Headers } from './log.ts'

const settings = {
  numRuns: Number(process.env['FC_RUNS'] ?? 500),
  ...(process.env['FC_SEED'] === undefined ? {} : { seed: Number(process.env['FC_SEED']) })
}

const textsOf = (records: readonly Headers[]): readonly string[] => {
  beginHeaderTexts()
  const ends = records.map(writeHeaders)
  const texts = Buffer.from(headerTexts())
  return ends.map((end, n) => texts.toString('utf8', ends[n - 1] ?? 0, end))
}

const jsonOf = (headers: Headers): string => (Object.keys(headers).length === 0 ? '' : JSON.stringify(headers))

/** Few names and values, so that headers are the same as those before, moved, left out and added. */
const name = fc.constantFrom('ce_id', 'salt', 'index', 'a "name"', '__proto__', '1')
const value = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    'market/0/5/1',
    'a text that is longer than what is copied byte by byte, by far',
    '"',
    '\\'
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('\ud800', '\n', '\u007f', 'é', '€', '😀')
)
const headers = fc.oneof(fc.dictionary(name, value), fc.dictionary(fc.string({ unit: 'binary' }), value))

t.test('the texts of headers are their JSON, whatever headers the record before has', async () => {
  fc.assert(
    fc.property(fc.array(headers, { maxLength: 20 }), records => {
      const texts = textsOf(records)
      return records.every((one, n) => texts[n] === jsonOf(one))
    }),
    settings
  )
})

t.test('texts grow beyond the first buffer, each header that repeats and each that does not', async t => {
  const same = 's'.repeat(50_000)
  const records = Array.from({ length: 40 }, (_, n) => ({ first: same, id: String(n), other: 'é'.repeat(n * 1_000) }))
  t.strictSame(textsOf(records), records.map(jsonOf))
})
