import t from 'tap'
import type { Totals } from './objectives.ts'
import { mayReplace, paretoFront, rankCandidates } from './selection.ts'

const totals = (changes: Partial<Totals> = {}): Totals => ({
  dsoServed: 100,
  tsoServed: 50,
  cost: 1_000n,
  nonDelivery: 300n,
  units: 4,
  dsoCost: 600n,
  dsoNonDelivery: 200n,
  ...changes
})

const two = ['cost', 'unreliability'] as const

const best = (candidates: readonly Totals[], weights?: { cost?: number; unreliability?: number }): Totals | undefined =>
  rankCandidates(
    candidates.map(candidate => ({ totals: candidate })),
    two,
    weights
  )[0]?.totals

t.test('T-12: unserved DSO volume decides first, then unserved TSO volume, then the objectives', async t => {
  const cheap = totals({ cost: 1n, nonDelivery: 0n, dsoServed: 99 })
  const lessTso = totals({ cost: 1n, nonDelivery: 0n, tsoServed: 49 })
  const full = totals()
  t.equal(best([cheap, lessTso, full]), full)
  t.equal(best([cheap, lessTso]), lessTso)
})

t.test('T-12: weights choose along the front, and without weights its knee is chosen', async t => {
  const front = [
    totals({ cost: 1_000n, nonDelivery: 1_000n }),
    totals({ cost: 1_100n, nonDelivery: 300n }),
    totals({ cost: 2_000n, nonDelivery: 0n })
  ]
  t.equal(best(front), front[1])
  t.equal(best(front, { cost: 1 }), front[0])
  t.equal(best(front, { unreliability: 1 }), front[2])
  t.equal(best(front, { cost: 1, unreliability: 4 }), front[2])
})

t.test('T-12: nothing that serves less, or costs more at equal reliability, may replace the exact result', async t => {
  const may = (changes: Partial<Totals>) => mayReplace(totals(changes), totals(), two)
  t.ok(may({}), 'the same may')
  t.notOk(may({ dsoServed: 99, cost: 1n }), 'less DSO volume')
  t.notOk(may({ tsoServed: 49, cost: 1n }), 'less TSO volume')
  t.ok(may({ tsoServed: 51, cost: 9_000n }), 'more TSO volume')
  t.notOk(may({ cost: 1_001n }), 'costs more, equally reliable')
  t.notOk(may({ cost: 1_001n, nonDelivery: 301n }), 'costs more, less reliable')
  t.notOk(may({ nonDelivery: 301n }), 'costs the same, less reliable')
  t.ok(may({ cost: 1_001n, nonDelivery: 299n }), 'costs more, more reliable')
  t.ok(may({ cost: 999n, nonDelivery: 301n }), 'costs less, less reliable')
})

t.test('FR_MP_FS_3.b: the DSO does not pay more for a gain of the TSO', async t => {
  t.notOk(mayReplace(totals({ cost: 900n, dsoCost: 601n }), totals(), two))
  t.ok(mayReplace(totals({ cost: 900n, dsoCost: 601n, dsoNonDelivery: 199n }), totals(), two))
})

t.test('a configured further objective may cost something, but not reliability', async t => {
  const three = [...two, 'number-of-units'] as const
  t.ok(mayReplace(totals({ cost: 1_001n, units: 3 }), totals(), three))
  t.notOk(mayReplace(totals({ cost: 1_001n, units: 3 }), totals(), two))
  t.notOk(mayReplace(totals({ cost: 1_001n, units: 3, nonDelivery: 301n }), totals(), three))
})

t.test('the front holds what nothing beats, each point once, cheapest first', async t => {
  const points = [
    [3n, 1n],
    [1n, 3n],
    [2n, 2n],
    [2n, 2n],
    [2n, 3n],
    [4n, 1n]
  ] as const
  const front = paretoFront(
    points.map(([cost, nonDelivery]) => ({ totals: totals({ cost, nonDelivery }) })),
    two
  )
  t.same(
    front.map(({ totals }) => [totals.cost, totals.nonDelivery]),
    [
      [1n, 3n],
      [2n, 2n],
      [3n, 1n]
    ]
  )
})
