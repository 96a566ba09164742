import t from 'tap'
import { loadSolver } from '../../optimisation/solver.ts'
import type { Book } from '../clearing/book.ts'
import { clearBook } from '../clearing/clear-book.ts'
import { bookOfSize, rules } from './books.fixtures.ts'
import { clearMultiObjective, type MultiObjectiveOptions } from './multi-objective-clearing.ts'

const solver = await loadSolver()
const clear = (book: Book) => clearBook(book, solver)

/** 1,000 W asked in one MTU; a cheap provider that delivers half of what it promises, a dearer one that delivers it all. */
const cheapOrSure: Book = {
  mtus: 1,
  units: ['cheap', 'sure'].map(id => ({ id, pods: [id] })),
  offers: [
    { id: 'cheap', price: 100_000 },
    { id: 'sure', price: 110_000 }
  ].map(({ id, price }) => ({
    kind: 'single',
    id,
    unit: id,
    quantity: 'P',
    direction: 'UP',
    service: 'any',
    intervals: [{ mtu: 0, mtus: 1, minAcceptance: 0, steps: [{ quantity: 1_000, price }] }]
  })),
  requests: [
    {
      id: 'request',
      side: 'DSO',
      operator: 'DSO',
      quantity: 'P',
      direction: 'UP',
      service: 'congestion',
      profile: [{ mtu: 0, mtus: 1, power: 1_000 }]
    }
  ],
  rules: rules()
}

const options: MultiObjectiveOptions = {
  objectives: ['cost', 'unreliability'],
  reliability: { units: { cheap: 0.5, sure: 1 } },
  seed: 1,
  population: 20,
  generations: 10
}

const acceptedOf = (book: Book, changes: Partial<MultiObjectiveOptions>): string[] =>
  clearMultiObjective(book, { ...options, ...changes }, clear)
    .outcome.offers.filter(offer => offer.rank > 0)
    .map(offer => offer.id)

t.test('MP-CLR-01: the weight of reliability decides between a cheap and a sure provider', async t => {
  t.same(acceptedOf(cheapOrSure, { weights: { cost: 1 } }), ['cheap'])
  t.same(acceptedOf(cheapOrSure, { weights: { unreliability: 1 } }), ['sure'])
  t.same(acceptedOf(cheapOrSure, { weights: { cost: 1, unreliability: 3 } }), ['sure'])
})

t.test('T-12: between two providers of equal reliability the dearer one is never taken', async t => {
  const reliability = { units: { cheap: 0.8, sure: 0.8 } }
  t.same(acceptedOf(cheapOrSure, { reliability, weights: { unreliability: 1 } }), ['cheap'])
})

t.test('T-13: a newcomer counts as 0.7, or as its aggregator does', async t => {
  const weights = { unreliability: 1 }
  t.same(acceptedOf(cheapOrSure, { weights, reliability: { units: { cheap: 0.69 } } }), ['sure'])
  t.same(acceptedOf(cheapOrSure, { weights, reliability: { units: { cheap: 0.71 } } }), ['cheap'])
  const aggregators = { aggregators: { green: 0.6 }, aggregatorOf: { sure: 'green' } }
  t.same(acceptedOf(cheapOrSure, { weights, reliability: { units: { cheap: 0.69 }, ...aggregators } }), ['cheap'])
})

t.test('the outcome is priced and paid at the real bids', async t => {
  const { outcome, totals, exact, front, hypervolumeRatio } = clearMultiObjective(
    cheapOrSure,
    { ...options, weights: { unreliability: 1 } },
    clear
  )
  t.equal(outcome.algorithm, 'nsga-ii')
  t.same(outcome.requests[0]?.prices, [{ mtu: 0, mtus: 1, price: 110_000 }])
  t.equal(outcome.requests[0]?.paidMicroEur, 27_500)
  t.equal(outcome.dso.bidCostTicks, 110_000_000n)
  t.equal(outcome.gap, 0.1, 'the DSO pays a tenth more than it had to')
  t.match({ totals, exact }, { totals: { nonDelivery: 0n }, exact: { nonDelivery: 500_000_000n, cost: 100_000_000n } })
  t.same(
    [front[0]?.objectives, front[front.length - 1]?.objectives],
    [
      [100_000_000, 500_000_000],
      [110_000_000, 0]
    ]
  )
  t.ok(hypervolumeRatio >= 1)
})

t.test('MP-CLR-01: fewer units can be an objective of its own', async t => {
  const base = bookOfSize(3, 12, 2)
  const run = (changes: Partial<MultiObjectiveOptions>) =>
    clearMultiObjective(base.book, { ...options, reliability: base.reliability, ...changes }, clear).totals.units
  const few = run({ objectives: ['cost', 'unreliability', 'number-of-units'], weights: { 'number-of-units': 1 } })
  t.ok(few < run({ weights: { cost: 1 } }), `${few} units`)
})

t.test('with all weight on cost nothing costs more than the exact result', async t => {
  const { book, reliability } = bookOfSize(5, 30, 3)
  const { totals, exact } = clearMultiObjective(book, { ...options, reliability, weights: { cost: 1 } }, clear)
  t.ok(totals.cost <= exact.cost)
  t.equal(totals.dsoServed, exact.dsoServed)
  t.equal(totals.tsoServed, exact.tsoServed)
})

t.test('a book that is not divisible is searched within its number of clearings', async t => {
  const book: Book = {
    ...cheapOrSure,
    offers: cheapOrSure.offers.map(offer =>
      offer.kind === 'block'
        ? offer
        : { ...offer, intervals: offer.intervals.map(interval => ({ ...interval, minAcceptance: 1_000 })) }
    )
  }
  let clearings = 0
  const counting = (counted: Book) => {
    clearings++
    return clear(counted)
  }
  const result = clearMultiObjective(
    book,
    { ...options, weights: { unreliability: 1 }, population: 10, generations: 50, clearingsMax: 60 },
    counting
  )
  t.equal(result.reference, 'supported')
  t.equal(result.generations, 4)
  t.ok(clearings <= 61, `${clearings} clearings, the exact one included`)
  t.equal(result.outcome.offers.find(offer => offer.rank > 0)?.id, 'sure')
  const least = clearMultiObjective(book, { ...options, population: 60, clearingsMax: 6 }, clear)
  t.match(least, { population: 4, generations: 0 }, 'what ran is what the result says')
})

t.test('a book in which nothing can be served is cleared to nothing', async t => {
  const { outcome, totals, isExactResult } = clearMultiObjective({ ...cheapOrSure, offers: [] }, options, clear)
  t.ok(isExactResult)
  t.equal(totals.dsoServed, 0)
  t.equal(outcome.dso.asked, 1_000)
})

t.test('options that make no sense are refused by name', async t => {
  const run = (changes: Partial<MultiObjectiveOptions>) => () =>
    clearMultiObjective(cheapOrSure, { ...options, ...changes }, clear)
  t.throws(run({ objectives: ['cost'] }), /MP-CLR-01/)
  t.throws(run({ objectives: ['cost', 'unreliability', 'cost'] }), /twice/)
  t.throws(run({ weights: { cost: -1 } }), /weight of cost/)
  t.throws(run({ reliability: { units: { cheap: 1.2 } } }), /reliability of cheap/)
  t.throws(run({ clearingsMax: 1 }), /at least 6 clearings/)
})
