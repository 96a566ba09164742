/**
 * Which bus each terminal of an equipment is at. Buses are the topological nodes of the TP files, where there are any; else
 * the connectivity nodes of EQ, with every switch between them as it stands.
 */
import type { NetworkProblems } from '../network-problem.ts'
import { type CimObject, type CimReader, placeOf } from './cim-object.ts'

export interface CimTerminal {
  readonly object: CimObject
  readonly node: CimObject
  readonly isConnected: boolean
}

export interface CimTerminals {
  readonly nodes: readonly CimObject[]
  /** Id of the bus of a node. */
  busOf(node: CimObject): string
  /** Ends of an equipment, by their sequence numbers; exactly `count`, or a problem and none. */
  ends(equipment: CimObject, count: number): readonly CimTerminal[]
  terminal(object: CimObject): CimTerminal | undefined
}

export const cimTerminals = (read: CimReader, problems: NetworkProblems): CimTerminals => {
  const topological = read.ofTypes('TopologicalNode')
  const isTopological = topological.length > 0
  const nodes = isTopological ? topological : read.ofTypes('ConnectivityNode')
  if (nodes.length === 0)
    problems.error('missing-data', '', 'no file has topological or connectivity nodes: a TP file may be missing')
  const names = nodes.map(node => read.text(node, 'IdentifiedObject.name'))
  const areIds = names.every(name => name !== undefined) && new Set(names).size === names.length
  const ofEquipment = new Map<string, CimObject[]>()
  for (const terminal of read.ofTypes('Terminal')) {
    const equipment = read.text(terminal, 'Terminal.ConductingEquipment')
    if (equipment === undefined) {
      problems.error('missing-data', placeOf(terminal), 'belongs to no equipment')
      continue
    }
    const list = ofEquipment.get(equipment)
    if (list === undefined) ofEquipment.set(equipment, [terminal])
    else list.push(terminal)
  }
  const terminal = (object: CimObject): CimTerminal | undefined => {
    const node = isTopological
      ? (read.at(object, 'Terminal.TopologicalNode') ??
        read.at(read.at(object, 'Terminal.ConnectivityNode'), 'ConnectivityNode.TopologicalNode'))
      : read.at(object, 'Terminal.ConnectivityNode')
    if (node === undefined) {
      if (nodes.length > 0)
        problems.error('missing-data', placeOf(object), 'the terminal is at no node: a TP file may be missing')
      return undefined
    }
    return { object, node, isConnected: read.boolean(object, 'ACDCTerminal.connected') ?? true }
  }
  const sequence = (object: CimObject): number =>
    read.number(object, 'ACDCTerminal.sequenceNumber', 'Terminal.sequenceNumber') ?? 1
  return {
    nodes,
    busOf: node => (areIds ? read.name(node) : node.id),
    terminal,
    ends(equipment, count) {
      const found = (ofEquipment.get(equipment.id) ?? []).toSorted((a, b) => sequence(a) - sequence(b))
      if (found.length !== count) {
        problems.error('missing-data', placeOf(equipment), `has ${found.length} terminals, not ${count}`)
        return []
      }
      const ends = found.flatMap(one => terminal(one) ?? [])
      return ends.length === count ? ends : []
    }
  }
}
