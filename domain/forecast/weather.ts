/**
 * Weather at one place, forecast or measured, as forecasts use it: rows of equal length, a missing value is null. What a
 * row does not say is not made up: a model that needs it goes without weather for that slot.
 */
export interface Weather {
  /** Instant at which the first row begins, ms. */
  readonly start: number
  /** Length of a row, ms: a quarter of an hour, half an hour or an hour. */
  readonly stepMs: number
  /** Global horizontal irradiance, mean of the row, W/m². */
  readonly ghi_W_m2: readonly (number | null)[]
  /** Share of the sky that is covered, 0 … 1. */
  readonly cloudShare: readonly (number | null)[]
  /** Air, °C. */
  readonly temperature_C: readonly (number | null)[]
  /** Wind 10 m above ground, m/s. */
  readonly wind_m_s: readonly (number | null)[]
}

export type WeatherField = 'ghi_W_m2' | 'cloudShare' | 'temperature_C' | 'wind_m_s'

/** The row that holds an instant; it may lie outside of what is there. */
export const weatherRow = (weather: Weather, instant: number): number =>
  Math.floor((instant - weather.start) / weather.stepMs)

export const weatherValue = (weather: Weather, field: WeatherField, instant: number): number | undefined =>
  weather[field][weatherRow(weather, instant)] ?? undefined
