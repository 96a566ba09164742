import fc from 'fast-check'
import t from 'tap'
import { type CoveringProgramme, cover } from './covering-programme.ts'
import { LinearProgramme, minimise } from './linear-programme.ts'
import { loadSolver } from './solver.ts'

const solver = await loadSolver()
/** Would be called for every programme that the own method cannot prove. */
let generalRuns = 0
const counting = {
  ...solver,
  get highs() {
    generalRuns++
    return solver.highs
  }
}

const drawn = fc
  .record({
    needs: fc.integer({ min: 1, max: 6 }),
    columns: fc.integer({ min: 1, max: 25 }),
    numbers: fc.infiniteStream(fc.integer({ min: -1000, max: 1000 }))
  })
  .map(({ needs, columns, numbers }): CoveringProgramme => {
    const draw = (): number => numbers.next().value / 1000
    const lower = Float64Array.from({ length: columns }, () => (draw() > 0.5 ? Math.abs(draw()) : 0))
    return {
      cost: Float64Array.from({ length: columns }, () => Math.round(20 * Math.abs(draw())) / 4),
      lower,
      upper: lower.map(low => low + 3 * Math.abs(draw())),
      rows: Array.from({ length: needs }, () => Float64Array.from({ length: columns }, () => draw() + 0.4)),
      need: Float64Array.from({ length: needs }, () => 2 * draw() + 1.000037)
    }
  })

t.test('the cost is that of the general solver, and both find the same programmes infeasible', async t => {
  let programmes = 0
  fc.assert(
    fc.property(drawn, programme => {
      const general = new LinearProgramme()
      programme.cost.forEach((cost, k) => {
        general.addColumn(programme.lower[k]!, programme.upper[k]!, cost)
      })
      programme.rows.forEach((row, r) => {
        general.addRow(
          programme.need[r]!,
          Number.POSITIVE_INFINITY,
          Array.from(row, (value, k) => [k, value] as const)
        )
      })
      const asked = minimise(solver, general)
      const found = cover(counting, programme)
      programmes++
      if (found.status === 'infeasible') return asked.status === 'infeasible'
      return 'objective' in asked && Math.abs(asked.objective - found.cost) <= 1e-6 * Math.max(1, found.cost)
    }),
    {
      numRuns: Number(process.env['FC_RUNS'] ?? 400),
      ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
    }
  )
  t.ok(generalRuns < programmes / 20, `${generalRuns} calls of the general solver for ${programmes} programmes`)
})

t.test('one need is covered in the order of cost for effect', async t => {
  const found = cover(counting, {
    cost: Float64Array.of(3, 1, 4),
    lower: new Float64Array(3),
    upper: Float64Array.of(10, 10, 10),
    rows: [Float64Array.of(1, 0.25, 4)],
    need: Float64Array.of(46)
  })
  t.match(found, { status: 'optimal', values: Float64Array.of(6, 0, 10), prices: Float64Array.of(3) })
})
