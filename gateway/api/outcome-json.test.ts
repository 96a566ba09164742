import t from 'tap'
import type { MarketOutcomeItem, ValidatedOutcomeItem } from '../../projections/outcomes/query.ts'
import { marketOutcomePage, validatedOutcomePage } from './outcome-json.ts'
import { pageView } from './read.ts'
import { marketOutcomeView, validatedOutcomeView } from './views.ts'

const start = Date.UTC(2026, 0, 15)

const outcome = {
  sessionId: '2026-01-15.DA.ROMA01',
  marketOutcomeId: '2026-01-15.DA.ROMA01.MO',
  offerId: 'quote " and \\ é ✓',
  pom: 'ROMA01',
  aggregatorId: 'ACEAE',
  unit: { id: 'P1', pods: ['P1'] },
  quantity: 'P',
  direction: 'UP',
  carriedFrom: null,
  rank: 1,
  allocations: [
    { requestId: 'R "1"', side: 'DSO', start, mtus: 1, quantity: 1_000, price: 250_000 },
    { requestId: 'R "1"', side: 'DSO', start: start + 900_000, mtus: 3, quantity: 500, price: -1 },
    { requestId: 'T', side: 'TSO', start: start + 3_600_000, mtus: 1, quantity: 0, price: 4_500_000_000_000_000 }
  ],
  acceptedWattMtus: 2_500,
  paidMicroEur: 1_250,
  position: { topic: 'flex.market.events', partition: 0, cause: 7 }
} as const

const market = (item: Partial<MarketOutcomeItem>): MarketOutcomeItem => ({
  ...outcome,
  reason: null,
  verdicts: null,
  ...item
})
const validated = (item: Partial<ValidatedOutcomeItem>): ValidatedOutcomeItem => ({
  ...outcome,
  definitive: true,
  curtailedWattMtus: 0,
  ...item
})

t.test('a page of the market outcome is the JSON of its views', async t => {
  const verdicts = [{ start, mtus: 2, verdict: 'PARTIAL', quantity: 3 }] as const
  const items = [market({}), market({ allocations: [], reason: 'no "need"' }), market({ verdicts })]
  for (const page of [{ items }, { items, next: 'abc-_' }, { items: [] }])
    t.equal(marketOutcomePage(page), JSON.stringify(pageView(page, marketOutcomeView)))
})

t.test('a page of the validated outcome is the JSON of its views', async t => {
  const items = [validated({}), validated({ allocations: [], definitive: false })]
  for (const page of [{ items }, { items, next: 'abc-_' }, { items: [] }])
    t.equal(validatedOutcomePage(page), JSON.stringify(pageView(page, validatedOutcomeView)))
})
