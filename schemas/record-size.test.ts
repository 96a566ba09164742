import t from 'tap'
import { isSchemaError } from './errors.ts'
import { assertRecordSize, RECORD_BYTES_MAX, recordBytes } from './record-size.ts'

const record = (valueBytes: number) => ({
  key: 'PS-é',
  value: new Uint8Array(valueBytes),
  headers: { ce_id: '1', ce_time: 'now' }
})
const rest = recordBytes(record(0))

t.test('key, value and headers count, as UTF-8', async test => {
  test.equal(rest, 5 + 'ce_id1ce_timenow'.length)
  test.equal(recordBytes(record(10)), rest + 10)
})

t.test('a record of exactly the limit may be written', async test => {
  test.doesNotThrow(() => assertRecordSize('flex.market.events', record(RECORD_BYTES_MAX - rest)))
})

t.test('a record of one byte more is refused with its size, topic and key', async test => {
  try {
    assertRecordSize('flex.market.events', record(RECORD_BYTES_MAX - rest + 1))
    test.fail('expected an error')
  } catch (error) {
    test.ok(isSchemaError(error, 'FLEX_SCHEMA_RECORD_TOO_LARGE'))
    test.match(String(error), /262145 bytes for flex.market.events, key PS-é/)
  }
})
