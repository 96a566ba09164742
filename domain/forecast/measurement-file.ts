/**
 * Measured power in a CSV: `time`, then for each series a column `ID_p_W` or `ID_p_kW` and, if there is one, `ID_q_var` or
 * `ID_q_kvar`. `time` is the start of a quarter-hour, ISO 8601 with an offset. Withdrawal is positive. An empty cell and a
 * missing row are gaps: they stay gaps.
 *
 * Promises: all faults at once, each with its line; a file with a fault gives no series.
 */
import { MTU_MS } from '../units/time.ts'

export interface FileFault {
  readonly line: number
  readonly detail: string
}

export interface MeasuredSeries {
  readonly id: string
  /** W, a value for each quarter-hour from `start` on; NaN where nothing was measured. */
  readonly p: Float64Array
  /** var */
  readonly q?: Float64Array
}

export interface Measurements {
  /** Instant of the first quarter-hour, ms. */
  readonly start: number
  readonly slots: number
  readonly series: readonly MeasuredSeries[]
}

export type ReadMeasurements =
  | { readonly measurements: Measurements; readonly faults: readonly FileFault[] }
  | { readonly measurements?: never; readonly faults: readonly FileFault[] }

/** W and var that a connection can carry: 1 GW. Above that it is the wrong unit. */
const LARGEST = 1e9

/** Five years of quarter-hours: more is a mistake in a time, and would fill the memory with gaps. */
const MOST_SLOTS = 175_392

/** Faults that are listed; a file with more has one cause. */
const MOST_FAULTS = 1000

const columnPattern = /^(.+)_(p_W|p_kW|q_var|q_kvar)$/
const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

interface Column {
  readonly id: string
  readonly quantity: 'p' | 'q'
  readonly factor: number
}

interface Row {
  readonly line: number
  readonly time: number
  readonly cells: readonly string[]
}

export const parseMeasurements = (text: string): ReadMeasurements => {
  const faults: FileFault[] = []
  const fault = (line: number, detail: string): void => {
    if (faults.length < MOST_FAULTS) faults.push({ line, detail })
  }
  const [header = '', ...lines] = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/)
  const columns = columnsOf(header, fault)
  const rows = lines.flatMap((content, n) => rowOf(content, n + 2, columns.length, fault))
  const [first] = rows
  if (first === undefined) fault(2, 'there is no quarter-hour in the file')
  rows.forEach(({ line, time }, n) => {
    const before = rows[n - 1]
    if (before !== undefined && time <= before.time) fault(line, 'is not later than the row before')
  })
  const slots = first === undefined ? 0 : ((rows.at(-1) ?? first).time - first.time) / MTU_MS + 1
  if (slots > MOST_SLOTS)
    fault(rows.at(-1)?.line ?? 0, `is ${slots} quarter-hours after the first; ${MOST_SLOTS} are the most`)
  if (first === undefined || faults.length > 0) return { faults }

  const values = columns.map(() => new Float64Array(slots).fill(Number.NaN))
  for (const { line, time, cells } of rows)
    columns.forEach(({ factor }, n) => {
      const cell = cells[n + 1] ?? ''
      if (cell === '') return
      const value = decimal.test(cell) ? Number(cell) * factor : Number.NaN
      if (!(Math.abs(value) <= LARGEST)) fault(line, `column ${n + 2} must be a number of at most 1 GW, not ${cell}`)
      else values[n]![(time - first.time) / MTU_MS] = value
    })
  if (faults.length > 0) return { faults }
  const series = columns.flatMap(({ id, quantity }, n): readonly MeasuredSeries[] => {
    if (quantity === 'q') return []
    const q = columns.findIndex(one => one.id === id && one.quantity === 'q')
    return [{ id, p: values[n]!, ...(q >= 0 && { q: values[q]! }) }]
  })
  return { measurements: { start: first.time, slots, series }, faults: [] }
}

type TellFault = (line: number, detail: string) => void

const columnsOf = (header: string, fault: TellFault): readonly Column[] => {
  const [time = '', ...names] = header.split(',').map(name => name.trim())
  if (time !== 'time') fault(1, `the first column must be time, not ${time || 'nothing'}`)
  if (names.length === 0) fault(1, 'needs at least one column, e.g. NAME_p_W')
  const columns = names.map((name): Column => {
    const [, id = '', unit = ''] = columnPattern.exec(name) ?? []
    if (id === '') fault(1, `${name || 'a column without a name'} must end in _p_W, _p_kW, _q_var or _q_kvar`)
    return { id, quantity: unit.startsWith('q') ? 'q' : 'p', factor: unit.includes('k') ? 1000 : 1 }
  })
  columns.forEach(({ id, quantity }, n) => {
    if (id === '') return
    if (columns.findIndex(one => one.id === id && one.quantity === quantity) !== n)
      fault(1, `${id} has ${quantity} twice`)
    if (quantity === 'q' && !columns.some(one => one.id === id && one.quantity === 'p'))
      fault(1, `${id} has q and no p`)
  })
  return columns
}

const rowOf = (content: string, line: number, columns: number, fault: TellFault): readonly Row[] => {
  const cells = content.split(',').map(cell => cell.trim())
  if (cells.length !== columns + 1) {
    fault(line, `has ${cells.length} cells, the header ${columns + 1}`)
    return []
  }
  const [stated = ''] = cells
  const time = isoTime.test(stated) ? Date.parse(stated) : Number.NaN
  if (Number.isNaN(time))
    fault(line, `time must be ISO 8601 with an offset, e.g. 2016-01-05T12:00Z, not ${stated || 'nothing'}`)
  else if (time % MTU_MS !== 0) fault(line, `${stated} is not the start of a quarter-hour`)
  else return [{ line, time, cells }]
  return []
}
