/**
 * The cheapest point of a linear or mixed-integer programme, with its proof checked here and not only claimed there.
 *
 * Promises: `optimal` means that the point satisfies every row and bound, and that the duals (linear) or the bound of the
 * tree with the best of several runs (mixed-integer) leave no room for a cheaper one; `unproven` is a feasible point
 * whose proof is missing (node limit, or runs that contradict each other); `infeasible` was found by two different runs.
 * Assumes entries and costs of ordinary size (about 1e-6 to 1e6): scaling is the caller's.
 */
import type { Model } from 'highs'
import type { Solver } from './solver.ts'

/** Columns with bounds and a cost, rows as sparse entries; Infinity for none. */
export class LinearProgramme {
  readonly lower: number[] = []
  readonly upper: number[] = []
  readonly cost: number[] = []
  readonly integer: boolean[] = []
  readonly rowLower: number[] = []
  readonly rowUpper: number[] = []
  readonly starts: number[] = [0]
  readonly indices: number[] = []
  readonly values: number[] = []

  get columns(): number {
    return this.lower.length
  }

  get rows(): number {
    return this.rowLower.length
  }

  addColumn(lower: number, upper: number, cost: number, integer = false): number {
    this.lower.push(lower)
    this.upper.push(upper)
    this.cost.push(cost)
    this.integer.push(integer)
    return this.lower.length - 1
  }

  /** Entries of one column may come more than once only if the caller has added them up. */
  addRow(lower: number, upper: number, entries: readonly (readonly [column: number, value: number])[]): number {
    for (const [column, value] of entries) {
      if (value === 0) continue
      this.indices.push(column)
      this.values.push(value)
    }
    this.rowLower.push(lower)
    this.rowUpper.push(upper)
    this.starts.push(this.indices.length)
    return this.rowLower.length - 1
  }
}

export type Minimum =
  | {
      readonly status: 'optimal' | 'unproven'
      readonly values: Float64Array
      readonly objective: number
      /** Price of each row: change of the objective per unit of its bound; of mixed-integer programmes with those fixed. */
      readonly rowDual: Float64Array
      readonly nodes: number
    }
  | { readonly status: 'infeasible' | 'unbounded'; readonly nodes: number }

export interface MinimumOptions {
  /** Nodes of each run of a mixed-integer programme. 20,000 take some seconds on small ones. */
  readonly nodeLimit?: number
}

const NODE_LIMIT = 20_000
/** Largest violation of a row or bound that a point may have, relative to the row's size. */
const FEASIBLE = 1e-7
/** Largest relative distance of the objective from what the duals prove. */
const PROVEN = 1e-7

export const minimise = (
  solver: Solver,
  programme: LinearProgramme,
  { nodeLimit = NODE_LIMIT }: MinimumOptions = {}
): Minimum => {
  if (programme.columns === 0) {
    const holds = isFeasible(programme, new Float64Array())
    const nothing = { values: new Float64Array(), objective: 0, rowDual: new Float64Array(programme.rows), nodes: 0 }
    return holds ? { status: 'optimal', ...nothing } : { status: 'infeasible', nodes: 0 }
  }
  return programme.integer.includes(true)
    ? minimiseMixed(solver, programme, nodeLimit)
    : minimiseLinear(solver, programme, programme.lower, programme.upper)
}

type Presolve = 'choose' | 'off'

const minimiseLinear = (
  solver: Solver,
  programme: LinearProgramme,
  lower: readonly number[],
  upper: readonly number[]
): Minimum => {
  let best: Minimum | undefined
  let refusals = 0
  for (const presolve of ['choose', 'off'] satisfies Presolve[]) {
    const found = runLinear(solver, programme, lower, upper, presolve)
    if (found.status === 'optimal') return found
    if (found.status === 'unproven' && (best === undefined || best.status !== 'unproven')) best = found
    if (found.status === 'infeasible' || found.status === 'unbounded') {
      refusals++
      best ??= found
    }
  }
  if (best === undefined) return { status: 'infeasible', nodes: 0 }
  // One run that found a point outweighs one that found none.
  return refusals === 2 || best.status === 'unproven' ? best : { status: 'infeasible', nodes: 0 }
}

const runLinear = (
  { highs }: Solver,
  programme: LinearProgramme,
  lower: readonly number[],
  upper: readonly number[],
  presolve: Presolve
): Minimum => {
  const model = load({ highs }, programme, lower, upper, false)
  try {
    model.options.set({ output_flag: false, presolve })
    const { modelStatus } = model.run()
    const { optimal, empty, infeasible, unbounded, unboundedOrInfeasible } = highs.constants.modelStatus
    if (modelStatus === unbounded) return { status: 'unbounded', nodes: 0 }
    if (modelStatus === infeasible || modelStatus === unboundedOrInfeasible) return { status: 'infeasible', nodes: 0 }
    if (modelStatus !== optimal && modelStatus !== empty) return { status: 'infeasible', nodes: 0 }
    const { colValue, rowDual } = model.getSolution()
    const values = Float64Array.from(colValue)
    const duals = Float64Array.from(rowDual)
    for (let k = 0; k < values.length; k++) values[k] = Math.min(Math.max(values[k]!, lower[k]!), upper[k]!)
    const objective = total(programme.cost, values)
    const isOptimal = isFeasible(programme, values) && gapOf(programme, lower, upper, duals, objective) <= PROVEN
    return { status: isOptimal ? 'optimal' : 'unproven', values, objective, rowDual: duals, nodes: 0 }
  } finally {
    model.dispose()
  }
}

/** Every run's whole numbers are fixed and the rest solved again: what a point costs is never what a run says it costs. */
const minimiseMixed = (solver: Solver, programme: LinearProgramme, nodeLimit: number): Minimum => {
  let best: Extract<Minimum, { values: Float64Array }> | undefined
  let bound = Number.NEGATIVE_INFINITY
  let nodes = 0
  let proofs = 0
  for (const presolve of ['choose', 'off'] satisfies Presolve[]) {
    const run = runMixed(solver, programme, nodeLimit, presolve)
    nodes += run.nodes
    if (run.values === undefined) continue
    const { values } = run
    const fix = (bounds: readonly number[]): readonly number[] =>
      bounds.map((value, k) => (programme.integer[k] ? Math.round(values[k]!) : value))
    const point = minimiseLinear(solver, programme, fix(programme.lower), fix(programme.upper))
    if (!('values' in point)) continue
    if (best === undefined || point.objective < best.objective) best = { ...point, nodes }
    bound = Math.max(bound, run.bound)
    if (run.isOptimal) proofs++
  }
  if (best === undefined) return { status: 'infeasible', nodes }
  const isProven = proofs === 2 && best.objective - bound <= PROVEN * Math.max(1, Math.abs(best.objective))
  return { ...best, nodes, status: isProven && best.status === 'optimal' ? 'optimal' : 'unproven' }
}

const runMixed = (
  { highs }: Solver,
  programme: LinearProgramme,
  nodeLimit: number,
  presolve: Presolve
): {
  readonly values: Float64Array | undefined
  readonly bound: number
  readonly nodes: number
  readonly isOptimal: boolean
} => {
  const model = load({ highs }, programme, programme.lower, programme.upper, true)
  try {
    model.options.set({
      output_flag: false,
      presolve,
      mip_rel_gap: 0,
      mip_abs_gap: 1e-9,
      mip_max_nodes: nodeLimit
    })
    const { modelStatus } = model.run()
    const hasPoint = Number(model.info.get('primal_solution_status')) === 2
    return {
      values: hasPoint ? Float64Array.from(model.getSolution().colValue) : undefined,
      bound: Number(model.info.get('mip_dual_bound')),
      nodes: Math.max(0, Number(model.info.get('mip_node_count'))),
      isOptimal: modelStatus === highs.constants.modelStatus.optimal
    }
  } finally {
    model.dispose()
  }
}

const load = (
  { highs }: Pick<Solver, 'highs'>,
  programme: LinearProgramme,
  lower: readonly number[],
  upper: readonly number[],
  withIntegers: boolean
): Model => {
  const { variableType } = highs.constants
  return highs.createModel({
    numCols: programme.columns,
    numRows: programme.rows,
    colCost: Float64Array.from(programme.cost),
    colLower: Float64Array.from(lower),
    colUpper: Float64Array.from(upper),
    rowLower: Float64Array.from(programme.rowLower),
    rowUpper: Float64Array.from(programme.rowUpper),
    matrix: {
      format: 'csr',
      numRows: programme.rows,
      numCols: programme.columns,
      starts: Int32Array.from(programme.starts),
      indices: Int32Array.from(programme.indices),
      values: Float64Array.from(programme.values)
    },
    ...(withIntegers && {
      integrality: Int32Array.from(programme.integer, integer =>
        integer ? variableType.integer : variableType.continuous
      )
    })
  })
}

const total = (cost: readonly number[], values: Float64Array): number => {
  let sum = 0
  for (let k = 0; k < cost.length; k++) sum += cost[k]! * values[k]!
  return sum
}

const isFeasible = (programme: LinearProgramme, values: Float64Array): boolean => {
  for (let row = 0; row < programme.rows; row++) {
    let sum = 0
    let size = 1
    for (let at = programme.starts[row]!; at < programme.starts[row + 1]!; at++) {
      const part = programme.values[at]! * values[programme.indices[at]!]!
      sum += part
      size = Math.max(size, Math.abs(part))
    }
    const room = 10 * FEASIBLE * size
    if (!(sum >= programme.rowLower[row]! - room && sum <= programme.rowUpper[row]! + room)) return false
  }
  return true
}

/**
 * Relative distance of the objective from the bound that the row prices prove: Σ y·b + Σ min(d·l, d·u), with the reduced
 * costs d = c − Aᵀy reckoned here. A price of the wrong sign, or a reduced cost against an absent bound, counts for nothing if it
 * is rounding and makes the bound worthless if it is not.
 */
const gapOf = (
  programme: LinearProgramme,
  lower: readonly number[],
  upper: readonly number[],
  rowDual: Float64Array,
  objective: number
): number => {
  const reduced = Float64Array.from(programme.cost)
  let bound = 0
  const least = (price: number, low: number, high: number): number => {
    const at = price > 0 ? low : high
    if (Math.abs(price) < 1e-9 && !Number.isFinite(at)) return 0
    return price === 0 ? 0 : price * at
  }
  for (let row = 0; row < programme.rows; row++) {
    const price = rowDual[row]!
    bound += least(price, programme.rowLower[row]!, programme.rowUpper[row]!)
    for (let at = programme.starts[row]!; at < programme.starts[row + 1]!; at++)
      reduced[programme.indices[at]!]! -= price * programme.values[at]!
  }
  for (let k = 0; k < reduced.length; k++) bound += least(reduced[k]!, lower[k]!, upper[k]!)
  return (objective - bound) / Math.max(1, Math.abs(objective))
}
