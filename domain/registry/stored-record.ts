/**
 * A registry document as the state keeps it: its baselines are columns, p and q in turn, because as objects the baselines of a
 * city are hundreds of millions, and every collection of memory would walk them.
 */
import type { PodRecord } from '../../schemas/generated.ts'

type Curves = PodRecord['powerBaselineCurves']

export interface StoredRecord extends Omit<PodRecord, 'powerBaselineCurves'> {
  readonly curves: { readonly [DayType in keyof Curves]: Float64Array }
}

export const storedRecord = ({
  powerBaselineCurves: { workday, saturday, holiday },
  ...record
}: PodRecord): StoredRecord => {
  const curves = { workday: columnOf(workday), saturday: columnOf(saturday), holiday: columnOf(holiday) }
  // The rest is a copy already.
  return Object.assign(record, { curves })
}

export const recordOf = ({ curves: { workday, saturday, holiday }, ...record }: StoredRecord): PodRecord => ({
  ...record,
  powerBaselineCurves: { workday: slotsOf(workday), saturday: slotsOf(saturday), holiday: slotsOf(holiday) }
})

/** One for all days without a baseline; nothing can be written into it. */
const emptyColumn = new Float64Array(0)

const columnOf = (slots: Curves['workday']): Float64Array => {
  if (slots.length === 0) return emptyColumn
  const column = new Float64Array(2 * slots.length)
  for (let n = 0; n < slots.length; n++) {
    column[2 * n] = slots[n]!.p
    column[2 * n + 1] = slots[n]!.q
  }
  return column
}

const slotsOf = (column: Float64Array): Curves['workday'] =>
  Array.from({ length: column.length / 2 }, (_, n) => ({ p: column[2 * n]!, q: column[2 * n + 1]! }))
