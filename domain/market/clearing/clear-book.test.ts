import t from 'tap'
import { loadSolver } from '../../optimisation/solver.ts'
import type { BlockOffer, Book, Offer, OfferInterval, Request, SingleOffer } from './book.ts'
import { checkOutcome } from './check-outcome.ts'
import { clearBook } from './clear-book.ts'
import { solveFullModel } from './full-model.ts'
import { randomBook } from './random-book.fixtures.ts'

const solver = await loadSolver()

const single = (
  id: string,
  steps: readonly [quantity: number, price: number][],
  more: Partial<SingleOffer & OfferInterval> = {}
): SingleOffer => {
  const { minAcceptance = 0, mtus = 1, mtu = 0, ...rest } = more
  return {
    kind: 'single',
    id,
    unit: id,
    quantity: 'P',
    direction: 'UP',
    service: 'any',
    intervals: [{ mtu, mtus, steps: steps.map(([quantity, price]) => ({ quantity, price })), minAcceptance }],
    ...rest
  }
}
const block = (id: string, more: Partial<BlockOffer>): BlockOffer => ({
  kind: 'block',
  id,
  unit: id,
  quantity: 'P',
  direction: 'UP',
  service: 'any',
  power: 10,
  duration: 2,
  maxEnergy: 20,
  earliest: 0,
  latest: 4,
  price: 10,
  minAcceptance: 0,
  ...more
})
const request = (id: string, power: number, more: Partial<Request> = {}): Request => ({
  id,
  side: id.startsWith('tso') ? 'TSO' : 'DSO',
  operator: 'o',
  quantity: 'P',
  direction: 'UP',
  service: 'congestion',
  profile: [{ mtu: 0, mtus: 1, power }],
  ...more
})
const bookOf = (
  offers: readonly Offer[],
  requests: readonly Request[],
  more: Partial<Book> = {},
  rules: Partial<Book['rules']> = {}
): Book => ({
  mtus: 1,
  units: [...new Set(offers.map(offer => offer.unit))].map(id => ({ id, pods: [id] })),
  offers,
  requests,
  ...more,
  rules: { pricing: 'uniform', exclusivePerPod: false, dsoBlocksOpposite: true, nodeLimit: 10_000, ...rules }
})
const clear = (book: Book) => {
  const outcome = clearBook(book, solver)
  checkOutcome(book, outcome)
  return outcome
}
const powerOf = (book: Book) =>
  clear(book).offers.map(({ allocations }) => allocations.reduce((sum, a) => sum + a.power * a.mtus, 0))

t.test('T-10: a uniform price is the dearest accepted bid, pay-as-bid is each bid', async t => {
  const offers = [
    single('a', [
      [5, 10],
      [5, 30]
    ]),
    single('b', [[5, 20]])
  ]
  const prices = (pricing: 'uniform' | 'payAsBid') =>
    clear(bookOf(offers, [request('r', 12)], {}, { pricing })).offers.map(offer =>
      offer.allocations.map(a => [a.power, a.price])
    )
  t.same(prices('uniform'), [[[7, 30]], [[5, 30]]])
  t.same(prices('payAsBid'), [
    [
      [5, 10],
      [2, 30]
    ],
    [[5, 20]]
  ])
})

t.test('T-10: payments are rounded half up once per line and MTU', async t => {
  const outcome = clear(
    bookOf([single('a', [[1, 2000]]), single('b', [[1, 1999]])], [request('r', 2)], {}, { pricing: 'payAsBid' })
  )
  t.equal(outcome.requests[0]!.paidMicroEur, 1)
  t.equal(outcome.dso.bidCostTicks, 3999n)
})

t.test('T-11: a step above the price limit is not eligible', async t => {
  const outcome = clear(
    bookOf(
      [
        single('a', [
          [5, 10],
          [5, 30]
        ]),
        single('b', [[5, 40]])
      ],
      [request('r', 12, { priceLimit: 30 })]
    )
  )
  t.equal(outcome.dso.served, 10)
  t.equal(outcome.offers[1]!.reason, 'above-price-limit')
})

t.test('MP-CLR-02: the DSO is served first, even where the TSO then gets nothing', async t => {
  const outcome = clear(bookOf([single('a', [[5, 10]])], [request('tso', 5), request('dso', 5)]))
  t.same(
    outcome.offers[0]!.allocations.map(a => a.requestId),
    ['dso']
  )
})

t.test('of equal bids the DSO takes what the TSO cannot use, then what came first', async t => {
  const tso = request('tso', 5, { pods: ['b', 'c'] })
  t.same(powerOf(bookOf([single('b', [[5, 10]]), single('a', [[5, 10]])], [request('dso', 5)])), [5, 0])
  const outcome = clear(bookOf([single('b', [[5, 10]]), single('a', [[5, 10]])], [request('dso', 5), tso]))
  t.equal(outcome.tso.served, 5)
})

t.test('MP-CLR-05: a unit is eligible for a request that lists all its PoDs', async t => {
  const units = [
    { id: 'a', pods: ['1', '2'] },
    { id: 'b', pods: ['3'] }
  ]
  const outcome = clear(
    bookOf([single('a', [[5, 10]]), single('b', [[5, 20]])], [request('r', 10, { pods: ['1', '3'] })], { units })
  )
  t.equal(outcome.offers[0]!.reason, 'no-eligible-request')
  t.equal(outcome.dso.served, 5)
})

t.test('T-14: with exclusivePerPod a unit serves one side only in an MTU', async t => {
  const book = (exclusivePerPod: boolean) =>
    bookOf([single('a', [[10, 10]])], [request('dso', 4), request('tso', 6)], {}, { exclusivePerPod })
  t.equal(clear(book(false)).tso.served, 6)
  t.equal(clear(book(true)).tso.served, 0)
})

t.test('T-16: where the DSO asks the opposite direction, a unit is closed to the TSO', async t => {
  const requests = [request('dso', 4, { direction: 'DOWN', pods: ['a'] }), request('tso', 6)]
  const book = (dsoBlocksOpposite: boolean) => bookOf([single('a', [[10, 10]])], requests, {}, { dsoBlocksOpposite })
  t.equal(clear(book(true)).offers[0]!.reason, 'closed-by-opposite-request')
  t.equal(clear(book(false)).tso.served, 6)
})

t.test('a unit moves in one direction only in an MTU', async t => {
  const offers = [single('up', [[5, 10]], { unit: 'u' }), single('down', [[9, 10]], { unit: 'u', direction: 'DOWN' })]
  const outcome = clear(bookOf(offers, [request('up', 5), request('down', 9, { direction: 'DOWN' })]))
  t.equal(outcome.dso.served, 9)
})

t.test('what a unit may still deliver limits all its offers together', async t => {
  const units = [{ id: 'u', pods: ['u'], caps: { P_UP: [7] } }]
  const offers = [single('a', [[5, 10]], { unit: 'u' }), single('b', [[5, 20]], { unit: 'u', service: 'congestion' })]
  t.same(powerOf(bookOf(offers, [request('r', 20)], { units })), [5, 2])
})

t.test('T-17: a block runs once, where it saves most, and up to the power that still saves', async t => {
  const profile = [5, 9, 8, 3].map((power, mtu) => ({ mtu, mtus: 1, power }))
  const offers = [
    single(
      'a',
      [
        [2, 5],
        [20, 50]
      ],
      { mtus: 4 }
    ),
    block('b', { price: 20 })
  ]
  const outcome = clear(bookOf(offers, [request('r', 1, { profile })], { mtus: 4 }))
  t.same(
    outcome.offers[1]!.allocations.map(({ mtu, mtus, power }) => ({ mtu, mtus, power })),
    [{ mtu: 1, mtus: 2, power: 7 }]
  )
  t.equal(outcome.gap, 0)
})

t.test('T-22: a discrete resource is accepted wholly or not at all', async t => {
  const offers = [single('a', [[5, 10]], { minAcceptance: 5 }), single('b', [[9, 20]])]
  t.same(powerOf(bookOf(offers, [request('r', 4)])), [0, 4])
  t.equal(clear(bookOf(offers, [request('r', 4)])).offers[0]!.reason, 'min-acceptance')
  t.same(powerOf(bookOf(offers, [request('r', 6)])), [5, 1])
})

t.test('T-23: what no offer can serve is the residual', async t => {
  const { requests } = clear(bookOf([single('a', [[5, 10]])], [request('r', 9)]))
  t.same(requests[0]!.residual, [{ mtu: 0, mtus: 1, power: 4 }])
})

t.test('T-21: ranks put the DSO first, then the cheaper bid, then the earlier offer', async t => {
  const offers = [single('t', [[5, 1]]), single('c', [[5, 30]]), single('d', [[5, 20]]), single('e', [[5, 20]])]
  const requests = [request('dso', 15, { pods: ['c', 'd', 'e'] }), request('tso', 5)]
  t.same(
    clear(bookOf(offers, requests)).offers.map(offer => offer.rank),
    [4, 3, 1, 2]
  )
})

t.test('T-25: an offer for one service serves no request of another', async t => {
  const outcome = clear(bookOf([single('a', [[5, 10]], { service: 'voltage' })], [request('r', 5)]))
  t.equal(outcome.offers[0]!.reason, 'no-eligible-request')
})

t.test('lists of requests that overlap without being nested are shared out without loss', async t => {
  const offers = [single('a', [[5, 10]]), single('b', [[5, 20]]), single('c', [[5, 30]])]
  const requests = [
    request('r1', 5, { pods: ['a', 'b'] }),
    request('r2', 5, { pods: ['b', 'c'] }),
    request('r3', 5, { pods: ['a'] })
  ]
  const outcome = clear(bookOf(offers, requests))
  t.equal(outcome.algorithm, 'merit-order')
  t.equal(outcome.dso.served, 15)
})

t.test('an empty book, and one without requests, clear to nothing', async t => {
  t.equal(clear(bookOf([], [])).dso.served, 0)
  t.equal(clear(bookOf([single('a', [[5, 10]])], [])).offers[0]!.reason, 'no-eligible-request')
  t.equal(clear(bookOf([], [request('r', 5)])).dso.asked, 5)
})

t.test('MP-CLR-03: a book of 2,000 offers with minima and blocks reaches the optimum', async t => {
  const shape = {
    offers: 2_000,
    mtus: 2,
    blocks: 6,
    minimum: 0.6,
    room: 0.3,
    limits: 0.5,
    labels: 0,
    bothDirections: 0,
    reactive: 0,
    exclusive: false,
    dsoBlocksOpposite: true,
    aggregates: 0.2,
    prices: 1000
  }
  const book = randomBook(shape, 3)
  const outcome = clear(book)
  const best = solveFullModel(book, solver)
  t.same(
    [
      outcome.dso.served,
      Number(outcome.dso.bidCostTicks),
      outcome.tso.served,
      Number(outcome.tso.bidCostTicks),
      outcome.gap
    ],
    [best.dsoServed, best.dsoCostTicks, best.tsoServed, best.tsoCostTicks, 0]
  )
})
