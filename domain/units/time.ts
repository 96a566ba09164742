/**
 * Time of the market: instants are milliseconds since 1970 (UTC); the market time unit (MTU) is a quarter-hour; intervals
 * are half-open, [start, end). A delivery day is a day of the local clock, so it has 92, 96 or 100 MTUs (T-03).
 */
import { Temporal } from '@js-temporal/polyfill'

export const MTU_MS = 900_000

/** Half-open, instants in ms. */
export interface Interval {
  readonly start: number
  readonly end: number
}

export const isOnMtu = (instant: number): boolean => instant % MTU_MS === 0

export const overlaps = (a: Interval, b: Interval): boolean => a.start < b.end && b.start < a.end

export const contains = (outer: Interval, inner: Interval): boolean =>
  outer.start <= inner.start && inner.end <= outer.end

/** A run of MTUs as it stands in events. */
export interface MtuRun {
  readonly start: number
  readonly mtus: number
}

export const runEnd = (run: MtuRun): number => run.start + run.mtus * MTU_MS

export const runInterval = (run: MtuRun): Interval => ({ start: run.start, end: runEnd(run) })

const datePattern = /^\d{4}-\d{2}-\d{2}$/

/** A calendar date `YYYY-MM-DD` that exists. */
export const isDate = (text: string): boolean => {
  if (!datePattern.test(text)) return false
  try {
    Temporal.PlainDate.from(text, { overflow: 'reject' })
    return true
  } catch {
    return false
  }
}

export const isTimeZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/**
 * The instant at which the local clock of `zone` shows `hour` (0…24) and `minute` on `date`. Where the clock jumps over that
 * time, it is read with the offset from before the jump; where it shows it twice, the first one.
 */
export const localInstant = (date: string, hour: number, minute: number, zone: string): number => {
  const day = Temporal.PlainDate.from(date).add({ days: hour === 24 ? 1 : 0 })
  const time = Temporal.PlainTime.from({ hour: hour % 24, minute })
  return day.toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds
}

/** From local midnight to the next local midnight. */
export const deliveryDay = (date: string, zone: string): Interval => ({
  start: localInstant(date, 0, 0, zone),
  end: localInstant(date, 24, 0, zone)
})

export const mtusOf = (interval: Interval): number => (interval.end - interval.start) / MTU_MS

export const addDays = (date: string, days: number): string => Temporal.PlainDate.from(date).add({ days }).toString()

/** The local date at an instant. */
export const localDate = (instant: number, zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).toPlainDate().toString()

/** ISO 8601 with the local offset, as player service ids carry it (DM-MPSVC). */
export const localIso = (instant: number, zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(instant)
    .toZonedDateTimeISO(zone)
    .toString({ timeZoneName: 'never', fractionalSecondDigits: 3 })
