/**
 * A network turned into the arrays that power flows run on, once for many slots: nodes in an order with parents before
 * children, admittances of every branch, and the voltages without load that every solution starts from.
 *
 * Promises: the same network gives the same arrays; a network with errors is not compiled but answered with its problems;
 * nodes that no external grid reaches are left out and have no voltage in any result.
 */

import { BASE_MVA, lineTwoPort, type TransformerModel, type TwoPort, transformerTwoPort } from './branch-admittance.ts'
import { checkNetwork } from './check-network.ts'
import type { Injector, Network } from './network.ts'
import { hasErrors, type NetworkProblem } from './network-problem.ts'
import { type NodeEquations, nodeEquations } from './node-equations.ts'
import { type Branch, type BranchKind, reachedFrom, type Topology, topologyOf } from './topology.ts'

export interface CompileOptions {
  readonly transformerModel?: TransformerModel
}

/** Lines or transformers of the network, in its order. Rows 0..7 of `admittance`: ff, ft, tf, tt as re, im. */
export interface BranchArrays {
  readonly count: number
  /** Row of the end's node; -1 where the end is open or the branch has no voltage at all. */
  readonly from: Int32Array
  readonly to: Int32Array
  /** 8 numbers a branch, of the branch as it is switched; a missing end is already eliminated. */
  readonly admittance: Float64Array
  /** A for 1 pu of current at each end. */
  readonly fromBase_A: Float64Array
  readonly toBase_A: Float64Array
  /** What 100 % loading is at each end, A; Infinity: no rating. */
  readonly fromRated_A: Float64Array
  readonly toRated_A: Float64Array
}

/** Loads, generators or storages of the network, in its order. */
export interface InjectorArrays {
  readonly ids: readonly string[]
  /** Row of the node; -1: out of service or without voltage. */
  readonly row: Int32Array
  /** The network's own values, kW and kvar, in its sign. */
  readonly p_kW: Float64Array
  readonly q_kvar: Float64Array
}

export interface CompiledNetwork {
  readonly network: Network
  readonly transformerModel: TransformerModel
  readonly topology: Topology
  readonly problems: readonly NetworkProblem[]
  /** Row of each bus in the arrays of nodes; -1: no voltage. External grids have the first rows. */
  readonly rowOfBus: Int32Array
  readonly equations: NodeEquations
  readonly lines: BranchArrays
  readonly transformers: BranchArrays
  readonly loads: InjectorArrays
  readonly generators: InjectorArrays
  readonly storages: InjectorArrays
  /** Row of each external grid, in the order of the network; several may share one. */
  readonly externalGridRow: Int32Array
}

export type Compiled =
  | { readonly compiled: CompiledNetwork; readonly problems: readonly NetworkProblem[] }
  | { readonly compiled?: never; readonly problems: readonly NetworkProblem[] }

export const compileNetwork = (network: Network, options: CompileOptions = {}): Compiled => {
  const topology = topologyOf(network)
  const problems = checkNetwork(network, topology)
  if (hasErrors(problems)) return { problems }
  const transformerModel = options.transformerModel ?? 't'
  const gridNodes = network.externalGrids.map(({ bus }) => topology.nodeOfBus[topology.busIndex.get(bus)!]!)
  const reached = reachedFrom(gridNodes, topology)
  const twoPorts = topology.branches.map(branch => twoPortOf(network, branch, transformerModel))
  const equations = nodeEquations({
    nodes: topology.busOfNode.length,
    reached,
    fixed: network.externalGrids.map(({ vm_pu, va_degree }, n) => ({ node: gridNodes[n]!, vm_pu, va_degree })),
    branches: topology.branches.map(({ from, to }, n) => ({ from, to, twoPort: twoPorts[n]! })),
    shunts: network.shunts.flatMap(({ bus, p_kW, q_kvar, inService }) => {
      const node = topology.nodeOfBus[topology.busIndex.get(bus)!]!
      return inService && node >= 0 ? [{ node, re: p_kW / 1000 / BASE_MVA, im: -q_kvar / 1000 / BASE_MVA }] : []
    })
  })
  const { rowOfNode } = equations
  const rowOfBus = topology.nodeOfBus.map(node => (node < 0 ? -1 : rowOfNode[node]!))
  const injectors = (list: readonly Injector[]): InjectorArrays => ({
    ids: list.map(({ id }) => id),
    row: Int32Array.from(list, ({ bus, inService }) => (inService ? rowOfBus[topology.busIndex.get(bus)!]! : -1)),
    p_kW: Float64Array.from(list, ({ p_kW }) => p_kW),
    q_kvar: Float64Array.from(list, ({ q_kvar }) => q_kvar)
  })
  const branchesOf = (kind: BranchKind): BranchArrays =>
    branchArrays(
      network,
      kind,
      topology.branches.flatMap((branch, n) => (branch.kind === kind ? [{ ...branch, twoPort: twoPorts[n]! }] : [])),
      rowOfNode
    )
  return {
    problems,
    compiled: {
      network,
      transformerModel,
      topology,
      problems,
      rowOfBus,
      equations,
      lines: branchesOf('line'),
      transformers: branchesOf('transformer'),
      loads: injectors(network.loads),
      generators: injectors(network.generators),
      storages: injectors(network.storages),
      externalGridRow: Int32Array.from(gridNodes, node => rowOfNode[node]!)
    }
  }
}

/** The branch as it is switched: with one end open, what it is seen from the other. */
const twoPortOf = (network: Network, branch: Branch, model: TransformerModel): TwoPort => {
  const whole = wholeTwoPort(network, branch, model)
  const { from, to } = branch
  if (from >= 0 && to >= 0) return whole
  if (from >= 0) return { ff: without(whole.ff, whole.ft, whole.tf, whole.tt), ft: zero, tf: zero, tt: zero }
  if (to >= 0) return { ff: zero, ft: zero, tf: zero, tt: without(whole.tt, whole.tf, whole.ft, whole.ff) }
  return { ff: zero, ft: zero, tf: zero, tt: zero }
}

const zero = { re: 0, im: 0 } as const

/** own − out·back / far: the far end carries no current. */
const without = (own: TwoPort['ff'], out: TwoPort['ff'], back: TwoPort['ff'], far: TwoPort['ff']): TwoPort['ff'] => {
  const product = { re: out.re * back.re - out.im * back.im, im: out.re * back.im + out.im * back.re }
  const size = far.re ** 2 + far.im ** 2
  return {
    re: own.re - (product.re * far.re + product.im * far.im) / size,
    im: own.im - (product.im * far.re - product.re * far.im) / size
  }
}

const kVOf = (network: Network): ReadonlyMap<string, number> => {
  let known = kVOfNetwork.get(network)
  if (known === undefined) {
    known = new Map(network.buses.map(({ id, kV }) => [id, kV]))
    kVOfNetwork.set(network, known)
  }
  return known
}
const kVOfNetwork = new WeakMap<Network, ReadonlyMap<string, number>>()

const wholeTwoPort = (network: Network, { kind, index }: Branch, model: TransformerModel): TwoPort => {
  const kV = kVOf(network)
  if (kind === 'line') {
    const line = network.lines[index]!
    return lineTwoPort(line, kV.get(line.from)!, network.frequencyHz)
  }
  const transformer = network.transformers[index]!
  return transformerTwoPort(transformer, kV.get(transformer.highVoltageBus)!, kV.get(transformer.lowVoltageBus)!, model)
}

const SQRT3 = Math.sqrt(3)

const branchArrays = (
  network: Network,
  kind: BranchKind,
  branches: readonly (Branch & { readonly twoPort: TwoPort })[],
  rowOfNode: Int32Array
): BranchArrays => {
  const count = branches.length
  const kV = kVOf(network)
  const rowOf = (node: number): number => (node < 0 ? -1 : rowOfNode[node]!)
  const arrays = {
    count,
    from: Int32Array.from(branches, ({ from }) => rowOf(from)),
    to: Int32Array.from(branches, ({ to }) => rowOf(to)),
    admittance: new Float64Array(8 * count),
    fromBase_A: new Float64Array(count),
    toBase_A: new Float64Array(count),
    fromRated_A: new Float64Array(count),
    toRated_A: new Float64Array(count)
  }
  branches.forEach(({ index, twoPort: { ff, ft, tf, tt } }, n) => {
    arrays.admittance.set([ff.re, ff.im, ft.re, ft.im, tf.re, tf.im, tt.re, tt.im], 8 * n)
    const base_A = (bus: string): number => (1000 * BASE_MVA) / (SQRT3 * kV.get(bus)!)
    if (kind === 'line') {
      const { from, to, max_A } = network.lines[index]!
      arrays.fromBase_A[n] = base_A(from)
      arrays.toBase_A[n] = base_A(to)
      arrays.fromRated_A[n] = arrays.toRated_A[n] = max_A ?? Number.POSITIVE_INFINITY
    } else {
      const { highVoltageBus, lowVoltageBus, highVoltage_kV, lowVoltage_kV, ...rated } = network.transformers[index]!
      const whole_kVA = rated.rated_kVA * rated.parallel * rated.loadingFactor
      arrays.fromBase_A[n] = base_A(highVoltageBus)
      arrays.toBase_A[n] = base_A(lowVoltageBus)
      arrays.fromRated_A[n] = whole_kVA / (SQRT3 * highVoltage_kV)
      arrays.toRated_A[n] = whole_kVA / (SQRT3 * lowVoltage_kV)
    }
  })
  return arrays
}
