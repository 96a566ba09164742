/**
 * The cheapest way to cover a few needs from many bounded columns of non-negative cost: minimise cost·x subject to
 * A·x ≥ need, lower ≤ x ≤ upper. With one need it is the merit order by cost per effect; with more it is a dual simplex
 * method (`dualSimplex`).
 *
 * Promises: what it calls optimal has been checked against its own dual (rows hold, reduced costs have the right sign);
 * what it cannot prove, for degeneracy or rounding, it gives to the general solver. Assumes at most some dozens of needs.
 */
import { dualSimplex } from './dual-simplex.ts'
import { LinearProgramme, minimise } from './linear-programme.ts'
import { addRows, dot, largestPart } from './row-products.ts'
import type { Solver } from './solver.ts'

export interface CoveringProgramme {
  /** ≥ 0 each. */
  readonly cost: Float64Array
  readonly lower: Float64Array
  readonly upper: Float64Array
  /** Effect of each column on each need. */
  readonly rows: readonly Float64Array[]
  readonly need: Float64Array
}

export type Covering =
  | {
      readonly status: 'optimal'
      readonly values: Float64Array
      readonly cost: number
      /** Price of each need, ≥ 0: what one more unit of it costs. */
      readonly prices: Float64Array
      /** To start a similar programme from; absent from the general solver. */
      readonly basis?: Int32Array
    }
  | { readonly status: 'infeasible' }

/**
 * `start`: the basis of an earlier result over the same columns and the first of the same needs; a hint, which changes the
 * way and not the cost.
 */
export const cover = (solver: Solver, programme: CoveringProgramme, start?: Int32Array): Covering => {
  for (const from of start === undefined ? [undefined] : [start, undefined]) {
    const found = dualSimplex(programme, from)
    if (found?.status === 'infeasible' && from !== undefined) continue
    if (found?.status === 'infeasible' || (found !== undefined && isProven(programme, found))) return found
  }
  return generalCover(solver, programme)
}

const isProven = (
  { cost, lower, upper, rows, need }: CoveringProgramme,
  { values, prices, cost: reached }: Extract<Covering, { status: 'optimal' }>
): boolean => {
  let bound = 0
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!
    const short = need[r]! - dot(row, values)
    if (short > 0 && short > 1e-9 * Math.max(Math.abs(need[r]!), largestPart(row, values))) return false
    bound += Math.max(0, prices[r]!) * need[r]!
  }
  const reduced = cost.slice()
  addRows(
    reduced,
    rows,
    prices.map(price => -Math.max(0, price))
  )
  for (let k = 0; k < values.length; k++) {
    const slack = 1e-9 * Math.max(1, Math.abs(upper[k]!))
    if (values[k]! < lower[k]! - slack || values[k]! > upper[k]! + slack) return false
    bound += reduced[k]! > 0 ? reduced[k]! * lower[k]! : reduced[k]! * upper[k]!
  }
  return reached - bound <= 1e-9 * Math.max(1, Math.abs(reached))
}

const generalCover = (solver: Solver, { cost, lower, upper, rows, need }: CoveringProgramme): Covering => {
  const programme = new LinearProgramme()
  for (let k = 0; k < cost.length; k++) programme.addColumn(lower[k]!, upper[k]!, cost[k]!)
  for (const [r, row] of rows.entries())
    programme.addRow(
      need[r]!,
      Number.POSITIVE_INFINITY,
      Array.from(row, (value, k) => [k, value] as const)
    )
  const found = minimise(solver, programme)
  if (!('values' in found)) return { status: 'infeasible' }
  return { status: 'optimal', values: found.values, cost: found.objective, prices: found.rowDual }
}
