/**
 * The cheapest way to cover a few needs from many bounded columns of non-negative cost: minimise cost·x subject to
 * A·x ≥ need, lower ≤ x ≤ upper. With one need it is the merit order by cost per effect; with more it is a dual simplex
 * method with bound flipping, which takes whole stretches of the merit order in one step and costs O(needs · columns) each.
 *
 * Promises: what it calls optimal has been checked against its own dual (rows hold, reduced costs have the right sign);
 * what it cannot prove, for degeneracy or rounding, it gives to the general solver. Assumes at most some dozens of needs.
 */
import { LinearProgramme, minimise } from './linear-programme.ts'
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
    }
  | { readonly status: 'infeasible' }

/** Relative to the sizes in a row; below it a need counts as covered. */
const COVERED = 1e-10
const PIVOT_SMALLEST = 1e-11
/** Steps before the general solver takes over; what is not degenerate needs about two for each need. */
const STEPS_FOR_EACH_NEED = 20

export const cover = (solver: Solver, programme: CoveringProgramme): Covering => {
  const found = dualSimplex(programme)
  if (found !== undefined && (found.status === 'infeasible' || isProven(programme, found))) return found
  return generalCover(solver, programme)
}

/** Undefined: no result within the steps. */
const dualSimplex = ({ cost, lower, upper, rows, need }: CoveringProgramme): Covering | undefined => {
  const m = rows.length
  const n = cost.length
  const values = lower.slice()
  // Column k < n is the programme's; n + r is the surplus of row r, ≥ 0, with the entry -1 in its row.
  const basis = Int32Array.from(rows, (_, r) => n + r)
  const isBasic = new Uint8Array(n + m)
  for (const k of basis) isBasic[k] = 1
  const isUp = new Uint8Array(n + m)
  const inverse = new Float64Array(m * m)
  for (let r = 0; r < m; r++) inverse[r * m + r] = -1
  const basic = new Float64Array(m)
  const left = new Float64Array(m)
  const prices = new Float64Array(m)
  const reduced = new Float64Array(n + m)
  const pivotRow = new Float64Array(n + m)
  const column = new Float64Array(m)
  const low = (k: number): number => (k < n ? lower[k]! : 0)
  const high = (k: number): number => (k < n ? upper[k]! : Number.POSITIVE_INFINITY)
  const size = new Float64Array(m)
  for (let r = 0; r < m; r++) {
    size[r] = Math.abs(need[r]!)
    const row = rows[r]!
    for (let k = 0; k < n; k++)
      size[r] = Math.max(size[r]!, Math.abs(row[k]! * upper[k]!), Math.abs(row[k]! * lower[k]!))
  }
  for (let step = 0; step < 20 + STEPS_FOR_EACH_NEED * m; step++) {
    // Values of the basis, from scratch: errors do not add up.
    for (let r = 0; r < m; r++) {
      let rest = need[r]!
      const row = rows[r]!
      for (let k = 0; k < n; k++) if (isBasic[k] === 0 && values[k] !== 0) rest -= row[k]! * values[k]!
      left[r] = rest
    }
    let leaving = -1
    let worst = 0
    let isBelow = true
    for (let r = 0; r < m; r++) {
      let value = 0
      for (let s = 0; s < m; s++) value += inverse[r * m + s]! * left[s]!
      basic[r] = value
      const k = basis[r]!
      const scale = k < n ? Math.max(1, Math.abs(high(k))) : size[k - n]! || 1
      const short = Math.max(low(k) - value, value - high(k)) / scale
      if (short > COVERED && short > worst) {
        worst = short
        leaving = r
        isBelow = value < low(k)
      }
    }
    for (let r = 0; r < m; r++) {
      let price = 0
      for (let s = 0; s < m; s++) if (basis[s]! < n) price += cost[basis[s]!]! * inverse[s * m + r]!
      prices[r] = price
    }
    if (leaving < 0) {
      for (let r = 0; r < m; r++) if (basis[r]! < n) values[basis[r]!] = basic[r]!
      let total = 0
      for (let k = 0; k < n; k++) total += cost[k]! * values[k]!
      return { status: 'optimal', values, cost: total, prices: prices.slice() }
    }
    const candidates: number[] = []
    for (let k = 0; k < n + m; k++) {
      if (isBasic[k] === 1) continue
      let alpha = 0
      let d = k < n ? cost[k]! : 0
      if (k < n)
        for (let r = 0; r < m; r++) {
          const entry = rows[r]![k]!
          alpha += inverse[leaving * m + r]! * entry
          d -= prices[r]! * entry
        }
      else {
        alpha = -inverse[leaving * m + k - n]!
        d = prices[k - n]!
      }
      reduced[k] = d
      pivotRow[k] = alpha
      if (Math.abs(alpha) <= PIVOT_SMALLEST || low(k) === high(k)) continue
      // Moving k off its bound must bring the leaving one nearer to its own.
      const raises = isUp[k] === 1 ? alpha > 0 : alpha < 0
      if (raises === isBelow) candidates.push(k)
    }
    const ratio = (k: number): number => Math.max(0, Math.abs(reduced[k]!)) / Math.abs(pivotRow[k]!)
    candidates.sort((a, b) => ratio(a) - ratio(b) || a - b)
    const leavingColumn = basis[leaving]!
    let slope = isBelow ? low(leavingColumn) - basic[leaving]! : basic[leaving]! - high(leavingColumn)
    let entering = -1
    for (const k of candidates) {
      slope -= Math.abs(pivotRow[k]!) * (high(k) - low(k))
      if (slope < 0) {
        entering = k
        break
      }
      isUp[k] = isUp[k] === 1 ? 0 : 1
      values[k] = isUp[k] === 1 ? high(k) : low(k)
    }
    // Everything that helps is used and it is not enough.
    if (entering < 0) return { status: 'infeasible' }
    for (let r = 0; r < m; r++) {
      let entry = 0
      if (entering < n) for (let s = 0; s < m; s++) entry += inverse[r * m + s]! * rows[s]![entering]!
      else entry = -inverse[r * m + entering - n]!
      column[r] = entry
    }
    const pivot = column[leaving]!
    if (Math.abs(pivot) <= PIVOT_SMALLEST) return undefined
    for (let s = 0; s < m; s++) inverse[leaving * m + s]! /= pivot
    for (let r = 0; r < m; r++) {
      if (r === leaving || column[r] === 0) continue
      for (let s = 0; s < m; s++) inverse[r * m + s]! -= column[r]! * inverse[leaving * m + s]!
    }
    isBasic[leavingColumn] = 0
    isUp[leavingColumn] = isBelow ? 0 : 1
    if (leavingColumn < n) values[leavingColumn] = isBelow ? low(leavingColumn) : high(leavingColumn)
    isBasic[entering] = 1
    basis[leaving] = entering
  }
  return undefined
}

const isProven = (
  { cost, lower, upper, rows, need }: CoveringProgramme,
  { values, prices, cost: reached }: Extract<Covering, { status: 'optimal' }>
): boolean => {
  const scale = Math.max(1, Math.abs(reached))
  let bound = 0
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!
    let sum = 0
    let size = Math.abs(need[r]!)
    for (let k = 0; k < values.length; k++) {
      const part = row[k]! * values[k]!
      sum += part
      size = Math.max(size, Math.abs(part))
    }
    if (sum < need[r]! - 1e-9 * size) return false
    bound += Math.max(0, prices[r]!) * need[r]!
  }
  for (let k = 0; k < values.length; k++) {
    const slack = 1e-9 * Math.max(1, Math.abs(upper[k]!))
    if (values[k]! < lower[k]! - slack || values[k]! > upper[k]! + slack) return false
    let d = cost[k]!
    for (let r = 0; r < rows.length; r++) d -= Math.max(0, prices[r]!) * rows[r]![k]!
    bound += Math.min(d * lower[k]!, d * upper[k]!)
  }
  return reached - bound <= 1e-9 * scale
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
