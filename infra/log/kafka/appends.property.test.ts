/** Random failures of a simulated broker against what the port promises of appends. */
import fc from 'fast-check'
import t from 'tap'
import { isFlexError } from '../../errors.ts'
import { aRecord, keysOf } from '../contract-fixtures.ts'
import { kafkaLog } from './kafka-log.ts'
import { type Fate, simulatedBroker } from './simulated-broker.ts'

const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate>('written') },
  { weight: 1, arbitrary: fc.constantFrom<Fate>('lost-before', 'lost-after') },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Fate>(
      { errorCode: 6 },
      { errorCode: 7, isWritten: true },
      { errorCode: 19 },
      { errorCode: 20, isWritten: true },
      { errorCode: 87 }
    )
  }
)

t.test(
  'whatever fails: what is acknowledged stands once, where it was said, in order; what is rejected stands as a prefix or not at all',
  async t => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 40 }),
        fc.array(fc.record({ records: fc.integer({ min: 1, max: 12 }), isAwaited: fc.boolean() }), {
          minLength: 1,
          maxLength: 25
        }),
        async (fates, plan) => {
          const broker = await simulatedBroker('events', 1, number => fates[number - 1] ?? 'written')
          const log = await kafkaLog({
            brokers: [broker.address],
            limits: { retryMsMin: 1, retryMsMax: 1, unavailableMs: 10, batchBytesMax: 300 }
          })
          try {
            let next = 0
            const appended = plan.map(() => ({ first: 0, count: 0, offset: undefined as number | undefined }))
            const running: Promise<void>[] = []
            for (const [n, { records, isAwaited }] of plan.entries()) {
              const mine = appended[n]!
              mine.first = next
              mine.count = records
              next += records
              const append = log
                .append(
                  'events',
                  0,
                  Array.from({ length: records }, (_, i) => aRecord(mine.first + i))
                )
                .then(
                  offset => {
                    mine.offset = offset
                  },
                  error => {
                    if (!isFlexError(error)) throw error
                  }
                )
              running.push(append)
              if (isAwaited) await append
            }
            await Promise.all(running)
            const keys = keysOf(broker.records(0)).map(Number)
            // A batch that was given up is the only thing that could stand twice, and it is never sent again.
            if (new Set(keys).size !== keys.length) return false
            return appended.every(({ first, count, offset }) => {
              const there = keys.filter(key => key >= first && key < first + count)
              const isPrefix = there.every((key, i) => key === first + i)
              if (offset === undefined) return isPrefix
              return isPrefix && there.length === count && keys.slice(offset, offset + count).join() === there.join()
            })
          } finally {
            await log.close()
            await broker.close()
          }
        }
      ),
      {
        numRuns: Number(process.env['FC_RUNS'] ?? 60),
        ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
      }
    )
    t.pass('for every history')
  }
)
