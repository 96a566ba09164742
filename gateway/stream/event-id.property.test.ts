import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { eventId, parseEventId } from './event-id.ts'

const runs = {
  numRuns: Number(process.env['FC_RUNS'] ?? 500),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
}

t.test('an event id gives back the offsets that it was made of', async t => {
  const offsets = fc.array(fc.nat({ max: 999_999_999_999_999 }), { minLength: 1, maxLength: 64 })
  const holds = () =>
    fc.assert(
      fc.property(offsets, next => isDeepStrictEqual(parseEventId(eventId(next), next.length), next)),
      runs
    )
  t.doesNotThrow(holds)
})

t.test('no other text is an event id', async t => {
  const holds = () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.integer({ min: 1, max: 5 }), (text, partitions) => {
        const parsed = parseEventId(text, partitions)
        return (
          parsed === undefined ||
          (parsed.length === partitions && eventId(parsed) === text.replaceAll(/(^|\.)0+(?=\d)/g, '$1'))
        )
      }),
      runs
    )
  t.doesNotThrow(holds)
})
