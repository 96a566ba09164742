/**
 * Solves a programme for four objectives in order, exactly, though the solver counts in floating point.
 *
 * Without whole-number columns our programmes are network flows, so each vertex is a whole number and so are the duals:
 * after each objective we keep to its optimal face (columns with a reduced cost stay at their bound, rows with a price stay
 * tight), which needs no tolerance on a cost row. With whole-number columns each optimum becomes a row of the next
 * programme; at the end those columns are fixed and the flow is solved again on faces, and what it reaches is compared
 * with what the stages claimed. Costs are divided by their greatest common divisor, so an absolute gap below one unit
 * is a proof.
 */
import type { Highs, Model } from 'highs'
import type { Programme, Solver } from './solver.ts'

export interface LexicographicResult {
  readonly values: Float64Array
  readonly objective: readonly [number, number, number, number]
  /** Relative distance of the first objective that is not proven, 0 if all are. */
  readonly gap: number
  readonly nodes: number
}

export interface LexicographicOptions {
  /** Nodes for each of the mixed-integer programmes. */
  readonly nodeLimit: number
  /** A start: values of whole-number columns. */
  readonly start?: { readonly indices: readonly number[]; readonly values: readonly number[] } | undefined
}

/** Undefined if the node limit came before any feasible point. */
export const solveLexicographic = (
  solver: Solver,
  programme: Programme,
  options: LexicographicOptions
): LexicographicResult | undefined => {
  if (!programme.integer.includes(true)) {
    const { values, objective } = solveOnFaces(solver, programme, undefined)
    return { values, objective, gap: 0, nodes: 0 }
  }
  const { highs } = solver
  let nodes = 0
  let gap = 0
  let values: Float64Array | undefined
  const claimed: number[] = []
  const kept: { cost: readonly number[]; bound: number }[] = []
  for (const cost of programme.costs) {
    if (cost.every(c => c === 0)) {
      claimed.push(0)
      continue
    }
    const unit = greatestCommonDivisor(cost)
    const scaled = cost.map(c => c / unit)
    const stage = solveStage(highs, programme, scaled, kept, options, values)
    nodes += stage.nodes
    if (!stage.values) {
      if (!values) return undefined
      // The previous stage's point is feasible here too; the bound says how far it may be from the best.
      const bound = dot(scaled, values)
      if (gap === 0) gap = relative(bound, stage.bound)
      claimed.push(Math.round(bound) * unit)
      kept.push({ cost: scaled, bound: Math.round(bound) })
      continue
    }
    values = stage.values
    const reached = Math.round(dot(scaled, values))
    if (!stage.proven && gap === 0 && reached - stage.bound >= 1 - 1e-6) gap = relative(reached, stage.bound)
    claimed.push(reached * unit)
    kept.push({ cost: scaled, bound: reached })
  }
  if (!values) {
    const stage = solveStage(highs, programme, programme.costs[0], [], options, undefined)
    if (!stage.values) return undefined
    values = stage.values
  }
  const fixed = programme.integer.map((integer, column) => (integer ? Math.round(values[column]!) : Number.NaN))
  const exact = solveOnFaces(solver, programme, fixed)
  const worse = claimed.findIndex((claim, k) => exact.objective[k]! !== claim)
  if (worse >= 0 && exact.objective[worse]! > claimed[worse]! && gap === 0)
    gap = relative(exact.objective[worse]!, claimed[worse]!)
  return { values: exact.values, objective: exact.objective, gap, nodes }
}

const relative = (reached: number, bound: number): number =>
  Number.isFinite(bound) ? Math.abs(reached - bound) / Math.max(1, Math.abs(reached)) : 1

const dot = (cost: readonly number[], values: Float64Array): number => {
  let sum = 0
  for (let k = 0; k < cost.length; k++) if (cost[k] !== 0) sum += cost[k]! * values[k]!
  return sum
}

const greatestCommonDivisor = (numbers: readonly number[]): number => {
  let divisor = 0
  for (const number of numbers) {
    let a = Math.abs(number)
    while (a !== 0) {
      const rest = divisor % a
      divisor = a
      a = rest
    }
    if (divisor === 1) break
  }
  return divisor || 1
}

const load = (highs: Highs, programme: Programme, fixed: readonly number[] | undefined): Model => {
  const { variableType } = highs.constants
  const pick = (bounds: readonly number[]): Float64Array =>
    Float64Array.from(bounds, (bound, k) => (fixed && !Number.isNaN(fixed[k]!) ? fixed[k]! : bound))
  const withIntegers = fixed === undefined && programme.integer.includes(true)
  return highs.createModel({
    numCols: programme.columns,
    numRows: programme.rows,
    colCost: new Float64Array(programme.columns),
    colLower: pick(programme.lower),
    colUpper: pick(programme.upper),
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

interface Stage {
  readonly values: Float64Array | undefined
  readonly proven: boolean
  readonly bound: number
  readonly nodes: number
}

/** Without a start, and then without presolve: HiGHS 1.15 has called a start optimal with no bound at all behind it. */
const attempts = [
  { useStart: true, presolve: 'choose' },
  { useStart: false, presolve: 'choose' },
  { useStart: false, presolve: 'off' }
] as const

const solveStage = (
  highs: Highs,
  programme: Programme,
  cost: readonly number[],
  kept: readonly { cost: readonly number[]; bound: number }[],
  options: LexicographicOptions,
  previous: Float64Array | undefined
): Stage => {
  let nodes = 0
  let last: Stage | undefined
  for (const { useStart, presolve } of attempts) {
    const model = load(highs, programme, undefined)
    try {
      model.options.set({
        output_flag: false,
        presolve,
        mip_rel_gap: 0,
        // Costs are whole numbers: anything closer than one unit is the optimum.
        mip_abs_gap: 0.99,
        mip_feasibility_tolerance: 1e-9,
        primal_feasibility_tolerance: 1e-9,
        mip_max_nodes: options.nodeLimit
      })
      model.changeColsCost({ kind: 'range', from: 0, to: programme.columns - 1 }, Float64Array.from(cost))
      for (const row of kept) {
        const indices: number[] = []
        for (let k = 0; k < row.cost.length; k++) if (row.cost[k] !== 0) indices.push(k)
        model.addRow(-highs.infinity, row.bound, { indices, values: indices.map(k => row.cost[k]!) })
      }
      if (useStart && previous) model.setSolution({ colValue: previous })
      else if (useStart && options.start && options.start.indices.length > 0) model.setSolution(options.start)
      const { modelStatus } = model.run()
      nodes += Math.max(0, Number(model.info.get('mip_node_count')))
      const { optimal, infeasible } = highs.constants.modelStatus
      const hasPoint = Number(model.info.get('primal_solution_status')) === 2 && modelStatus !== infeasible
      const values = hasPoint ? model.getSolution().colValue : undefined
      const bound = Number(model.info.get('mip_dual_bound'))
      const isConsistent = modelStatus === optimal && values !== undefined && dot(cost, values) - bound < 1
      last = { values, proven: isConsistent, bound, nodes }
      if (isConsistent || (modelStatus !== optimal && modelStatus !== infeasible)) return last
    } finally {
      model.dispose()
    }
  }
  if (!last!.values && !previous) throw new Error('solveStage: the solver found a clearing programme infeasible')
  return last!
}

/** Linear: keeps to the optimal face of each objective in turn, and rounds at the end. */
const solveOnFaces = (
  { highs }: Solver,
  programme: Programme,
  fixed: readonly number[] | undefined
): { values: Float64Array; objective: [number, number, number, number] } => {
  const model = load(highs, programme, fixed)
  try {
    model.options.set({ output_flag: false })
    let values = new Float64Array(programme.columns)
    let solved = false
    for (const cost of programme.costs) {
      if (solved && cost.every(c => c === 0)) continue
      const unit = greatestCommonDivisor(cost)
      model.changeColsCost(
        { kind: 'range', from: 0, to: programme.columns - 1 },
        Float64Array.from(cost, c => c / unit)
      )
      const { modelStatus } = model.run()
      if (modelStatus !== highs.constants.modelStatus.optimal && modelStatus !== highs.constants.modelStatus.empty)
        throw new Error(`solveOnFaces: the solver ended with status ${modelStatus}`)
      solved = true
      const { colValue, colDual, rowValue, rowDual } = model.getSolution()
      values = Float64Array.from(colValue)
      const pinned: number[] = []
      colDual.forEach((dual, k) => {
        if (Math.abs(dual) > 0.5) pinned.push(k)
      })
      if (pinned.length > 0) {
        const at = Float64Array.from(pinned, k => Math.round(colValue[k]!))
        model.changeColsBounds({ kind: 'set', indices: Int32Array.from(pinned) }, at, at)
      }
      const tight: number[] = []
      rowDual.forEach((dual, k) => {
        if (Math.abs(dual) > 0.5) tight.push(k)
      })
      if (tight.length > 0) {
        const at = Float64Array.from(tight, k => Math.round(rowValue[k]!))
        model.changeRowsBounds({ kind: 'set', indices: Int32Array.from(tight) }, at, at)
      }
    }
    values.forEach((value, k) => {
      const whole = Math.round(value)
      if (Math.abs(value - whole) > 1e-3) throw new Error(`solveOnFaces: column ${k} is ${value}, not a whole number`)
      values[k] = whole
    })
    checkRows(programme, values)
    const objective = programme.costs.map(cost => dot(cost, values)) as [number, number, number, number]
    return { values, objective }
  } finally {
    model.dispose()
  }
}

/** After rounding, every row must hold in whole numbers. */
const checkRows = (programme: Programme, values: Float64Array): void => {
  for (let row = 0; row < programme.rows; row++) {
    let sum = 0
    for (let k = programme.starts[row]!; k < programme.starts[row + 1]!; k++)
      sum += programme.values[k]! * values[programme.indices[k]!]!
    if (sum < programme.rowLower[row]! - 1e-6 || sum > programme.rowUpper[row]! + 1e-6)
      throw new Error(`checkRows: row ${row} is ${sum}, outside ${programme.rowLower[row]}…${programme.rowUpper[row]}`)
  }
}
