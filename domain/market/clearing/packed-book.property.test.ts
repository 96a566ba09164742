import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { loadSolver } from '../../optimisation/solver.ts'
import type { Book } from './book.ts'
import { clearBook, clearToColumns } from './clear-book.ts'
import { intervalsOfSteps, stepsOf } from './offer-steps.ts'
import { columnsOfOutcome, writtenOutcome } from './outcome.ts'
import { buffersOf, packBook, unpackBook } from './packed-book.ts'
import { bookShape, randomBook } from './random-book.fixtures.ts'

const runs: fc.Parameters<unknown> = {
  numRuns: Number(process.env['FC_RUNS'] ?? 60),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
}
const solver = await loadSolver()
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const shape = bookShape({ offers: 12, mtus: 4, blocks: 3 })

/** With its intervals in the order of time, and nothing that only looks like data. */
const plain = (book: Book): Book =>
  JSON.parse(
    JSON.stringify({
      ...book,
      offers: book.offers.map(one =>
        one.kind === 'block' ? one : { ...one, intervals: intervalsOfSteps(stepsOf(one)) }
      )
    })
  )

t.test('a book that was handed to another thread is the same book, and the one here is whole', async t => {
  fc.assert(
    fc.property(shape, seeds, (of, seed) => {
      const book = randomBook(of, seed)
      const before = plain(book)
      const packed = packBook(book)
      const there = unpackBook(structuredClone(packed, { transfer: buffersOf(packed) }))
      deepStrictEqual(plain(there), before)
      deepStrictEqual(plain(book), before)
      deepStrictEqual(plain(unpackBook(packBook(there))), before)
    }),
    runs
  )
  t.pass()
})

t.test('a book that was handed over clears as the book does', async () => {
  fc.assert(
    fc.property(shape, seeds, (of, seed) => {
      const book = randomBook(of, seed)
      const here = clearBook(book, solver)
      const there = writtenOutcome(book, clearToColumns(unpackBook(packBook(book)), solver))
      deepStrictEqual(there, here)
    }),
    { ...runs, numRuns: Math.min(30, runs.numRuns ?? 30) }
  )
})

t.test('an outcome as columns says what it says as objects', async () => {
  fc.assert(
    fc.property(shape, seeds, (of, seed) => {
      const book = randomBook(of, seed)
      const outcome = clearBook(book, solver)
      deepStrictEqual(writtenOutcome(book, columnsOfOutcome(book, outcome)), outcome)
    }),
    { ...runs, numRuns: Math.min(30, runs.numRuns ?? 30) }
  )
})

t.test('an offer of a unit that the book has not is not packed', async t => {
  const book = randomBook({ ...fc.sample(shape, { numRuns: 1, seed: 1 })[0]!, offers: 2 }, 1)
  t.throws(() => packBook({ ...book, units: [] }), /names no unit of the book/)
})
