/**
 * A registry document as the state keeps it: its baselines are columns, p and q in turn, because as objects the baselines of a
 * city are hundreds of millions, and every collection of memory would walk them.
 */
import type { PodRecord } from '../../schemas/generated.ts'

type Curves = PodRecord['powerBaselineCurves']

export interface StoredRecord extends WithoutCurves {
  readonly curves: { readonly [DayType in keyof Curves]: Float64Array }
}

export const storedRecord = (record: PodRecord): StoredRecord => {
  const { workday, saturday, holiday } = record.powerBaselineCurves
  return {
    ...withoutCurves(record),
    curves: { workday: columnOf(workday), saturday: columnOf(saturday), holiday: columnOf(holiday) }
  }
}

export const recordOf = (stored: StoredRecord): PodRecord => {
  const { workday, saturday, holiday } = stored.curves
  return {
    ...withoutCurves(stored),
    powerBaselineCurves: { workday: slotsOf(workday), saturday: slotsOf(saturday), holiday: slotsOf(holiday) }
  }
}

type WithoutCurves = Omit<PodRecord, 'powerBaselineCurves'>

/** Field by field: to leave a field out by `...rest` takes several times as long, and every registration does. */
const withoutCurves = (record: WithoutCurves): WithoutCurves => ({
  aggregatorId: record.aggregatorId,
  zone: record.zone,
  flexibilityType: record.flexibilityType,
  voltageLevel: record.voltageLevel,
  contractualPower: record.contractualPower,
  pnp: record.pnp,
  inp: record.inp,
  inq: record.inq,
  cnq: record.cnq,
  cnp: record.cnp,
  cosPhi: record.cosPhi,
  maxFlexibility: record.maxFlexibility,
  services: record.services
})

/** One for all days without a baseline; nothing can be written into it. */
const emptyColumn = new Float64Array(0)

/**
 * Columns are cut from sheets: to ask for memory costs more than to fill it with a day. A sheet, 32 kB of 20 curves or so, is kept
 * as long as any of its columns.
 */
const SHEET_NUMBERS = 4_096
let sheet = emptyColumn
let used = 0

const emptyColumnOf = (numbers: number): Float64Array => {
  if (numbers > SHEET_NUMBERS) return new Float64Array(numbers)
  if (used + numbers > sheet.length) {
    sheet = new Float64Array(SHEET_NUMBERS)
    used = 0
  }
  const column = new Float64Array(sheet.buffer, used * sheet.BYTES_PER_ELEMENT, numbers)
  used += numbers
  return column
}

const columnOf = (slots: Curves['workday']): Float64Array => {
  if (slots.length === 0) return emptyColumn
  const column = emptyColumnOf(2 * slots.length)
  for (let n = 0; n < slots.length; n++) {
    column[2 * n] = slots[n]!.p
    column[2 * n + 1] = slots[n]!.q
  }
  return column
}

const slotsOf = (column: Float64Array): Curves['workday'] =>
  Array.from({ length: column.length / 2 }, (_, n) => ({ p: column[2 * n]!, q: column[2 * n + 1]! }))
