/**
 * The same question as largestLinearSet's where limits pull candidates both ways, so that dealing by rank is not enough: a linear
 * programme for each candidate, best rank first (the most that it can have, all better ones kept, all worse ones free), each
 * started from the result of the one before. Simplex with bounded variables on a dense tableau; Bland's rule, so it ends.
 *
 * A candidate's most is put down to a permitted level before the next one's turn. A discrete candidate that could only have a
 * part gets nothing; where better ones counted on its part, all is done again without it. Answers undefined after too many
 * pivots.
 */

import { type Candidate, levelAtMost } from './levels.ts'
import type { LinearLimits } from './linear-limits.ts'

/** W or var: two amounts nearer than this are the same. */
const AMOUNT_TOLERANCE = 1e-6
/** Of coefficients, of which the largest of a row is 1. */
const COEFFICIENT_TOLERANCE = 1e-9
/** Per candidate; ordinary ones need one or two. */
const PIVOTS_MAX = 200

export const lexicographicLevels = (
  candidates: readonly Candidate[],
  limits: LinearLimits,
  step: number
): Float64Array | undefined => {
  const most = candidates.map(candidate => candidate.most)
  for (;;) {
    const attempt = attemptWith(candidates, most, limits, step)
    if (attempt === undefined || attempt instanceof Float64Array) return attempt
    // Each time one candidate fewer.
    most[attempt.without] = 0
  }
}

const attemptWith = (
  candidates: readonly Candidate[],
  most: readonly number[],
  limits: LinearLimits,
  step: number
): Float64Array | { readonly without: number } | undefined => {
  const programme = new Programme(most, limits)
  if (!programme.cure()) return undefined
  const levels = new Float64Array(candidates.length)
  for (let i = 0; i < levels.length; i++) {
    if (!programme.raise(i)) return undefined
    const reached = programme.value[i]!
    const level = levelAtMost({ ...candidates[i]!, most: most[i]! }, reached + AMOUNT_TOLERANCE, step)
    if (!programme.lowerTo(i, level)) return undefined
    if (programme.value[i]! > level + step) return { without: i }
    programme.hold(i)
    levels[i] = level
  }
  return levels
}

/** Variables: candidates, then what is left of each limit. A nonbasic one is at one of its bounds. */
class Programme {
  readonly value: Float64Array
  private readonly lower: Float64Array
  private readonly upper: Float64Array
  /** Row by row: what one unit of each variable takes from the row's basic one. */
  private readonly tableau: Float64Array
  private readonly basic: Int32Array
  /** Row of each variable; -1: nonbasic. */
  private readonly rowOf: Int32Array
  private readonly rows: number
  private readonly columns: number
  private readonly candidates: number

  constructor(most: readonly number[], { count, room, start, limit, use }: LinearLimits) {
    const n = most.length
    this.candidates = n
    this.rows = count
    this.columns = n + count
    this.value = new Float64Array(this.columns)
    this.lower = new Float64Array(this.columns)
    this.upper = new Float64Array(this.columns).fill(Number.POSITIVE_INFINITY)
    this.upper.set(most)
    this.tableau = new Float64Array(count * this.columns)
    this.basic = new Int32Array(count)
    this.rowOf = new Int32Array(this.columns).fill(-1)
    const scale = new Float64Array(count)
    for (let k = start[0]!; k < start[n]!; k++) scale[limit[k]!] = Math.max(scale[limit[k]!]!, Math.abs(use[k]!))
    for (let i = 0; i < n; i++)
      for (let k = start[i]!; k < start[i + 1]!; k++)
        this.tableau[limit[k]! * this.columns + i] = use[k]! / scale[limit[k]!]!
    for (let row = 0; row < count; row++) {
      const left = room[row]! / (scale[row]! || 1)
      this.tableau[row * this.columns + n + row] = 1
      this.basic[row] = n + row
      this.rowOf[n + row] = row
      this.value[n + row] = left
      this.lower[n + row] = Math.min(0, left)
    }
  }

  /** Brings limits that are broken without any candidate as near to whole as candidates can. */
  cure(): boolean {
    for (let variable = this.candidates; variable < this.columns; variable++) {
      if (this.lower[variable] === 0) continue
      this.upper[variable] = 0
      if (!this.raise(variable)) return false
      this.lower[variable] = Math.min(0, this.value[variable]!)
      this.upper[variable] = Number.POSITIVE_INFINITY
      // A nonbasic variable is at its lower bound from now on, which is the same place.
      if (this.rowOf[variable] === -1) this.value[variable] = this.lower[variable]!
    }
    return true
  }

  raise(variable: number): boolean {
    return this.move(variable, 1)
  }

  /** Down to `level`, or as near as the limits let it. */
  lowerTo(variable: number, level: number): boolean {
    this.lower[variable] = level
    return this.value[variable]! <= level || this.move(variable, -1)
  }

  /** What it is now, it stays. */
  hold(variable: number): void {
    this.lower[variable] = this.upper[variable] = this.value[variable]!
  }

  private move(variable: number, sign: 1 | -1): boolean {
    for (let pivots = 0; pivots < PIVOTS_MAX; pivots++) {
      const entering = this.entering(variable, sign)
      if (entering === undefined) return true
      if (this.shift(entering.column, entering.direction, variable)) return true
    }
    return false
  }

  /** A nonbasic variable, and the way it has to go, that moves the wanted one by `sign`. */
  private entering(
    variable: number,
    sign: 1 | -1
  ): { readonly column: number; readonly direction: 1 | -1 } | undefined {
    const row = this.rowOf[variable]!
    if (row < 0) {
      const end = sign > 0 ? this.upper[variable]! : this.lower[variable]!
      return Math.abs(this.value[variable]! - end) <= AMOUNT_TOLERANCE
        ? undefined
        : { column: variable, direction: sign }
    }
    for (let column = 0; column < this.columns; column++) {
      if (this.rowOf[column] !== -1 || this.upper[column]! - this.lower[column]! <= AMOUNT_TOLERANCE) continue
      const gain = -sign * this.tableau[row * this.columns + column]!
      if (gain > COEFFICIENT_TOLERANCE && this.value[column]! < this.upper[column]! - AMOUNT_TOLERANCE)
        return { column, direction: 1 }
      if (gain < -COEFFICIENT_TOLERANCE && this.value[column]! > this.lower[column]! + AMOUNT_TOLERANCE)
        return { column, direction: -1 }
    }
    return undefined
  }

  /** Moves a nonbasic variable until it or a basic one is at a bound; true: the wanted one is at its bound. */
  private shift(column: number, direction: 1 | -1, wanted: number): boolean {
    const { rows, columns, tableau, basic, value, lower, upper } = this
    let most = direction > 0 ? upper[column]! - value[column]! : value[column]! - lower[column]!
    let leaving = -1
    for (let row = 0; row < rows; row++) {
      const change = -direction * tableau[row * columns + column]!
      if (Math.abs(change) <= COEFFICIENT_TOLERANCE) continue
      const one = basic[row]!
      const room = Math.max(0, change > 0 ? upper[one]! - value[one]! : value[one]! - lower[one]!)
      const reach = room / Math.abs(change)
      if (reach < most || (reach === most && leaving >= 0 && one < basic[leaving]!)) {
        most = reach
        leaving = row
      }
    }
    for (let row = 0; row < rows; row++) value[basic[row]!]! -= direction * most * tableau[row * columns + column]!
    value[column]! += direction * most
    if (leaving < 0) {
      value[column] = direction > 0 ? upper[column]! : lower[column]!
      return column === wanted
    }
    const out = basic[leaving]!
    const rises = -direction * tableau[leaving * columns + column]! > 0
    value[out] = rises ? upper[out]! : lower[out]!
    this.pivot(leaving, column)
    return out === wanted
  }

  private pivot(row: number, column: number): void {
    const { rows, columns, tableau, basic, rowOf } = this
    const own = row * columns
    const scale = 1 / tableau[own + column]!
    for (let k = 0; k < columns; k++) tableau[own + k]! *= scale
    for (let other = 0; other < rows; other++) {
      const factor = tableau[other * columns + column]!
      if (other === row || factor === 0) continue
      for (let k = 0; k < columns; k++) tableau[other * columns + k]! -= factor * tableau[own + k]!
      tableau[other * columns + column] = 0
    }
    tableau[own + column] = 1
    rowOf[basic[row]!] = -1
    basic[row] = column
    rowOf[column] = row
  }
}
