import fc from 'fast-check'
import t from 'tap'
import { loadSolver } from '../../optimisation/solver.ts'
import type { Book } from '../clearing/book.ts'
import { checkOutcome } from '../clearing/check-outcome.ts'
import { clearBook } from '../clearing/clear-book.ts'
import { anyCase, type Case, divisibleCase } from './books.fixtures.ts'
import { clearMultiObjective, type MultiObjectiveOptions } from './multi-objective-clearing.ts'
import type { Objective } from './objectives.ts'
import { mayReplace } from './selection.ts'

const runs = (count: number) => ({
  numRuns: Number(process.env.FC_RUNS ?? count),
  ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {})
})

const solver = await loadSolver()
const clear = (book: Book) => clearBook(book, solver)

const two: readonly Objective[] = ['cost', 'unreliability']
const three: readonly Objective[] = [...two, 'number-of-units']

const options = (
  reliability: Case['reliability'],
  changes: Partial<MultiObjectiveOptions> = {}
): MultiObjectiveOptions => ({
  objectives: two,
  reliability,
  seed: 4711,
  population: 20,
  generations: 10,
  ...changes
})

const neverWorse = ({ book, reliability }: Case, changes: Partial<MultiObjectiveOptions>): void => {
  const chosen = options(reliability, changes)
  const { outcome, totals, exact } = clearMultiObjective(book, chosen, clear)
  if (!mayReplace(totals, exact, chosen.objectives)) throw new Error('worse than the exact result')
  if (totals.dsoServed < exact.dsoServed) throw new Error('serves less of the DSO')
  if (totals.dsoServed === exact.dsoServed && totals.tsoServed < exact.tsoServed)
    throw new Error('serves less of the TSO')
  checkOutcome(book, outcome)
}

const weights = fc.option(fc.record({ cost: fc.nat(5), unreliability: fc.nat(5), 'number-of-units': fc.nat(5) }), {
  nil: undefined
})
const chosenOptions = fc
  .record({ weights, objectives: fc.constantFrom(two, three), seed: fc.nat(1000) })
  .map(({ weights, ...rest }) => ({ ...rest, ...(weights ? { weights } : {}) }))

t.test('T-12: on a divisible book the outcome is valid and never worse than the exact clearing', async () => {
  fc.assert(fc.property(divisibleCase, chosenOptions, neverWorse), runs(16))
})

t.test('T-12: on any book the outcome is valid and never worse than the exact clearing', async () => {
  fc.assert(
    fc.property(anyCase, chosenOptions, (book, changes) =>
      neverWorse(book, { ...changes, population: 8, generations: 2, clearingsMax: 30 })
    ),
    runs(5)
  )
})

t.test('the same book, options and seed give the same result', async t => {
  fc.assert(
    fc.property(divisibleCase, chosenOptions, ({ book, reliability }, changes) => {
      const once = () => clearMultiObjective(book, options(reliability, changes), clear)
      return t.same(once(), once())
    }),
    runs(5)
  )
})

t.test('the search covers 99 % of the exact front of a divisible book', async () => {
  fc.assert(
    fc.property(divisibleCase, ({ book, reliability }) => {
      const result = clearMultiObjective(book, options(reliability, { population: 60, generations: 5 }), clear)
      fc.pre(result.reference === 'exact')
      return result.hypervolumeRatio >= 0.99
    }),
    runs(12)
  )
})
