/**
 * What a plant really gives beside what the weather promised by its technical data (DTP-FC-01): a factor for each hour of
 * the day (shade and the panels' direction differ over the day), and how far it was off on the last days.
 *
 * Hours with little behind them lean on the factor of all hours; without any measurement a new plant's is assumed.
 */

import { MTU_MS } from '../units/time.ts'
import type { Expectation } from './history.ts'
import { type LocalDay, SLOTS } from './local-day.ts'
import { weatherOutput } from './plant-output.ts'
import { Members, quantiles } from './quantiles.ts'
import type { PlantYield, SeriesModel } from './series-model.ts'
import type { Weather } from './weather.ts'

/** Inverter, wiring, dirt: what the rating promises and the meter does not see, of a plant nobody has measured. */
const NEW_PLANT = 0.85

/** Days after which a day counts half: dirt, seasons of shade. */
const HALF_LIFE_DAYS = 20
const DAY_FACTOR = 0.5 ** (1 / HALF_LIFE_DAYS)

/** Days of misses behind the band. */
const MISSES_KEPT = 15

/** Weight of the factor of all hours within an hour's: as much as this share of all that was promised in all hours. */
const SHARED = 1 / 48

const hourOf = (instant: number): number => Math.floor(instant / 3_600_000) % 24

const promised = (model: SeriesModel, day: LocalDay, weather: Weather): Float64Array => {
  const { plant } = model
  return Float64Array.from(day.slots, (_, mtu) => {
    if (plant.kind !== 'solar' && plant.kind !== 'wind') return Number.NaN
    return weatherOutput(plant, weather, day.start + mtu * MTU_MS) ?? Number.NaN
  })
}

/** That panels give nothing at night is known without any weather. */
const saysNothing = (output: Float64Array): boolean =>
  output.some(Number.isNaN) && output.every(value => Number.isNaN(value) || value === 0)

const factorOf = (plantYield: PlantYield): ((instant: number) => number) => {
  const products = plantYield.products.reduce((sum, one) => sum + one, 0)
  const squares = plantYield.squares.reduce((sum, one) => sum + one, 0)
  if (squares === 0) return () => NEW_PLANT
  const factors = plantYield.products.map(
    (product, hour) => (product + SHARED * products) / (plantYield.squares[hour]! + SHARED * squares)
  )
  return instant => factors[hourOf(instant)]!
}

/** `history` with the weather in its place wherever the weather says enough; undefined if it says nothing. */
export const byWeather = (
  model: SeriesModel,
  day: LocalDay,
  weather: Weather,
  history: Expectation | undefined
): Omit<Expectation, 'basis'> | undefined => {
  const { plant, plantYield } = model
  if (plant.kind !== 'solar' && plant.kind !== 'wind') return undefined
  const output = promised(model, day, weather)
  if (saysNothing(output)) return undefined
  if (history === undefined && output.some(Number.isNaN)) return undefined
  const factor = factorOf(plantYield)
  const copy = (values: Float64Array | undefined) => values?.slice() ?? new Float64Array(SLOTS)
  const found = {
    p: copy(history?.p),
    q: copy(history?.q),
    low: copy(history?.low),
    median: copy(history?.median),
    high: copy(history?.high),
    bandDays: plantYield.misses.length
  }
  const members = new Members(3 * MISSES_KEPT)
  day.slots.forEach((slot, mtu) => {
    const value = output[mtu]!
    if (Number.isNaN(value)) return
    const p = value * factor(day.start + mtu * MTU_MS)
    members.clear()
    plantYield.misses.forEach((miss, age) => {
      for (let near = Math.max(0, slot - 1); near <= Math.min(SLOTS - 1, slot + 1); near++)
        if (miss[near] !== null && miss[near] !== undefined) members.add(miss[near]!, DAY_FACTOR ** age)
    })
    // Nothing is injected at night, nor more than the rating.
    const isNight = plant.kind === 'solar' && value === 0
    const bounded = (miss: number): number =>
      isNight ? 0 : Math.min(0, Math.max(-plant.rated_W, p + miss * plant.rated_W))
    found.p[slot] = p
    found.low[slot] = bounded(members.quantile(model.band.below.share) ?? 0)
    found.median[slot] = bounded(members.quantile(quantiles.median) ?? 0)
    found.high[slot] = bounded(members.quantile(1 - model.band.above.share) ?? 0)
  })
  return found
}

/** With one more day beside its weather; `measured` on the quarter-hours of the clock. */
export const withPlantYield = (
  model: SeriesModel,
  day: LocalDay,
  measured: readonly (number | null)[],
  weather: Weather
): PlantYield => {
  const { plant, plantYield } = model
  if (plant.kind !== 'solar' && plant.kind !== 'wind') return plantYield
  const output = promised(model, day, weather)
  if (saysNothing(output)) return plantYield
  const factor = factorOf(plantYield)
  const products = plantYield.products.map(sum => sum * DAY_FACTOR)
  const squares = plantYield.squares.map(sum => sum * DAY_FACTOR)
  const miss: (number | null)[] = Array.from({ length: SLOTS }, () => null)
  day.slots.forEach((slot, mtu) => {
    const value = measured[slot]
    const expected = output[mtu]!
    if (value === null || value === undefined || Number.isNaN(expected)) return
    const instant = day.start + mtu * MTU_MS
    products[hourOf(instant)]! += value * expected
    squares[hourOf(instant)]! += expected * expected
    miss[slot] = Math.round((1e4 * (value - factor(instant) * expected)) / plant.rated_W) / 1e4
  })
  return { products, squares, misses: [miss, ...plantYield.misses].slice(0, MISSES_KEPT) }
}
