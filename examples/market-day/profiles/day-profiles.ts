/**
 * The profiles as the market day asks for them, and what kind of day a date is for an Italian customer's curves: workday,
 * saturday, holiday (Sundays and public holidays, Rome's patron saints among them).
 */
import { addDays } from '../../../domain/units/time.ts'
import type { DayContext } from '../parties/aggregator.ts'
import type { DayCurve, Profiles } from '../population.ts'
import { loadProfile, type Profile } from './profiles.ts'

export const profilesOfDay = (zone: string): Profiles => {
  const profiles = new Map<string, Profile>()
  // A population asks for the same few hundred curves again and again; they live as long as what was returned here.
  const curves = new Map<string, DayCurve>()
  return {
    curve: (id, date, shiftWeeks) => {
      const name = `${id} ${date} ${shiftWeeks}`
      const known = curves.get(name)
      if (known) return known
      const profile = profiles.get(id) ?? loadProfile(id)
      profiles.set(id, profile)
      const curve = profile.day(date, zone, shiftWeeks)
      curves.set(name, curve)
      return curve
    }
  }
}

const fixedHolidays = new Set([
  '01-01',
  '01-06',
  '04-25',
  '05-01',
  '06-02',
  '06-29',
  '08-15',
  '11-01',
  '12-08',
  '12-25',
  '12-26'
])

export const dayTypeOf = (date: string): DayContext['dayType'] => {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay()
  const year = Number(date.slice(0, 4))
  if (weekday === 0 || fixedHolidays.has(date.slice(5)) || date === addDays(easterSunday(year), 1)) return 'holiday'
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
