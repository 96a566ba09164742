import fc from 'fast-check'
import t from 'tap'
import type { LogRecord, StoredRecord } from './log.ts'
import { recordsOf, segmentsOf } from './segment.ts'

const settings = {
  numRuns: Number(process.env.FC_RUNS ?? 300),
  ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {})
}
const text = fc.string({ unit: 'grapheme' })
const record = fc.record({
  key: text,
  value: fc.uint8Array({ maxLength: 100 }),
  headers: fc.dictionary(text, text),
  timestamp: fc.maxSafeInteger()
})

const asText = ({ offset, key, value, headers, timestamp }: StoredRecord): string =>
  JSON.stringify([offset, key, [...value], headers, timestamp])

t.test('records come back from their segments as they were, from any offset on', async () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 30 }), fc.nat(1_000), fc.nat(30), (records, first, skip) => {
      let next = first
      const read = segmentsOf(records).flatMap(segment => {
        const part = recordsOf(segment.bytes, next, first + skip)
        next += segment.records
        return part
      })
      const expected = records.map((one, n) => ({ offset: first + n, ...one })).slice(skip)
      return read.map(asText).join('\n') === expected.map(asText).join('\n')
    }),
    settings
  )
})

/** The layout as segment.ts describes it, one field after the other. */
const plainly = ({ key, value, headers, timestamp }: LogRecord): Buffer => {
  const text = Object.keys(headers).length === 0 ? '' : JSON.stringify(headers)
  const fixed = Buffer.alloc(20)
  fixed.writeUInt32LE(Buffer.byteLength(key), 0)
  fixed.writeUInt32LE(Buffer.byteLength(text), 4)
  fixed.writeUInt32LE(value.length, 8)
  fixed.writeDoubleLE(timestamp, 12)
  return Buffer.concat([fixed, Buffer.from(key), Buffer.from(text), value])
}

t.test('a segment is the fields of its records, one after the other, and its contents are the records', async t => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), records => {
      const [segment] = segmentsOf(records)
      t.strictSame(Buffer.from(segment!.bytes), Buffer.concat(records.map(plainly)))
      const contents = segment!.contents.map((one, n) => asText({ offset: n, ...one })).join('\n')
      t.equal(contents, records.map((one, n) => asText({ offset: n, ...one })).join('\n'))
    }),
    settings
  )
})

t.test('no segment holds more than a thousand records, nor two values of a megabyte', async t => {
  const small = { key: 'k', value: new Uint8Array(1), headers: {}, timestamp: 0 }
  t.strictSame(
    segmentsOf(Array.from({ length: 2_500 }, () => small)).map(({ records }) => records),
    [1_000, 1_000, 500]
  )
  const large = { ...small, value: new Uint8Array(1024 * 1024) }
  t.strictSame(
    segmentsOf([large, large]).map(({ records }) => records),
    [1, 1]
  )
})
