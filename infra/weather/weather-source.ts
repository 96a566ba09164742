/**
 * Weather at a place, from wherever it comes: a file now (weather-file.ts), a service by an adapter of the same shape. Rows
 * are of equal length; what a source does not state is null, never made up.
 */
export interface WeatherSeries {
  /** Instant at which the first row begins, ms. */
  readonly start: number
  /** 900,000, 1,800,000 or 3,600,000. */
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

export interface Place {
  readonly latitude_degree: number
  readonly longitude_degree: number
}

export interface WeatherSource {
  /** All rows that touch the time asked for; what is missing in it is null. */
  readonly read: (place: Place, start: number, end: number) => Promise<WeatherSeries>
}

export const emptyWeather = (start: number, stepMs: number, rows: number): WeatherSeries => {
  const nothing = Array.from({ length: rows }, () => null)
  return { start, stepMs, ghi_W_m2: nothing, cloudShare: nothing, temperature_C: nothing, wind_m_s: nothing }
}
