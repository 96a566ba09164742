/**
 * Weather from a file: CSV with a header, or JSON as a list of objects with the same names. `time` is the start of a row,
 * ISO 8601 with an offset; beside it any of `ghi_W_m2`, `cloudShare`, `temperature_C`, `wind_m_s`; the unit is in the name.
 *
 * Promises: all faults at once, each with its line (of a JSON list: the number of the row, from 1). Rows that are missing
 * are gaps, which are stated and stay null; a value outside of what weather can be, an unknown column, a time that does not
 * go on by the step are faults.
 */
import { emptyWeather, type WeatherSeries, type WeatherSource } from './weather-source.ts'

export interface WeatherFault {
  readonly line: number
  readonly detail: string
}

/** Missing rows, half-open, ms. */
export interface WeatherGap {
  readonly start: number
  readonly end: number
}

export type ReadWeather =
  | { readonly weather: WeatherSeries; readonly gaps: readonly WeatherGap[]; readonly faults: readonly WeatherFault[] }
  | { readonly weather?: never; readonly faults: readonly WeatherFault[] }

type Field = 'ghi_W_m2' | 'cloudShare' | 'temperature_C' | 'wind_m_s'

/** What weather can be on this earth; a little below zero is what an instrument shows at night. */
const ranges: Readonly<Record<Field, readonly [least: number, most: number]>> = {
  ghi_W_m2: [-20, 1600],
  cloudShare: [0, 1],
  temperature_C: [-90, 60],
  wind_m_s: [0, 115]
}

const fields = Object.keys(ranges) as readonly Field[]

const isField = (name: string): name is Field => Object.hasOwn(ranges, name)

const STEPS_MS: readonly number[] = [900_000, 1_800_000, 3_600_000]

/** Two years of quarter-hours: more is a mistake in a time, and would fill the memory with nulls. */
const MOST_ROWS = 70_272

/** Faults that are listed; a file with more has one cause. */
const MOST_FAULTS = 1000

interface Row {
  readonly line: number
  readonly time: number
  readonly values: Readonly<Partial<Record<Field, number | null>>>
}

export const parseWeather = (text: string): ReadWeather => {
  const faults: WeatherFault[] = []
  const fault = (line: number, detail: string): void => {
    if (faults.length < MOST_FAULTS) faults.push({ line, detail })
  }
  const content = text.replace(/^\uFEFF/, '')
  const rows = /^\s*[[{]/.test(content) ? fromJson(content, fault) : fromCsv(content, fault)
  if (faults.length > 0) return { faults }
  const found = series(rows, fault)
  return found === undefined || faults.length > 0 ? { faults } : { ...found, faults: [] }
}

/** A source that knows one place, whatever place is asked for; nothing outside of what the file has. */
export const fileWeatherSource = (weather: WeatherSeries): WeatherSource => ({
  read: (_, start, end) => {
    const first = Math.floor((start - weather.start) / weather.stepMs)
    const rows = Math.max(0, Math.ceil((end - weather.start) / weather.stepMs) - first)
    const part = (values: readonly (number | null)[]) =>
      Array.from({ length: rows }, (_, row) => values[first + row] ?? null)
    return Promise.resolve({
      start: weather.start + first * weather.stepMs,
      stepMs: weather.stepMs,
      ghi_W_m2: part(weather.ghi_W_m2),
      cloudShare: part(weather.cloudShare),
      temperature_C: part(weather.temperature_C),
      wind_m_s: part(weather.wind_m_s)
    })
  }
})

type TellFault = (line: number, detail: string) => void

const fromCsv = (text: string, fault: TellFault): readonly Row[] => {
  const [header = '', ...lines] = text.trimEnd().split(/\r?\n/)
  const names = header.split(',').map(name => name.trim())
  if (names[0] !== 'time') fault(1, `the first column must be time, not ${names[0] || 'nothing'}`)
  names.slice(1).forEach((name, n) => {
    if (!isField(name)) fault(1, `${name || `column ${n + 2}`} is no column of weather: ${fields.join(', ')}`)
    if (names.indexOf(name) !== n + 1) fault(1, `${name} stands twice`)
  })
  if (names.length < 2) fault(1, `needs at least one of ${fields.join(', ')}`)
  return lines.flatMap((content, n): readonly Row[] => {
    const line = n + 2
    const cells = content.split(',').map(cell => cell.trim())
    if (cells.length !== names.length) {
      fault(line, `has ${cells.length} cells, the header ${names.length}`)
      return []
    }
    const values: Partial<Record<Field, number | null>> = {}
    names.forEach((name, column) => {
      if (!isField(name)) return
      const cell = cells[column] ?? ''
      values[name] =
        cell === '' ? null : checked(name, decimal.test(cell) ? Number(cell) : Number.NaN, cell, line, fault)
    })
    const time = instantOf(cells[0], line, fault)
    return time === undefined ? [] : [{ line, time, values }]
  })
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

const fromJson = (text: string, fault: TellFault): readonly Row[] => {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch (error) {
    fault(0, `is no JSON: ${error instanceof Error ? error.message : error}`)
    return []
  }
  if (!Array.isArray(list)) {
    fault(0, 'must be a list of rows')
    return []
  }
  return list.flatMap((row: unknown, n): readonly Row[] => {
    const line = n + 1
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      fault(line, 'must be an object')
      return []
    }
    const values: Partial<Record<Field, number | null>> = {}
    let stated: unknown
    for (const [name, value] of Object.entries(row)) {
      if (name === 'time') stated = value
      else if (!isField(name)) fault(line, `${name} is no column of weather: ${fields.join(', ')}`)
      else
        values[name] =
          value === null
            ? null
            : checked(name, typeof value === 'number' ? value : Number.NaN, JSON.stringify(value), line, fault)
    }
    const time = instantOf(stated, line, fault)
    return time === undefined ? [] : [{ line, time, values }]
  })
}

const checked = (name: Field, value: number, text: string, line: number, fault: TellFault): number | null => {
  const [least, most] = ranges[name]
  if (Number.isFinite(value) && least <= value && value <= most) return value
  fault(line, `${name} must be a number from ${least} to ${most}, not ${text}`)
  return null
}

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/

const instantOf = (text: unknown, line: number, fault: TellFault): number | undefined => {
  const time = typeof text === 'string' && isoTime.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  fault(line, `time must be ISO 8601 with an offset, e.g. 2016-01-05T12:00Z, not ${JSON.stringify(text) ?? 'nothing'}`)
  return undefined
}

const series = (rows: readonly Row[], fault: TellFault) => {
  const [first, second] = rows
  if (first === undefined || second === undefined) {
    fault(rows.length + 1, 'weather has at least two rows')
    return undefined
  }
  // Rows may be missing, so the step is the least distance that there is.
  let stepMs = Number.POSITIVE_INFINITY
  rows.forEach(({ line, time }, n) => {
    const before = rows[n - 1]
    if (before === undefined) return
    if (time <= before.time) fault(line, 'is not later than the row before')
    else stepMs = Math.min(stepMs, time - before.time)
  })
  if (!STEPS_MS.includes(stepMs)) {
    fault(second.line, 'rows must be 15, 30 or 60 minutes apart')
    return undefined
  }
  if (first.time % stepMs !== 0) fault(first.line, 'a row must begin on a multiple of its length in UTC')
  for (const { line, time } of rows)
    if ((time - first.time) % stepMs !== 0)
      fault(line, `is not a multiple of ${stepMs / 60_000} minutes after the first`)
  const last = rows.at(-1) ?? first
  const count = Math.floor((last.time - first.time) / stepMs) + 1
  if (count > MOST_ROWS) {
    fault(last.line, `is ${count} rows after the first; ${MOST_ROWS} are the most`)
    return undefined
  }
  const gaps = rows.flatMap(({ time }, n): readonly WeatherGap[] => {
    const before = rows[n - 1]
    if (before === undefined || time === before.time + stepMs) return []
    return [{ start: before.time + stepMs, end: time }]
  })
  const column = (name: Field): readonly (number | null)[] => {
    const values: (number | null)[] = Array.from({ length: count }, () => null)
    for (const row of rows) values[(row.time - first.time) / stepMs] = row.values[name] ?? null
    return values
  }
  const weather: WeatherSeries = {
    ...emptyWeather(first.time, stepMs, count),
    ghi_W_m2: column('ghi_W_m2').map(value => value && Math.max(0, value)),
    cloudShare: column('cloudShare'),
    temperature_C: column('temperature_C'),
    wind_m_s: column('wind_m_s')
  }
  return { weather, gaps }
}
