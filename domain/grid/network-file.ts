/**
 * The own JSON format of a network (docs/reference/network.md): reading and writing.
 *
 * `parseNetwork` trusts nothing: every field is checked for its type and range, fields that the format does not have are
 * refused, and all problems come back at once, each with the JSON Pointer of its place. What elements say together
 * (references, impedances, switches, islands) is judged by `checkNetwork`, not here.
 */
import type { Bus, ExternalGrid, Injector, Line, Network, Shunt, Switch, Transformer } from './network.ts'
import { type NetworkProblem, NetworkProblems } from './network-problem.ts'

/** With an error there is no network; beside a network there may be warnings. */
export type ReadNetwork =
  | { readonly network: Network; readonly problems: readonly NetworkProblem[] }
  | { readonly network?: never; readonly problems: readonly NetworkProblem[] }

type Fields = Readonly<Record<string, unknown>>

const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  buses: ['id', 'kV', 'subnet', 'substation', 'minVoltagePu', 'maxVoltagePu', 'inService'],
  lines: ['id', 'from', 'to', 'lengthKm', 'r_ohm', 'x_ohm', 'c_nF', 'g_uS', 'max_A', 'inService'],
  transformers: [
    ...['id', 'highVoltageBus', 'lowVoltageBus', 'rated_kVA', 'highVoltage_kV', 'lowVoltage_kV', 'vk_percent'],
    ...['vkr_percent', 'ironLoss_kW', 'i0_percent', 'shift_degree', 'tapSide', 'tapKind', 'tapPosition', 'tapNeutral'],
    ...['tapMin', 'tapMax', 'tapStep_percent', 'tapStep_degree', 'parallel', 'noLoadAt', 'loadingFactor', 'inService']
  ],
  switches: ['id', 'bus', 'element', 'elementType', 'closed'],
  externalGrids: ['bus', 'vm_pu', 'va_degree'],
  injectors: ['id', 'bus', 'p_kW', 'q_kvar', 'rated_kVA', 'capacity_kWh', 'kind', 'profile', 'pod', 'inService'],
  shunts: ['id', 'bus', 'p_kW', 'q_kvar', 'inService']
}

const topFields = new Set([
  ...['$schema', 'name', 'source', 'baseMVA', 'frequencyHz', 'buses', 'lines', 'transformers', 'switches'],
  ...['externalGrid', 'externalGrids', 'loads', 'generators', 'storages', 'shunts']
])

export const parseNetwork = (json: unknown): ReadNetwork => {
  const problems = new NetworkProblems()
  if (!isObject(json)) {
    problems.error('bad-value', '', 'A network is a JSON object.')
    return { problems: problems.list }
  }
  for (const name of Object.keys(json))
    if (!topFields.has(name)) problems.error('unknown-field', `/${pointer(name)}`, `${name} is no field of a network.`)
  const list = <T>(name: string, kind: string, one: (reader: FieldReader) => T): T[] =>
    listOf(json, name, problems).map((item, n) =>
      one(new FieldReader(item, `/${name}/${n}`, fieldsOf[kind] ?? [], problems))
    )
  const top = new FieldReader(json, '', [...topFields], problems)
  if (json['externalGrid'] !== undefined && json['externalGrids'] !== undefined)
    problems.error('bad-value', '/externalGrids', 'Either externalGrid or externalGrids, not both.')
  // Quantities are in units here, so this base means nothing; a wrong one is still a wrong file.
  top.optionalNumber('baseMVA', above0)
  const network: Network = {
    name: top.textOr('name', 'network'),
    ...top.optionalText('source'),
    frequencyHz: top.numberOr('frequencyHz', 50, above0),
    buses: list('buses', 'buses', parseBus),
    lines: list('lines', 'lines', parseLine),
    transformers: list('transformers', 'transformers', parseTransformer),
    switches: list('switches', 'switches', parseSwitch),
    externalGrids:
      json['externalGrid'] === undefined
        ? list('externalGrids', 'externalGrids', parseExternalGrid)
        : [
            parseExternalGrid(
              new FieldReader(json['externalGrid'], '/externalGrid', fieldsOf['externalGrids'] ?? [], problems)
            )
          ],
    loads: list('loads', 'injectors', parseInjector),
    generators: list('generators', 'injectors', parseInjector),
    storages: list('storages', 'injectors', parseInjector),
    shunts: list('shunts', 'shunts', parseShunt)
  }
  if (json['buses'] === undefined) problems.error('missing-data', '/buses', 'A network has buses.')
  return problems.list.length > 0 ? { problems: problems.list } : { network, problems: [] }
}

/** The network in the own format: what `parseNetwork` reads back as the same network. */
export const networkToJson = (network: Network): unknown => {
  const { externalGrids, ...rest } = network
  const [only, ...more] = externalGrids
  return { ...rest, ...(only && more.length === 0 ? { externalGrid: only } : { externalGrids }) }
}

const parseBus = (read: FieldReader): Bus => ({
  id: read.text('id'),
  kV: read.number('kV', above0),
  ...read.optionalText('subnet'),
  ...read.optionalText('substation'),
  ...read.optionalNumber('minVoltagePu', atLeast0),
  ...read.optionalNumber('maxVoltagePu', above0),
  inService: read.booleanOr('inService', true)
})

const parseLine = (read: FieldReader): Line => ({
  id: read.text('id'),
  from: read.text('from'),
  to: read.text('to'),
  ...read.optionalNumber('lengthKm', atLeast0),
  r_ohm: read.number('r_ohm', atLeast0),
  x_ohm: read.number('x_ohm', any),
  c_nF: read.numberOr('c_nF', 0, atLeast0),
  g_uS: read.numberOr('g_uS', 0, atLeast0),
  ...read.optionalNumber('max_A', above0),
  inService: read.booleanOr('inService', true)
})

const parseTransformer = (read: FieldReader): Transformer => ({
  id: read.text('id'),
  highVoltageBus: read.text('highVoltageBus'),
  lowVoltageBus: read.text('lowVoltageBus'),
  rated_kVA: read.number('rated_kVA', above0),
  highVoltage_kV: read.number('highVoltage_kV', above0),
  lowVoltage_kV: read.number('lowVoltage_kV', above0),
  vk_percent: read.number('vk_percent', atLeast0),
  vkr_percent: read.number('vkr_percent', atLeast0),
  ironLoss_kW: read.numberOr('ironLoss_kW', 0, atLeast0),
  i0_percent: read.numberOr('i0_percent', 0, atLeast0),
  shift_degree: read.numberOr('shift_degree', 0, any),
  ...read.optionalOneOf('tapSide', ['hv', 'lv']),
  tapKind: read.optionalOneOf('tapKind', ['ratio', 'ideal']).tapKind ?? 'ratio',
  tapPosition: read.numberOr('tapPosition', read.numberOr('tapNeutral', 0, any), any),
  tapNeutral: read.numberOr('tapNeutral', 0, any),
  ...read.optionalNumber('tapMin', any),
  ...read.optionalNumber('tapMax', any),
  tapStep_percent: read.numberOr('tapStep_percent', 0, any),
  tapStep_degree: read.numberOr('tapStep_degree', 0, any),
  parallel: read.numberOr('parallel', 1, wholeAbove0),
  ...read.optionalOneOf('noLoadAt', ['middle', 'ends', 'hv', 'lv']),
  loadingFactor: read.numberOr('loadingFactor', 1, above0),
  inService: read.booleanOr('inService', true)
})

const parseSwitch = (read: FieldReader): Switch => ({
  id: read.text('id'),
  bus: read.text('bus'),
  element: read.text('element'),
  elementType: read.oneOf('elementType', ['bus', 'line', 'transformer']),
  closed: read.boolean('closed')
})

const parseExternalGrid = (read: FieldReader): ExternalGrid => ({
  bus: read.text('bus'),
  vm_pu: read.numberOr('vm_pu', 1, above0),
  va_degree: read.numberOr('va_degree', 0, any)
})

const parseInjector = (read: FieldReader): Injector => ({
  id: read.text('id'),
  bus: read.text('bus'),
  p_kW: read.number('p_kW', any),
  q_kvar: read.number('q_kvar', any),
  ...read.optionalNumber('rated_kVA', atLeast0),
  ...read.optionalNumber('capacity_kWh', atLeast0),
  ...read.optionalText('kind'),
  ...read.optionalText('profile'),
  ...read.optionalText('pod'),
  inService: read.booleanOr('inService', true)
})

const parseShunt = (read: FieldReader): Shunt => ({
  id: read.text('id'),
  bus: read.text('bus'),
  p_kW: read.number('p_kW', any),
  q_kvar: read.number('q_kvar', any),
  inService: read.booleanOr('inService', true)
})

interface Range {
  readonly says: string
  readonly holds: (value: number) => boolean
}

const any: Range = { says: 'a number', holds: () => true }
const atLeast0: Range = { says: 'a number of at least 0', holds: value => value >= 0 }
const above0: Range = { says: 'a number above 0', holds: value => value > 0 }
const wholeAbove0: Range = {
  says: 'a whole number of at least 1',
  holds: value => Number.isSafeInteger(value) && value >= 1
}

/** Longest id or name, in characters: an id is for people too. */
const TEXT_MAX = 200

/** Reads one object field by field. After a problem it returns a harmless value, so that reading goes on. */
class FieldReader {
  readonly #fields: Fields
  readonly #path: string
  readonly #problems: NetworkProblems

  constructor(value: unknown, path: string, known: readonly string[], problems: NetworkProblems) {
    this.#path = path
    this.#problems = problems
    this.#fields = isObject(value) ? value : {}
    if (!isObject(value)) problems.error('bad-value', path, 'must be an object')
    else if (path !== '')
      for (const name of Object.keys(value))
        if (!known.includes(name))
          problems.error('unknown-field', `${path}/${pointer(name)}`, `${name} is no field here`)
  }

  text(name: string): string {
    const value = this.#needed(name)
    return value === undefined ? '' : this.#textOf(name, value)
  }

  textOr(name: string, fallback: string): string {
    const value = this.#given(name)
    return value === undefined ? fallback : this.#textOf(name, value)
  }

  optionalText<Name extends string>(name: Name): { readonly [name in Name]?: string } {
    const value = this.#given(name)
    return value === undefined ? {} : field(name, this.#textOf(name, value))
  }

  number(name: string, range: Range): number {
    const value = this.#needed(name)
    return value === undefined ? 1 : this.#numberOf(name, value, range)
  }

  numberOr(name: string, fallback: number, range: Range): number {
    const value = this.#given(name)
    return value === undefined ? fallback : this.#numberOf(name, value, range)
  }

  optionalNumber<Name extends string>(name: Name, range: Range): { readonly [name in Name]?: number } {
    const value = this.#given(name)
    return value === undefined ? {} : field(name, this.#numberOf(name, value, range))
  }

  boolean(name: string): boolean {
    return this.#needed(name) === undefined ? false : this.booleanOr(name, false)
  }

  booleanOr(name: string, fallback: boolean): boolean {
    const value = this.#given(name)
    if (value === undefined) return fallback
    if (typeof value !== 'boolean') this.#bad(name, 'true or false', value)
    return value === true
  }

  oneOf<T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
    const value = this.#needed(name)
    const found = allowed.find(option => option === value)
    if (value !== undefined && found === undefined) this.#bad(name, allowed.join(' or '), value)
    return found ?? allowed[0]
  }

  optionalOneOf<Name extends string, const T extends string>(
    name: Name,
    allowed: readonly T[]
  ): { readonly [name in Name]?: T } {
    const value = this.#given(name)
    if (value === undefined) return {}
    const found = allowed.find(option => option === value)
    if (found === undefined) this.#bad(name, allowed.join(' or '), value)
    return found === undefined ? {} : field(name, found)
  }

  /** null is what exporters write for a value that they do not have: the same as a missing field. */
  #given(name: string): unknown {
    return this.#fields[name] ?? undefined
  }

  #needed(name: string): unknown {
    const value = this.#given(name)
    if (value === undefined) this.#problems.error('missing-data', `${this.#path}/${name}`, `${name} is missing`)
    return value
  }

  #textOf(name: string, value: unknown): string {
    if (typeof value === 'string' && value.length > 0 && value.length <= TEXT_MAX) return value
    this.#bad(name, `text of 1 to ${TEXT_MAX} characters`, value)
    return ''
  }

  #numberOf(name: string, value: unknown, range: Range): number {
    if (typeof value === 'number' && Number.isFinite(value) && range.holds(value)) return value
    this.#bad(name, range.says, value)
    return 1
  }

  #bad(name: string, expected: string, value: unknown): void {
    const found = JSON.stringify(value)?.slice(0, 60)
    this.#problems.error('bad-value', `${this.#path}/${name}`, `${name} must be ${expected}, not ${found}`)
  }
}

const field = <Name extends string, T>(name: Name, value: T): { readonly [name in Name]?: T } => {
  const one: { [name in Name]?: T } = {}
  one[name] = value
  return one
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const listOf = (json: Fields, name: string, problems: NetworkProblems): readonly unknown[] => {
  const value = json[name] ?? []
  if (Array.isArray(value)) return value
  problems.error('bad-value', `/${name}`, `${name} must be a list`)
  return []
}

const pointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
