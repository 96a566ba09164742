/**
 * What the elements of a network say together: every problem, each at its place.
 *
 * Errors are what would make a calculation wrong or impossible (unknown references, no impedance, contradictions, no
 * external grid). Warnings are what it can live with and says so: islands have no voltage in the result.
 */
import { lineImpedance, transformerImpedance } from './branch-admittance.ts'
import type { Injector, Network } from './network.ts'
import { type NetworkProblem, NetworkProblems } from './network-problem.ts'
import { neighboursOf, reachedFrom, type Topology, topologyOf } from './topology.ts'

export const checkNetwork = (network: Network, topology = topologyOf(network)): readonly NetworkProblem[] => {
  const problems = new NetworkProblems()
  checkIds(network, problems)
  checkReferences(network, problems)
  checkLines(network, problems)
  checkTransformers(network, problems)
  checkSwitches(network, problems)
  checkExternalGrids(network, topology, problems)
  checkJoins(network, topology, problems)
  if (network.externalGrids.length > 0) checkIslands(network, topology, problems)
  return problems.list
}

const injectorLists = ['loads', 'generators', 'storages'] as const

const checkIds = (network: Network, problems: NetworkProblems): void => {
  const lists = [...injectorLists, 'buses', 'lines', 'transformers', 'switches', 'shunts'] as const
  for (const list of lists) {
    const seen = new Map<string, number>()
    network[list].forEach(({ id }, n) => {
      const first = seen.get(id)
      if (first === undefined) seen.set(id, n)
      else problems.error('duplicate-id', `/${list}/${n}/id`, `${id} is at /${list}/${first} already`)
    })
  }
}

const checkReferences = (network: Network, problems: NetworkProblems): void => {
  const idsOf = {
    bus: new Set(network.buses.map(({ id }) => id)),
    line: new Set(network.lines.map(({ id }) => id)),
    transformer: new Set(network.transformers.map(({ id }) => id))
  }
  const known = (kind: keyof typeof idsOf, id: string, path: string): void => {
    if (!idsOf[kind].has(id)) problems.error('unknown-element', path, `there is no ${kind} ${id}`)
  }
  network.lines.forEach(({ from, to }, n) => {
    known('bus', from, `/lines/${n}/from`)
    known('bus', to, `/lines/${n}/to`)
  })
  network.transformers.forEach(({ highVoltageBus, lowVoltageBus }, n) => {
    known('bus', highVoltageBus, `/transformers/${n}/highVoltageBus`)
    known('bus', lowVoltageBus, `/transformers/${n}/lowVoltageBus`)
  })
  network.switches.forEach(({ bus, element, elementType }, n) => {
    known('bus', bus, `/switches/${n}/bus`)
    known(elementType, element, `/switches/${n}/element`)
  })
  network.externalGrids.forEach(({ bus }, n) => {
    known('bus', bus, `/externalGrids/${n}/bus`)
  })
  for (const list of [...injectorLists, 'shunts'] as const)
    network[list].forEach(({ bus }, n) => {
      known('bus', bus, `/${list}/${n}/bus`)
    })
  checkPods(network, problems)
}

/** What one meter counts hangs on one bus. */
const checkPods = (network: Network, problems: NetworkProblems): void => {
  const busOfPod = new Map<string, string>()
  for (const list of injectorLists)
    network[list].forEach(({ pod, bus }: Injector, n) => {
      if (pod === undefined) return
      const first = busOfPod.get(pod)
      if (first === undefined) busOfPod.set(pod, bus)
      else if (first !== bus)
        problems.error('bad-value', `/${list}/${n}/pod`, `the point of delivery ${pod} is at bus ${first} already`)
    })
}

const checkLines = (network: Network, problems: NetworkProblems): void => {
  const kV = new Map(network.buses.map(bus => [bus.id, bus.kV]))
  network.lines.forEach((line, n) => {
    const path = `/lines/${n}`
    if (lineImpedance(line) === 0)
      problems.error(
        'zero-impedance',
        path,
        `line ${line.id} has r_ohm and x_ohm of 0; join its buses by a closed switch`
      )
    if (line.from === line.to) problems.error('bad-value', `${path}/to`, `line ${line.id} starts and ends at one bus`)
    const [from, to] = [kV.get(line.from), kV.get(line.to)]
    if (from !== undefined && to !== undefined && from !== to)
      problems.error('voltage-mismatch', path, `line ${line.id} joins ${from} kV and ${to} kV`)
  })
}

/** A winding may be rated this far from its bus's nominal voltage; more is a mix-up of sides or units. */
const WINDING_DEVIATION_MAX = 0.3

const checkTransformers = (network: Network, problems: NetworkProblems): void => {
  const kV = new Map(network.buses.map(bus => [bus.id, bus.kV]))
  network.transformers.forEach((transformer, n) => {
    const { id, highVoltageBus, lowVoltageBus, vk_percent, vkr_percent } = transformer
    const path = `/transformers/${n}`
    if (transformerImpedance(transformer) === 0)
      problems.error('zero-impedance', `${path}/vk_percent`, `transformer ${id} has no short-circuit voltage`)
    if (vkr_percent > vk_percent)
      problems.error('bad-value', `${path}/vkr_percent`, `transformer ${id}: the real part is more than the whole`)
    if (highVoltageBus === lowVoltageBus)
      problems.error('bad-value', `${path}/lowVoltageBus`, `transformer ${id} has both sides at one bus`)
    for (const [side, bus, rated] of [
      ['high', highVoltageBus, transformer.highVoltage_kV],
      ['low', lowVoltageBus, transformer.lowVoltage_kV]
    ] as const) {
      const nominal = kV.get(bus)
      if (nominal !== undefined && Math.abs(rated / nominal - 1) > WINDING_DEVIATION_MAX)
        problems.error(
          'voltage-mismatch',
          `${path}/${side}Voltage_kV`,
          `transformer ${id}: a winding of ${rated} kV at a bus of ${nominal} kV`
        )
    }
    checkTap(transformer, path, problems)
  })
}

const checkTap = (transformer: Network['transformers'][number], path: string, problems: NetworkProblems): void => {
  const { id, tapSide, tapKind, tapPosition, tapNeutral, tapMin, tapMax, tapStep_percent, tapStep_degree } = transformer
  if (tapPosition !== tapNeutral && tapSide === undefined)
    problems.error('missing-data', `${path}/tapSide`, `transformer ${id} is off its neutral tap, but on which side?`)
  if (tapPosition !== tapNeutral && tapStep_percent === 0 && tapStep_degree === 0)
    problems.error(
      'missing-data',
      `${path}/tapStep_percent`,
      `transformer ${id} is off its neutral tap by no known step`
    )
  if (tapKind === 'ideal' && tapStep_percent !== 0 && tapStep_degree !== 0)
    problems.error(
      'bad-value',
      `${path}/tapStep_degree`,
      `transformer ${id}: an ideal tap has a step in % or in degrees`
    )
  if (tapMin !== undefined && tapPosition < tapMin)
    problems.error('bad-value', `${path}/tapPosition`, `transformer ${id}: tap ${tapPosition} is below ${tapMin}`)
  if (tapMax !== undefined && tapPosition > tapMax)
    problems.error('bad-value', `${path}/tapPosition`, `transformer ${id}: tap ${tapPosition} is above ${tapMax}`)
}

const checkSwitches = (network: Network, problems: NetworkProblems): void => {
  const ends = {
    line: new Map(network.lines.map(({ id, from, to }) => [id, [from, to]])),
    transformer: new Map(
      network.transformers.map(({ id, highVoltageBus, lowVoltageBus }) => [id, [highVoltageBus, lowVoltageBus]])
    )
  }
  const seen = new Map<string, number>()
  network.switches.forEach(({ id, bus, element, elementType, closed }, n) => {
    const path = `/switches/${n}`
    if (elementType === 'bus') {
      if (bus === element) problems.error('bad-value', `${path}/element`, `switch ${id} joins bus ${bus} with itself`)
      return
    }
    const found = ends[elementType].get(element)
    if (found && !found.includes(bus))
      problems.error(
        'contradictory-switches',
        `${path}/bus`,
        `switch ${id} is at bus ${bus}, where ${element} does not end`
      )
    const key = JSON.stringify([elementType, element, bus])
    const first = seen.get(key)
    if (first === undefined) seen.set(key, n)
    else if (network.switches[first]!.closed !== closed)
      problems.error(
        'contradictory-switches',
        `${path}/closed`,
        `switches ${network.switches[first]!.id} and ${id} are at the same end of ${element}: one is open, one is closed`
      )
  })
}

const checkExternalGrids = (network: Network, topology: Topology, problems: NetworkProblems): void => {
  if (network.externalGrids.length === 0)
    problems.error('no-external-grid', '/externalGrids', networkWithout(network, 'external grid'))
  const firstAt = new Map<number, number>()
  network.externalGrids.forEach(({ bus, vm_pu, va_degree }, n) => {
    const at = topology.busIndex.get(bus)
    if (at === undefined) return
    const node = topology.nodeOfBus[at]!
    if (node < 0) {
      problems.error(
        'contradictory-switches',
        `/externalGrids/${n}/bus`,
        `bus ${bus} of the external grid is out of service`
      )
      return
    }
    const first = network.externalGrids[firstAt.get(node) ?? -1]
    if (first === undefined) firstAt.set(node, n)
    else if (first.vm_pu !== vm_pu || first.va_degree !== va_degree)
      problems.error(
        'contradictory-switches',
        `/externalGrids/${n}`,
        `external grids at ${first.bus} and ${bus} are joined by closed switches and hold different voltages`
      )
  })
}

const networkWithout = (network: Network, what: string): string =>
  network.name === 'network' ? `the network has no ${what}` : `the network ${network.name} has no ${what}`

const checkJoins = (network: Network, topology: Topology, problems: NetworkProblems): void => {
  network.switches.forEach(({ id, bus, element, elementType, closed }, n) => {
    if (elementType !== 'bus' || !closed) return
    const one = network.buses[topology.busIndex.get(bus) ?? -1]
    const other = network.buses[topology.busIndex.get(element) ?? -1]
    if (one && other && one.kV !== other.kV)
      problems.error('voltage-mismatch', `/switches/${n}`, `switch ${id} joins ${one.kV} kV and ${other.kV} kV`)
  })
  for (const { kind, index, from, to } of topology.branches) {
    if (from < 0 || from !== to) continue
    const id = kind === 'line' ? network.lines[index]!.id : network.transformers[index]!.id
    if (kind === 'transformer')
      problems.error('contradictory-switches', `/transformers/${index}`, `closed switches join both sides of ${id}`)
    else if (network.lines[index]!.from !== network.lines[index]!.to)
      problems.warning(
        'shorted-branch',
        `/lines/${index}`,
        `closed switches join both ends of line ${id}: it carries nothing`
      )
  }
}

/** Names of buses listed in one problem: enough to find the place, not more than one reads. */
const BUSES_NAMED = 5

const checkIslands = (network: Network, topology: Topology, problems: NetworkProblems): void => {
  const { nodeOfBus, busOfNode, branches, busIndex } = topology
  const supplied = reachedFrom(
    network.externalGrids.map(({ bus }) => nodeOfBus[busIndex.get(bus) ?? -1] ?? -1),
    topology
  )
  const islandOf = new Int32Array(busOfNode.length).fill(-1)
  const neighbours = neighboursOf(busOfNode.length, branches)
  const islands: { buses: number[]; load_kW: number }[] = []
  for (let start = 0; start < busOfNode.length; start++) {
    if (supplied[start] === 1 || islandOf[start]! >= 0) continue
    const waiting = [start]
    islandOf[start] = islands.length
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop())
      for (const next of neighbours[node]!)
        if (islandOf[next]! < 0) {
          islandOf[next] = islands.length
          waiting.push(next)
        }
    islands.push({ buses: [], load_kW: 0 })
  }
  for (let n = 0; n < network.buses.length; n++) islands[islandOf[nodeOfBus[n]!] ?? -1]?.buses.push(n)
  for (const { bus, p_kW, inService } of network.loads) {
    const island = islands[islandOf[nodeOfBus[busIndex.get(bus) ?? -1] ?? -1] ?? -1]
    if (island && inService) island.load_kW += p_kW
  }
  for (const { buses, load_kW } of islands) {
    const names = buses.slice(0, BUSES_NAMED).map(n => network.buses[n]!.id)
    const rest = buses.length - names.length
    problems.warning(
      'island',
      `/buses/${buses[0]}`,
      `${buses.length} buses with ${Number(load_kW.toPrecision(6))} kW of load have no external grid: ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
    )
  }
}
