import { equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Allocation } from '../../schemas/generated.ts'
import { MTU_MS } from '../validation.ts'
import { outcomePage } from './outcome-page.ts'

const runs = {
  numRuns: Number(process.env['FC_RUNS'] ?? 1_000),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
}

const day = Date.UTC(2026, 2, 29)
const number = fc.oneof(
  fc.integer({ min: 0, max: 12 }),
  fc.nat(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, -0, 1.5, NaN)
)
const allocation: fc.Arbitrary<Allocation> = fc.record({
  start: fc.oneof(
    fc.nat(100).map(mtu => day + mtu * MTU_MS),
    fc.nat(10 ** 12)
  ),
  mtus: fc.nat(100),
  requestId: fc.oneof(fc.constantFrom('R-1', 'R-2'), fc.string({ unit: 'binary' })),
  side: fc.constantFrom('DSO', 'TSO'),
  quantity: number,
  price: number
})
const part = fc.dictionary(
  fc.string().filter(name => name !== '__proto__'),
  fc.jsonValue(),
  { minKeys: 1, noNullPrototype: true }
)
const item = fc.record(
  { before: part, allocations: fc.array(allocation), after: part },
  { requiredKeys: ['before', 'allocations'] }
)

const view = ({ start, mtus, ...rest }: Allocation) => ({
  start: new Date(start).toISOString(),
  end: new Date(start + mtus * MTU_MS).toISOString(),
  ...{ requestId: rest.requestId, side: rest.side, quantity: rest.quantity, price: rest.price }
})

/** The parts as JSON, one behind the other: names may be the same in both. */
const written = ({ before, allocations, after }: { before: object; allocations: Allocation[]; after?: object }) => {
  const head = JSON.stringify(before).slice(0, -1)
  const tail = after ? `,${JSON.stringify(after).slice(1)}` : '}'
  return `${head},"allocations":${JSON.stringify(allocations.map(view))}${tail}`
}

t.test('a page of an outcome has the bytes that the general writer makes', async () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 5 }), fc.option(fc.string(), { nil: undefined }), (items, next) => {
      const end = next === undefined ? '}' : `,"next":${JSON.stringify(next)}}`
      const page = outcomePage({ items, ...(next === undefined ? {} : { next }) }, one => one as never)
      equal(page.toString(), `{"items":[${items.map(one => written(one as never)).join(',')}]${end}`)
    }),
    runs
  )
})

t.test('a page may be longer than any piece of it by far', async t => {
  const allocations = Array.from({ length: 5_000 }, (_, n): Allocation => {
    return { start: day + (n % 96) * MTU_MS, mtus: 1, requestId: `R-${n % 7}`, side: 'TSO', quantity: n, price: 7 * n }
  })
  const items = [1, 2].map(n => ({ before: { n }, allocations }))
  const page = JSON.parse(outcomePage({ items }, one => one).toString()) as unknown
  t.same(page, { items: items.map(({ before }) => ({ ...before, allocations: allocations.map(view) })) })
})
