import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { loadSolver } from '../../optimisation/solver.ts'
import type { Book } from './book.ts'
import { clearToColumns } from './clear-book.ts'
import { clearTogether, stepsInMtus, teamBytes } from './clear-together.ts'
import { writtenOutcome } from './outcome.ts'
import { type BookShape, bookShape, randomBook } from './random-book.fixtures.ts'
import { alone, NoRoomForTeam, type Team } from './team.ts'

const solver = await loadSolver()
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const withGap = (book: Book): Book => ({ ...book, rules: { ...book.rules, gapAccepted: 0.2 } })

/** A team of one, which has so many bytes, with numbers of others in them. */
const teamWith = (bytes: number): Team => {
  let left = bytes
  const take = (wanted: number): void => {
    left -= Math.ceil(wanted / 8) * 8
    if (left < 0) throw new NoRoomForTeam('no more')
  }
  return {
    ...alone,
    ints(size) {
      take(4 * size)
      return new Int32Array(size).fill(-7)
    },
    floats(size) {
      take(8 * size)
      return new Float64Array(size).fill(Number.NaN)
    }
  }
}

t.test(
  'a book that is cleared as by a team has the outcome that it has alone, whatever stood in the memory before',
  async t => {
    let together = 0
    const agree = (shape: BookShape, seed: number): void => {
      const book = withGap(randomBook(shape, seed))
      const found = clearTogether(book, solver.name, teamWith(teamBytes(book, 1, 2)))
      if (!found) return
      together++
      const wanted = writtenOutcome(book, clearToColumns(book, solver))
      deepStrictEqual(writtenOutcome(book, found.outcome!), wanted)
    }
    const shape = bookShape({ offers: 25, mtus: 10, blocks: 5 }).map(s => ({ ...s, minimum: 0, exclusive: false }))
    const numRuns = Number(process.env['FC_RUNS'] ?? 150)
    const seed = process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {}
    fc.assert(fc.property(shape, seeds, agree), { numRuns, ...seed })
    t.ok(together > numRuns / 10, `of ${numRuns} books ${together} were of the kind that a team clears`)
  }
)

t.test('so has a book whose blocks a team places within the gap', async t => {
  let withBlocks = 0
  for (let seed = 1; seed <= 20; seed++) {
    const book = withGap(randomBook({ ...plain, offers: 60, mtus: 24, blocks: 12, prices: 60 }, seed))
    const found = clearTogether(book, solver.name, teamWith(teamBytes(book, 1, 2)))
    if (!found || found.outcome!.gap === 0) continue
    withBlocks++
    deepStrictEqual(writtenOutcome(book, found.outcome!), writtenOutcome(book, clearToColumns(book, solver)))
  }
  t.ok(withBlocks >= 5, `blocks were placed in ${withBlocks} of 20 books`)
})

t.test('where its memory is too small a team says so', async t => {
  const shape = { ...plain, offers: 30, mtus: 12, blocks: 0 }
  const book = withGap(randomBook(shape, 3))
  t.ok(clearTogether(book, solver.name, teamWith(teamBytes(book, 1, 2))))
  t.throws(() => clearTogether(book, solver.name, teamWith(500)), { message: 'no more' })
})

t.test('steps are counted once for each MTU of their interval', async t => {
  const book = randomBook({ ...plain, offers: 10, mtus: 6, blocks: 2 }, 5)
  let steps = 0
  for (const offer of book.offers)
    if (offer.kind === 'single') for (const interval of offer.intervals) steps += interval.mtus * interval.steps.length
  t.equal(stepsInMtus(book), steps)
})

const plain: Omit<BookShape, 'offers' | 'mtus' | 'blocks'> = {
  ...{ minimum: 0, room: 0, limits: 0, labels: 0, bothDirections: 0, reactive: 0, aggregates: 0, prices: 40 },
  ...{ exclusive: false, dsoBlocksOpposite: false }
}
