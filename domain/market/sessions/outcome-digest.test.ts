import { createHash } from 'node:crypto'
import t from 'tap'
import type { OfferCleared, RequestCleared } from '../../../schemas/generated.ts'
import { loadSolver } from '../../optimisation/solver.ts'
import { clearSession } from './clear-session.ts'
import { netSum } from './event-outcome.ts'
import { aBlock, anOffer, aPod, aRequest, aTsoRequest, close, open, play, someRules } from './market.fixtures.ts'
import { marketDecide } from './market.ts'
import { outcomeDigest } from './outcome-digest.ts'

const offer: OfferCleared = {
  type: 'OfferCleared',
  pom: 'ROMA01',
  sessionId: '2026-01-15.DA.ROMA01',
  marketOutcomeId: '2026-01-15.DA.ROMA01.MO',
  offerId: 'offerta-è',
  aggregatorId: 'ACEAE',
  unit: { id: 'IT1', pods: ['IT1'] },
  quantity: 'P',
  direction: 'UP',
  carriedFrom: null,
  allocations: [
    { requestId: 'R1', side: 'DSO', start: 1_768_431_600_000, mtus: 2, quantity: 500, price: 120_000 },
    { requestId: 'R2', side: 'TSO', start: 1_768_431_600_000, mtus: 1, quantity: 250, price: 130_000 }
  ],
  rank: 1,
  reason: null
}
const request: RequestCleared = {
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
  served: [{ start: 1_768_431_600_000, mtus: 2, quantity: 500 }],
  residual: [{ start: 1_768_433_400_000, mtus: 1, quantity: 100 }],
  prices: [],
  paidMicroEur: 30_000
}

/** As an outsider would, from the description alone. */
const doubles = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(8 * values.length)
  values.forEach((value, n) => {
    bytes.writeDoubleLE(value, 8 * n)
  })
  return bytes
}

t.test('the digest of an outcome can be recomputed from its description', async t => {
  const hash = createHash('sha256')
  hash.update('OfferCleared|offerta-è|1|R1,R2\n')
  hash.update(doubles(1_768_431_600_000, 2, 500, 120_000, 1_768_431_600_000, 1, 250, 130_000))
  hash.update('RequestCleared|R1|30000|1,1\n')
  hash.update(doubles(1_768_431_600_000, 2, 500, 1_768_433_400_000, 1, 100))
  t.equal(outcomeDigest([offer, request]), hash.digest('hex'))
})

t.test('the digest changes with whoever delivers, when, how much and at which price', async t => {
  const [first, second] = offer.allocations
  const changed: OfferCleared[] = [
    { ...offer, offerId: 'other' },
    { ...offer, rank: 2 },
    { ...offer, allocations: [first!] },
    ...(['start', 'mtus', 'quantity', 'price'] as const).map(field => ({
      ...offer,
      allocations: [{ ...first!, [field]: first![field] + 1 }, second!]
    })),
    { ...offer, allocations: [{ ...first!, requestId: 'R3' }, second!] }
  ]
  const digests = [offer, ...changed].map(one => outcomeDigest([one, request]))
  t.equal(new Set(digests).size, digests.length)
  const moved = { ...request, served: [], residual: [...request.served, ...request.residual] }
  t.not(outcomeDigest([offer, moved]), outcomeDigest([offer, request]))
  t.not(outcomeDigest([request, offer]), outcomeDigest([offer, request]))
})

t.test('T-15: digest and net sum of a cleared session are those of its records', async t => {
  const decide = marketDecide(clearSession(await loadSolver()))
  for (const pricing of ['uniform', 'payAsBid'] as const) {
    const { state } = play(
      ...[aPod('A'), aPod('B'), aPod('C'), open('DA', { rules: someRules({ pricing }) })],
      ...[anOffer('A'), anOffer('B', { direction: 'DOWN' }), aBlock('C')],
      ...[aRequest({ pods: ['A', 'C'] }), aTsoRequest()]
    )
    const events = decide(close(), state, { now: 7_000 })
    const records = events.filter(event => event.type === 'OfferCleared' || event.type === 'RequestCleared')
    t.ok(records.some(event => event.type === 'OfferCleared' && event.allocations.length > 0))
    const cleared = events.find(event => event.type === 'MarketCleared')
    t.equal(cleared?.digest, outcomeDigest(records))
    const offers = records.filter(event => event.type === 'OfferCleared')
    t.equal(cleared?.netSumWattMtus, netSum(offers))
    t.strictSame(structuredClone(events), events, 'events are plain data')
  }
})
