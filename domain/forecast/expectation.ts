/**
 * What a series does on a day by all that is known a day or more ahead: the weather where a plant's output follows from it,
 * else its history. On the 96 quarter-hours of the clock, before any correction by the latest errors.
 */
import { type Expectation, fromHistory } from './history.ts'
import { type LocalDay, SLOTS } from './local-day.ts'
import { byWeather } from './plant-yield.ts'
import type { SeriesModel } from './series-model.ts'
import type { Weather } from './weather.ts'

/** Undefined: nothing at all is known of the series. Only the quarter-hours of the clock in `from` … `to` need be right. */
export const expectation = (
  model: SeriesModel,
  day: LocalDay,
  weather?: Weather,
  from = 0,
  to = SLOTS
): Expectation | undefined => {
  const history = fromHistory(model, day, from, to)
  const found = weather === undefined ? undefined : byWeather(model, day, weather, history)
  return found === undefined ? history : { ...found, basis: 'weather' }
}
