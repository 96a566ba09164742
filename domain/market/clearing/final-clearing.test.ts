import fc from 'fast-check'
import t from 'tap'
import { loadSolver } from '../../optimisation/solver.ts'
import type { Book, ClearingOutcome } from './book.ts'
import { clearBook } from './clear-book.ts'
import { applyVerdicts, type Verdict } from './final-clearing.ts'
import { bookShape, numbers, randomBook } from './random-book.fixtures.ts'

const solver = await loadSolver()

const book: Book = {
  mtus: 2,
  units: ['a', 'b', 'c'].map(id => ({ id, pods: [id] })),
  offers: [
    {
      kind: 'single',
      id: 'a',
      unit: 'a',
      quantity: 'P',
      direction: 'UP',
      service: 'any',
      intervals: [
        {
          mtu: 0,
          mtus: 2,
          minAcceptance: 3,
          steps: [
            { quantity: 4, price: 10 },
            { quantity: 6, price: 40 }
          ]
        }
      ]
    },
    {
      kind: 'block',
      id: 'b',
      unit: 'b',
      quantity: 'P',
      direction: 'UP',
      service: 'any',
      power: 5,
      duration: 2,
      maxEnergy: 10,
      earliest: 0,
      latest: 2,
      price: 20,
      minAcceptance: 2
    }
  ],
  requests: [
    {
      id: 'dso',
      side: 'DSO',
      operator: 'd',
      quantity: 'P',
      direction: 'UP',
      service: 'congestion',
      pods: ['a', 'b'],
      profile: [{ mtu: 0, mtus: 2, power: 10 }]
    },
    {
      id: 'tso',
      side: 'TSO',
      operator: 't',
      quantity: 'P',
      direction: 'UP',
      service: 'congestion',
      profile: [{ mtu: 0, mtus: 2, power: 4 }]
    }
  ],
  rules: { pricing: 'uniform', exclusivePerPod: false, dsoBlocksOpposite: true, nodeLimit: 1_000 }
}
const judged = (offer: string, ...verdicts: Verdict[]) =>
  applyVerdicts(book, clearBook(book, solver).offers, new Map([[offer, verdicts]]))
const powers = (outcome: Pick<ClearingOutcome, 'offers'>, n: number) =>
  outcome.offers[n]!.allocations.map(({ requestId, mtu, mtus, power }) => [requestId, mtu, mtus, power])

t.test('FR_MP_FS_5.b: without a verdict the validated outcome is the market outcome', async t => {
  const before = clearBook(book, solver)
  const after = applyVerdicts(book, before.offers, new Map())
  t.same(after, { offers: before.offers, requests: before.requests, dso: before.dso, tso: before.tso })
  t.same(powers(before, 0), [
    ['dso', 0, 2, 5],
    ['tso', 0, 2, 4]
  ])
})

t.test('FR_MP_FS_5.b: a partial verdict takes from the TSO first, then from the DSO', async t => {
  t.same(powers(judged('a', { mtu: 0, mtus: 2, verdict: 'PARTIAL', power: 7 }), 0), [
    ['dso', 0, 2, 5],
    ['tso', 0, 2, 2]
  ])
  t.same(powers(judged('a', { mtu: 0, mtus: 2, verdict: 'PARTIAL', power: 4 }), 0), [['dso', 0, 2, 4]])
})

t.test('FR_MP_FS_5.b: a refusal empties its MTUs only, and what is lost is residual', async t => {
  const after = judged('a', { mtu: 1, mtus: 1, verdict: 'KO', power: 0 })
  t.same(powers(after, 0), [
    ['dso', 0, 1, 5],
    ['tso', 0, 1, 4]
  ])
  t.same(after.requests[0]!.residual, [{ mtu: 1, mtus: 1, power: 5 }])
  t.equal(after.offers[0]!.rank, 1 + Number(clearBook(book, solver).offers[1]!.rank === 1))
})

t.test('FR_MP_FS_5.b: a single offer below its minimum keeps nothing in that MTU', async t => {
  t.same(powers(judged('a', { mtu: 0, mtus: 1, verdict: 'PARTIAL', power: 2 }), 0), [
    ['dso', 1, 1, 5],
    ['tso', 1, 1, 4]
  ])
})

t.test('FR_MP_FS_5.b: a block keeps the least of its run, or nothing below its minimum', async t => {
  t.same(powers(judged('b', { mtu: 1, mtus: 1, verdict: 'PARTIAL', power: 3 }), 1), [['dso', 0, 2, 3]])
  const none = judged('b', { mtu: 1, mtus: 1, verdict: 'PARTIAL', power: 1 })
  t.same(powers(none, 1), [])
  t.equal(none.offers[1]!.rank, 0)
})

t.test('T-10: uniform prices follow the dearest bid that is left', async t => {
  const after = judged('a', { mtu: 0, mtus: 1, verdict: 'PARTIAL', power: 4 })
  t.same(after.requests[0]!.prices, [
    { mtu: 0, mtus: 1, price: 20 },
    { mtu: 1, mtus: 1, price: 40 }
  ])
})

t.test('FR_MP_FS_5.b: verdicts only take away, and sums stay exact', async () => {
  const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })
  fc.assert(
    fc.property(bookShape({ offers: 15, mtus: 4, blocks: 3 }), seeds, (shape, seed) => {
      const random = numbers(seed)
      const some = randomBook(shape, seed)
      const before = clearBook(some, solver)
      const verdicts = new Map(
        some.offers
          .filter(() => random() < 0.5)
          .map(({ id }): [string, Verdict[]] => [
            id,
            Array.from({ length: some.mtus }, (_, mtu): Verdict => {
              const verdict = random() < 0.3 ? 'KO' : random() < 0.5 ? 'PARTIAL' : 'OK'
              return { mtu, mtus: 1, verdict, power: Math.floor(random() * 12) }
            })
          ])
      )
      const after = applyVerdicts(some, before.offers, verdicts)
      const volume = (offers: ClearingOutcome['offers'], side: string) =>
        offers
          .flatMap(offer => offer.allocations)
          .reduce((sum, a) => (a.side === side ? sum + a.power * a.mtus : sum), 0)
      for (const [side, totals, was] of [
        ['DSO', after.dso, before.dso],
        ['TSO', after.tso, before.tso]
      ] as const) {
        if (totals.served !== volume(after.offers, side))
          throw new Error(`${side}: served is not the sum of allocations`)
        if (totals.served > was.served || totals.asked !== was.asked) throw new Error(`${side}: more than before`)
        if (totals.bidCostTicks > was.bidCostTicks) throw new Error(`${side}: dearer than before`)
      }
      const again = applyVerdicts(some, after.offers, verdicts)
      if (JSON.stringify(again.offers.map(o => o.allocations)) !== JSON.stringify(after.offers.map(o => o.allocations)))
        throw new Error('judging twice takes more than judging once')
    }),
    {
      numRuns: Number(process.env['FC_RUNS'] ?? 30),
      ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
    }
  )
})
