import fc from 'fast-check'
import t from 'tap'
import { writtenAllocations, writtenRuns } from './allocation-lists.ts'
import { encode } from './codec.ts'
import type { OfferCleared, RequestCleared } from './generated.ts'
import { noteWrittenList } from './written-lists.ts'

const parameters = {
  numRuns: Number(process.env['FC_RUNS'] ?? 2_000),
  ...(process.env['FC_SEED'] === undefined ? {} : { seed: Number(process.env['FC_SEED']) })
}

type Allocation = OfferCleared['allocations'][number]

const cleared = (allocations: readonly Allocation[]): OfferCleared => ({
  type: 'OfferCleared',
  pom: 'ROMA01',
  sessionId: '2026-01-15.DA.ROMA01',
  marketOutcomeId: '2026-01-15.DA.ROMA01.MO',
  offerId: 'O1',
  aggregatorId: 'ACEAE',
  unit: { id: 'IT1', pods: ['IT1'] },
  quantity: 'P',
  direction: 'UP',
  carriedFrom: null,
  allocations,
  rank: 1,
  reason: null
})

const requests = fc.array(
  fc.record({
    id: fc.string({ unit: 'grapheme', maxLength: 60 }).filter(id => id.isWellFormed()),
    side: fc.constantFrom<'DSO' | 'TSO'>('DSO', 'TSO')
  }),
  { minLength: 1, maxLength: 5 }
)
const amount = fc.oneof(
  fc.nat(2_000),
  fc.nat(),
  fc.maxSafeNat().map(value => Math.floor(value / 2))
)
const run = fc.record({ request: fc.nat(), mtu: fc.nat(), mtus: fc.nat(100), power: amount, price: amount })
const offers = fc.array(fc.array(run, { maxLength: 6 }), { maxLength: 6 })
const starts = fc.array(fc.integer({ min: 0, max: 4_102_444_800_000 }), { minLength: 1, maxLength: 5 })

t.test('allocations written from columns are the bytes that the codec writes', async () => {
  fc.assert(
    fc.property(requests, offers, starts, (requests, offers, startOf) => {
      const runs = offers.flat()
      const offerFrom = Int32Array.of(0, ...offers.keys().map(o => offers.slice(0, o + 1).flat().length))
      const { bytes, from } = writtenAllocations(
        {
          offerFrom,
          request: Int32Array.from(runs, ({ request }) => request % requests.length),
          mtu: Int32Array.from(runs, ({ mtu }) => mtu % startOf.length),
          mtus: Int32Array.from(runs, ({ mtus }) => mtus),
          power: Float64Array.from(runs, ({ power }) => power),
          price: Float64Array.from(runs, ({ price }) => price)
        },
        requests,
        startOf
      )
      return offers.every((own, o) => {
        const allocations = own.map(({ request, mtu, mtus, power, price }): Allocation => {
          const { id, side } = requests[request % requests.length]!
          return { requestId: id, side, start: startOf[mtu % startOf.length]!, mtus, quantity: power, price }
        })
        const whole = encode(cleared(allocations))
        const noted = cleared(allocations)
        noteWrittenList(noted, 'allocations', bytes.subarray(from[o], from[o + 1]))
        return whole.equals(encode(noted)) && whole.equals(encode(noted))
      })
    }),
    parameters
  )
})

type Runs = Pick<RequestCleared, 'served' | 'residual' | 'prices'>

const requestCleared = (runs: Runs): RequestCleared => ({
  type: 'RequestCleared',
  pom: 'ROMA01',
  sessionId: '2026-01-15.DA.ROMA01',
  marketOutcomeId: '2026-01-15.DA.ROMA01.MO',
  requestId: 'R1',
  side: 'DSO',
  operator: 'ARETI',
  quantity: 'P',
  direction: 'UP',
  service: 'congestion',
  carriedFrom: null,
  ...runs,
  paidMicroEur: 12
})

const valueRun = fc.record({ mtu: fc.nat(), mtus: fc.nat(100), value: amount })
const requestsOfRuns = fc.array(fc.array(valueRun, { maxLength: 6 }), { maxLength: 6 })

t.test('what requests got, written from columns, is the bytes that the codec writes', async () => {
  fc.assert(
    fc.property(requestsOfRuns, starts, (requests, startOf) => {
      const runs = requests.flat()
      const { bytes, from } = writtenRuns(
        {
          from: Int32Array.of(0, ...requests.keys().map(r => requests.slice(0, r + 1).flat().length)),
          mtu: Int32Array.from(runs, ({ mtu }) => mtu % startOf.length),
          mtus: Int32Array.from(runs, ({ mtus }) => mtus),
          value: Float64Array.from(runs, ({ value }) => value)
        },
        startOf
      )
      return requests.every((own, r) => {
        const list = own.map(({ mtu, mtus, value }) => ({ start: startOf[mtu % startOf.length]!, mtus, value }))
        const served = list.map(({ value, ...run }) => ({ ...run, quantity: value }))
        const lists = { served, residual: served, prices: list.map(({ value, ...run }) => ({ ...run, price: value })) }
        const noted = requestCleared({ served: [], residual: [], prices: [] })
        for (const field of ['served', 'residual', 'prices'] as const)
          noteWrittenList(noted, field, bytes.subarray(from[r], from[r + 1]))
        return encode(requestCleared(lists)).equals(encode(noted))
      })
    }),
    parameters
  )
})

t.test('what is noted is written once, and then the list itself', async t => {
  const message = cleared([])
  noteWrittenList(message, 'allocations', Uint8Array.of(2, 2))
  t.not(encode(message).compare(encode(cleared([]))), 0)
  t.equal(encode(message).compare(encode(cleared([]))), 0)
})
