/**
 * Where every bus stands: primary substation → feeder → secondary substation (FR_DTP_ROF_2, T-51), read from the network
 * as it is switched.
 *
 * A primary substation is the high-voltage side of transformers to medium voltage (both busbars below it belong to it); if
 * the network begins at medium voltage, it is the bus of the external grid. A feeder is a line that leaves a busbar below
 * those transformers, with all behind it. A secondary substation is the medium-voltage side of transformers to low voltage,
 * with all low voltage below. Stations are called by the `substation` of their first bus, else by its id; feeders by the id
 * of their first line.
 *
 * In rings a bus belongs to the feeder with the fewest branches to it. Buses without voltage stand nowhere.
 */
import { type Network, voltageLevel } from './network.ts'
import { type Topology, topologyOf } from './topology.ts'

export interface Place {
  readonly primarySubstation?: string
  readonly feeder?: string
  readonly secondarySubstation?: string
}

export interface PodPlace extends Place {
  readonly bus: string
}

/** By the bus's place in the network's list. */
export const placesOf = (network: Network, topology: Topology = topologyOf(network)): readonly Place[] => {
  const { nodeOfBus, busOfNode, branches, busIndex } = topology
  const levelOf = (node: number) => voltageLevel(network.buses[busOfNode[node]!]!.kV)
  const nameOf = (node: number): string => {
    const bus = network.buses[busOfNode[node]!]!
    return bus.substation ?? bus.id
  }
  const around: { readonly to: number; readonly line: string | undefined }[][] = Array.from(busOfNode, () => [])
  for (const { kind, index, from, to } of branches) {
    if (from < 0 || to < 0 || from === to) continue
    const line = kind === 'line' ? network.lines[index]!.id : undefined
    around[from]!.push({ to, line })
    around[to]!.push({ to: from, line })
  }
  const places: (Place | undefined)[] = new Array(busOfNode.length).fill(undefined)
  const isBusbar = new Uint8Array(busOfNode.length)
  const waiting: number[] = []
  for (const { bus } of network.externalGrids) {
    const node = nodeOfBus[busIndex.get(bus) ?? -1] ?? -1
    if (node < 0 || places[node] !== undefined) continue
    const isMedium = levelOf(node) === 'medium'
    places[node] = isMedium ? { primarySubstation: nameOf(node) } : {}
    if (isMedium) isBusbar[node] = 1
    waiting.push(node)
  }
  for (let at = 0; at < waiting.length; at++) {
    const node = waiting[at]!
    const place = places[node]!
    for (const { to, line } of around[node]!) {
      if (places[to] !== undefined) continue
      const [here, there] = [levelOf(node), levelOf(to)]
      if (line !== undefined) places[to] = isBusbar[node] === 1 ? { ...place, feeder: line } : place
      else if (here === 'high' && there === 'medium') {
        places[to] = { primarySubstation: nameOf(node) }
        isBusbar[to] = 1
      } else if (there === 'low' && here !== 'low') places[to] = { ...place, secondarySubstation: nameOf(node) }
      else places[to] = place
      waiting.push(to)
    }
  }
  const nowhere: Place = {}
  return Array.from(nodeOfBus, node => (node < 0 ? nowhere : (places[node] ?? nowhere)))
}

/** Bus and place of every point of delivery that a load, generator or storage names. */
export const podPlacesOf = (network: Network): ReadonlyMap<string, PodPlace> => {
  const topology = topologyOf(network)
  const places = placesOf(network, topology)
  const pods = new Map<string, PodPlace>()
  for (const list of [network.loads, network.generators, network.storages])
    for (const { pod, bus } of list)
      if (pod !== undefined && !pods.has(pod)) pods.set(pod, { bus, ...places[topology.busIndex.get(bus) ?? -1] })
  return pods
}
