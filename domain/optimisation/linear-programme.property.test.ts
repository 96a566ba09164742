import fc from 'fast-check'
import t from 'tap'
import { LinearProgramme, minimise } from './linear-programme.ts'
import { loadSolver } from './solver.ts'

const solver = await loadSolver()
const runs = (numRuns: number): fc.Parameters<unknown> => ({
  numRuns: Number(process.env['FC_RUNS'] ?? numRuns),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
})

const covering = fc.record({
  costs: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }),
  sizes: fc.array(fc.array(fc.integer({ min: -3, max: 9 }), { minLength: 8, maxLength: 8 }), {
    minLength: 1,
    maxLength: 3
  }),
  asked: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 3, maxLength: 3 })
})

t.test('a programme of on/off columns has the cost of the best of all combinations, or none is feasible', async () => {
  fc.assert(
    fc.property(covering, ({ costs, sizes, asked }) => {
      const programme = new LinearProgramme()
      for (const cost of costs) programme.addColumn(0, 1, cost, true)
      sizes.forEach((row, n) => {
        programme.addRow(
          asked[n]!,
          Number.POSITIVE_INFINITY,
          costs.map((_, k) => [k, row[k]!])
        )
      })
      let best = Number.POSITIVE_INFINITY
      for (let chosen = 0; chosen < 1 << costs.length; chosen++) {
        const taken = (k: number): number => (chosen >> k) & 1
        if (sizes.every((row, n) => costs.reduce((sum, _, k) => sum + taken(k) * row[k]!, 0) >= asked[n]!))
          best = Math.min(
            best,
            costs.reduce((sum, cost, k) => sum + cost * taken(k), 0)
          )
      }
      const found = minimise(solver, programme)
      return best === Number.POSITIVE_INFINITY
        ? found.status === 'infeasible'
        : found.status === 'optimal' && Math.abs(found.objective - best) < 1e-6
    }),
    runs(50)
  )
})

t.test('with one row the linear optimum is the merit order', async () => {
  const unit = fc.record({ cost: fc.integer({ min: 1, max: 99 }), size: fc.integer({ min: 1, max: 50 }) })
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 300 }), (units, asked) => {
      const programme = new LinearProgramme()
      for (const { cost, size } of units) programme.addColumn(0, size, cost)
      programme.addRow(
        asked,
        Number.POSITIVE_INFINITY,
        units.map((_, k) => [k, 1])
      )
      const found = minimise(solver, programme)
      let left = asked
      let cost = 0
      for (const one of units.toSorted((a, b) => a.cost - b.cost)) {
        const taken = Math.min(left, one.size)
        left -= taken
        cost += taken * one.cost
      }
      return left > 0
        ? found.status === 'infeasible'
        : found.status === 'optimal' && Math.abs(found.objective - cost) < 1e-6
    }),
    runs(50)
  )
})

t.test('an unbounded programme is called that', async t => {
  const programme = new LinearProgramme()
  programme.addColumn(0, Number.POSITIVE_INFINITY, -1)
  t.equal(minimise(solver, programme).status, 'unbounded')
})
