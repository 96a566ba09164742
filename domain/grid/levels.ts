/**
 * The power flow in two levels (DTP-PF-01, DTP-PF-04): every low-voltage network for itself, with the low-voltage busbar of
 * its transformer as slack; what each takes there is a lumped load of the medium-voltage network.
 *
 * The busbar's voltage is not known beforehand, so both levels are solved in turn until it stands still: then the result is
 * that of the whole network solved at once. One round is what a lumped load means: low voltage seen at the busbar's
 * nominal voltage. A low-voltage network that is fed at several nodes, or that a line with an open end ties to another one,
 * cannot be lumped and stays with medium voltage.
 */
import { type CompiledNetwork, compileNetwork } from './compile-network.ts'
import { type Network, voltageLevel } from './network.ts'
import type { NetworkProblem } from './network-problem.ts'
import { copyOf, type Divergence, type GridState, type PowerFlow, powerFlow } from './power-flow.ts'
import { topologyOf } from './topology.ts'

export interface LowVoltageNetwork {
  /** First bus of the low-voltage busbar: its slack, and where the lumped load stands. */
  readonly busbar: string
  readonly network: Network
}

export interface Levels {
  /** Without the low-voltage networks, with one lumped load for each, named `below BUSBAR`. */
  readonly medium: Network
  readonly low: readonly LowVoltageNetwork[]
}

export type LevelsSolution =
  | {
      readonly status: 'converged'
      readonly medium: GridState
      /** In the order of `Levels.low`; undefined: the busbar has no voltage. */
      readonly low: readonly (GridState | undefined)[]
      readonly rounds: number
      /** By how much a busbar's voltage still moved in the last round. */
      readonly largestChange_pu: number
    }
  | { readonly status: 'diverged'; readonly network: string; readonly divergence: Divergence }

export const lumpedLoadId = (busbar: string): string => `below ${busbar}`

/** `participantsStay`: a low-voltage network with a PoD of a participant in it is not cut off. */
export const levelsOf = (
  network: Network,
  { participantsStay = false }: { readonly participantsStay?: boolean } = {}
): Levels => {
  const topology = topologyOf(network)
  const { nodeOfBus, busOfNode, branches, busIndex } = topology
  const nodeOf = (bus: string): number => nodeOfBus[busIndex.get(bus) ?? -1] ?? -1
  const isLow = (node: number): boolean => node >= 0 && voltageLevel(network.buses[busOfNode[node]!]!.kV) === 'low'
  const group = lowVoltageGroups(busOfNode.length, isLow, branches)
  const feeding = new Map<number, Set<number>>()
  for (const { kind, from, to } of branches) {
    if (kind !== 'transformer' || to < 0 || group[to]! < 0 || isLow(from)) continue
    const nodes = feeding.get(group[to]!) ?? new Set()
    feeding.set(group[to]!, nodes.add(to))
  }
  for (const { bus } of network.externalGrids) if (group[nodeOf(bus)]! >= 0) feeding.delete(group[nodeOf(bus)]!)
  const busbarOf = new Map([...feeding].flatMap(([low, nodes]) => (nodes.size === 1 ? [[low, [...nodes][0]!]] : [])))
  const groupOf = (bus: string): number => (nodeOf(bus) < 0 ? WITH_MEDIUM : group[nodeOf(bus)]!)
  for (const { from, to } of network.lines)
    if (groupOf(from) !== groupOf(to)) for (const bus of [from, to]) busbarOf.delete(groupOf(bus))
  for (const { highVoltageBus: high, lowVoltageBus: low } of network.transformers) {
    const isFeeder = !isLow(nodeOf(high)) && busbarOf.get(groupOf(low)) === nodeOf(low)
    if (!isFeeder && groupOf(high) !== groupOf(low)) for (const bus of [high, low]) busbarOf.delete(groupOf(bus))
  }
  if (participantsStay) for (const { bus, pod } of network.loads) if (pod !== undefined) busbarOf.delete(groupOf(bus))
  const cutBelow = (bus: string): number => {
    const low = groupOf(bus)
    return busbarOf.has(low) ? low : WITH_MEDIUM
  }
  const isBusbar = (bus: string): boolean =>
    cutBelow(bus) !== WITH_MEDIUM && busbarOf.get(cutBelow(bus)) === nodeOf(bus)
  const place = {
    buses: grouped(network.buses, ({ id }) => cutBelow(id)),
    lines: grouped(network.lines, ({ from }) => cutBelow(from)),
    transformers: grouped(network.transformers, ({ highVoltageBus, lowVoltageBus }) =>
      isLow(nodeOf(highVoltageBus)) ? cutBelow(lowVoltageBus) : WITH_MEDIUM
    ),
    loads: grouped(network.loads, ({ bus }) => cutBelow(bus)),
    generators: grouped(network.generators, ({ bus }) => cutBelow(bus)),
    storages: grouped(network.storages, ({ bus }) => cutBelow(bus)),
    shunts: grouped(network.shunts, ({ bus }) => cutBelow(bus)),
    switches: grouped(network.switches, ({ bus }) => cutBelow(bus))
  }
  const part = (low: number): Network => ({
    ...network,
    buses: place.buses.get(low) ?? [],
    lines: place.lines.get(low) ?? [],
    transformers: place.transformers.get(low) ?? [],
    switches: place.switches.get(low) ?? [],
    externalGrids: [],
    loads: place.loads.get(low) ?? [],
    generators: place.generators.get(low) ?? [],
    storages: place.storages.get(low) ?? [],
    shunts: place.shunts.get(low) ?? []
  })
  /** Transformers that feed what is cut off: they stay with medium voltage. */
  const feeders = new Set((place.transformers.get(WITH_MEDIUM) ?? []).map(({ id }) => id))
  const isInMedium = (bus: string): boolean => cutBelow(bus) === WITH_MEDIUM || isBusbar(bus)
  const lows = [...busbarOf].map(([low, node]) => ({ low, busbar: firstBus(network, busOfNode, node) }))
  const medium = part(WITH_MEDIUM)
  const busbarBuses = network.buses.filter(({ id }) => isBusbar(id))
  return {
    medium: {
      ...medium,
      buses: [...medium.buses, ...busbarBuses],
      switches: network.switches.filter(
        ({ bus, elementType, element }) =>
          isInMedium(bus) &&
          (elementType === 'bus'
            ? isInMedium(element)
            : elementType === 'transformer'
              ? feeders.has(element)
              : cutBelow(bus) === WITH_MEDIUM)
      ),
      externalGrids: network.externalGrids,
      loads: [
        ...medium.loads,
        ...lows.map(({ busbar }) => ({ id: lumpedLoadId(busbar), bus: busbar, p_kW: 0, q_kvar: 0, inService: true }))
      ]
    },
    low: lows.map(({ low, busbar }) => {
      const below = part(low)
      return {
        busbar,
        network: {
          ...below,
          name: `${network.name} ${lumpedLoadId(busbar)}`,
          switches: below.switches.filter(
            ({ elementType, element }) =>
              // An open switch to another network says nothing inside of either.
              (elementType !== 'bus' || cutBelow(element) === low) &&
              (elementType !== 'transformer' || !feeders.has(element))
          ),
          externalGrids: [{ bus: busbar, vm_pu: 1, va_degree: 0 }]
        }
      }
    })
  }
}

/** Group of what is not below a busbar. */
const WITH_MEDIUM = -1

const grouped = <T>(list: readonly T[], groupOf: (one: T) => number): ReadonlyMap<number, readonly T[]> =>
  Map.groupBy(list, groupOf)

/** Busbar voltages are repeated until they move by less than this. */
const SETTLED_PU = 1e-10
/** Rounds until then are 4 to 8 in grids that can be run; more means that the levels pull each other down. */
const ROUNDS_MAX = 30

export const solveLevels = (
  { medium, low }: Levels,
  { rounds = ROUNDS_MAX }: { readonly rounds?: number } = {}
): LevelsSolution | { readonly status: 'refused'; readonly problems: readonly NetworkProblem[] } => {
  const above = compileNetwork(medium)
  const below = low.map(({ network }) => compileNetwork(network))
  const problems = [above, ...below].flatMap(one => (one.compiled === undefined ? one.problems : []))
  if (above.compiled === undefined || problems.length > 0) return { status: 'refused', problems }
  const compiled = below.flatMap(one => (one.compiled === undefined ? [] : [one.compiled]))
  const mediumFlow = powerFlow(above.compiled)
  const flows = compiled.map(one => powerFlow(one))
  return settle(above.compiled, mediumFlow, low, flows, rounds)
}

/**
 * The network with each low-voltage network that has no participant as one lumped load at its busbar: what it takes there by
 * its own power flow, at the voltage that the whole network gives it. Its power flow is that of the whole, as far as it goes.
 */
export const lumpedNetwork = (
  network: Network
):
  | { readonly status: 'lumped'; readonly network: Network; readonly lumped: number }
  | Exclude<ReturnType<typeof solveLevels>, { readonly status: 'converged' }> => {
  const levels = levelsOf(network, { participantsStay: true })
  const solution = solveLevels(levels)
  if (solution.status !== 'converged') return solution
  const stateBelow = new Map(levels.low.map(({ busbar }, n) => [lumpedLoadId(busbar), solution.low[n]]))
  const loads = levels.medium.loads.map(load => {
    const state = stateBelow.get(load.id)
    return state === undefined
      ? load
      : { ...load, p_kW: state.externalGrid_kW[0]!, q_kvar: state.externalGrid_kvar[0]! }
  })
  return { status: 'lumped', network: { ...levels.medium, loads }, lumped: levels.low.length }
}

const settle = (
  above: CompiledNetwork,
  mediumFlow: PowerFlow,
  low: readonly LowVoltageNetwork[],
  flows: readonly PowerFlow[],
  rounds: number
): LevelsSolution => {
  const p_kW = above.loads.p_kW.slice()
  const q_kvar = above.loads.q_kvar.slice()
  const firstLumped = p_kW.length - low.length
  const busbars = low.map(({ busbar }) => above.topology.busIndex.get(busbar)!)
  const vm_pu = new Float64Array(low.length).fill(1)
  const va_degree = new Float64Array(low.length)
  for (let round = 1; ; round++) {
    const lowStates: GridState[] = []
    for (const [n, flow] of flows.entries()) {
      const held = { vm_pu: vm_pu.slice(n, n + 1), va_degree: va_degree.slice(n, n + 1) }
      const state = flow.solve({ externalGrids: held })
      if (state.status === 'diverged') return { status: 'diverged', network: low[n]!.network.name, divergence: state }
      p_kW[firstLumped + n] = state.externalGrid_kW[0]!
      q_kvar[firstLumped + n] = state.externalGrid_kvar[0]!
      lowStates.push(state)
    }
    const state = mediumFlow.solve({ loads: { p_kW, q_kvar } })
    if (state.status === 'diverged') return { status: 'diverged', network: above.network.name, divergence: state }
    let largestChange_pu = 0
    for (const [n, bus] of busbars.entries()) {
      // A busbar without voltage keeps the nominal one: nothing below it is supplied, as the check of the network says.
      if (Number.isNaN(state.vm_pu[bus]!)) continue
      largestChange_pu = Math.max(largestChange_pu, Math.abs(state.vm_pu[bus]! - vm_pu[n]!))
      vm_pu[n] = state.vm_pu[bus]!
      va_degree[n] = state.va_degree[bus]!
    }
    if (largestChange_pu < SETTLED_PU || round >= rounds)
      return {
        status: 'converged',
        medium: copyOf(state),
        low: lowStates.map((one, n) => (Number.isNaN(state.vm_pu[busbars[n]!]!) ? undefined : copyOf(one))),
        rounds: round,
        largestChange_pu
      }
  }
}

const firstBus = (network: Network, busOfNode: Int32Array, node: number): string => network.buses[busOfNode[node]!]!.id

/** Number of the connected low-voltage part of each node; -1: no low voltage. */
const lowVoltageGroups = (
  nodes: number,
  isLow: (node: number) => boolean,
  branches: readonly { readonly from: number; readonly to: number }[]
): Int32Array => {
  const group = new Int32Array(nodes).fill(-1)
  const around: number[][] = Array.from({ length: nodes }, () => [])
  for (const { from, to } of branches)
    if (from >= 0 && to >= 0 && isLow(from) && isLow(to)) {
      around[from]!.push(to)
      around[to]!.push(from)
    }
  let groups = 0
  for (let start = 0; start < nodes; start++) {
    if (group[start] !== -1 || !isLow(start)) continue
    group[start] = groups
    const waiting = [start]
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop())
      for (const next of around[node]!)
        if (group[next] === -1) {
          group[next] = groups
          waiting.push(next)
        }
    groups++
  }
  return group
}
