/**
 * Networks in CGMES (IEC 61970-600; CIM16 and CIM100), turned into the own format and read like it: EQ for what there is,
 * SSH for how it runs, TP for who is connected, SV for the solution to compare with (and the angle of the external grid).
 * Without TP the nodes are those of EQ, joined by its switches.
 *
 * What changes the power flow is taken over or refused, never left out. Ids are those of the files (mRID) for all but
 * buses, which are called by their names where those are unique.
 */
import { parseNetwork, type ReadNetwork } from '../network-file.ts'
import { hasErrors, NetworkProblems } from '../network-problem.ts'
import { type CimObject, type CimObjects, type CimReader, cimReader, placeOf } from './cim-object.ts'
import { cimSources } from './cim-sources.ts'
import { type CimTerminals, cimTerminals } from './cim-terminals.ts'
import { cimTransformers } from './cim-transformers.ts'

type Element = Record<string, unknown>

/** A bus's voltage in the SV file. */
export interface SolvedVoltage {
  readonly bus: string
  readonly vm_pu: number
  readonly va_degree: number
}

export type ReadCim = ReadNetwork & { readonly solution: readonly SolvedVoltage[] }

export const parseCim = (objects: CimObjects, frequencyHz = 50): ReadCim => {
  const problems = new NetworkProblems()
  const read = cimReader(objects, problems)
  const terminals = cimTerminals(read, problems)
  const kVs = new Map<string, number | undefined>()
  const kVOf = (node: CimObject): number | undefined => {
    if (!kVs.has(node.id)) kVs.set(node.id, nominalOf(read, node))
    return kVs.get(node.id)
  }
  refuseUnknown(read, problems)
  const limits = currentLimits(read)
  const lines = linesOf(read, terminals, kVOf, frequencyHz, limits, problems)
  const transformers = cimTransformers(read, terminals, problems)
  const document = {
    name: networkName(read),
    frequencyHz,
    buses: terminals.nodes.map(node => busOf(read, terminals, node, kVOf(node), problems)),
    lines: lines.lines,
    transformers: transformers.transformers,
    switches: [...switchesOf(read, terminals), ...lines.switches, ...transformers.switches],
    ...cimSources(read, terminals, kVOf, problems)
  }
  const result = parseNetwork(document)
  // A reference that is followed twice would be reported twice.
  const found = [...new Map([...problems.list, ...result.problems].map(one => [JSON.stringify(one), one])).values()]
  const solution = read.ofTypes('SvVoltage').flatMap(one => solvedVoltage(read, terminals, one, kVOf))
  return result.network === undefined || hasErrors(found)
    ? { problems: found, solution }
    : { network: result.network, problems: found, solution }
}

/** Classes whose objects would change the result and that the model does not know. */
const unknownTypes = [
  ...[
    'StaticVarCompensator',
    'NonlinearShuntCompensator',
    'EquivalentBranch',
    'SeriesCompensator',
    'ACLineSegmentPhase'
  ],
  ...['CsConverter', 'VsConverter', 'DCLineSegment', 'PetersenCoil', 'FrequencyConverter']
]

const refuseUnknown = (read: CimReader, problems: NetworkProblems): void => {
  for (const object of read.ofTypes(...unknownTypes))
    problems.error('unsupported', placeOf(object), `the model has no ${object.type}`)
}

const networkName = (read: CimReader): string => {
  const [region] = read.ofTypes('SubGeographicalRegion', 'GeographicalRegion')
  return region === undefined ? 'network' : read.name(region)
}

const voltageLevelOf = (read: CimReader, node: CimObject): CimObject | undefined => {
  const container = read.at(
    node,
    'TopologicalNode.ConnectivityNodeContainer',
    'ConnectivityNode.ConnectivityNodeContainer'
  )
  return container?.type === 'Bay' ? read.at(container, 'Bay.VoltageLevel') : container
}

const nominalOf = (read: CimReader, node: CimObject): number | undefined =>
  read.number(
    read.at(node, 'TopologicalNode.BaseVoltage') ?? read.at(voltageLevelOf(read, node), 'VoltageLevel.BaseVoltage'),
    'BaseVoltage.nominalVoltage'
  )

const busOf = (
  read: CimReader,
  terminals: CimTerminals,
  node: CimObject,
  kV: number | undefined,
  problems: NetworkProblems
): Element => {
  if (kV === undefined) problems.error('missing-data', placeOf(node), 'has no nominal voltage')
  const level = voltageLevelOf(read, node)
  const station = level && read.at(level, 'VoltageLevel.Substation')
  const limit = (name: string): number | undefined => {
    const value = read.number(level, name)
    return value === undefined || value <= 0 || kV === undefined ? undefined : value / kV
  }
  return {
    id: terminals.busOf(node),
    kV: kV ?? 1,
    substation: station && read.name(station),
    minVoltagePu: limit('VoltageLevel.lowVoltageLimit'),
    maxVoltagePu: limit('VoltageLevel.highVoltageLimit')
  }
}

const switchTypes = [
  ...['Switch', 'Breaker', 'Disconnector', 'LoadBreakSwitch', 'Fuse', 'Jumper', 'Cut', 'ProtectedSwitch'],
  ...['GroundDisconnector', 'DisconnectingCircuitBreaker', 'Recloser', 'Sectionaliser']
]

/** A switch is closed if it and both of its terminals are; inside one topological node there is nothing to switch. */
const switchesOf = (read: CimReader, terminals: CimTerminals): readonly Element[] =>
  read.ofTypes(...switchTypes).flatMap(object => {
    // The switch to earth has one terminal, and its other end is no bus.
    if (object.type === 'GroundDisconnector') return []
    const [one, other] = terminals.ends(object, 2)
    if (one === undefined || other === undefined || one.node.id === other.node.id) return []
    const isOpen = read.boolean(object, 'Switch.open') ?? read.boolean(object, 'Switch.normalOpen') ?? false
    return [
      {
        id: object.id,
        bus: terminals.busOf(one.node),
        element: terminals.busOf(other.node),
        elementType: 'bus',
        closed: !isOpen && one.isConnected && other.isConnected
      }
    ]
  })

const linesOf = (
  read: CimReader,
  terminals: CimTerminals,
  kVOf: (node: CimObject) => number | undefined,
  frequencyHz: number,
  limits: ReadonlyMap<string, number>,
  problems: NetworkProblems
): { readonly lines: readonly Element[]; readonly switches: readonly Element[] } => {
  const switches: Element[] = []
  const lines = read.ofTypes('ACLineSegment').flatMap(object => {
    const ends = terminals.ends(object, 2)
    const [one, other] = ends
    if (one === undefined || other === undefined) return []
    const value = (name: string): number => read.number(object, `ACLineSegment.${name}`) ?? 0
    for (const { node, isConnected } of ends) {
      const bus = terminals.busOf(node)
      const id = `${object.id} at ${bus}`
      if (!isConnected) switches.push({ id, bus, element: object.id, elementType: 'line', closed: false })
    }
    if (kVOf(one.node) !== kVOf(other.node))
      problems.error('voltage-mismatch', placeOf(object), `joins ${kVOf(one.node)} kV and ${kVOf(other.node)} kV`)
    const rated = [object.id, ...ends.map(({ object: { id } }) => id)].flatMap(id => limits.get(id) ?? [])
    return [
      {
        id: object.id,
        from: terminals.busOf(one.node),
        to: terminals.busOf(other.node),
        lengthKm: read.number(object, 'Conductor.length'),
        r_ohm: value('r'),
        x_ohm: value('x'),
        c_nF: (value('bch') / (2 * Math.PI * frequencyHz)) * 1e9,
        g_uS: value('gch') * 1e6,
        max_A: rated.length === 0 ? undefined : Math.min(...rated),
        inService: read.boolean(object, 'Equipment.inService') ?? true
      }
    ]
  })
  return { lines, switches }
}

/** Lowest permanent current limit by id of the equipment or terminal that it is set for. */
const currentLimits = (read: CimReader): ReadonlyMap<string, number> => {
  const lowest = new Map<string, number>()
  for (const limit of read.ofTypes('CurrentLimit')) {
    const type = read.at(limit, 'OperationalLimit.OperationalLimitType')
    const kind = read.text(type, 'OperationalLimitType.limitType', 'OperationalLimitType.kind') ?? 'patl'
    const set = read.at(limit, 'OperationalLimit.OperationalLimitSet')
    const place = read.text(set, 'OperationalLimitSet.Terminal', 'OperationalLimitSet.Equipment')
    const value = read.number(limit, 'CurrentLimit.value', 'CurrentLimit.normalValue')
    if (!kind.endsWith('patl') || place === undefined || value === undefined || value <= 0) continue
    lowest.set(place, Math.min(value, lowest.get(place) ?? value))
  }
  return lowest
}

const solvedVoltage = (
  read: CimReader,
  terminals: CimTerminals,
  object: CimObject,
  kVOf: (node: CimObject) => number | undefined
): readonly SolvedVoltage[] => {
  const node = read.at(object, 'SvVoltage.TopologicalNode')
  const kV = node && kVOf(node)
  const v = read.number(object, 'SvVoltage.v')
  if (node === undefined || kV === undefined || v === undefined) return []
  return [{ bus: terminals.busOf(node), vm_pu: v / kV, va_degree: read.number(object, 'SvVoltage.angle') ?? 0 }]
}
