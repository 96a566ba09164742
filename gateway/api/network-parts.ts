/**
 * A network as commands: its elements in parts that each fit into a record of the log, in their order, and the activation
 * of all of them. What a document leaves out gets its default here, as docs/reference/network.md says it, because a record
 * has every field.
 */
import type { ActivateNetwork, NetworkElements, StageNetworkElements } from '../../schemas/generated.ts'
import type { CallingActor } from '../auth/principal.ts'
import type { NetworkBody } from './network-schemas.ts'

/**
 * Bytes of JSON in one part. Avro takes less than the JSON that it came from, but for a number of few digits: 8 bytes. Half
 * of a record's limit leaves room for both.
 */
const PART_BYTES_MAX = 110 * 1024

type Document = NetworkBody['network']

export const networkCommands = (
  { network, profiles = [], limits = {} }: NetworkBody,
  pom: string,
  upload: string,
  by: CallingActor
): readonly [...StageNetworkElements[], ActivateNetwork] => {
  const parts = partsOf(elementsOf(network, profiles, limits))
  const stages = parts.map(
    (elements, index): StageNetworkElements => ({ type: 'StageNetworkElements', pom, by, upload, index, elements })
  )
  return [
    ...stages,
    {
      type: 'ActivateNetwork',
      pom,
      by,
      upload,
      name: network.name ?? 'network',
      source: network.source ?? null,
      frequencyHz: network.frequencyHz ?? 50,
      parts: parts.length
    }
  ]
}

const elementsOf = (
  network: Document,
  profiles: NonNullable<NetworkBody['profiles']>,
  limits: NonNullable<NetworkBody['limits']>
): NetworkElements => ({
  buses: network.buses.map(
    ({ subnet = null, substation = null, minVoltagePu = null, maxVoltagePu = null, ...bus }) => ({
      ...bus,
      subnet,
      substation,
      minVoltagePu,
      maxVoltagePu,
      inService: bus.inService ?? true
    })
  ),
  lines: (network.lines ?? []).map(({ lengthKm = null, max_A = null, ...line }) => ({
    ...line,
    lengthKm,
    c_nF: line.c_nF ?? 0,
    g_uS: line.g_uS ?? 0,
    max_A,
    inService: line.inService ?? true
  })),
  transformers: (network.transformers ?? []).map(
    ({ tapSide = null, tapMin = null, tapMax = null, noLoadAt = null, ...transformer }) => ({
      ...transformer,
      ironLoss_kW: transformer.ironLoss_kW ?? 0,
      i0_percent: transformer.i0_percent ?? 0,
      shift_degree: transformer.shift_degree ?? 0,
      tapSide,
      tapKind: transformer.tapKind ?? 'ratio',
      tapPosition: transformer.tapPosition ?? transformer.tapNeutral ?? 0,
      tapNeutral: transformer.tapNeutral ?? 0,
      tapMin,
      tapMax,
      tapStep_percent: transformer.tapStep_percent ?? 0,
      tapStep_degree: transformer.tapStep_degree ?? 0,
      parallel: transformer.parallel ?? 1,
      noLoadAt,
      loadingFactor: transformer.loadingFactor ?? 1,
      inService: transformer.inService ?? true
    })
  ),
  switches: network.switches ?? [],
  externalGrids: [...(network.externalGrid ? [network.externalGrid] : []), ...(network.externalGrids ?? [])].map(
    ({ bus, vm_pu, va_degree }) => ({ bus, vm_pu: vm_pu ?? 1, va_degree: va_degree ?? 0 })
  ),
  loads: injectors(network.loads),
  generators: injectors(network.generators),
  storages: injectors(network.storages),
  shunts: (network.shunts ?? []).map(shunt => ({ ...shunt, inService: shunt.inService ?? true })),
  profiles: profiles.map(({ name, workday, saturday = [], holiday = [] }) => ({
    name,
    workday: factors(workday),
    saturday: factors(saturday),
    holiday: factors(holiday)
  })),
  limits: limitsOf(limits)
})

const levelNames = { low: 'lowVoltage', medium: 'mediumVoltage', high: 'highVoltage' } as const

const limitsOf = ({
  voltage = {},
  loadingPercent,
  buses = {},
  lines = {},
  transformers = {}
}: NonNullable<NetworkBody['limits']>): NetworkElements['limits'] => {
  const none = { id: null, minPu: null, maxPu: null, percent: null }
  return [
    ...(['low', 'medium', 'high'] as const).flatMap(level => {
      const band = voltage[level]
      return band ? [{ ...none, of: levelNames[level], ...band }] : []
    }),
    ...(loadingPercent === undefined ? [] : [{ ...none, of: 'loading', percent: loadingPercent } as const]),
    ...Object.entries(buses).map(([id, band]) => ({ ...none, of: 'bus', id, ...band }) as const),
    ...Object.entries(lines).map(([id, percent]) => ({ ...none, of: 'line', id, percent }) as const),
    ...Object.entries(transformers).map(([id, percent]) => ({ ...none, of: 'transformer', id, percent }) as const)
  ]
}

const injectors = (list: Document['loads'] = []): NetworkElements['loads'] =>
  list.map(({ rated_kVA = null, capacity_kWh = null, kind = null, profile = null, pod = null, ...injector }) => ({
    ...injector,
    rated_kVA,
    capacity_kWh,
    kind,
    profile,
    pod,
    inService: injector.inService ?? true
  }))

const factors = (shares: readonly { readonly p: number; readonly q?: number }[]) =>
  shares.map(({ p, q = p }) => ({ p, q }))

const lists = [
  ...(['buses', 'lines', 'transformers', 'switches', 'externalGrids'] as const),
  ...(['loads', 'generators', 'storages', 'shunts', 'profiles', 'limits'] as const)
]

const nothing = (): { -readonly [List in keyof NetworkElements]: NetworkElements[List][number][] } => ({
  buses: [],
  lines: [],
  transformers: [],
  switches: [],
  externalGrids: [],
  loads: [],
  generators: [],
  storages: [],
  shunts: [],
  profiles: [],
  limits: []
})

/** In the order of the lists, so that a list put together again is the one that came. */
const partsOf = (elements: NetworkElements): readonly NetworkElements[] => {
  const parts = [nothing()]
  let bytes = 0
  const room = (item: object) => {
    const size = JSON.stringify(item).length
    if (bytes > 0 && bytes + size > PART_BYTES_MAX) {
      parts.push(nothing())
      bytes = 0
    }
    bytes += size
    return parts[parts.length - 1]!
  }
  const deal = <List extends (typeof lists)[number]>(list: List) => {
    for (const item of elements[list]) {
      const into: NetworkElements[List][number][] = room(item)[list]
      into.push(item)
    }
  }
  for (const list of lists) deal(list)
  return parts
}
