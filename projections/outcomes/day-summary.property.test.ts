import fc from 'fast-check'
import t from 'tap'
import { paymentPerMtu } from '../../domain/units/quantities.ts'
import { MTU_MS } from '../../domain/units/time.ts'
import type { Allocation, Side } from '../../schemas/generated.ts'
import {
  deliveryDate,
  dso,
  marketCleared,
  offerCleared,
  offerPlaced,
  outcomeValidated,
  requestCleared,
  requestPlaced,
  requestValidated,
  sessionFinalised,
  sessionOpened,
  sessionStart,
  tso
} from '../fixtures/events.ts'
import { projected } from '../fixtures/projected.ts'
import { placesProjection } from '../places/project.ts'
import { servicesProjection } from '../services/project.ts'
import { outcomesProjection } from './project.ts'
import { daySummary } from './query.ts'
import { sumAllocations } from './sums.ts'

const seed = process.env['FC_SEED']
const parameters = (runs: number) => ({
  numRuns: Number(process.env['FC_RUNS'] ?? runs),
  ...(seed === undefined ? {} : { seed: Number(seed) })
})

const operators = { 'r-dso': dso.id, 'r-tso': tso.id, 'r-tso-2': tso.id } as const
type RequestId = keyof typeof operators
const sideOf = (requestId: RequestId): Side => (requestId === 'r-dso' ? 'DSO' : 'TSO')

const anAllocation: fc.Arbitrary<Allocation> = fc
  .record({
    requestId: fc.constantFrom<RequestId>('r-dso', 'r-tso', 'r-tso-2'),
    mtu: fc.nat(95),
    mtus: fc.integer({ min: 1, max: 8 }),
    quantity: fc.integer({ min: 1, max: 100_000_000 }),
    price: fc.nat(50_000_000)
  })
  .map(({ requestId, mtu, mtus, quantity, price }) => ({
    requestId,
    side: sideOf(requestId),
    start: sessionStart + mtu * MTU_MS,
    mtus,
    quantity,
    price
  }))

/** By definition: MTU by MTU. */
const paidMtuByMtu = (allocations: readonly Allocation[], from: number, until: number): number => {
  let paid = 0
  for (const { start, mtus, quantity, price } of allocations)
    for (let mtu = 0; mtu < mtus; mtu++) {
      const at = start + mtu * MTU_MS
      if (at >= from && at < until) paid += paymentPerMtu(quantity, price)
    }
  return paid
}

t.test(
  'sums of allocations are those of a walk over every MTU, inside and outside of the definitive window',
  async () => {
    fc.assert(
      fc.property(fc.array(anAllocation), fc.nat(96), fc.nat(96), (allocations, first, count) => {
        const window = { start: sessionStart + first * MTU_MS, end: sessionStart + (first + count) * MTU_MS }
        const sums = sumAllocations(allocations, window)
        const expected = {
          paid: paidMtuByMtu(allocations, 0, Number.MAX_SAFE_INTEGER),
          definitive: paidMtuByMtu(allocations, window.start, window.end)
        }
        if (sums.paid_micro_eur !== expected.paid || sums.definitive_micro_eur !== expected.definitive)
          throw new Error(`${JSON.stringify(sums)} is not ${JSON.stringify(expected)}`)
      }),
      parameters(300)
    )
  }
)

t.test('in the account of a day what all earn is what all pay, in each session and in the definitive MTUs', async t => {
  const offers = fc.array(
    fc.record({
      aggregatorId: fc.constantFrom('acea', 'enelx'),
      allocations: fc.array(anAllocation, { maxLength: 6 })
    }),
    { maxLength: 8 }
  )
  await fc.assert(
    fc.asyncProperty(offers, fc.nat(96), async (services, definitiveMtus) => {
      await using it = await projected({ projections: [placesProjection, servicesProjection, outcomesProjection] })
      await it.market.answer(0, [sessionOpened({ definitiveMtus })])
      const requests = (Object.keys(operators) as RequestId[]).map(requestId => ({
        requestId,
        side: sideOf(requestId),
        operator: operators[requestId]
      }))
      await it.market.answer(0, [
        ...services.map((service, n) => offerCleared({ ...service, offerId: `o${n}`, rank: n + 1 })),
        ...requests.map(request => requestCleared(request)),
        marketCleared()
      ])
      await it.catchUp()
      const { sessions, actors, definitiveCostMicroEur } = await daySummary(it.sql, { deliveryDate })
      const all = services.flatMap(({ allocations }) => allocations)
      const end = sessionStart + definitiveMtus * MTU_MS
      const [session] = sessions
      const facts = [
        [session?.costMicroEur, paidMtuByMtu(all, 0, Number.MAX_SAFE_INTEGER)],
        [total(session?.actors, 'earnedMicroEur'), session?.costMicroEur],
        [total(session?.actors, 'paidMicroEur'), session?.costMicroEur],
        [definitiveCostMicroEur, paidMtuByMtu(all, 0, end)],
        [total(actors, 'earnedMicroEur'), definitiveCostMicroEur],
        [total(actors, 'paidMicroEur'), definitiveCostMicroEur]
      ]
      for (const [is, should] of facts) if (is !== should) throw new Error(`${is} is not ${should}`)
    }),
    parameters(15)
  )
  t.pass('exactly')
})

type Account = { readonly earnedMicroEur: number; readonly paidMicroEur: number }
const total = (accounts: readonly Account[] | undefined, field: keyof Account): number =>
  (accounts ?? []).reduce((sum, account) => sum + account[field], 0)

t.test('the account follows the session: open, cleared, finalised with less', async t => {
  await using it = await projected()
  const run = { start: sessionStart, mtus: 4 }
  await it.market.answerEach(0, [sessionOpened(), offerPlaced(), requestPlaced()])
  await it.catchUp()
  const account = async () => (await daySummary(it.sql, { deliveryDate })).sessions[0]
  t.match(await account(), {
    stage: null,
    askedWattMtus: 2800,
    offeredWattMtus: 6000,
    offers: 1,
    acceptedWattMtus: 0,
    residualWattMtus: 0,
    priceAverage: null,
    costMicroEur: 0
  })

  await it.market.answer(0, [offerCleared(), requestCleared({ residual: [{ ...run, quantity: 10 }] }), marketCleared()])
  await it.catchUp()
  t.match(await account(), {
    stage: 'market',
    acceptedOffers: 1,
    acceptedWattMtus: 2800,
    residualWattMtus: 40,
    priceMin: 50_000,
    priceAverage: 50_000,
    priceMax: 50_000,
    costMicroEur: 35_000,
    actors: [
      { role: 'DSO', id: dso.id, earnedMicroEur: 0, paidMicroEur: 35_000 },
      { role: 'aggregator', id: 'acea', earnedMicroEur: 35_000, paidMicroEur: 0 }
    ]
  })

  await it.market.answer(0, [
    outcomeValidated({ allocations: [], rank: 0, curtailedWattMtus: 2800 }),
    requestValidated({ served: [], residual: [{ ...run, quantity: 700 }], paidMicroEur: 0 }),
    sessionFinalised()
  ])
  await it.catchUp()
  t.match(await account(), {
    stage: 'validated',
    acceptedOffers: 0,
    acceptedWattMtus: 0,
    curtailedWattMtus: 2800,
    residualWattMtus: 2800,
    costMicroEur: 0,
    actors: []
  })
})
