/**
 * Who is connected to whom: buses joined by closed switches become one node; each line and transformer gets the two nodes
 * at its ends and says which ends are open.
 *
 * A bus out of service is no node; a line or transformer that ends there has that end open. A line with one open end stays
 * energised from the other, as in reality. Assumes a network without unknown references: those are skipped here and are
 * errors of `checkNetwork`.
 */
import type { Network } from './network.ts'

export type BranchKind = 'line' | 'transformer'

export interface Branch {
  readonly kind: BranchKind
  /** Place among the network's lines or transformers. */
  readonly index: number
  /** Node at the from end (line) or high side (transformer); -1: open, or out of service. */
  readonly from: number
  readonly to: number
}

export interface Topology {
  /** Node of each bus, by the bus's place in the network; -1: out of service. */
  readonly nodeOfBus: Int32Array
  /** First bus, in the order of the network, of each node. */
  readonly busOfNode: Int32Array
  readonly branches: readonly Branch[]
  readonly busIndex: ReadonlyMap<string, number>
}

export const topologyOf = (network: Network): Topology => {
  const busIndex = new Map(network.buses.map((bus, n) => [bus.id, n]))
  const group = Int32Array.from(network.buses, (_, n) => n)
  const rootOf = (bus: number): number => {
    let root = bus
    while (group[root] !== root) root = group[root]!
    for (let at = bus; at !== root; ) {
      const next = group[at]!
      group[at] = root
      at = next
    }
    return root
  }
  /** Buses at which an element's end is open, by its id. */
  const open = { line: new Map<string, Set<string>>(), transformer: new Map<string, Set<string>>() }
  for (const { bus, element, elementType, closed } of network.switches) {
    if (elementType !== 'bus') {
      const known = open[elementType].get(element)
      if (!closed && known) known.add(bus)
      else if (!closed) open[elementType].set(element, new Set([bus]))
      continue
    }
    const one = busIndex.get(bus)
    const other = busIndex.get(element)
    if (!closed || one === undefined || other === undefined) continue
    if (!network.buses[one]!.inService || !network.buses[other]!.inService) continue
    const a = rootOf(one)
    const b = rootOf(other)
    // The earlier bus stands for the group, so that nodes come in the order of the network.
    if (a < b) group[b] = a
    else group[a] = b
  }
  const nodeOfBus = new Int32Array(network.buses.length).fill(-1)
  const busOfNode: number[] = []
  network.buses.forEach((bus, n) => {
    if (!bus.inService) return
    const root = rootOf(n)
    if (root === n) busOfNode.push(n)
    nodeOfBus[n] = root === n ? busOfNode.length - 1 : nodeOfBus[root]!
  })
  const end = (bus: string, element: string, kind: BranchKind): number => {
    const n = busIndex.get(bus)
    return n === undefined || open[kind].get(element)?.has(bus) ? -1 : nodeOfBus[n]!
  }
  const branch = (
    kind: BranchKind,
    index: number,
    id: string,
    from: string,
    to: string,
    inService: boolean
  ): Branch => ({
    kind,
    index,
    from: inService ? end(from, id, kind) : -1,
    to: inService ? end(to, id, kind) : -1
  })
  return {
    nodeOfBus,
    busOfNode: Int32Array.from(busOfNode),
    branches: [
      ...network.lines.map(({ id, from, to, inService }, n) => branch('line', n, id, from, to, inService)),
      ...network.transformers.map(({ id, highVoltageBus, lowVoltageBus, inService }, n) =>
        branch('transformer', n, id, highVoltageBus, lowVoltageBus, inService)
      )
    ],
    busIndex
  }
}

/** Nodes that a closed path joins to one of `sources`, as 1, all others 0. */
export const reachedFrom = (sources: readonly number[], { busOfNode, branches }: Topology): Uint8Array => {
  const reached = new Uint8Array(busOfNode.length)
  const neighbours = neighboursOf(busOfNode.length, branches)
  const waiting = sources.filter(node => node >= 0)
  for (const node of waiting) reached[node] = 1
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop())
    for (const next of neighbours[node]!)
      if (reached[next] === 0) {
        reached[next] = 1
        waiting.push(next)
      }
  return reached
}

export const neighboursOf = (nodes: number, branches: readonly Branch[]): readonly (readonly number[])[] => {
  const neighbours: number[][] = Array.from({ length: nodes }, () => [])
  for (const { from, to } of branches)
    if (from >= 0 && to >= 0 && from !== to) {
      neighbours[from]!.push(to)
      neighbours[to]!.push(from)
    }
  return neighbours
}
