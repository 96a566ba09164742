/**
 * The dual simplex method with bound flipping for covering programmes: a step takes a whole stretch of the merit order, and
 * costs as many additions as there are columns, times the needs that bind. Reduced costs are carried from step to step; what
 * rounding adds to them is found by whoever proves the result.
 */
import { basisInverse, PIVOT_SMALLEST } from './basis-inverse.ts'
import type { Covering, CoveringProgramme } from './covering-programme.ts'
import { addRows, dot, largestPart } from './row-products.ts'

/** Relative to the sizes in a row; below it a need counts as covered. */
const COVERED = 1e-10
/** Steps before it is given up; what is not degenerate needs about two for each need. */
const STEPS_FOR_EACH_NEED = 20

/** Undefined: no result within the steps. Column k < n is the programme's; n + r is the surplus of row r, ≥ 0, entry -1. */
export const dualSimplex = (programme: CoveringProgramme, start: Int32Array | undefined): Covering | undefined => {
  const { cost, lower, upper, rows, need } = programme
  const m = rows.length
  const n = cost.length
  const values = lower.slice()
  const basis = Int32Array.from(rows, (_, r) => start?.[r] ?? n + r)
  const inverse = basisInverse(programme, basis)
  if (inverse === undefined) return undefined
  const isBasic = new Uint8Array(n + m)
  for (const k of basis) isBasic[k] = 1
  const isUp = new Uint8Array(n + m)
  const basic = new Float64Array(m)
  const pivotRow = new Float64Array(n + m)
  const ratio = new Float64Array(n + m)
  const column = new Float64Array(m)
  const entries = new Float64Array(m)
  const factors = new Float64Array(m)
  const candidates: number[] = []

  /** Rows that bind, their surplus not being in the basis: no other column of the inverse has more than its one -1. */
  const binding: number[] = []
  const collectBinding = (): void => {
    binding.length = 0
    for (let r = 0; r < m; r++) if (isBasic[n + r] === 0) binding.push(r)
  }
  collectBinding()
  /** By the basis: price of each need. */
  const prices = (): Float64Array => {
    const found = new Float64Array(m)
    for (let s = 0; s < m; s++) {
      const k = basis[s]!
      const price = k < n ? cost[k]! : 0
      if (price !== 0) for (const r of binding) found[r]! += price * inverse[s * m + r]!
    }
    return found
  }
  const atStart = prices()
  const reduced = new Float64Array(n + m)
  reduced.set(cost)
  reduced.set(atStart, n)
  addRows(
    reduced,
    rows,
    atStart.map(price => -price)
  )
  if (start !== undefined) {
    // Every column may stand at the bound that its reduced cost asks for; a surplus has only one.
    for (let r = 0; r < m; r++) if (isBasic[n + r] === 0 && reduced[n + r]! < -COVERED) return undefined
    for (let k = 0; k < n; k++)
      if (isBasic[k] === 0 && reduced[k]! < 0) {
        isUp[k] = 1
        values[k] = upper[k]!
      }
  }
  for (let r = 0; r < m; r++) if (basis[r]! < n) values[basis[r]!] = 0
  /** What of each need the columns outside of the basis leave. */
  const left = Float64Array.from(need, (needed, r) => needed - dot(rows[r]!, values))
  /** Sizes of rows whose surplus is short; few are asked for. */
  const sizes = new Float64Array(m)
  const sizeOf = (r: number): number => {
    if (sizes[r] === 0) sizes[r] = Math.max(Math.abs(need[r]!), largestPart(rows[r]!, upper)) || 1
    return sizes[r]!
  }
  const move = (k: number, by: number): void => {
    if (by !== 0) for (let r = 0; r < m; r++) left[r]! -= rows[r]![k]! * by
  }

  for (let step = 0; step < 20 + STEPS_FOR_EACH_NEED * m; step++) {
    let leaving = -1
    let worst = COVERED
    for (let r = 0; r < m; r++) {
      const k = basis[r]!
      let value = k < n ? 0 : -left[k - n]!
      for (const s of binding) value += inverse[r * m + s]! * left[s]!
      basic[r] = value
      const beyond = k < n ? Math.max(lower[k]! - value, value - upper[k]!) : -value
      if (beyond <= 0) continue
      const short = beyond / (k < n ? Math.max(1, Math.abs(upper[k]!)) : sizeOf(k - n))
      if (short > worst) {
        worst = short
        leaving = r
      }
    }
    if (leaving < 0) {
      for (let r = 0; r < m; r++) if (basis[r]! < n) values[basis[r]!] = basic[r]!
      return { status: 'optimal', values, cost: dot(cost, values), prices: prices(), basis }
    }
    const leavingColumn = basis[leaving]!
    const lowest = leavingColumn < n ? lower[leavingColumn]! : 0
    const isBelow = basic[leaving]! < lowest
    pivotRow.fill(0)
    for (let r = 0; r < m; r++) {
      factors[r] = inverse[leaving * m + r]!
      pivotRow[n + r] = -factors[r]!
    }
    addRows(pivotRow, rows, factors)
    candidates.length = 0
    let first = -1
    let lowestRatio = Number.POSITIVE_INFINITY
    for (let k = 0; k < n + m; k++) {
      if (isBasic[k] === 1) continue
      const alpha = pivotRow[k]!
      // Moving k off its bound must bring the leaving one nearer to its own.
      if (Math.abs(alpha) <= PIVOT_SMALLEST || (isUp[k] === 1 ? alpha > 0 : alpha < 0) !== isBelow) continue
      if (k < n && lower[k] === upper[k]) continue
      const own = Math.abs(reduced[k]! / alpha)
      ratio[k] = own
      candidates.push(k)
      if (own >= lowestRatio) continue
      lowestRatio = own
      first = k
    }
    let slope = isBelow ? lowest - basic[leaving]! : basic[leaving]! - upper[leavingColumn]!
    const takes = (k: number): number =>
      k < n ? Math.abs(pivotRow[k]!) * (upper[k]! - lower[k]!) : Number.POSITIVE_INFINITY
    // Mostly the first is the one; only where it is not are they put in order.
    const isFirst = first >= 0 && slope - takes(first) < 0
    let entering = isFirst ? first : -1
    const order = isFirst ? () => -1 : inOrder(candidates, ratio)
    for (let k = order(); k >= 0; k = order()) {
      slope -= takes(k)
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
    for (let r = 0; r < m; r++) entries[r] = entering < n ? rows[r]![entering]! : 0
    if (entering >= n) entries[entering - n] = -1
    for (let r = 0; r < m; r++) {
      const k = basis[r]!
      let entry = k < n ? 0 : -entries[k - n]!
      for (const s of binding) entry += inverse[r * m + s]! * entries[s]!
      column[r] = entry
    }
    const pivot = column[leaving]!
    if (Math.abs(pivot) <= PIVOT_SMALLEST) return undefined
    const change = reduced[entering]! / pivot
    for (let k = 0; k < n + m; k++) reduced[k]! -= change * pivotRow[k]!
    reduced[entering] = 0
    isBasic[leavingColumn] = 0
    if (leavingColumn >= n) binding.push(leavingColumn - n)
    for (const s of binding) inverse[leaving * m + s]! /= pivot
    for (let r = 0; r < m; r++) {
      const factor = column[r]!
      if (r === leaving || factor === 0) continue
      for (const s of binding) inverse[r * m + s]! -= factor * inverse[leaving * m + s]!
    }
    isUp[leavingColumn] = isBelow ? 0 : 1
    if (leavingColumn < n) {
      values[leavingColumn] = isBelow ? lower[leavingColumn]! : upper[leavingColumn]!
      move(leavingColumn, values[leavingColumn]!)
    }
    if (entering < n) {
      move(entering, -values[entering]!)
      values[entering] = 0
    }
    isBasic[entering] = 1
    basis[leaving] = entering
    if (entering < n) continue
    // A surplus that comes back has its one -1 again, but for rounding.
    const row = entering - n
    for (let r = 0; r < m; r++) inverse[r * m + row] = r === leaving ? -1 : 0
    binding.splice(binding.indexOf(row), 1)
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
