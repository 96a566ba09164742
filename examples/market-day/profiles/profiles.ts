/**
 * Reads the measured quarter-hours of this folder: `loadProfile('H0-A').day('2016-01-05', 'Europe/Rome')` has one value an
 * MTU of that local day, per unit of the element's rating. Loads, cars and heat pumps withdraw (positive); panels and
 * water inject (positive) and have no reactive power.
 *
 * Promises: a value for each MTU of the day (92 or 100 when the clock changes), or an error that names what is missing;
 * never a filled gap. Each file is unpacked once in a process: below 10 MB in all.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { deliveryDay, MTU_MS, mtusOf } from '../../../domain/units/time.ts'

export const families = ['household', 'business', 'car', 'heatPump', 'pv', 'hydro'] as const
export type Family = (typeof families)[number]

/** Per unit of rating, one value per MTU. */
export interface DayValues {
  readonly p: readonly number[]
  readonly q: readonly number[]
}

export interface Profile {
  readonly id: string
  readonly family: Family
  /**
   * `weeksLater` reads another week's same hours, so that one profile serves for many customers. It counts round the weeks
   * that are there for this day: 52 for a car, 8 for households and businesses on the two main days, else 1.
   */
  readonly day: (date: string, zone: string, weeksLater?: number) => DayValues
}

interface IndexEntry {
  readonly id: string
  readonly family: Family
  readonly file: string
  readonly activeColumn: string
  readonly reactiveColumn: string | null
}

interface Index {
  /** Local days that every family has. */
  readonly days: readonly string[]
  readonly profiles: readonly IndexEntry[]
}

const WEEK_MS = 7 * 86_400_000
/** The whole weeks of the measured year: a week after the last one is the first one. */
const WEEKS = 52

const index: Index = JSON.parse(readFileSync(new URL('index.json', import.meta.url), 'utf8'))

/** The local days for which every profile has values. */
export const profileDays: readonly string[] = index.days

export const profileIds = (family: Family): readonly string[] =>
  index.profiles.filter(profile => profile.family === family).map(({ id }) => id)

export const loadProfile = (id: string): Profile => {
  const entry = index.profiles.find(profile => profile.id === id)
  if (entry === undefined) throw new RangeError(`there is no profile ${id}`)
  const { family, file, activeColumn, reactiveColumn } = entry
  const table = tableOf(file)
  const p = columnOf(table, activeColumn)
  const q = reactiveColumn === null ? undefined : columnOf(table, reactiveColumn)
  return {
    id,
    family,
    day: (date, zone, weeksLater = 0) => {
      const { start, end } = deliveryDay(date, zone)
      const rows = weekOf(table, start, mtusOf({ start, end }), weeksLater)
      if (rows === undefined)
        throw new RangeError(`profile ${id} has no values for ${date}, ${zone}; days: ${index.days.join(', ')}`)
      return { p: rows.map(row => p[row]!), q: rows.map(row => q?.[row] ?? 0) }
    }
  }
}

interface Table {
  readonly columns: ReadonlyMap<string, Float64Array>
  /** Row by start of the quarter-hour. */
  readonly rowAt: ReadonlyMap<number, number>
  readonly lastStart: number
}

const tables = new Map<string, Table>()

const tableOf = (file: string): Table => {
  const known = tables.get(file)
  if (known) return known
  const [header = '', ...lines] = gunzipSync(readFileSync(new URL(file, import.meta.url)))
    .toString('utf8')
    .trimEnd()
    .split('\n')
  const names = header.split(',').slice(1)
  const columns = names.map(() => new Float64Array(lines.length))
  const rowAt = new Map<number, number>()
  let lastStart = 0
  lines.forEach((line, row) => {
    const [time = '', ...cells] = line.split(',')
    lastStart = Date.parse(time)
    rowAt.set(lastStart, row)
    columns.forEach((column, n) => {
      column[row] = Number(cells[n])
    })
  })
  const table = { columns: new Map(names.map((name, n) => [name, columns[n]!])), rowAt, lastStart }
  tables.set(file, table)
  return table
}

const columnOf = (table: Table, name: string): Float64Array => {
  const column = table.columns.get(name)
  if (column === undefined) throw new RangeError(`the profiles have no column ${name}`)
  return column
}

/** Rows of the day `weeksLater` weeks on, counted round the weeks that follow each other without a gap. */
const weekOf = (table: Table, start: number, mtus: number, weeksLater: number): readonly number[] | undefined => {
  const week = (weeks: number) => rowsOf(table, start + weeks * WEEK_MS, mtus)
  let there = 0
  while (there < WEEKS && week(there) !== undefined) there++
  return there === 0 ? undefined : week(weeksLater % there)
}

const rowsOf = (table: Table, start: number, mtus: number): readonly number[] | undefined => {
  const rows: number[] = []
  for (let mtu = 0; mtu < mtus; mtu++) {
    const instant = start + mtu * MTU_MS
    const row = table.rowAt.get(instant > table.lastStart ? instant - WEEKS * WEEK_MS : instant)
    if (row === undefined) return undefined
    rows.push(row)
  }
  return rows
}
