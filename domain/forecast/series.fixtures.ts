/** Days of made-up series for tests: a curve that is the same every day, or one by a function of the slot. */

import { addDays } from '../units/time.ts'
import { learn, type MeasuredDay } from './learn.ts'
import { type LocalDay, localDay } from './local-day.ts'
import type { SeriesModel, SolarPlant } from './series-model.ts'

export const zone = 'Europe/Rome'

export const rome: SolarPlant = {
  kind: 'solar',
  rated_W: 10_000,
  latitude_degree: 41.9,
  longitude_degree: 12.5,
  tilt_degree: 30,
  azimuth_degree: 180
}

export const aDay = (date: string, p: (slot: number, day: LocalDay) => number | null): MeasuredDay => {
  const day = localDay(date, zone)
  return { day, p: day.slots.map(slot => p(slot, day)) }
}

/** So many days from `date` on; a refusal fails the test. */
export const learned = (
  model: SeriesModel,
  date: string,
  days: number,
  p: (slot: number, day: LocalDay) => number | null,
  weather?: MeasuredDay['weather']
): SeriesModel => {
  let known = model
  for (let n = 0; n < days; n++) {
    const result = learn(known, { ...aDay(addDays(date, n), p), ...(weather && { weather }) })
    if (result.model === undefined) throw new Error(`${addDays(date, n)}: ${result.refusal}`)
    known = result.model
  }
  return known
}
