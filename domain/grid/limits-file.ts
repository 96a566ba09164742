/** Limits in a file (T-71): what is left out is that of the defaults. Everything that is wrong is told at once. */
import type { BookProblem } from '../market/clearing/book-file.ts'
import { JsonReader } from '../market/clearing/json-reader.ts'
import type { Network, VoltageLevel } from './network.ts'
import { defaultThresholds, type Thresholds, type VoltageBand } from './violations.ts'

export type ReadThresholds =
  | { readonly thresholds: Thresholds; readonly problems?: never }
  | { readonly thresholds?: never; readonly problems: readonly BookProblem[] }

const levels = ['low', 'medium', 'high'] as const satisfies readonly VoltageLevel[]
/** Beyond these nobody runs a grid: a value in V or a share where percent are meant is found here. */
const VOLTAGE_PU = [0.5, 1.5] as const
const LOADING_PERCENT = [1, 400] as const

export const parseThresholds = (json: unknown, network: Network): ReadThresholds => {
  const read = new JsonReader()
  const file = read.object('', json, [], ['$schema', 'voltage', 'loadingPercent', 'buses', 'lines', 'transformers'])
  const bandOf = (path: string, value: unknown, otherwise: Partial<VoltageBand>): Partial<VoltageBand> => {
    const { minPu, maxPu } = read.object(path, value ?? {}, [], ['minPu', 'maxPu'])
    const band = {
      ...otherwise,
      ...(minPu !== undefined && { minPu: read.number(`${path}/minPu`, minPu, ...VOLTAGE_PU) }),
      ...(maxPu !== undefined && { maxPu: read.number(`${path}/maxPu`, maxPu, ...VOLTAGE_PU) })
    }
    if (band.minPu !== undefined && band.maxPu !== undefined && band.minPu >= band.maxPu)
      read.problem(path, `the least voltage, ${band.minPu}, is not below the most, ${band.maxPu}`)
    return band
  }
  const voltage = read.object('/voltage', file['voltage'] ?? {}, [], levels)
  const byId = <T>(
    name: 'buses' | 'lines' | 'transformers',
    parse: (path: string, value: unknown) => T
  ): Record<string, T> => {
    const known = new Set(network[name].map(({ id }) => id))
    const given = file[name]
    if (given === undefined) return {}
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      read.problem(`/${name}`, 'must be an object by id')
      return {}
    }
    return Object.fromEntries(
      Object.entries(given).map(([id, value]) => {
        if (!known.has(id)) read.problem(`/${name}`, `the network has none of ${name} with the id ${id}`)
        return [id, parse(`/${name}/${id}`, value)]
      })
    )
  }
  const percent = (path: string, value: unknown): number => read.number(path, value, ...LOADING_PERCENT)
  const thresholds: Thresholds = {
    voltage: Object.fromEntries(
      levels.map(level => [level, bandOf(`/voltage/${level}`, voltage[level], defaultThresholds.voltage[level])])
    ) as Record<VoltageLevel, VoltageBand>,
    loadingPercent:
      file['loadingPercent'] === undefined
        ? defaultThresholds.loadingPercent
        : percent('/loadingPercent', file['loadingPercent']),
    buses: byId('buses', (path, value) => bandOf(path, value, {})),
    lines: byId('lines', percent),
    transformers: byId('transformers', percent)
  }
  return read.problems.length > 0 ? { problems: read.problems } : { thresholds }
}
