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
import type { Solver } from '../../optimisation/solver.ts'
import { TICKS_PER_MICRO_EUR } from '../../units/quantities.ts'
import type { Programme } from './programme.ts'

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
  /** Leading objectives in which the start is known to be optimal. */
  readonly proven?: number
}

/** Undefined if the node limit came before any feasible point. */
export const solveLexicographic = (
  solver: Solver,
  programme: Programme,
  options: LexicographicOptions
): LexicographicResult | undefined => {
  if (!programme.integer.includes(true)) {
    const point = solveOnFaces(solver, programme, undefined)
    if (!point) throw new Error('solveLexicographic: a clearing programme cannot be infeasible')
    return { ...point, gap: 0, nodes: 0 }
  }
  const start = options.start && startingPoint(solver, programme, options.start)
  let best: LexicographicResult | undefined = start && { ...start, gap: 1, nodes: 0 }
  let nodes = 0
  // HiGHS 1.15 has called points optimal that were not, now with a start, now after presolve; each way is only believed
  // if what its stages claim is what the fixed decisions reach, and no worse than the start.
  for (const attempt of attempts) {
    const staged = solveStages(solver, programme, options, attempt, start)
    nodes += staged.nodes
    if (!staged.values) continue
    const exact = solveOnFaces(solver, programme, fixedAt(programme, staged.values))
    if (!exact) continue
    const startIsBetter = start !== undefined && compareObjectives(start.objective, exact.objective) < 0
    const isBelievable =
      staged.isConsistent &&
      agree(exact.objective, staged.claimed) &&
      !(startIsBetter && !agree(exact.objective, start.objective))
    if (isBelievable) return { ...(startIsBetter ? start : exact), gap: staged.gap, nodes }
    const wrong = exact.objective.findIndex((value, k) => !agree([value], [staged.claimed[k]!], [tolerances[k]!]))
    const gap = wrong < 0 ? 1 : Math.max(staged.gap, relative(exact.objective[wrong]!, staged.claimed[wrong]!))
    if (!best || compareObjectives(exact.objective, best.objective) < 0) best = { ...exact, gap, nodes }
  }
  return best && { ...best, nodes }
}

/**
 * A served W is a W; a cost is known to half a µ€, since a double cannot hold a bound on a sum of 10^12 ticks and its last
 * tick too.
 */
const tolerances = [0, TICKS_PER_MICRO_EUR / 2, 0, TICKS_PER_MICRO_EUR / 2] as const

const agree = (a: readonly number[], b: readonly number[], within: readonly number[] = tolerances): boolean =>
  a.every((value, k) => Math.abs(value - b[k]!) <= within[k]!)

interface Point {
  readonly values: Float64Array
  readonly objective: readonly [number, number, number, number]
}

const startingPoint = (
  solver: Solver,
  programme: Programme,
  { indices, values }: { readonly indices: readonly number[]; readonly values: readonly number[] }
): Point | undefined => {
  const given = new Map(indices.map((column, k) => [column, values[k]!]))
  // Whole numbers that the start does not name (a restriction's switch) are only right by luck: then there is no start.
  const fixed = programme.integer.map((integer, column) => (integer ? given.get(column) : Number.NaN))
  return fixed.every(value => value !== undefined) ? solveOnFaces(solver, programme, fixed) : undefined
}

const fixedAt = (programme: Programme, values: Float64Array): number[] =>
  programme.integer.map((integer, column) => (integer ? Math.round(values[column]!) : Number.NaN))

const compareObjectives = (a: readonly number[], b: readonly number[]): number => {
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return a[k]! - b[k]!
  return 0
}

interface Staged {
  readonly values: Float64Array | undefined
  readonly claimed: readonly number[]
  readonly gap: number
  readonly nodes: number
  readonly isConsistent: boolean
}

const solveStages = (
  solver: Solver,
  programme: Programme,
  options: LexicographicOptions,
  attempt: Attempt,
  start: Point | undefined
): Staged => {
  const { highs } = solver
  let values = attempt.useStart ? start?.values : undefined
  let hasPoint = false
  let nodes = 0
  let gap = 0
  let isConsistent = true
  const claimed: number[] = []
  const kept: Kept[] = []
  programme.costs.forEach((cost, k) => {
    if (cost.every(c => c === 0) && (hasPoint || k < 3)) {
      claimed.push(0)
      return
    }
    const unit = greatestCommonDivisor(cost)
    const scaled = cost.map(c => c / unit)
    if (start && k < (options.proven ?? 0)) {
      claimed.push(start.objective[k]!)
      kept.push({ cost: scaled, bound: Math.round(start.objective[k]! / unit) })
      return
    }
    const stage = solveStage(highs, programme, scaled, kept, options.nodeLimit, attempt, values)
    nodes += stage.nodes
    if (!stage.isConsistent) isConsistent = false
    if (stage.values) values = stage.values
    if (!values) {
      isConsistent = false
      return
    }
    hasPoint = true
    const found = Math.round(dot(scaled, values))
    // The solver's point may break a row by a millionth of a W, which at these prices is a unit too cheap; a later stage could
    // not keep to that. What its whole numbers really reach is what is kept.
    const whole = solveOnFaces(solver, programme, fixedAt(programme, values))
    const isReached = whole && claimed.every((value, j) => Math.abs(whole.objective[j]! - value) <= tolerances[j]!)
    const reached = isReached ? Math.max(found, Math.round(whole.objective[k]! / unit)) : found
    if (!stage.isProven && gap === 0 && !(reached - stage.bound < 1)) gap = relative(reached, stage.bound)
    claimed.push(reached * unit)
    kept.push({ cost: scaled, bound: reached })
  })
  return { values, claimed, gap, nodes, isConsistent }
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

interface Attempt {
  readonly useStart: boolean
  readonly presolve: 'choose' | 'off'
}

const attempts: readonly Attempt[] = [
  { useStart: true, presolve: 'choose' },
  { useStart: false, presolve: 'choose' },
  { useStart: false, presolve: 'off' }
]

/** An optimum that later objectives may not give up. */
interface Kept {
  readonly cost: readonly number[]
  readonly bound: number
}

interface Stage {
  readonly values: Float64Array | undefined
  readonly isProven: boolean
  readonly bound: number
  readonly nodes: number
  readonly isConsistent: boolean
}

const solveStage = (
  highs: Highs,
  programme: Programme,
  cost: readonly number[],
  kept: readonly Kept[],
  nodeLimit: number,
  { presolve }: Attempt,
  previous: Float64Array | undefined
): Stage => {
  const model = load(highs, programme, undefined)
  try {
    model.options.set({
      output_flag: false,
      presolve,
      mip_rel_gap: 0,
      // Costs are whole numbers: anything closer than one unit is the optimum.
      mip_abs_gap: 0.99,
      mip_max_nodes: nodeLimit
    })
    model.changeColsCost({ kind: 'range', from: 0, to: programme.columns - 1 }, Float64Array.from(cost))
    for (const row of kept) {
      const indices: number[] = []
      for (let k = 0; k < row.cost.length; k++) if (row.cost[k] !== 0) indices.push(k)
      // A little room, or the tight row is infeasible in floating point; too little to buy one whole unit.
      const room = 1e-6 + 1e-9 * Math.abs(row.bound)
      model.addRow(-highs.infinity, row.bound + room, { indices, values: indices.map(k => row.cost[k]!) })
    }
    if (previous) model.setSolution({ colValue: previous })
    const { modelStatus } = model.run()
    const { optimal, infeasible } = highs.constants.modelStatus
    const hasPoint = Number(model.info.get('primal_solution_status')) === 2 && modelStatus !== infeasible
    const values = hasPoint ? model.getSolution().colValue : undefined
    const bound = Number(model.info.get('mip_dual_bound'))
    const isProven = modelStatus === optimal && values !== undefined && dot(cost, values) - bound < 1
    return {
      values,
      isProven,
      bound,
      nodes: Math.max(0, Number(model.info.get('mip_node_count'))),
      // A clearing programme is never infeasible, and optimal means that the bound has come close.
      isConsistent: modelStatus !== infeasible && (modelStatus !== optimal || isProven)
    }
  } finally {
    model.dispose()
  }
}

/** Linear: keeps to the optimal face of each objective in turn, and rounds at the end. Undefined if infeasible. */
const solveOnFaces = (
  { highs }: Solver,
  programme: Programme,
  fixed: readonly number[] | undefined
): Point | undefined => {
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
      if (modelStatus === highs.constants.modelStatus.infeasible && !solved) return undefined
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
