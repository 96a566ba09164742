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
      /** To start a similar programme from; absent from the general solver. */
      readonly basis?: Int32Array
    }
  | { readonly status: 'infeasible' }

/** Relative to the sizes in a row; below it a need counts as covered. */
const COVERED = 1e-10
const PIVOT_SMALLEST = 1e-11
/** Steps before the general solver takes over; what is not degenerate needs about two for each need. */
const STEPS_FOR_EACH_NEED = 20

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

/** Undefined: no result within the steps. Column k < n is the programme's; n + r is the surplus of row r, ≥ 0, entry -1. */
const dualSimplex = (programme: CoveringProgramme, start: Int32Array | undefined): Covering | undefined => {
  const { cost, lower, upper, rows, need } = programme
  const m = rows.length
  const n = cost.length
  const values = lower.slice()
  const basis = Int32Array.from(rows, (_, r) => start?.[r] ?? n + r)
  const inverse = inverseOf(programme, basis)
  if (inverse === undefined) return undefined
  const isBasic = new Uint8Array(n + m)
  for (const k of basis) isBasic[k] = 1
  const isUp = new Uint8Array(n + m)
  const basic = new Float64Array(m)
  const prices = new Float64Array(m)
  const reduced = new Float64Array(n + m)
  const pivotRow = new Float64Array(n + m)
  const ratio = new Float64Array(n + m)
  const column = new Float64Array(m)
  const low = (k: number): number => (k < n ? lower[k]! : 0)
  const high = (k: number): number => (k < n ? upper[k]! : Number.POSITIVE_INFINITY)

  const price = (): void => {
    for (let r = 0; r < m; r++) {
      let sum = 0
      for (let s = 0; s < m; s++) if (basis[s]! < n) sum += cost[basis[s]!]! * inverse[s * m + r]!
      prices[r] = sum
    }
    reduced.set(cost)
    for (let r = 0; r < m; r++) {
      const one = prices[r]!
      reduced[n + r] = one
      if (one === 0) continue
      const row = rows[r]!
      for (let k = 0; k < n; k++) reduced[k]! -= one * row[k]!
    }
  }
  if (start !== undefined) {
    // Every column may stand at the bound that its reduced cost asks for; a surplus has only one.
    price()
    for (let r = 0; r < m; r++) if (isBasic[n + r] === 0 && reduced[n + r]! < -COVERED) return undefined
    for (let k = 0; k < n; k++)
      if (isBasic[k] === 0 && reduced[k]! < 0) {
        isUp[k] = 1
        values[k] = upper[k]!
      }
  }
  const size = Float64Array.from(need, Math.abs)
  /** What of each need the columns outside of the basis leave. */
  const left = need.slice()
  for (let r = 0; r < m; r++) {
    const row = rows[r]!
    let rest = need[r]!
    let largest = size[r]!
    for (let k = 0; k < n; k++) {
      const most = Math.abs(row[k]! * upper[k]!)
      if (most > largest) largest = most
      if (isBasic[k] === 0) rest -= row[k]! * values[k]!
    }
    size[r] = largest
    left[r] = rest
  }
  const move = (k: number, by: number): void => {
    if (by !== 0) for (let r = 0; r < m; r++) left[r]! -= rows[r]![k]! * by
  }

  for (let step = 0; step < 20 + STEPS_FOR_EACH_NEED * m; step++) {
    let leaving = -1
    let worst = 0
    for (let r = 0; r < m; r++) {
      let value = 0
      for (let s = 0; s < m; s++) value += inverse[r * m + s]! * left[s]!
      basic[r] = value
      const k = basis[r]!
      const scale = k < n ? Math.max(1, Math.abs(upper[k]!)) : size[k - n]! || 1
      const short = Math.max(low(k) - value, value - high(k)) / scale
      if (short > COVERED && short > worst) {
        worst = short
        leaving = r
      }
    }
    price()
    if (leaving < 0) {
      for (let r = 0; r < m; r++) if (basis[r]! < n) values[basis[r]!] = basic[r]!
      let total = 0
      for (let k = 0; k < n; k++) total += cost[k]! * values[k]!
      return { status: 'optimal', values, cost: total, prices: prices.slice(), basis }
    }
    const leavingColumn = basis[leaving]!
    const isBelow = basic[leaving]! < low(leavingColumn)
    pivotRow.fill(0)
    for (let r = 0; r < m; r++) {
      const factor = inverse[leaving * m + r]!
      pivotRow[n + r] = -factor
      if (factor === 0) continue
      const row = rows[r]!
      for (let k = 0; k < n; k++) pivotRow[k]! += factor * row[k]!
    }
    const candidates: number[] = []
    for (let k = 0; k < n + m; k++) {
      if (isBasic[k] === 1) continue
      const alpha = pivotRow[k]!
      // Moving k off its bound must bring the leaving one nearer to its own.
      if (Math.abs(alpha) <= PIVOT_SMALLEST || (isUp[k] === 1 ? alpha > 0 : alpha < 0) !== isBelow) continue
      if (k < n && lower[k] === upper[k]) continue
      ratio[k] = Math.abs(reduced[k]!) / Math.abs(alpha)
      candidates.push(k)
    }
    let slope = isBelow ? low(leavingColumn) - basic[leaving]! : basic[leaving]! - high(leavingColumn)
    let entering = -1
    const order = inOrder(candidates, ratio)
    for (let k = order(); k >= 0; k = order()) {
      slope -= Math.abs(pivotRow[k]!) * (high(k) - low(k))
      if (slope < 0) {
        entering = k
        break
      }
      isUp[k] = isUp[k] === 1 ? 0 : 1
      const to = isUp[k] === 1 ? upper[k]! : lower[k]!
      move(k, to - values[k]!)
      values[k] = to
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
      const factor = column[r]!
      if (r === leaving || factor === 0) continue
      for (let s = 0; s < m; s++) inverse[r * m + s]! -= factor * inverse[leaving * m + s]!
    }
    isBasic[leavingColumn] = 0
    isUp[leavingColumn] = isBelow ? 0 : 1
    if (leavingColumn < n) {
      values[leavingColumn] = isBelow ? lower[leavingColumn]! : upper[leavingColumn]!
      move(leavingColumn, values[leavingColumn]!)
    }
    if (entering < n) move(entering, -values[entering]!)
    isBasic[entering] = 1
    basis[leaving] = entering
  }
  return undefined
}

/** Gives the columns by rising ratio, -1 at the end; few are mostly asked for, so a heap and no sort. */
const inOrder = (heap: number[], ratio: Float64Array): (() => number) => {
  const isBefore = (a: number, b: number): boolean => ratio[a]! < ratio[b]! || (ratio[a] === ratio[b] && a < b)
  const sink = (from: number): void => {
    const moved = heap[from]!
    let at = from
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, moved)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = moved
  }
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(at)
  return () => {
    const first = heap[0]
    if (first === undefined) return -1
    const last = heap.pop()!
    if (heap.length > 0) {
      heap[0] = last
      sink(0)
    }
    return first
  }
}

/** By elimination with pivots; undefined: the columns do not make a basis. Of surpluses alone it is simply -1. */
const inverseOf = ({ rows, cost }: CoveringProgramme, basis: Int32Array): Float64Array | undefined => {
  const m = rows.length
  const n = cost.length
  const inverse = new Float64Array(m * m)
  if (basis.every((k, r) => k === n + r)) {
    for (let r = 0; r < m; r++) inverse[r * m + r] = -1
    return inverse
  }
  const matrix = new Float64Array(m * m)
  for (let s = 0; s < m; s++) {
    inverse[s * m + s] = 1
    const k = basis[s]!
    if (k >= n) matrix[(k - n) * m + s] = -1
    else for (let r = 0; r < m; r++) matrix[r * m + s] = rows[r]![k]!
  }
  for (let s = 0; s < m; s++) {
    let best = s
    for (let r = s + 1; r < m; r++) if (Math.abs(matrix[r * m + s]!) > Math.abs(matrix[best * m + s]!)) best = r
    const pivot = matrix[best * m + s]!
    if (Math.abs(pivot) <= PIVOT_SMALLEST) return undefined
    for (const side of [matrix, inverse])
      for (let c = 0; c < m; c++) {
        const moved = side[best * m + c]!
        side[best * m + c] = side[s * m + c]!
        side[s * m + c] = moved / pivot
      }
    for (let r = 0; r < m; r++) {
      const factor = matrix[r * m + s]!
      if (r === s || factor === 0) continue
      for (let c = 0; c < m; c++) {
        matrix[r * m + c]! -= factor * matrix[s * m + c]!
        inverse[r * m + c]! -= factor * inverse[s * m + c]!
      }
    }
  }
  return inverse
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
  const reduced = cost.slice()
  for (let r = 0; r < rows.length; r++) {
    const price = Math.max(0, prices[r]!)
    const row = rows[r]!
    if (price > 0) for (let k = 0; k < values.length; k++) reduced[k]! -= price * row[k]!
  }
  for (let k = 0; k < values.length; k++) {
    const slack = 1e-9 * Math.max(1, Math.abs(upper[k]!))
    if (values[k]! < lower[k]! - slack || values[k]! > upper[k]! + slack) return false
    bound += reduced[k]! > 0 ? reduced[k]! * lower[k]! : reduced[k]! * upper[k]!
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
