/**
 * Typical profiles: 12 months × workday, Saturday, holiday × 96 quarter-hours (DTP-FC-02), each the exponentially weighted
 * mean of the days that were learned. Where a month is still thin its neighbours stand in for it.
 *
 * Order in which a cell without data is filled: 1. the same day type in other months, each month further away counting a
 * quarter of the one before; 2. another day type, holiday and Saturday for each other first, then workday. Nothing at all:
 * undefined, and whoever asks must say so.
 */
import { type DayType, dayTypes, SLOTS } from './local-day.ts'
import type { ProfileCell, SeriesModel } from './series-model.ts'

export type ProfileBasis = 'own-month' | 'other-months' | 'other-day-type'

export interface TypicalProfile {
  readonly p: Float64Array
  readonly q: Float64Array
  readonly basis: ProfileBasis
}

/**
 * Days after which a cell forgets, so the weight of the newest never falls below 1/40: two months of workdays, two years of
 * Saturdays in a month and more.
 */
const CELL_MEMORY_DAYS = 40

/** What a month counts for the next one. */
const NEXT_MONTH = 1 / 4

export const cellKey = (month: number, type: DayType): string => `${month + 1}-${type}`

/** `cell` with one more day. */
export const withDay = (cell: ProfileCell | undefined, p: ArrayLike<number>, q: ArrayLike<number>): ProfileCell => {
  const days = Math.min((cell?.days ?? 0) + 1, CELL_MEMORY_DAYS)
  const mean = (old: readonly number[] | undefined, day: ArrayLike<number>): readonly number[] =>
    Array.from({ length: SLOTS }, (_, slot) => {
      const before = old?.[slot] ?? 0
      // A tenth of a watt: what rounding takes away would add up over the years.
      return Math.round(10 * (before + (day[slot]! - before) / days)) / 10
    })
  return { days, p: mean(cell?.p, p), q: mean(cell?.q, q) }
}

const othersOf: Readonly<Record<DayType, readonly DayType[]>> = {
  workday: ['saturday', 'holiday'],
  saturday: ['holiday', 'workday'],
  holiday: ['saturday', 'workday']
}

export const typicalProfile = (model: SeriesModel, month: number, type: DayType): TypicalProfile | undefined => {
  for (const one of [type, ...othersOf[type]]) {
    const found = acrossMonths(model, month, one)
    if (found === undefined) continue
    const isOwn = one === type && model.cells[cellKey(month, one)] !== undefined
    return { ...found, basis: one !== type ? 'other-day-type' : isOwn ? 'own-month' : 'other-months' }
  }
  return undefined
}

const acrossMonths = (model: SeriesModel, month: number, type: DayType) => {
  const p = new Float64Array(SLOTS)
  const q = new Float64Array(SLOTS)
  let total = 0
  for (let other = 0; other < 12; other++) {
    const cell = model.cells[cellKey(other, type)]
    if (cell === undefined) continue
    const apart = Math.abs(other - month)
    const weight = cell.days * NEXT_MONTH ** Math.min(apart, 12 - apart)
    total += weight
    for (let slot = 0; slot < SLOTS; slot++) {
      p[slot]! += weight * cell.p[slot]!
      q[slot]! += weight * cell.q[slot]!
    }
  }
  if (total === 0) return undefined
  return { p: p.map(value => value / total), q: q.map(value => value / total) }
}

/** Curves that stand for a customer until measurements come: 96 values each, or none (T-42). */
export type StandardCurves = Readonly<Record<DayType, readonly { readonly p: number; readonly q: number }[]>>

/** The model with standard curves in every month, as if each had been seen for one day. */
export const withStandardCurves = (model: SeriesModel, curves: StandardCurves): SeriesModel => {
  const cells: Record<string, ProfileCell> = { ...model.cells }
  for (const type of dayTypes) {
    const curve = curves[type]
    if (curve.length !== SLOTS) continue
    for (let month = 0; month < 12; month++)
      cells[cellKey(month, type)] ??= { days: 1, p: curve.map(({ p }) => p), q: curve.map(({ q }) => q) }
  }
  return { ...model, cells }
}
