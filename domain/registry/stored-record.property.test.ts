import fc from 'fast-check'
import t from 'tap'
import { aPodRecord } from './registry.fixtures.ts'
import { recordOf, storedRecord } from './stored-record.ts'

const slots = fc.array(fc.record({ p: fc.maxSafeInteger(), q: fc.maxSafeInteger() }, { noNullPrototype: true }), {
  maxLength: 100
})

t.test('A document that was stored comes back equal', async () => {
  fc.assert(
    fc.property(slots, slots, slots, (workday, saturday, holiday) => {
      const record = aPodRecord({ powerBaselineCurves: { workday, saturday, holiday } })
      t.strictSame(recordOf(storedRecord(record)), record)
    }),
    { numRuns: Number(process.env['FC_RUNS'] ?? 100) }
  )
})
