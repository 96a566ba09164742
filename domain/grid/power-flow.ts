/**
 * Power flow of a compiled network, for one slot or many (DTP-PF-01, DTP-PF-02): powers in, voltages, currents, flows,
 * losses and loading out.
 *
 * A `PowerFlow` owns its arrays and reuses them: what `solve` returns is overwritten by the next call; `copyOf` keeps it.
 * Where the equations have no solution that a grid can be run at, the result says so and holds no numbers.
 */
import { BASE_MVA } from './branch-admittance.ts'
import type { BranchArrays, CompiledNetwork, InjectorArrays } from './compile-network.ts'
import { type Convergence, type Method, type NewtonSolver, newtonSolver } from './newton.ts'

/** kW and kvar by place in the network's list, in its sign; without it the network's own values. */
export interface InjectorPowers {
  readonly p_kW: Float64Array
  readonly q_kvar: Float64Array
}

export interface SlotPowers {
  readonly loads?: InjectorPowers
  readonly generators?: InjectorPowers
  readonly storages?: InjectorPowers
  /** Injected at each bus beside all of these, by the bus's place in the network's list; a bus without voltage takes none. */
  readonly injected?: InjectorPowers
  /** Voltages that the external grids hold in this slot, in their order; without it those of the network. */
  readonly externalGrids?: { readonly vm_pu: Float64Array; readonly va_degree: Float64Array }
}

/** By place in the network's list. NaN: the end is open, or has no voltage. */
export interface BranchState {
  /** Into the branch at the from end (lines) or high side (transformers). */
  readonly pFrom_kW: Float64Array
  readonly qFrom_kvar: Float64Array
  readonly pTo_kW: Float64Array
  readonly qTo_kvar: Float64Array
  readonly iFrom_A: Float64Array
  readonly iTo_A: Float64Array
  readonly losses_kW: Float64Array
  readonly losses_kvar: Float64Array
  /** By current, at the end that is nearer to its rating; NaN without a rating. */
  readonly loadingPercent: Float64Array
}

export interface GridState {
  readonly status: 'converged'
  readonly iterations: number
  /** By place in the network's list of buses; NaN: no voltage. */
  readonly vm_pu: Float64Array
  readonly va_degree: Float64Array
  readonly lines: BranchState
  readonly transformers: BranchState
  /** Given by each external grid to the network; those at one node share alike. */
  readonly externalGrid_kW: Float64Array
  readonly externalGrid_kvar: Float64Array
  readonly lineLosses_kW: number
  readonly transformerLosses_kW: number
}

export interface Divergence {
  readonly status: 'diverged'
  readonly reason: 'no-convergence' | 'unstable-solution'
  readonly iterations: number
  /** Where the voltage still moved most; where the grid is weakest. */
  readonly bus: string
  readonly largestStep_pu: number
}

export interface PowerFlow {
  solve(powers?: SlotPowers): GridState | Divergence
  /** Everything about the point's last solution; overwritten by the next call of this or of `solve`. */
  outputs(found: Extract<Convergence, { status: 'converged' }>): GridState
  /** The same without outputs: for those that solve again and again, and ask for sensitivities. */
  readonly point: OperatingPoint
}

/** Powers and voltages by row of the node equations, per unit. */
export interface OperatingPoint {
  readonly compiled: CompiledNetwork
  /** Injected at each row; may be changed between `load` and `solve`. */
  readonly p: Float64Array
  readonly q: Float64Array
  /** Voltages of the last solution. */
  readonly re: Float64Array
  readonly im: Float64Array
  load(powers?: SlotPowers): void
  solve(): Convergence
  /** As `solve`, from the voltages that are there (those of a solution with powers near to these). */
  resolve(): Convergence
  /** Prepares `adjoint` for the last solution; to be called after a `solve` that converged. */
  linearise(): void
  /** In place, see `Steps`. */
  adjoint(values: Float64Array, first: number, end: number): void
  /** See `Steps`; undefined where the network is not solved as a tree. */
  readonly eliminated: Float64Array | undefined
  readonly carried: NewtonSolver['carried']
}

export const powerFlow = (compiled: CompiledNetwork, method?: Method): PowerFlow => {
  const { network, equations, rowOfBus, externalGridRow } = compiled
  const { rows } = equations
  const solver = newtonSolver(equations, method)
  const p = new Float64Array(rows)
  const q = new Float64Array(rows)
  const rowVm = new Float64Array(rows)
  const rowVa = new Float64Array(rows)
  const given = new Float64Array(2 * equations.fixedRows)
  const sharing = new Float64Array(equations.fixedRows)
  for (const row of externalGridRow) sharing[row]!++
  const state = {
    status: 'converged' as const,
    iterations: 0,
    vm_pu: new Float64Array(network.buses.length),
    va_degree: new Float64Array(network.buses.length),
    lines: branchState(compiled.lines.count),
    transformers: branchState(compiled.transformers.count),
    externalGrid_kW: new Float64Array(externalGridRow.length),
    externalGrid_kvar: new Float64Array(externalGridRow.length),
    lineLosses_kW: 0,
    transformerLosses_kW: 0
  }

  const atBuses = { row: rowOfBus, ...noPowers }
  const heldRe = equations.fixedRe.slice()
  const heldIm = equations.fixedIm.slice()
  let isHeldAsCompiled = true
  const holdExternalGrids = (held: SlotPowers['externalGrids']): void => {
    if (held === undefined && isHeldAsCompiled) return
    isHeldAsCompiled = held === undefined
    if (held === undefined) {
      solver.fix(equations.fixedRe, equations.fixedIm)
      return
    }
    const { vm_pu, va_degree } = held
    if (vm_pu.length !== externalGridRow.length || va_degree.length !== externalGridRow.length)
      throw new RangeError(`power flow: ${externalGridRow.length} external grids, but ${vm_pu.length} voltages`)
    externalGridRow.forEach((row, n) => {
      heldRe[row] = vm_pu[n]! * Math.cos(va_degree[n]! / DEGREES)
      heldIm[row] = vm_pu[n]! * Math.sin(va_degree[n]! / DEGREES)
    })
    solver.fix(heldRe, heldIm)
  }

  const load = (powers: SlotPowers = {}): void => {
    p.fill(0)
    q.fill(0)
    inject(compiled.loads, powers.loads, -KW_PER_UNIT, p, q)
    inject(compiled.generators, powers.generators, KW_PER_UNIT, p, q)
    inject(compiled.storages, powers.storages, -KW_PER_UNIT, p, q)
    if (powers.injected !== undefined) inject(atBuses, powers.injected, KW_PER_UNIT, p, q)
    holdExternalGrids(powers.externalGrids)
  }

  const outputs: PowerFlow['outputs'] = ({ iterations }) => {
    const { re, im } = solver
    for (let row = 0; row < rows; row++) {
      rowVm[row] = Math.sqrt(re[row]! * re[row]! + im[row]! * im[row]!)
      rowVa[row] = Math.atan2(im[row]!, re[row]!) * DEGREES
    }
    const { vm_pu, va_degree } = state
    for (let bus = 0; bus < rowOfBus.length; bus++) {
      const row = rowOfBus[bus]!
      vm_pu[bus] = row < 0 ? Number.NaN : rowVm[row]!
      va_degree[bus] = row < 0 ? Number.NaN : rowVa[row]!
    }
    state.iterations = iterations
    state.lineLosses_kW = fillBranches(compiled.lines, re, im, state.lines)
    state.transformerLosses_kW = fillBranches(compiled.transformers, re, im, state.transformers)
    fillGiven(compiled, re, im, p, q, given)
    externalGridRow.forEach((row, n) => {
      state.externalGrid_kW[n] = given[2 * row]! / sharing[row]!
      state.externalGrid_kvar[n] = given[2 * row + 1]! / sharing[row]!
    })
    return state
  }

  return {
    point: {
      ...{ compiled, p, q, re: solver.re, im: solver.im, eliminated: solver.eliminated, carried: solver.carried, load },
      solve: () => solver.solve(p, q),
      resolve: () => solver.resolve(p, q),
      linearise: () => solver.linearise(p, q),
      adjoint: (values, first, end) => solver.adjoint(values, first, end)
    },
    outputs,
    solve(powers = {}) {
      load(powers)
      const found = solver.solve(p, q)
      return found.status === 'diverged' ? divergenceOf(compiled, found) : outputs(found)
    }
  }
}

/** As people read it: the bus in place of the row. */
export const divergenceOf = (
  { network, topology, equations }: CompiledNetwork,
  { reason, iterations, row, largestStep_pu }: Extract<Convergence, { status: 'diverged' }>
): Divergence => {
  const bus = network.buses[topology.busOfNode[equations.nodeOfRow[row]!]!]!.id
  return { status: 'diverged', reason, iterations, bus, largestStep_pu }
}

/** A state of its own, which later calls do not change. */
export const copyOf = (state: GridState): GridState => ({
  ...state,
  vm_pu: state.vm_pu.slice(),
  va_degree: state.va_degree.slice(),
  lines: copyOfBranches(state.lines),
  transformers: copyOfBranches(state.transformers),
  externalGrid_kW: state.externalGrid_kW.slice(),
  externalGrid_kvar: state.externalGrid_kvar.slice()
})

const KW_PER_UNIT = 1000 * BASE_MVA
const DEGREES = 180 / Math.PI

const branchFields = [
  ...(['pFrom_kW', 'qFrom_kvar', 'pTo_kW', 'qTo_kvar', 'iFrom_A', 'iTo_A'] as const),
  ...(['losses_kW', 'losses_kvar', 'loadingPercent'] as const)
]

const branchState = (count: number): BranchState => ({
  pFrom_kW: new Float64Array(count),
  qFrom_kvar: new Float64Array(count),
  pTo_kW: new Float64Array(count),
  qTo_kvar: new Float64Array(count),
  iFrom_A: new Float64Array(count),
  iTo_A: new Float64Array(count),
  losses_kW: new Float64Array(count),
  losses_kvar: new Float64Array(count),
  loadingPercent: new Float64Array(count)
})

const copyOfBranches = (state: BranchState): BranchState => {
  const copy = branchState(state.losses_kW.length)
  for (const name of branchFields) copy[name].set(state[name])
  return copy
}

const noPowers: InjectorPowers = { p_kW: new Float64Array(), q_kvar: new Float64Array() }

const inject = (
  injectors: Omit<InjectorArrays, 'ids'>,
  powers: InjectorPowers | undefined,
  perUnit: number,
  p: Float64Array,
  q: Float64Array
): void => {
  const { row } = injectors
  const { p_kW, q_kvar } = powers ?? injectors
  if (p_kW.length !== row.length || q_kvar.length !== row.length)
    throw new RangeError(`power flow: ${row.length} elements, but ${p_kW.length} and ${q_kvar.length} powers`)
  for (let n = 0; n < row.length; n++) {
    const at = row[n]!
    if (at < 0) continue
    p[at]! += p_kW[n]! / perUnit
    q[at]! += q_kvar[n]! / perUnit
  }
}

const fillBranches = (branches: BranchArrays, re: Float64Array, im: Float64Array, state: BranchState): number => {
  const { count, from, to, admittance, fromBase_A, toBase_A, fromRated_A, toRated_A } = branches
  let losses = 0
  for (let n = 0; n < count; n++) {
    const f = from[n]!
    const t = to[n]!
    const y = 8 * n
    const fr = f < 0 ? 0 : re[f]!
    const fi = f < 0 ? 0 : im[f]!
    const tr = t < 0 ? 0 : re[t]!
    const ti = t < 0 ? 0 : im[t]!
    const ffRe = admittance[y]!
    const ffIm = admittance[y + 1]!
    const ftRe = admittance[y + 2]!
    const ftIm = admittance[y + 3]!
    const tfRe = admittance[y + 4]!
    const tfIm = admittance[y + 5]!
    const ttRe = admittance[y + 6]!
    const ttIm = admittance[y + 7]!
    const ifr = ffRe * fr - ffIm * fi + ftRe * tr - ftIm * ti
    const ifi = ffRe * fi + ffIm * fr + ftRe * ti + ftIm * tr
    const itr = tfRe * fr - tfIm * fi + ttRe * tr - ttIm * ti
    const iti = tfRe * fi + tfIm * fr + ttRe * ti + ttIm * tr
    const pf = (fr * ifr + fi * ifi) * KW_PER_UNIT
    const qf = (fi * ifr - fr * ifi) * KW_PER_UNIT
    const pt = (tr * itr + ti * iti) * KW_PER_UNIT
    const qt = (ti * itr - tr * iti) * KW_PER_UNIT
    const i1 = Math.sqrt(ifr * ifr + ifi * ifi) * fromBase_A[n]!
    const i2 = Math.sqrt(itr * itr + iti * iti) * toBase_A[n]!
    const one = i1 / fromRated_A[n]!
    const other = i2 / toRated_A[n]!
    const isDead = f < 0 && t < 0
    state.pFrom_kW[n] = isDead ? Number.NaN : pf
    state.qFrom_kvar[n] = isDead ? Number.NaN : qf
    state.pTo_kW[n] = isDead ? Number.NaN : pt
    state.qTo_kvar[n] = isDead ? Number.NaN : qt
    state.iFrom_A[n] = isDead ? Number.NaN : i1
    state.iTo_A[n] = isDead ? Number.NaN : i2
    state.losses_kW[n] = isDead ? Number.NaN : pf + pt
    state.losses_kvar[n] = isDead ? Number.NaN : qf + qt
    state.loadingPercent[n] =
      isDead || fromRated_A[n] === Number.POSITIVE_INFINITY ? Number.NaN : 100 * (one > other ? one : other)
    if (!isDead) losses += pf + pt
  }
  return losses
}

/** What external grids give: what leaves their nodes, less what is injected there. kW and kvar. */
const fillGiven = (
  { equations }: CompiledNetwork,
  re: Float64Array,
  im: Float64Array,
  p: Float64Array,
  q: Float64Array,
  given: Float64Array
): void => {
  const { fixedRows, own, pairLow, pairHigh, pairs, fixedPairs } = equations
  for (let row = 0; row < fixedRows; row++) {
    given[2 * row] = own[2 * row]! * re[row]! - own[2 * row + 1]! * im[row]!
    given[2 * row + 1] = own[2 * row]! * im[row]! + own[2 * row + 1]! * re[row]!
  }
  for (const n of fixedPairs) {
    const low = pairLow[n]!
    const high = pairHigh[n]!
    const a = 4 * n
    given[2 * low]! += pairs[a]! * re[high]! - pairs[a + 1]! * im[high]!
    given[2 * low + 1]! += pairs[a]! * im[high]! + pairs[a + 1]! * re[high]!
    if (high >= fixedRows) continue
    given[2 * high]! += pairs[a + 2]! * re[low]! - pairs[a + 3]! * im[low]!
    given[2 * high + 1]! += pairs[a + 2]! * im[low]! + pairs[a + 3]! * re[low]!
  }
  for (let row = 0; row < fixedRows; row++) {
    const ir = given[2 * row]!
    const ii = given[2 * row + 1]!
    given[2 * row] = (re[row]! * ir + im[row]! * ii - p[row]!) * KW_PER_UNIT
    given[2 * row + 1] = (im[row]! * ir - re[row]! * ii - q[row]!) * KW_PER_UNIT
  }
}
