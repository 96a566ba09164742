import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { clearAround } from './clear-around.ts'
import { compileBook, marketCount } from './compiled-book.ts'
import { noGrants } from './grants.ts'
import { clearSlice, demandAt, type Forced, grantSlice, openSlice, type SlicePools, slicesOf } from './merit-order.ts'
import { place } from './pool.ts'
import { bookShape, numbers, randomBook } from './random-book.fixtures.ts'
import { closedTo, dsoClassOf, tsoClassOf } from './slice-classes.ts'

const runs: fc.Parameters<unknown> = {
  numRuns: Number(process.env['FC_RUNS'] ?? 300),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
}
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const shape = bookShape({ offers: 30, mtus: 3, blocks: 5 })

/** What each side accepted. Which of its requests an offer serves may differ: the search may find another way to share them out. */
const accepted = ({ dso, tso }: SlicePools) =>
  [dso, tso].map(({ left, highestPrice, volume: { count, offer, price, amount } }) => ({
    ...{ left, highestPrice },
    volume: Array.from({ length: count }, (_, k) => [offer[k], price[k], amount[k]])
  }))

const offersOf = ({ volume: { count, offer } }: SlicePools['dso']) => [...offer.subarray(0, count)]

/** What requests got and what they did not get, by request. */
const shared = (slice: SlicePools): [got: number, left: number][] => {
  const grants = noGrants()
  grantSlice(slice, grants)
  const pools = [slice.dso, slice.tso]
  return pools.flatMap(({ requests, residual }) =>
    requests.map((request, r): [number, number] => {
      let got = 0
      for (let g = 0; g < grants.count; g++) if (grants.request[g] === request) got += grants.power[g]!
      return [got, residual[r]!]
    })
  )
}

t.test(
  'a slice cleared around volume from what it had accepted is the slice cleared around it from all steps',
  async t => {
    let displaced = 0
    fc.assert(
      fc.property(shape, seeds, (of, seed) => {
        const random = numbers(seed + 1)
        const compiled = compileBook(randomBook(of, seed))
        for (const slice of slicesOf(compiled)) {
          const market = slice % marketCount
          const mtu = Math.floor(slice / marketCount)
          const without = new Set(
            compiled.book.offers.flatMap(({ kind }, o) => (kind === 'single' && random() < 0.1 ? [o] : []))
          )
          const { dso, tso, classes } = openSlice(compiled, market, mtu)
          const forced: Forced[] = []
          for (const [offer, one] of compiled.book.offers.entries()) {
            if (compiled.offerMarket[offer] !== market || !(one.kind === 'block' || without.has(offer))) continue
            const price = one.kind === 'block' ? one.price : 1
            const kind = compiled.offerKind[offer]!
            const mask = closedTo(classes, offer)
            const fits = (pool: typeof dso, c: number): number =>
              c < 0 ? 0 : place(pool, c, Math.floor(random() * 12))
            const toDso = fits(dso, dsoClassOf(classes, kind, mask, price))
            forced.push({ offer, price, toDso, toTso: fits(tso, tsoClassOf(classes, kind, mask, price)) })
          }
          const cleared = clearSlice(compiled, market, mtu, { without })
          const before = structuredClone([accepted(cleared), shared(cleared)])
          const around = clearAround(compiled, cleared, forced)
          deepStrictEqual(accepted(around), accepted(clearSlice(compiled, market, mtu, { without, forced })))
          const asked = [dso, tso].flatMap(({ requests }) => [...demandAt(compiled, requests, mtu)])
          deepStrictEqual(
            shared(around).map(([got, left]) => got + left),
            asked
          )
          deepStrictEqual([accepted(cleared), shared(cleared)], before, 'the slice that was there is as it was')
          if (offersOf(cleared.dso).some(o => !offersOf(around.dso).includes(o))) displaced++
        }
      }),
      runs
    )
    t.ok(displaced > 20, 'in many slices something had to leave')
  }
)
