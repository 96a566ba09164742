/**
 * A local day as forecasts see it: its day type (T-42), its month, and which of the 96 quarter-hours of the clock each of
 * its market time units is. When clocks go forward four of the 96 do not exist, when they go back four exist twice (T-03).
 *
 * Promises: one entry for each MTU of the delivery day, in order. Assumes the clock shifts by whole quarter-hours.
 * Days are the same for all customers: compute one once and use it for all.
 */
import { Temporal } from '@js-temporal/polyfill'
import { addDays, deliveryDay, localDate, MTU_MS, mtusOf } from '../units/time.ts'

export const SLOTS = 96

export const dayTypes = ['workday', 'saturday', 'holiday'] as const
export type DayType = (typeof dayTypes)[number]

export interface LocalDay {
  /** `YYYY-MM-DD` of the local clock. */
  readonly date: string
  readonly type: DayType
  /** 0 … 11 */
  readonly month: number
  /** Whole days since 1970, for ages. */
  readonly number: number
  /** Instant of the first MTU, ms. */
  readonly start: number
  /** For each MTU the quarter-hour of the clock, 0 … 95; 92, 96 or 100 of them. */
  readonly slots: readonly number[]
}

/** `MM-DD` of a place's own holidays; Rome's are those of the pilot. */
export const patronSaintsOfRome: readonly string[] = ['06-29']

export const localDay = (date: string, zone: string, localHolidays = patronSaintsOfRome): LocalDay => {
  const day = deliveryDay(date, zone)
  const mtus = mtusOf(day)
  return {
    date,
    type: dayTypeOf(date, localHolidays),
    month: Number(date.slice(5, 7)) - 1,
    number: dayNumber(date),
    start: day.start,
    slots: mtus === SLOTS ? everySlot : slotsOfClock(day.start, mtus, zone)
  }
}

/** The day that holds an instant. */
export const localDayAt = (instant: number, zone: string, localHolidays = patronSaintsOfRome): LocalDay =>
  localDay(localDate(instant, zone), zone, localHolidays)

export const dayEnd = (day: LocalDay): number => day.start + day.slots.length * MTU_MS

export const dayNumber = (date: string): number => Math.round(Date.parse(`${date}T00:00:00Z`) / 86_400_000)

const everySlot: readonly number[] = Array.from({ length: SLOTS }, (_, slot) => slot)

const slotsOfClock = (start: number, mtus: number, zone: string): readonly number[] =>
  Array.from({ length: mtus }, (_, mtu) => {
    const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(start + mtu * MTU_MS).toZonedDateTimeISO(zone)
    return hour * 4 + Math.floor(minute / 15)
  })

/** National holidays of Italy on a fixed date. */
const fixedHolidays: ReadonlySet<string> = new Set(
  '01-01 01-06 04-25 05-01 06-02 08-15 11-01 12-08 12-25 12-26'.split(' ')
)

/** Sundays, national holidays (Easter Monday among them) and the place's own are holidays, whatever their weekday. */
export const dayTypeOf = (date: string, localHolidays = patronSaintsOfRome): DayType => {
  const weekday = (((dayNumber(date) + 4) % 7) + 7) % 7
  const monthAndDay = date.slice(5)
  if (weekday === 0 || fixedHolidays.has(monthAndDay) || localHolidays.includes(monthAndDay)) return 'holiday'
  if (date === addDays(easterSunday(Number(date.slice(0, 4))), 1)) return 'holiday'
  return weekday === 6 ? 'saturday' : 'workday'
}

/** The Gregorian Easter, by the rule of Meeus, Jones and Butcher. */
export const easterSunday = (year: number): string => {
  const golden = year % 19
  const century = Math.floor(year / 100)
  const ofCentury = year % 100
  const correction = Math.floor((8 * century + 13) / 25)
  const epact = (19 * golden + century - Math.floor(century / 4) - correction + 15) % 30
  const toSunday = (32 + 2 * (century % 4) + 2 * Math.floor(ofCentury / 4) - epact - (ofCentury % 4)) % 7
  const late = Math.floor((golden + 11 * epact + 22 * toSunday) / 451)
  const days = epact + toSunday - 7 * late + 114
  return `${year}-${String(Math.floor(days / 31)).padStart(2, '0')}-${String((days % 31) + 1).padStart(2, '0')}`
}
