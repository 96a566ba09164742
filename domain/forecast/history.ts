/**
 * What a series does on a day, from its history alone, on the 96 quarter-hours of the clock: the typical profile of month
 * and day type, drawn to what the last days of the type were, and the spread of those days.
 *
 * Recent days count by their age (half of the weight every 14 days), the typical profile as one of yesterday's. The days of
 * a plant with panels are first turned from the clear sky of their date to that of the day asked for.
 */

import { MTU_MS } from '../units/time.ts'
import { dayNumber, type LocalDay, SLOTS } from './local-day.ts'
import { NearSlots } from './near-slots.ts'
import { clearSkyOutput } from './plant-output.ts'
import { quantiles } from './quantiles.ts'
import { keptType, type RecentDay, type SeriesModel } from './series-model.ts'
import { type ProfileBasis, typicalProfile } from './typical-profile.ts'

export interface Expectation {
  readonly p: Float64Array
  readonly q: Float64Array
  readonly low: Float64Array
  readonly median: Float64Array
  readonly high: Float64Array
  readonly basis: ProfileBasis | 'plant-data' | 'weather'
  /** Days behind the band; with none of them low and high are the expected value itself. */
  readonly bandDays: number
}

/** Days after which a recent day counts half. */
const RECENT_HALF_LIFE_DAYS = 14

/** What the typical profile counts beside recent days, of which one of today would count 1. */
const TYPICAL_WEIGHT = 1

/** Below this share of the rating a clear sky says nothing of how clear the sky was. */
const DUSK_SHARE = 0.02

/** By what errors are divided: for panels the clear sky, with nothing said at dusk and night; else 1. */
export const errorScale = (model: SeriesModel, clear: Float64Array | undefined): Float64Array => {
  const { plant } = model
  if (plant.kind !== 'solar' || clear === undefined) return new Float64Array(SLOTS).fill(1)
  return clear.map(value => (-value < DUSK_SHARE * plant.rated_W ? 0 : -value))
}

/** What may come from panels by turning one day into another. */
const MOST_OF_RATING = 1.1

/** Output under a clear sky on the quarter-hours of the clock; undefined for anything but panels. */
export const clearSkyOfDay = (model: SeriesModel, day: LocalDay): Float64Array | undefined => {
  const { plant } = model
  if (plant.kind !== 'solar') return undefined
  const clear = new Float64Array(SLOTS)
  day.slots.forEach((slot, mtu) => {
    clear[slot] = clearSkyOutput(plant, day.start + mtu * MTU_MS)
  })
  return clear
}

/** `from` and `to`: the only quarter-hours of the clock that are wanted; the others stay 0. */
export const fromHistory = (model: SeriesModel, day: LocalDay, from = 0, to = SLOTS): Expectation | undefined => {
  const type = keptType(model.plant, day.type)
  const typical = typicalProfile(model, day.month, type)
  const clear = clearSkyOfDay(model, day)
  if (typical === undefined) return clear && fromPlantData(clear)
  const days = model.recent[type]
    .filter(({ date }) => date < day.date)
    .map(recent => ({
      weight: 0.5 ** ((day.number - dayNumber(recent.date)) / RECENT_HALF_LIFE_DAYS),
      p: clear === undefined ? recent.p : turned(recent, clear, model)
    }))
  const p = new Float64Array(SLOTS)
  const low = new Float64Array(SLOTS)
  const median = new Float64Array(SLOTS)
  const high = new Float64Array(SLOTS)
  const near = new NearSlots(days, Math.max(0, from - 1), Math.min(SLOTS, to + 1))
  for (let slot = from; slot < to; slot++) {
    const { sum, weights } = near.at(slot)
    const expected = (sum + TYPICAL_WEIGHT * typical.p[slot]!) / (weights + TYPICAL_WEIGHT)
    const members = near.around(slot)
    p[slot] = expected
    low[slot] = members.quantile(model.band.below.share) ?? expected
    median[slot] = members.quantile(quantiles.median) ?? expected
    high[slot] = members.quantile(1 - model.band.above.share) ?? expected
  }
  return { p, q: typical.q, low, median, high, basis: typical.basis, bandDays: days.length }
}

const turned = (recent: RecentDay, clear: Float64Array, model: SeriesModel): readonly (number | null)[] => {
  if (model.plant.kind !== 'solar' || recent.clear === undefined) return recent.p
  const { rated_W } = model.plant
  const then = recent.clear
  return recent.p.map((value, slot) => {
    if (value === null) return null
    if (-then[slot]! < DUSK_SHARE * rated_W) return value
    return Math.max(-MOST_OF_RATING * rated_W, (value * clear[slot]!) / then[slot]!)
  })
}

/** What a clear sky's output becomes by clouds and losses over a year at middle latitudes; and on most of the days. */
const MEAN_CLEARNESS = 0.55
const CLEARNESS_BAND = { low: 0.1, high: 0.9 }

const fromPlantData = (clear: Float64Array): Expectation => ({
  p: clear.map(value => MEAN_CLEARNESS * value),
  q: new Float64Array(SLOTS),
  // More injection is the lower value.
  low: clear.map(value => CLEARNESS_BAND.high * value),
  median: clear.map(value => MEAN_CLEARNESS * value),
  high: clear.map(value => CLEARNESS_BAND.low * value),
  basis: 'plant-data',
  bandDays: 0
})
