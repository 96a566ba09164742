import fc from 'fast-check'
import t from 'tap'
import { fetchLimit, page, readCursor } from './page.ts'

const seed = process.env.FC_SEED
const parameters = {
  numRuns: Number(process.env.FC_RUNS ?? 300),
  ...(seed === undefined ? {} : { seed: Number(seed) })
}

interface Row {
  readonly rank: number
  readonly id: string
}

const compare = (a: Row, b: Row): number => a.rank - b.rank || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** What a query does with a cursor. */
const fetch = (rows: readonly Row[], limit: number, after: string | undefined) => {
  const key = readCursor('list', ['number', 'text'], after)
  const rest = key ? rows.filter(row => compare(row, { rank: key[0], id: key[1] }) > 0) : rows
  return page(
    'list',
    rest.slice(0, fetchLimit(limit)),
    limit,
    row => [row.rank, row.id],
    row => row
  )
}

t.test('the pages of a list give each row once, in order, whatever the limit', async t => {
  const row = fc.record({ rank: fc.integer({ min: 0, max: 5 }), id: fc.string({ maxLength: 4 }) })
  const rows = fc.uniqueArray(row, { selector: ({ rank, id }) => `${rank}/${id}`, maxLength: 30 })
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 7 }), (unsorted, limit) => {
      const all = unsorted.toSorted(compare)
      const given: Row[] = []
      let after: string | undefined
      do {
        const { items, next } = fetch(all, limit, after)
        given.push(...items)
        after = next
      } while (after !== undefined)
      t.same(given, all)
    }),
    parameters
  )
})

t.test('whatever is sent as a cursor is read or refused as a bad cursor, never anything else', async t => {
  const forged = fc.json().map(text => Buffer.from(text).toString('base64url'))
  fc.assert(
    fc.property(fc.oneof(fc.string(), forged), after => {
      try {
        const key = readCursor('list', ['number', 'text'], after)
        t.ok(key && Number.isSafeInteger(key[0]) && typeof key[1] === 'string')
      } catch (error) {
        t.match(error, { name: 'PageError', code: 'bad-cursor' })
      }
    }),
    parameters
  )
})

t.test('a cursor of another list is refused', async t => {
  const { next } = page(
    'offers',
    ['a', 'b'],
    1,
    id => [id],
    id => id
  )
  t.same(readCursor('offers', ['text'], next), ['a'])
  t.throws(() => readCursor('requests', ['text'], next), { code: 'bad-cursor' })
})

t.test('a limit is a whole number from 1 to 1,000', async t => {
  for (const limit of [0, -1, 1.5, 1001, Number.NaN]) t.throws(() => fetchLimit(limit), { code: 'bad-limit' })
  t.equal(fetchLimit(1000), 1001)
})
