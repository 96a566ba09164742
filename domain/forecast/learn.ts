/**
 * Learning from a measured day (DTP-FC-04): typical profile, last days, how errors go on, the yield of plants. Days come in
 * order; a model is learned again from kept measurements by folding them over `initialModel`.
 *
 * A slot without a measurement teaches nothing: what is expected stands in its place in the typical profile and nothing in
 * the last days. A day with more than 16 such slots is refused, and so is a gap where nothing is expected yet.
 */

import { dayError, scaledErrors, withErrors } from './error-memory.ts'
import { expectation } from './expectation.ts'
import { clearSkyOfDay, errorScale } from './history.ts'
import { dayNumber, type LocalDay, SLOTS } from './local-day.ts'
import { withPlantYield } from './plant-yield.ts'
import { withOutcomes } from './quantiles.ts'
import { keptType, type RecentDay, type SeriesModel } from './series-model.ts'
import { cellKey, withDay } from './typical-profile.ts'
import type { Weather } from './weather.ts'

/** Measured power of one local day, a value for each MTU, W and var; null or NaN where there is none. */
export interface MeasuredDay {
  readonly day: LocalDay
  readonly p: ArrayLike<number | null>
  /** Left out: taken as 0. */
  readonly q?: ArrayLike<number | null>
  /** What the weather was, or what was forecast for the day. */
  readonly weather?: Weather
}

export type LearnRefusal = 'not-later' | 'wrong-length' | 'too-many-gaps'

export type Learned =
  | { readonly model: SeriesModel; readonly refusal?: never }
  | { readonly model?: never; readonly refusal: LearnRefusal }

/** Four hours: more than that and the day is another one. */
const MOST_GAPS = 16

/** Days kept of each type: with half of the weight every 14 days the next ones would count below 15 % for workdays. */
const RECENT_DAYS_KEPT = 12

export const learn = (model: SeriesModel, measured: MeasuredDay): Learned => {
  const { day, weather } = measured
  if (model.lastDate !== null && day.date <= model.lastDate) return { refusal: 'not-later' }
  const mtus = day.slots.length
  if (measured.p.length !== mtus || (measured.q !== undefined && measured.q.length !== mtus))
    return { refusal: 'wrong-length' }
  const p = onClock(day, measured.p)
  const q = measured.q === undefined ? p.map(() => 0) : onClock(day, measured.q)
  const missing = Array.from(measured.p).filter(isGap).length
  if (missing > MOST_GAPS) return { refusal: 'too-many-gaps' }
  const before = expectation(model, day, weather)
  const filled = filledDay(p, before?.p, day)
  const filledQ = filledDay(q, before?.q ?? new Float64Array(SLOTS), day)
  if (filled === undefined || filledQ === undefined) return { refusal: 'too-many-gaps' }

  const type = keptType(model.plant, day.type)
  const key = cellKey(day.month, type)
  const clear = clearSkyOfDay(model, day)
  const recent: RecentDay = { date: day.date, p, ...(clear && { clear: Array.from(clear, Math.round) }) }
  const daysSince = model.lastDate === null ? undefined : day.number - dayNumber(model.lastDate)
  return {
    model: {
      ...model,
      lastDate: day.date,
      days: model.days + 1,
      cells: { ...model.cells, [key]: withDay(model.cells[key], filled, filledQ) },
      recent: { ...model.recent, [type]: [recent, ...model.recent[type]].slice(0, RECENT_DAYS_KEPT) },
      // What the plant's technical data alone say is no forecast whose errors go on.
      errors:
        before === undefined || before.basis === 'plant-data'
          ? model.errors
          : withErrors(
              model.errors,
              dayError(p, before.p),
              scaledErrors(p, before.p, errorScale(model, clear)),
              daysSince
            ),
      band:
        before === undefined || before.bandDays === 0
          ? model.band
          : withOutcomes(model.band, p, before.low, before.high),
      plantYield: weather === undefined ? model.plantYield : withPlantYield(model, day, p, weather)
    }
  }
}

const isGap = (value: number | null): boolean => value === null || Number.isNaN(value)

/** On the 96 quarter-hours of the clock: null where the clock jumped, the mean where it came twice. */
const onClock = (day: LocalDay, values: ArrayLike<number | null>): readonly (number | null)[] => {
  const sums = new Float64Array(SLOTS)
  const counts = new Uint8Array(SLOTS)
  day.slots.forEach((slot, mtu) => {
    const value = values[mtu]
    if (value === undefined || value === null || Number.isNaN(value)) return
    sums[slot]! += value
    counts[slot]!++
  })
  return Array.from(sums, (sum, slot) => (counts[slot] === 0 ? null : Math.round(sum / counts[slot]!)))
}

/** Undefined if there is a gap and nothing to expect in its place. */
const filledDay = (
  values: readonly (number | null)[],
  expected: Float64Array | undefined,
  day: LocalDay
): Float64Array | undefined => {
  const exists = new Set(day.slots)
  const filled = new Float64Array(SLOTS)
  for (let slot = 0; slot < SLOTS; slot++) {
    // An hour that the clock left out goes on from the one before.
    const value = values[slot] ?? expected?.[slot] ?? (exists.has(slot) ? undefined : filled[slot - 1])
    if (value === undefined) return undefined
    filled[slot] = value
  }
  return filled
}
