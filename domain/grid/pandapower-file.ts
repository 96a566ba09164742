/**
 * Networks in the JSON of pandapower (2.x and 3.x), turned into the own format and read like it.
 *
 * What changes the power flow is either taken over or refused: elements that the model does not know are errors, never
 * left out. Two habits of pandapower are kept: a tap changer without a type counts as neutral (a warning says so), and
 * loads of single phases are added up, since the model is balanced. Ids are the names, where every element of a kind has one
 * and none has it twice; else the kind and the index.
 */
import { parseNetwork, type ReadNetwork } from './network-file.ts'
import { hasErrors, NetworkProblems } from './network-problem.ts'

type Row = Readonly<Record<string, unknown>>
type Element = Record<string, unknown>

interface Table {
  readonly index: readonly (string | number)[]
  readonly rows: readonly Row[]
}

export const isPandapowerJson = (json: unknown): json is Row => isObject(json) && json['_class'] === 'pandapowerNet'

export const parsePandapower = (json: Row): ReadNetwork => {
  const problems = new NetworkProblems()
  const net = isObject(json['_object']) ? json['_object'] : {}
  const table = (name: string): Table => tableOf(net[name], name, problems)
  refuseUnknown(net, problems)
  const buses = table('bus')
  const busId = idsOf(buses, 'bus')
  const busAt = (index: unknown): unknown => busId.get(String(index)) ?? `bus ${index}`
  const kV = new Map(buses.rows.map((row, n) => [String(buses.index[n]), Number(row['vn_kv'])]))
  const lines = table('line')
  const lineId = idsOf(lines, 'line')
  const transformers = table('trafo')
  const transformerId = idsOf(transformers, 'trafo')
  const switches = switchesOf(table('switch'), { b: busId, l: lineId, t: transformerId }, busAt, problems)
  const power = (name: string, sign: 1 | -1 = 1) => powersOf(table(name), name, busAt, sign, problems)
  const wards = table('ward')
  const document = {
    name: text(net['name']) ?? 'network',
    frequencyHz: net['f_hz'] ?? 50,
    buses: buses.rows.map((row, n) => ({
      id: busId.get(String(buses.index[n])),
      kV: row['vn_kv'],
      subnet: text(row['subnet']),
      minVoltagePu: row['min_vm_pu'],
      maxVoltagePu: row['max_vm_pu'],
      inService: row['in_service']
    })),
    lines: [
      ...lines.rows.map((row, n) => lineOf(row, lineId.get(String(lines.index[n])), busAt)),
      ...switches.resistive
    ],
    transformers: transformers.rows.map((row, n) =>
      transformerOf(row, transformerId.get(String(transformers.index[n])) ?? '', busAt, problems)
    ),
    switches: switches.ideal,
    externalGrids: externalGridsOf(table('ext_grid'), table('gen'), busAt, problems),
    loads: [
      ...power('load'),
      ...phasesOf(table('asymmetric_load'), 'asymmetric_load', busAt, problems),
      ...wards.rows.map((row, n) => ({
        id: `ward ${wards.index[n]}`,
        bus: busAt(row['bus']),
        p_kW: thousand(row['ps_mw']),
        q_kvar: thousand(row['qs_mvar']),
        inService: row['in_service']
      }))
    ],
    generators: [...power('sgen'), ...phasesOf(table('asymmetric_sgen'), 'asymmetric_sgen', busAt, problems)],
    storages: power('storage'),
    shunts: [
      ...shuntsOf(table('shunt'), busAt, kV, problems),
      ...wards.rows.map((row, n) => ({
        id: `ward ${wards.index[n]}`,
        bus: busAt(row['bus']),
        p_kW: thousand(row['pz_mw']),
        q_kvar: thousand(row['qz_mvar']),
        inService: row['in_service']
      }))
    ]
  }
  const read = parseNetwork(document)
  const found = [...problems.list, ...read.problems.map(problem => named(problem, document))]
  return read.network === undefined || hasErrors(found)
    ? { problems: found }
    : { network: read.network, problems: found }
}

/** Tables whose elements would change the result and that the model does not know. */
const unknownElements = [
  ...['trafo3w', 'impedance', 'xward', 'dcline', 'motor', 'svc', 'ssc', 'tcsc', 'vsc', 'vsc_stacked', 'vsc_bipolar'],
  ...['line_dc', 'load_dc', 'source_dc', 'b2b_vsc', 'bi_vsc']
]

const refuseUnknown = (net: Row, problems: NetworkProblems): void => {
  for (const name of unknownElements) {
    const { rows, index } = tableOf(net[name], name, problems)
    rows.forEach((row, n) => {
      if (row['in_service'] === false) return
      problems.error('unsupported', `${name} ${index[n]}`, `the model has no ${name}`)
    })
  }
}

const lineOf = (row: Row, id: unknown, busAt: (index: unknown) => unknown): Element => {
  const parallel = number(row['parallel']) ?? 1
  const length = number(row['length_km'])
  const total = (name: string, factor: number): number | undefined => {
    const perKm = number(row[name])
    return perKm === undefined || length === undefined ? undefined : perKm * length * factor
  }
  const rated_kA = number(row['max_i_ka'])
  const rated_A = rated_kA === undefined ? undefined : rated_kA * 1000 * parallel * (number(row['df']) ?? 1)
  return {
    id,
    from: busAt(row['from_bus']),
    to: busAt(row['to_bus']),
    lengthKm: length,
    r_ohm: total('r_ohm_per_km', 1 / parallel),
    x_ohm: total('x_ohm_per_km', 1 / parallel),
    c_nF: total('c_nf_per_km', parallel),
    g_uS: total('g_us_per_km', parallel),
    // 0 and infinity both stand for a line whose rating nobody knows.
    max_A: rated_A === 0 ? undefined : rated_A,
    inService: row['in_service']
  }
}

const transformerOf = (
  row: Row,
  id: string,
  busAt: (index: unknown) => unknown,
  problems: NetworkProblems
): Element => {
  const place = `trafo ${id}`
  for (const name of ['leakage_resistance_ratio_hv', 'leakage_reactance_ratio_hv'])
    if ((number(row[name]) ?? 0.5) !== 0.5) problems.error('unsupported', place, `${name} other than 0.5`)
  if (row['tap_dependency_table'] === true || row['tap_dependent_impedance'] === true)
    problems.error('unsupported', place, 'values that depend on the tap by a table')
  const second = number(row['tap2_pos'])
  if (second !== undefined && second !== (number(row['tap2_neutral']) ?? second))
    problems.error('unsupported', place, 'a second tap changer')
  return {
    id,
    highVoltageBus: busAt(row['hv_bus']),
    lowVoltageBus: busAt(row['lv_bus']),
    rated_kVA: thousand(row['sn_mva']),
    highVoltage_kV: row['vn_hv_kv'],
    lowVoltage_kV: row['vn_lv_kv'],
    vk_percent: row['vk_percent'],
    vkr_percent: row['vkr_percent'],
    ironLoss_kW: row['pfe_kw'],
    i0_percent: row['i0_percent'],
    shift_degree: row['shift_degree'],
    ...tapOf(row, place, problems),
    parallel: row['parallel'],
    loadingFactor: row['df'],
    inService: row['in_service']
  }
}

const tapOf = (row: Row, place: string, problems: NetworkProblems): Element => {
  const position = number(row['tap_pos'])
  const neutral = number(row['tap_neutral']) ?? 0
  const isOff = position !== undefined && position !== neutral
  const kind = tapKindOf(row)
  if (kind === 'tabular' && isOff) problems.error('unsupported', place, 'a tap changer by table')
  if (kind === undefined && isOff)
    problems.warning(
      'missing-data',
      place,
      `tap ${position} is ignored: the tap changer has no type (as pandapower does)`
    )
  if (kind !== 'ratio' && kind !== 'ideal') return {}
  return {
    tapSide: text(row['tap_side']),
    tapKind: kind,
    tapPosition: position ?? neutral,
    tapNeutral: neutral,
    tapMin: row['tap_min'],
    tapMax: row['tap_max'],
    tapStep_percent: row['tap_step_percent'],
    tapStep_degree: row['tap_step_degree']
  }
}

/** Before version 3 a flag said whether a tap changer only turns, and every tap changer with a side counted. */
const tapKindOf = (row: Row): 'ratio' | 'ideal' | 'tabular' | undefined => {
  if (!('tap_changer_type' in row))
    return text(row['tap_side']) === undefined ? undefined : row['tap_phase_shifter'] === true ? 'ideal' : 'ratio'
  switch (row['tap_changer_type']) {
    case 'Ratio':
    case 'Symmetrical':
      return 'ratio'
    case 'Ideal':
      return 'ideal'
    case 'Tabular':
      return 'tabular'
    default:
      return undefined
  }
}

type Kind = 'b' | 'l' | 't'
const kindNames: Readonly<Record<Kind, string>> = { b: 'bus', l: 'line', t: 'transformer' }
const isKind = (value: unknown): value is Kind => value === 'b' || value === 'l' || value === 't'

/** What pandapower takes by default for closed switches with an impedance: r = 2·x. */
const SWITCH_R_SHARE = 2 / Math.sqrt(5)
const SWITCH_X_SHARE = 1 / Math.sqrt(5)

const switchesOf = (
  { rows, index }: Table,
  ids: Readonly<Record<Kind, ReadonlyMap<string, string>>>,
  busAt: (index: unknown) => unknown,
  problems: NetworkProblems
): { readonly ideal: readonly Element[]; readonly resistive: readonly Element[] } => {
  const ideal: Element[] = []
  const resistive: Element[] = []
  rows.forEach((row, n) => {
    const kind = row['et']
    const id = `switch ${index[n]}`
    if (!isKind(kind)) {
      problems.error('unsupported', id, `a switch at an element of kind ${kind}`)
      return
    }
    const bus = busAt(row['bus'])
    const element = ids[kind].get(String(row['element'])) ?? `${kind} ${row['element']}`
    const impedance = number(row['z_ohm']) ?? 0
    if (kind === 'b' && impedance > 0)
      resistive.push({
        id,
        from: bus,
        to: element,
        r_ohm: impedance * SWITCH_R_SHARE,
        x_ohm: impedance * SWITCH_X_SHARE,
        inService: row['closed']
      })
    else ideal.push({ id, bus, element, elementType: kindNames[kind], closed: row['closed'] })
  })
  return { ideal, resistive }
}

const externalGridsOf = (
  { rows }: Table,
  generators: Table,
  busAt: (index: unknown) => unknown,
  problems: NetworkProblems
): readonly Element[] => {
  generators.rows.forEach((row, n) => {
    if (row['in_service'] !== false)
      problems.error('unsupported', `gen ${generators.index[n]}`, 'a generator that holds a voltage; use a static one')
  })
  return rows.flatMap(row =>
    row['in_service'] === false ? [] : [{ bus: busAt(row['bus']), vm_pu: row['vm_pu'], va_degree: row['va_degree'] }]
  )
}

const voltageShares = [
  ...['const_z_percent', 'const_i_percent', 'const_z_p_percent', 'const_i_p_percent'],
  ...['const_z_q_percent', 'const_i_q_percent']
]

const powersOf = (
  table: Table,
  kind: string,
  busAt: (index: unknown) => unknown,
  sign: 1 | -1,
  problems: NetworkProblems
): readonly Element[] => {
  const ids = idsOf(table, kind)
  return table.rows.map((row, n) => {
    const id = ids.get(String(table.index[n]))
    const scale = sign * (number(row['scaling']) ?? 1)
    if (voltageShares.some(name => (number(row[name]) ?? 0) !== 0))
      problems.error('unsupported', `${kind} ${id}`, 'power that depends on the voltage')
    return {
      id,
      bus: busAt(row['bus']),
      p_kW: thousand(row['p_mw'], scale),
      q_kvar: thousand(row['q_mvar'] ?? 0, scale),
      rated_kVA: thousand(row['sn_mva']),
      ...(kind === 'storage' && { capacity_kWh: thousand(row['max_e_mwh']) }),
      kind: text(row['type']),
      profile: text(row['profile']),
      inService: row['in_service']
    }
  })
}

const phasesOf = (
  { rows, index }: Table,
  kind: string,
  busAt: (index: unknown) => unknown,
  problems: NetworkProblems
): readonly Element[] =>
  rows.map((row, n) => {
    const id = `${kind} ${index[n]}`
    const scale = number(row['scaling']) ?? 1
    const sum = (of: 'p' | 'q', unit: string) =>
      ['a', 'b', 'c'].reduce((total, phase) => total + (number(row[`${of}_${phase}_${unit}`]) ?? 0), 0) * 1000 * scale
    if (row['in_service'] !== false)
      problems.warning('unsupported', id, 'powers of the three phases are added up: the model is balanced')
    return { id, bus: busAt(row['bus']), p_kW: sum('p', 'mw'), q_kvar: sum('q', 'mvar'), inService: row['in_service'] }
  })

const shuntsOf = (
  { rows, index }: Table,
  busAt: (index: unknown) => unknown,
  kV: ReadonlyMap<string, number>,
  problems: NetworkProblems
): readonly Element[] =>
  rows.map((row, n) => {
    const id = `shunt ${index[n]}`
    if (row['step_dependency_table'] === true) problems.error('unsupported', id, 'steps by a table')
    const bus_kV = kV.get(String(row['bus'])) ?? 0
    const factor = (number(row['step']) ?? 1) * (bus_kV / (number(row['vn_kv']) ?? bus_kV)) ** 2
    return {
      id,
      bus: busAt(row['bus']),
      p_kW: thousand(row['p_mw'], factor),
      q_kvar: thousand(row['q_mvar'], factor),
      inService: row['in_service']
    }
  })

/** A data frame: columns, index and rows, written as text inside of the JSON. */
const tableOf = (value: unknown, name: string, problems: NetworkProblems): Table => {
  const none: Table = { index: [], rows: [] }
  if (value === undefined || value === null) return none
  let frame: unknown = isObject(value) ? value['_object'] : undefined
  try {
    if (typeof frame === 'string') frame = JSON.parse(frame)
  } catch {
    frame = undefined
  }
  if (
    !isObject(frame) ||
    !Array.isArray(frame['columns']) ||
    !Array.isArray(frame['index']) ||
    !Array.isArray(frame['data'])
  ) {
    problems.error('bad-value', name, 'is no table of columns, index and data')
    return none
  }
  const columns = frame['columns'].map(String)
  const rows = frame['data'].map((cells: unknown): Row => {
    if (!Array.isArray(cells)) return {}
    return Object.fromEntries(columns.map((column, n) => [column, cells[n]]))
  })
  return { index: frame['index'].map(one => (typeof one === 'number' ? one : String(one))), rows }
}

const idsOf = ({ index, rows }: Table, kind: string): ReadonlyMap<string, string> => {
  const names = rows.map(row => text(row['name']))
  const areIds = names.every(name => name !== undefined) && new Set(names).size === names.length
  return new Map(index.map((one, n) => [String(one), areIds ? (names[n] ?? '') : `${kind} ${one}`]))
}

/** `/lines/3/r_ohm` says nothing to whoever has the other file: say the id too. */
const named = <T extends { readonly path: string; readonly detail: string }>(problem: T, document: Row): T => {
  const [, list = '', at = ''] = problem.path.split('/')
  const elements = document[list]
  const element: unknown = Array.isArray(elements) ? elements[Number(at)] : undefined
  return isObject(element) && typeof element['id'] === 'string'
    ? { ...problem, detail: `${problem.detail} (${element['id']})` }
    : problem
}

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

const thousand = (value: unknown, factor = 1): number | undefined => {
  const known = number(value)
  return known === undefined ? undefined : known * 1000 * factor
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

const isObject = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)
