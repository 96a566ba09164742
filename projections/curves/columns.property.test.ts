import fc from 'fast-check'
import t from 'tap'
import type { Allocation, OfferInterval } from '../../schemas/generated.ts'
import { readAllocations, readIntervals, writeAllocations, writeIntervals } from './columns.ts'

const seed = process.env['FC_SEED']
const parameters = {
  numRuns: Number(process.env['FC_RUNS'] ?? 300),
  ...(seed === undefined ? {} : { seed: Number(seed) })
}

// Half of the range of exact integers, so that the difference of two times is exact too; the market's are far below.
const time = fc.integer({ min: -(2 ** 52), max: 2 ** 52 })
const amount = fc.maxSafeInteger().map(n => (n === 0 ? 0 : n))
const allocation: fc.Arbitrary<Allocation> = fc.record({
  requestId: fc.oneof(fc.string(), fc.constantFrom('request-1', 'request-2')),
  side: fc.constantFrom('DSO' as const, 'TSO' as const),
  start: time,
  mtus: fc.nat(100),
  quantity: amount,
  price: amount
})
const interval: fc.Arbitrary<OfferInterval> = fc.record({
  start: time,
  mtus: fc.nat(100),
  steps: fc.array(fc.record({ quantity: amount, price: amount }), { maxLength: 5 }),
  minAcceptance: amount
})

t.test('allocations are read as they were written, in their order, whatever the ids and numbers', async t => {
  fc.assert(
    fc.property(fc.array(allocation), allocations => {
      t.same(readAllocations(writeAllocations(allocations)), allocations)
    }),
    parameters
  )
})

t.test('intervals with their steps are read as they were written', async t => {
  fc.assert(
    fc.property(fc.array(interval), intervals => {
      t.same(readIntervals(writeIntervals(intervals)), intervals)
    }),
    parameters
  )
})
