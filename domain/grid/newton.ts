/**
 * Newton–Raphson on the current balance of every node, in rectangular coordinates: for the injected power s and voltage v,
 * conj(s / v) = Σ y·v. A step changes the voltages by d, where y_ii·d_i + w_i·conj(d_i) + Σ y_ij·d_j = what is left, with
 * w = conj(s) / conj(v)²: only the diagonal is not constant, and every block is a number pair (a, b) that stands for
 * z ↦ a·z + b·conj(z).
 *
 * `solve` starts from the voltages without load, never from an earlier result: a slot's result does not depend on the slots
 * before it. Promises a solution or says why there is none: no result is called converged unless the last step was below the
 * tolerance and the Jacobian kept the sign that it has without load (the other solutions of the equations are voltages at
 * which no grid can be run).
 */
import { meshSteps } from './mesh-steps.ts'
import type { NodeEquations } from './node-equations.ts'
import { treeSteps } from './tree-steps.ts'

/** Largest change of a voltage in the last step, pu. The error after it is of the order of its square. */
export const STEP_TOLERANCE_PU = 1e-8
/**
 * A step s that follows a step r ends nearer: Newton's steps shrink as s = c·r², so the next one would be s³ / r². Below
 * this, pu, it is not taken: it would change less than the last digits of a double do.
 */
const NEXT_STEP_TOLERANCE_PU = 1e-13
/** The rate is only trusted once steps are this small, pu: further out they need not shrink by it. */
const RATE_TRUSTED_PU = 1e-4
/** The same for `resolve`, pu. */
const NEXT_STEP_RESOLVED_PU = 1e-10
/** `resolve` knows the rate from the last `solve`, whose voltages moved in other places: it counts on so many times as much. */
const RATE_MARGIN = 10
/** And on no less than this, as a rate that was found from steps near to 0 is none. */
const RATE_LEAST = 0.1
/** Steps before giving up; grids that can be run need 3 to 6, those at the edge of collapse up to 15. */
export const STEPS_MAX = 30

export type Convergence =
  | { readonly status: 'converged'; readonly iterations: number }
  | {
      readonly status: 'diverged'
      readonly iterations: number
      readonly reason: 'no-convergence' | 'unstable-solution'
      /** Where the last step was largest. */
      readonly row: number
      readonly largestStep_pu: number
    }

/** One Newton step on voltages `re`, `im`, in place; says how large it was. */
export interface Steps {
  step(re: Float64Array, im: Float64Array, p: Float64Array, q: Float64Array): void
  /**
   * Solves with the transpose of the Jacobian that the last step factorised: `values` (re, im by row) hold the right side and
   * then the result. Only rows `first` to `end` are touched: nothing outside of them may be joined to them (`regions`).
   */
  adjoint(values: Float64Array, first: number, end: number): void
  /** Square of the largest change, and its row; NaN where numbers have run away. */
  largest: number
  largestRow: number
  isStable: boolean
  /**
   * Of a tree: by row six numbers, the last four the inverse of the diagonal pair (a.re, a.im, b.re, b.im) that the last step
   * eliminated the row with.
   */
  readonly eliminated?: Float64Array
  /**
   * Of a tree, after the last step: by row the matrix (four numbers, row by row) by which its parent's adjoint arrives at it
   * where nothing of the right side stands.
   */
  carried?(): Float64Array
}

export interface NewtonSolver {
  /** Voltages of the last solution by row, per unit. */
  readonly re: Float64Array
  readonly im: Float64Array
  /** Other voltages of the external grids, by row. */
  fix(fixedRe: Float64Array, fixedIm: Float64Array): void
  /** `p`, `q`: injected power by row, per unit (withdrawal is negative). Those of external grids are ignored. */
  solve(p: Float64Array, q: Float64Array): Convergence
  /**
   * From the voltages of the last solution, for powers near to its own, to 1e-10 pu: often one step. After a failure there is
   * no last solution, and only `solve` can say whether these powers have none.
   */
  resolve(p: Float64Array, q: Float64Array): Convergence
  /** Factorises the Jacobian at the last solution, which the adjoint needs: the last step's is that of the point before. */
  linearise(p: Float64Array, q: Float64Array): void
  adjoint(values: Float64Array, first: number, end: number): void
  readonly eliminated: Float64Array | undefined
  readonly carried: Steps['carried']
}

export type Method = 'tree' | 'mesh'

export const newtonSolver = (equations: NodeEquations, method?: Method): NewtonSolver => {
  const steps =
    (method ?? (equations.shape === 'tree' ? 'tree' : 'mesh')) === 'tree' ? treeSteps(equations) : meshSteps(equations)
  const { rows, fixedRows, fixedRe, fixedIm } = equations
  const re = new Float64Array(rows)
  const im = new Float64Array(rows)
  const startRe = new Float64Array(rows)
  const startIm = new Float64Array(rows)
  const none = new Float64Array(rows)
  const fix = (heldRe: Float64Array, heldIm: Float64Array): void => {
    startRe.fill(1)
    startIm.fill(0)
    startRe.set(heldRe)
    startIm.set(heldIm)
    // Without load the equations are linear: one step from anywhere is the solution.
    steps.step(startRe, startIm, none, none)
  }
  fix(fixedRe, fixedIm)
  /** The c of the last `solve`, in which each step s followed a step r as s = c·r². */
  let rate = Number.POSITIVE_INFINITY
  const stepped = (p: Float64Array, q: Float64Array, tolerance: number, rateBefore: number): Convergence => {
    if (rows === fixedRows) return { status: 'converged', iterations: 0 }
    let before = 0
    for (let iterations = 1; iterations <= STEPS_MAX; iterations++) {
      steps.step(re, im, p, q)
      const { largest } = steps
      const size = Math.sqrt(largest)
      rate = iterations === 1 ? rateBefore : size / (before * before)
      before = size
      const next = size < RATE_TRUSTED_PU ? rate * largest : Number.POSITIVE_INFINITY
      if (size < STEP_TOLERANCE_PU || next < tolerance)
        return steps.isStable ? { status: 'converged', iterations } : diverged(steps, iterations, 'unstable-solution')
      if (!Number.isFinite(largest)) return diverged(steps, iterations, 'no-convergence')
    }
    return diverged(steps, STEPS_MAX, 'no-convergence')
  }
  return {
    re,
    im,
    fix,
    adjoint: steps.adjoint,
    eliminated: steps.eliminated,
    carried: steps.carried,
    linearise(p, q) {
      steps.step(re, im, p, q)
    },
    solve(p, q) {
      re.set(startRe)
      im.set(startIm)
      return stepped(p, q, NEXT_STEP_TOLERANCE_PU, Number.POSITIVE_INFINITY)
    },
    resolve(p, q) {
      const known = rate
      const found = stepped(p, q, NEXT_STEP_RESOLVED_PU, RATE_MARGIN * Math.max(known, RATE_LEAST))
      rate = known
      return found
    }
  }
}

const diverged = (
  { largest, largestRow }: Steps,
  iterations: number,
  reason: 'no-convergence' | 'unstable-solution'
): Convergence => ({ status: 'diverged', iterations, reason, row: largestRow, largestStep_pu: Math.sqrt(largest) })
