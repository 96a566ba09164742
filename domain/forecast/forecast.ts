/**
 * Forecasts of one series, quarter-hour by quarter-hour (DTP-FC-03): of a whole local day, and of the next 4 hours, where
 * the latest measurements correct it by as much as such errors lasted in the past (DTP-PF-10).
 *
 * `p` and `q` are expected values: sums of them over customers are what the grid calculation wants. `median` is the value
 * that is as often too high as too low; it makes the smallest absolute error for one customer. From `low` to `high` lie four
 * of five outcomes. Whole W and var, withdrawal positive. Reactive power is the typical profile, without a band.
 */

import { MTU_MS } from '../units/time.ts'
import { carriedToDay, carriedToSlot, LATEST_SLOTS, latestError, narrowing } from './error-memory.ts'
import { expectation } from './expectation.ts'
import { clearSkyOfDay, type Expectation, errorScale } from './history.ts'
import { dayEnd, dayNumber, type LocalDay, localDayAt } from './local-day.ts'
import { NEXT_SLOTS, type SeriesModel } from './series-model.ts'
import type { Weather } from './weather.ts'

export interface Forecast {
  readonly id: string
  /** Instant of the first slot, ms; each is a quarter-hour. */
  readonly start: number
  readonly p: Float64Array
  readonly q: Float64Array
  readonly low: Float64Array
  readonly median: Float64Array
  readonly high: Float64Array
  /** What it rests on, the weakest for any of its slots. */
  readonly basis: Expectation['basis']
  /** Measured days behind the band; 0: there is none, low and high are the expected value or the plant's technical range. */
  readonly bandDays: number
}

export interface ForecastContext {
  readonly weather?: Weather
}

/** Undefined: nothing is known of the series, neither measured nor standard curves nor technical data with the weather. */
export const forecastDay = (model: SeriesModel, day: LocalDay, context: ForecastContext = {}): Forecast | undefined => {
  const base = expectation(model, day, context.weather)
  if (base === undefined) return undefined
  const daysLater = model.lastDate === null ? 0 : day.number - dayNumber(model.lastDate)
  // The weather knows more of tomorrow than yesterday's error does.
  const carried = base.basis === 'weather' || daysLater < 1 ? 0 : carriedToDay(model.errors, daysLater)
  const shifted = (value: number): number => value + carried * Math.abs(value)
  const slots = day.slots.map((slot): SlotForecast => {
    const { p, q, low, median, high } = at(base, slot)
    return { p: shifted(p), q, low: shifted(low), median: shifted(median), high: shifted(high) }
  })
  return forecastOf(model.id, day.start, slots, [base])
}

interface SlotForecast {
  readonly p: number
  readonly q: number
  readonly low: number
  readonly median: number
  readonly high: number
}

const at = (base: Expectation, slot: number): SlotForecast => ({
  p: base.p[slot]!,
  q: base.q[slot]!,
  low: base.low[slot]!,
  median: base.median[slot]!,
  high: base.high[slot]!
})

const forecastOf = (
  id: string,
  start: number,
  slots: readonly SlotForecast[],
  bases: readonly Expectation[]
): Forecast => ({
  id,
  start,
  p: Float64Array.from(slots, ({ p }) => whole(p)),
  q: Float64Array.from(slots, ({ q }) => whole(q)),
  // A shift may turn the band of a series that both withdraws and injects around.
  low: Float64Array.from(slots, ({ low, median, high }) => whole(Math.min(low, median, high))),
  median: Float64Array.from(slots, ({ median }) => whole(median)),
  high: Float64Array.from(slots, ({ low, median, high }) => whole(Math.max(low, median, high))),
  basis: weakest(bases.map(({ basis }) => basis)),
  bandDays: Math.min(...bases.map(({ bandDays }) => bandDays))
})

/** Never −0, which JSON and comparisons tell from 0. */
const whole = (value: number): number => Math.round(value) + 0

/** From the strongest to the weakest. */
const fromStrongest: readonly Expectation['basis'][] = [
  'weather',
  'own-month',
  'other-months',
  'other-day-type',
  'plant-data'
]

const weakest = (found: readonly Expectation['basis'][]): Expectation['basis'] =>
  fromStrongest.findLast(basis => found.includes(basis)) ?? 'plant-data'

export interface NextContext extends ForecastContext {
  readonly zone: string
  readonly localHolidays?: readonly string[]
  /** `daysAround(start, …)`, the same for all customers; computed here if left out, which takes longer than the forecast. */
  readonly days?: readonly LocalDay[]
  /** Measured W of the slots just before `start`, oldest first; the last hour counts. Null or NaN: not known. */
  readonly latest?: ArrayLike<number | null>
}

/** The `count` slots from `start` on, 16 at most. */
export const forecastNext = (
  model: SeriesModel,
  start: number,
  context: NextContext,
  count = NEXT_SLOTS
): Forecast | undefined => {
  if (!Number.isInteger(count) || count < 1 || count > NEXT_SLOTS)
    throw new RangeError(`forecastNext: expected 1 to ${NEXT_SLOTS} slots, got ${count}`)
  if (start % MTU_MS !== 0) throw new RangeError(`forecastNext: ${start} is not the start of a quarter-hour`)
  const around = context.days ?? daysAround(start, context.zone, context.localHolidays, count)
  const isAsked = (day: LocalDay): boolean =>
    day.start < start + count * MTU_MS && start - LATEST_SLOTS * MTU_MS < dayEnd(day)
  const days = around.filter(isAsked).map(day => expectedDay(model, day, start, count, context.weather))
  const latest = latestMiss(start, context.latest ?? [], days)
  const slots: SlotForecast[] = []
  for (let later = 0; later < count; later++) {
    const found = slotAt(days, start + later * MTU_MS)
    if (found === undefined) return undefined
    const value = at(found.base, found.slot)
    slots.push(
      Number.isNaN(latest)
        ? value
        : corrected(
            value,
            carriedToSlot(model.errors, later) * latest * found.scale[found.slot]!,
            narrowing(model.errors, later),
            found.limits
          )
    )
  }
  return forecastOf(
    model.id,
    start,
    slots,
    days.flatMap(({ day, base }) =>
      base !== undefined && day.start < start + count * MTU_MS && start < dayEnd(day) ? [base] : []
    )
  )
}

interface ExpectedDay {
  readonly day: LocalDay
  readonly base: Expectation | undefined
  readonly scale: Float64Array
  /** What only withdraws at that time is not forecast to inject, and the other way round. */
  readonly limits: readonly [least: number, most: number]
}

/** The local days from the hour before `start` to the last of `count` slots. */
export const daysAround = (
  start: number,
  zone: string,
  localHolidays?: readonly string[],
  count = NEXT_SLOTS
): readonly LocalDay[] => {
  const days = [localDayAt(start - LATEST_SLOTS * MTU_MS, zone, localHolidays)]
  while (dayEnd(days.at(-1)!) < start + count * MTU_MS) days.push(localDayAt(dayEnd(days.at(-1)!), zone, localHolidays))
  return days
}

const expectedDay = (
  model: SeriesModel,
  day: LocalDay,
  start: number,
  count: number,
  weather: Weather | undefined
): ExpectedDay => {
  const first = Math.max(0, (start - day.start) / MTU_MS - LATEST_SLOTS)
  const slots = day.slots.slice(first, Math.max(first, (start - day.start) / MTU_MS + count))
  const base = expectation(model, day, weather, Math.min(...slots), Math.max(...slots) + 1)
  return {
    day,
    base,
    scale: errorScale(model, clearSkyOfDay(model, day)),
    limits: [
      base?.low.every(value => value >= 0) ? 0 : Number.NEGATIVE_INFINITY,
      base?.high.every(value => value <= 0) ? 0 : Number.POSITIVE_INFINITY
    ]
  }
}

const slotAt = (days: readonly ExpectedDay[], instant: number) => {
  const found = days.find(({ day }) => day.start <= instant && instant < dayEnd(day))
  if (found === undefined) throw new RangeError('forecastNext: the days do not hold every slot and the hour before')
  if (found.base === undefined) return undefined
  const { day, base, scale, limits } = found
  return { slot: day.slots[(instant - day.start) / MTU_MS]!, base, scale, limits }
}

/** NaN if too little was measured in the hour before, or its scale says nothing (panels at night). */
const latestMiss = (start: number, latest: ArrayLike<number | null>, days: readonly ExpectedDay[]): number => {
  const errors = new Float64Array(LATEST_SLOTS).fill(Number.NaN)
  for (let before = 1; before <= LATEST_SLOTS; before++) {
    const value = latest[latest.length - before]
    const found = slotAt(days, start - before * MTU_MS)
    if (value === undefined || value === null || found === undefined) continue
    const scale = found.scale[found.slot]!
    if (scale > 0) errors[LATEST_SLOTS - before] = (value - found.base.p[found.slot]!) / scale
  }
  return latestError(errors)
}

const corrected = (
  { p, q, low, median, high }: SlotForecast,
  correction: number,
  width: number,
  [least, most]: ExpectedDay['limits']
): SlotForecast => {
  const within = (value: number): number => Math.min(most, Math.max(least, value))
  // The more of the error lasts, the less is left of how days differ from one another, and the closer the quantiles stand
  // around what is expected now.
  const moved = (value: number): number => within(p + correction + width * (value - p))
  return { p: within(p + correction), q, low: moved(low), median: moved(median), high: moved(high) }
}
