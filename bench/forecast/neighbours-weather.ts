/**
 * Weather from plants instead of instruments: how clear the sky was over the other sites, hour by hour, as the irradiance
 * that a weather service would state. A site's full output under a clear sky is taken to be 1 / MOST of what its data promise.
 */

import type { LocalDay } from '../../domain/forecast/local-day.ts'
import { clearSkyOutput } from '../../domain/forecast/plant-output.ts'
import type { SolarPlant } from '../../domain/forecast/series-model.ts'
import { clearSky, sunPosition } from '../../domain/forecast/sun.ts'
import type { Weather } from '../../domain/forecast/weather.ts'
import { MTU_MS } from '../../domain/units/time.ts'
import { RATED_W, rowOf, type YearSeries } from './year-profiles.ts'

/**
 * The data do not say where the plants stand nor how: the middle of Germany, a usual roof. What is wrong with that is
 * learned as performance by hour, as it would be with wrong plant data.
 */
export const assumedPlant: SolarPlant = {
  kind: 'solar',
  rated_W: RATED_W,
  latitude_degree: 51.3,
  longitude_degree: 9.5,
  tilt_degree: 30,
  azimuth_degree: 180
}

const HOUR = 4

/** What these sites gave at most of the clear sky's output by the assumed data, roughly. */
const MOST = 0.65

export const weatherOf = (others: readonly YearSeries[], days: readonly LocalDay[]): Weather => {
  const first = days[0]!
  const last = days.at(-1)!
  const rows = rowOf(last) + last.slots.length
  const ghi: (number | null)[] = []
  for (let row = 0; row < rows; row += HOUR) {
    let given = 0
    let clear = 0
    let clearGhi = 0
    for (let part = row; part < row + HOUR; part++) {
      const start = first.start + part * MTU_MS
      clear += others.length * clearSkyOutput(assumedPlant, start)
      for (const { p } of others) given += p[part]!
      const { latitude_degree, longitude_degree } = assumedPlant
      clearGhi += clearSky(sunPosition(start + MTU_MS / 2, latitude_degree, longitude_degree).elevation) / HOUR
    }
    ghi.push(clear === 0 ? 0 : Math.min(1.1, given / clear / MOST) * clearGhi)
  }
  const nothing = ghi.map(() => null)
  return {
    start: first.start,
    stepMs: HOUR * MTU_MS,
    ghi_W_m2: ghi,
    cloudShare: nothing,
    temperature_C: nothing,
    wind_m_s: nothing
  }
}
