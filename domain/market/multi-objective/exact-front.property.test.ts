import fc from 'fast-check'
import t from 'tap'
import { loadSolver } from '../../optimisation/solver.ts'
import type { Book } from '../clearing/book.ts'
import { clearBook } from '../clearing/clear-book.ts'
import { compileBook } from '../clearing/compiled-book.ts'
import { divisibleCase } from './books.fixtures.ts'
import { reprice } from './clearing-decoder.ts'
import { type DivisibleBook, divisibleBook } from './divisible-book.ts'
import { divisibleDecoder, judge, realise } from './divisible-decoder.ts'
import { exactFront } from './exact-front.ts'
import { totalsOfGrants } from './objectives.ts'
import { genesForWeight } from './preference.ts'
import { type Reliability, unreliabilityOf } from './reliability.ts'

const runs = (count: number) => ({
  numRuns: Number(process.env.FC_RUNS ?? count),
  ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {})
})

const solver = await loadSolver()

const compile = (book: Book, reliability: Reliability): DivisibleBook => {
  const compiled = compileBook(book)
  const divisible = divisibleBook(
    compiled,
    Float64Array.from(book.units, unit => unreliabilityOf(unit.id, reliability))
  )
  // A unit with a room and offers of several labels is the one kind of book here that is not divisible.
  fc.pre(divisible !== undefined)
  return divisible!
}

t.test('MP-CLR-01: at any weight no clearing is better than the best vertex of the front', async () => {
  // Unreliabilities are multiples of a twentieth, so these weights give whole prices and the comparison is exact.
  const weight = fc.integer({ min: 0, max: 40 }).map(n => n * 5_000)
  fc.assert(
    fc.property(divisibleCase, weight, ({ book, reliability }, weight) => {
      // One side only and no limits: there the clearing's first two objectives are the front's own.
      const requests = book.requests.map(({ priceLimit: _, ...request }) => ({ ...request, side: 'DSO' as const }))
      const oneSided = { ...book, requests }
      const divisible = compile(oneSided, reliability)
      const surcharges = divisible.unitUnreliability.map(unreliability => (unreliability * weight) / 1e6)
      const { dso } = clearBook(reprice(divisible.compiled, surcharges), solver)
      const values = exactFront(divisible).map(
        ({ cost, nonDelivery }) => cost * 1_000_000n + nonDelivery * BigInt(weight)
      )
      const cleared = dso.bidCostTicks * 1_000_000n
      return values.includes(cleared) && values.every(value => value >= cleared)
    }),
    runs(300)
  )
})

t.test('every vertex is what its weight decodes to, and the front is convex', async () => {
  fc.assert(
    fc.property(divisibleCase, ({ book, reliability }) => {
      const divisible = compile(book, reliability)
      const front = exactFront(divisible)
      const decoder = divisibleDecoder(divisible)
      for (const { weight, cost, nonDelivery } of front) {
        const found = judge(decoder, genesForWeight(weight, divisible.highestPrice, book.units.length))
        if (found.cost !== cost || found.nonDelivery !== nonDelivery) return false
      }
      for (let k = 2; k < front.length; k++) {
        const [a, b, c] = [front[k - 2]!, front[k - 1]!, front[k]!]
        const before = (b.cost - a.cost) * (b.nonDelivery - c.nonDelivery)
        const after = (c.cost - b.cost) * (a.nonDelivery - b.nonDelivery)
        if (!(a.cost < b.cost && a.nonDelivery > b.nonDelivery && before < after)) return false
      }
      return true
    }),
    runs(300)
  )
})

t.test(
  'every order of preference serves as much as the exact clearing, and no point lies below the front',
  async () => {
    fc.assert(
      fc.property(
        divisibleCase,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
        ({ book, reliability }, genes) => {
          const divisible = compile(book, reliability)
          const grants = realise(divisibleDecoder(divisible), Float64Array.from(genes))
          const totals = totalsOfGrants(divisible.compiled, grants, divisible.unitUnreliability)
          const exact = clearBook(book, solver)
          if (totals.dsoServed !== exact.dso.served || totals.tsoServed < exact.tso.served) return false
          const front = exactFront(divisible)
          if (totals.cost < front[0]!.cost) return false
          return front.every((vertex, k) => {
            const next = front[k + 1]
            if (next === undefined) return totals.nonDelivery >= vertex.nonDelivery
            const ofCost = vertex.nonDelivery - next.nonDelivery
            const ofNonDelivery = next.cost - vertex.cost
            const value = (point: { cost: bigint; nonDelivery: bigint }): bigint =>
              ofCost * point.cost + ofNonDelivery * point.nonDelivery
            return value(totals) >= value(vertex)
          })
        }
      ),
      runs(300)
    )
  }
)
