import fc from 'fast-check'
import t from 'tap'
import type { LogRecord } from '../log.ts'
import { type Compression, compressions } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { writeInt64 } from './protocol-bytes.ts'
import { batchEncoder, stamp } from './record-batch.ts'
import { readBatches } from './record-batch-reader.ts'

const parameters = {
  numRuns: Number(process.env['FC_RUNS'] ?? 300),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
}

const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme', maxLength: 60 }))
const record: fc.Arbitrary<LogRecord> = fc.record({
  key: text,
  value: fc.uint8Array({ maxLength: 300 }),
  headers: fc.dictionary(text, text, { maxKeys: 8, noNullPrototype: true }),
  timestamp: fc.oneof(fc.integer(), fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }))
})
const someRecords = fc.array(record, { minLength: 1, maxLength: 30 })

const encoded = (records: readonly LogRecord[], compression: Compression, firstOffset = 0): Buffer => {
  const encoder = batchEncoder()
  for (const one of records) encoder.add(one, Number.POSITIVE_INFINITY)
  const batch = encoder.finish(compression)
  stamp(batch, { producerId: 7, producerEpoch: 1 }, 42)
  writeInt64(batch.bytes, firstOffset, 0)
  return batch.bytes
}

const plain = ({ key, value, headers, timestamp }: LogRecord) => ({
  key,
  value: Buffer.from(value).toString('hex'),
  headers: Object.entries(headers),
  timestamp
})

t.test('whatever is written into a batch is read from it, however it is compressed', async t => {
  fc.assert(
    fc.property(someRecords, fc.constantFrom(...compressions), fc.nat(2 ** 40), (records, compression, first) => {
      const { records: read, next } = readBatches(encoded(records, compression, first), 0)
      t.strictSame(read.map(plain), records.map(plain))
      return next === first + records.length && read.every(({ offset }, n) => offset === first + n)
    }),
    parameters
  )
})

t.test('several batches, cut off anywhere, give the records of the whole ones from any offset on', async () => {
  fc.assert(
    fc.property(fc.array(someRecords, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(), (lists, from, cut) => {
      const batches: Buffer[] = []
      let end = 0
      for (const list of lists) {
        batches.push(encoded(list, 'none', end))
        end += list.length
      }
      const whole = Buffer.concat(batches)
      const bytes = whole.subarray(0, cut % (whole.length + 1))
      let length = 0
      let readable = 0
      for (const [n, batch] of batches.entries()) {
        length += batch.length
        if (length <= bytes.length) readable += lists[n]!.length
      }
      const first = from % (end + 1)
      const { records, next } = readBatches(bytes, first)
      return records.length === Math.max(0, readable - first) && next === Math.max(first, readable)
    }),
    parameters
  )
})

t.test('a batch in which one bit has changed is never taken for a good one', async () => {
  fc.assert(
    fc.property(someRecords, fc.nat(), fc.nat(7), (records, place, bit) => {
      const bytes = encoded(records, 'none')
      // From the checksum on; what stands before is the frame, which the broker writes.
      const at = 17 + (place % (bytes.length - 17))
      bytes[at] = bytes[at]! ^ (1 << bit)
      try {
        readBatches(bytes, 0)
        return false
      } catch {
        return true
      }
    }),
    parameters
  )
})

t.test('a batch never becomes larger than asked for, unless by a single record', async () => {
  fc.assert(
    fc.property(someRecords, fc.integer({ min: 61, max: 2_000 }), (records, bytesMax) => {
      const encoder = batchEncoder()
      const taken = records.findIndex(one => !encoder.add(one, bytesMax))
      const { bytes, records: count } = encoder.finish('none')
      return count === (taken < 0 ? records.length : taken) && (count === 1 || bytes.length <= bytesMax)
    }),
    parameters
  )
})

t.test('timestamps that are too far apart for one batch are not rounded: another batch is needed', async t => {
  const at = (timestamp: number): LogRecord => ({ key: '', value: new Uint8Array(), headers: {}, timestamp })
  const encoder = batchEncoder()
  t.ok(encoder.add(at(-Number.MAX_SAFE_INTEGER), 1_000))
  t.notOk(encoder.add(at(Number.MAX_SAFE_INTEGER), 1_000))
  t.ok(encoder.add(at(0), 1_000))
})

t.test('marks of transactions are passed over, and leave a gap', async t => {
  const mark = encoded([{ key: 'm', value: new Uint8Array(6), headers: {}, timestamp: 0 }], 'none', 1)
  mark.writeInt16BE(0x20, 21)
  mark.writeUInt32BE(crc32c(mark, 21), 17)
  const record: LogRecord = { key: 'a', value: new Uint8Array(), headers: {}, timestamp: 5 }
  const { records, next } = readBatches(
    Buffer.concat([encoded([record], 'none'), mark, encoded([record], 'none', 2)]),
    0
  )
  t.strictSame(
    records.map(({ offset }) => offset),
    [0, 2]
  )
  t.equal(next, 3)
  t.strictSame(readBatches(mark, 1), { records: [], next: 2 })
})

t.test('a header named __proto__ is a header', async t => {
  const headers = JSON.parse('{"__proto__": "x", "b": "y"}') as LogRecord['headers']
  const [read] = readBatches(encoded([{ key: '', value: new Uint8Array(), headers, timestamp: 0 }], 'none'), 0).records
  t.strictSame(Object.entries(read?.headers ?? {}), [
    ['__proto__', 'x'],
    ['b', 'y']
  ])
})

t.test('the checksum is CRC-32C', async t => {
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  t.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  t.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  t.equal(crc32c(new Uint8Array()), 0)
})
