/**
 * What holds, gives and takes power in CIM files: external grids, loads, generators, shunts.
 *
 * The external grid is the source with the best reference priority; without priorities the one that holds the voltage at
 * the node that TopologicalIsland names, or the only one that holds a voltage at all. Any other source that holds a voltage
 * has no counterpart in the model and is refused; the rest are constant powers.
 */
import type { NetworkProblems } from '../network-problem.ts'
import { type CimObject, type CimReader, placeOf } from './cim-object.ts'
import type { CimTerminal, CimTerminals } from './cim-terminals.ts'

type Element = Record<string, unknown>

export interface CimSources {
  readonly externalGrids: readonly Element[]
  readonly loads: readonly Element[]
  readonly generators: readonly Element[]
  readonly shunts: readonly Element[]
}

const consumerTypes = ['EnergyConsumer', 'ConformLoad', 'NonConformLoad', 'StationSupply'] as const
const machineTypes = [
  ...(['SynchronousMachine', 'AsynchronousMachine', 'ExternalNetworkInjection', 'EquivalentInjection'] as const),
  ...(['PowerElectronicsConnection', 'EnergySource'] as const)
]

interface Source {
  readonly object: CimObject
  readonly terminal: CimTerminal
  readonly bus: string
  readonly p_kW: number
  readonly q_kvar: number
  readonly priority: number
  readonly holdsVoltage: boolean
}

export const cimSources = (
  read: CimReader,
  terminals: CimTerminals,
  kVOf: (node: CimObject) => number | undefined,
  problems: NetworkProblems
): CimSources => {
  const sources = read.ofTypes(...machineTypes).flatMap(object => sourceOf(read, terminals, object, problems) ?? [])
  const reference = referenceOf(read, sources, problems)
  const generators = sources.flatMap(source => {
    if (source === reference) return []
    if (source.holdsVoltage)
      problems.error('unsupported', placeOf(source.object), 'holds a voltage beside the external grid')
    return [
      {
        id: source.object.id,
        bus: source.bus,
        p_kW: source.p_kW,
        q_kvar: source.q_kvar,
        kind: source.object.type,
        inService: source.terminal.isConnected
      }
    ]
  })
  return {
    externalGrids: reference ? [heldBy(read, terminals, reference, kVOf, problems)] : [],
    generators,
    loads: read.ofTypes(...consumerTypes).flatMap(object => loadOf(read, terminals, object, problems)),
    shunts: shuntsOf(read, terminals, kVOf, problems)
  }
}

/** Load convention: what a machine takes is positive. */
const powerNames: Readonly<Record<(typeof machineTypes)[number], readonly [string, string]>> = {
  SynchronousMachine: ['RotatingMachine.p', 'RotatingMachine.q'],
  AsynchronousMachine: ['RotatingMachine.p', 'RotatingMachine.q'],
  ExternalNetworkInjection: ['ExternalNetworkInjection.p', 'ExternalNetworkInjection.q'],
  EquivalentInjection: ['EquivalentInjection.p', 'EquivalentInjection.q'],
  PowerElectronicsConnection: ['PowerElectronicsConnection.p', 'PowerElectronicsConnection.q'],
  EnergySource: ['EnergySource.activePower', 'EnergySource.reactivePower']
}

const sourceOf = (
  read: CimReader,
  terminals: CimTerminals,
  object: CimObject,
  problems: NetworkProblems
): Source | undefined => {
  const [terminal] = terminals.ends(object, 1)
  const names = Object.entries(powerNames).find(([type]) => type === object.type)?.[1]
  if (terminal === undefined || names === undefined) return undefined
  const control = read.at(object, 'RegulatingCondEq.RegulatingControl')
  const holdsByControl =
    read.boolean(object, 'RegulatingCondEq.controlEnabled') === true &&
    (read.boolean(control, 'RegulatingControl.enabled') ?? true) &&
    (read.text(control, 'RegulatingControl.mode') ?? 'voltage').endsWith('voltage')
  const isHolding = holdsByControl || read.boolean(object, 'EquivalentInjection.regulationStatus') === true
  const p = read.number(object, names[0])
  const q = read.number(object, names[1])
  if (p === undefined && q === undefined && !isHolding)
    problems.error('missing-data', placeOf(object), `${names[0]} is missing: an SSH file may be missing`)
  return {
    object,
    terminal,
    bus: terminals.busOf(terminal.node),
    p_kW: -(p ?? 0) * 1000,
    q_kvar: -(q ?? 0) * 1000,
    priority: read.number(object, `${object.type}.referencePriority`) ?? 0,
    holdsVoltage: isHolding && terminal.isConnected
  }
}

const referenceOf = (read: CimReader, sources: readonly Source[], problems: NetworkProblems): Source | undefined => {
  const connected = sources.filter(({ terminal }) => terminal.isConnected)
  const [best] = connected.filter(({ priority }) => priority > 0).toSorted((a, b) => a.priority - b.priority)
  if (best) return best
  const angleNodes = new Set(
    read.ofTypes('TopologicalIsland').map(one => read.text(one, 'TopologicalIsland.AngleRefTopologicalNode'))
  )
  const holding = connected.filter(({ holdsVoltage }) => holdsVoltage)
  const named = holding.find(({ terminal }) => angleNodes.has(terminal.node.id))
  if (named) return named
  const injections = connected.filter(({ object }) => object.type === 'ExternalNetworkInjection')
  const only = holding.length === 1 ? holding[0] : injections.length === 1 ? injections[0] : undefined
  if (only)
    problems.warning(
      'missing-data',
      placeOf(only.object),
      'no file names a reference: the only source that can be is taken'
    )
  return only
}

const heldBy = (
  read: CimReader,
  terminals: CimTerminals,
  { object, terminal, bus }: Source,
  kVOf: (node: CimObject) => number | undefined,
  problems: NetworkProblems
): Element => {
  const kV = kVOf(terminal.node) ?? 1
  const solved = read.ofTypes('SvVoltage').find(one => read.text(one, 'SvVoltage.TopologicalNode') === terminal.node.id)
  const control = read.at(object, 'RegulatingCondEq.RegulatingControl')
  const controlled = control && read.at(control, 'RegulatingControl.Terminal')
  const isOwn = controlled === undefined || terminals.terminal(controlled)?.node.id === terminal.node.id
  const target = isOwn ? read.number(control, 'RegulatingControl.targetValue') : undefined
  const multiplier = read.text(control, 'RegulatingControl.targetValueUnitMultiplier')?.split('.').at(-1) ?? 'k'
  const toKV: Readonly<Record<string, number>> = { none: 1e-3, k: 1, M: 1e3 }
  const factor = toKV[multiplier]
  if (target !== undefined && factor === undefined)
    problems.error('bad-value', placeOf(control), `a voltage with the multiplier ${multiplier}`)
  const held_kV = target ? target * (factor ?? 1) : read.number(solved, 'SvVoltage.v')
  if (held_kV === undefined)
    problems.warning(
      'missing-data',
      placeOf(object),
      'no file says what voltage the external grid holds: 1 pu is taken'
    )
  return {
    bus,
    vm_pu: held_kV === undefined ? 1 : held_kV / kV,
    va_degree: read.number(solved, 'SvVoltage.angle') ?? 0
  }
}

const loadOf = (
  read: CimReader,
  terminals: CimTerminals,
  object: CimObject,
  problems: NetworkProblems
): readonly Element[] => {
  const [terminal] = terminals.ends(object, 1)
  if (terminal === undefined) return []
  const p = read.number(object, 'EnergyConsumer.p', 'EnergyConsumer.pfixed')
  const q = read.number(object, 'EnergyConsumer.q', 'EnergyConsumer.qfixed')
  if (p === undefined || q === undefined)
    problems.error('missing-data', placeOf(object), 'EnergyConsumer.p or q is missing: an SSH file may be missing')
  const response = read.at(object, 'EnergyConsumer.LoadResponse')
  if (response && dependsOnVoltage(read, response))
    problems.error('unsupported', placeOf(object), 'power that depends on the voltage')
  const isInService = read.boolean(object, 'Equipment.inService') ?? true
  return [
    {
      id: object.id,
      bus: terminals.busOf(terminal.node),
      p_kW: (p ?? 0) * 1000,
      q_kvar: (q ?? 0) * 1000,
      kind: object.type,
      inService: terminal.isConnected && isInService
    }
  ]
}

const dependsOnVoltage = (read: CimReader, response: CimObject): boolean => {
  const value = (name: string): number => read.number(response, `LoadResponseCharacteristic.${name}`) ?? 0
  const names =
    read.boolean(response, 'LoadResponseCharacteristic.exponentModel') === true
      ? ['pVoltageExponent', 'qVoltageExponent']
      : ['pConstantImpedance', 'pConstantCurrent', 'qConstantImpedance', 'qConstantCurrent']
  return names.some(name => value(name) !== 0)
}

const shuntsOf = (
  read: CimReader,
  terminals: CimTerminals,
  kVOf: (node: CimObject) => number | undefined,
  problems: NetworkProblems
): readonly Element[] => {
  const shunt = (object: CimObject, g: number, b: number): readonly Element[] => {
    const [terminal] = terminals.ends(object, 1)
    const kV = terminal && kVOf(terminal.node)
    if (terminal === undefined || kV === undefined) return []
    const at = { id: object.id, bus: terminals.busOf(terminal.node), inService: terminal.isConnected }
    return [{ ...at, p_kW: g * kV * kV * 1000, q_kvar: -b * kV * kV * 1000 }]
  }
  return [
    ...read.ofTypes('LinearShuntCompensator').flatMap(object => {
      const sections = read.number(object, 'ShuntCompensator.sections', 'ShuntCompensator.normalSections') ?? 0
      const perSection = (name: string): number => read.number(object, `LinearShuntCompensator.${name}PerSection`) ?? 0
      if (read.boolean(object, 'RegulatingCondEq.controlEnabled') === true)
        problems.warning('unsupported', placeOf(object), 'its control is not followed: the sections stay as they are')
      return shunt(object, sections * perSection('g'), sections * perSection('b'))
    }),
    ...read
      .ofTypes('EquivalentShunt')
      .flatMap(object =>
        shunt(object, read.number(object, 'EquivalentShunt.g') ?? 0, read.number(object, 'EquivalentShunt.b') ?? 0)
      )
  ]
}
