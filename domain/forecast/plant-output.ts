/**
 * What a plant would give by its technical data: panels from the sun and the weather, a wind turbine from the speed of the
 * wind. Whatever the data do not say (shade, dirt, wakes, an inverter's limit) the learned performance corrects.
 *
 * Sign: injection, so negative or zero, W.
 */
import { MTU_MS } from '../units/time.ts'
import type { SolarPlant, WindPlant } from './series-model.ts'
import { clearSky, onPlane, sunPosition, throughClouds } from './sun.ts'
import { type Weather, weatherRow, weatherValue } from './weather.ts'

/** Under a clear sky, by the position of the sun alone. */
export const clearSkyOutput = (plant: SolarPlant, start: number): number => {
  const middle = start + MTU_MS / 2
  const sun = sunPosition(middle, plant.latitude_degree, plant.longitude_degree)
  return -plant.rated_W * (onPlane(clearSky(sun.elevation), sun, middle, plant) / 1000)
}

/** Undefined where the weather does not say enough for this slot. */
export const weatherOutput = (plant: SolarPlant | WindPlant, weather: Weather, start: number): number | undefined =>
  plant.kind === 'solar' ? solarOutput(plant, weather, start) : windOutput(plant, weather, start)

const solarOutput = (plant: SolarPlant, weather: Weather, start: number): number | undefined => {
  const middle = start + MTU_MS / 2
  const sun = sunPosition(middle, plant.latitude_degree, plant.longitude_degree)
  const clear = clearSky(sun.elevation)
  if (clear === 0) return 0
  const transmitted = transmittedShare(plant, weather, middle)
  if (transmitted === undefined) return undefined
  const irradiance = onPlane(clear * transmitted, sun, middle, plant)
  const temperature = weatherValue(weather, 'temperature_C', middle)
  return -plant.rated_W * (irradiance / 1000) * warmCells(irradiance, temperature)
}

/** More than a clear sky: light from the edges of clouds adds to the sun's. */
const MOST_TRANSMITTED = 1.3

/**
 * Share of the clear sky's light. A row of irradiance may be as long as an hour, over which the sun moves, so it is compared
 * with the clear sky of the whole row and the share is applied to the quarter-hour.
 */
const transmittedShare = (plant: SolarPlant, weather: Weather, instant: number): number | undefined => {
  const row = weatherRow(weather, instant)
  const ghi = weather.ghi_W_m2[row] ?? undefined
  if (ghi !== undefined) {
    const rowStart = weather.start + row * weather.stepMs
    let clear = 0
    const parts = weather.stepMs / MTU_MS
    for (let part = 0; part < parts; part++) {
      const middle = rowStart + (part + 0.5) * MTU_MS
      clear += clearSky(sunPosition(middle, plant.latitude_degree, plant.longitude_degree).elevation) / parts
    }
    return clear === 0 ? 0 : Math.min(MOST_TRANSMITTED, ghi / clear)
  }
  const cloudShare = weather.cloudShare[row] ?? undefined
  return cloudShare === undefined ? undefined : throughClouds(cloudShare)
}

/** Crystalline silicon: nominal operating temperature of a cell 45 °C, and −0.4 % for each degree above 25 °C. */
const warmCells = (irradiance_W_m2: number, air_C: number | undefined): number => {
  if (air_C === undefined) return 1
  const cell = air_C + ((45 - 20) / 800) * irradiance_W_m2
  return 1 - 0.004 * (cell - 25)
}

/** Height at which weather services state the wind, m, and the exponent of its growth with height over open land. */
const WIND_HEIGHT_M = 10
const WIND_SHEAR = 1 / 7

const windOutput = (plant: WindPlant, weather: Weather, start: number): number | undefined => {
  const stated = weatherValue(weather, 'wind_m_s', start + MTU_MS / 2)
  if (stated === undefined) return undefined
  const speed = stated * (plant.hubHeight_m / WIND_HEIGHT_M) ** WIND_SHEAR
  if (speed < plant.cutIn_m_s || speed >= plant.cutOut_m_s) return 0
  if (speed >= plant.rated_m_s) return -plant.rated_W
  // Between the two the power of the wind itself: its speed cubed.
  const from = plant.cutIn_m_s ** 3
  return (-plant.rated_W * (speed ** 3 - from)) / (plant.rated_m_s ** 3 - from)
}
