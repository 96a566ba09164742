import fc from 'fast-check'
import t from 'tap'
import { coverWithSwitches } from './covering-switches.ts'
import { LinearProgramme, minimise } from './linear-programme.ts'
import { loadSolver } from './solver.ts'

const solver = await loadSolver()

const drawn = fc.record({
  needs: fc.integer({ min: 1, max: 4 }),
  columns: fc.integer({ min: 1, max: 14 }),
  switches: fc.integer(),
  numbers: fc.infiniteStream(fc.integer({ min: -1000, max: 1000 }))
})

t.test('with columns that are nothing or all the cost is that of the general solver', async () => {
  fc.assert(
    fc.property(drawn, ({ needs, columns, switches, numbers }) => {
      const draw = (): number => numbers.next().value / 1000
      const isSwitch = Uint8Array.from({ length: columns }, (_, k) => (switches >> k) & 1)
      const cost = Float64Array.from({ length: columns }, () => 1 + Math.abs(draw()))
      const upper = Float64Array.from({ length: columns }, () => 0.1 + Math.abs(draw()))
      const rows = Array.from({ length: needs }, () => Float64Array.from({ length: columns }, () => draw() + 0.5))
      const need = Float64Array.from({ length: needs }, () => 1.5 * draw() + 0.500037)
      const general = new LinearProgramme()
      for (let k = 0; k < columns; k++)
        if (isSwitch[k] === 1) general.addColumn(0, 1, cost[k]! * upper[k]!, true)
        else general.addColumn(0, upper[k]!, cost[k]!)
      rows.forEach((row, r) => {
        general.addRow(
          need[r]!,
          Number.POSITIVE_INFINITY,
          Array.from(row, (value, k) => [k, isSwitch[k] === 1 ? value * upper[k]! : value] as const)
        )
      })
      const asked = minimise(solver, general)
      const found = coverWithSwitches(solver, { cost, lower: new Float64Array(columns), upper, rows, need }, isSwitch)
      if (found.status === 'infeasible') return asked.status === 'infeasible'
      if (!('objective' in asked) || !found.isProven) return false
      const areWhole = found.values.every(
        (value, k) => isSwitch[k] === 0 || Math.min(value, upper[k]! - value) <= 1e-6 * upper[k]!
      )
      return areWhole && Math.abs(asked.objective - found.cost) <= 1e-5 * Math.max(1, found.cost)
    }),
    {
      numRuns: Number(process.env['FC_RUNS'] ?? 50),
      ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
    }
  )
})
