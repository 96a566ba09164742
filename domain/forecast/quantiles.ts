/**
 * The band of a forecast: a tenth of the outcomes is to lie below it and a tenth above. Quantiles of the few days behind it
 * leave out more than that, so the shares that are asked of them follow what was left out (adaptive conformal inference,
 * Gibbs and Candès, 2021).
 */
import type { BandSide, SeriesModel } from './series-model.ts'

export const quantiles = { low: 0.1, median: 0.5, high: 0.9 } as const

/** By how much of its error a share moves in a day: some weeks make it right, a day out of the common does not spoil it. */
const STEP = 0.05

const LEAST_SHARE = 0.005
const MOST_SHARE = 0.2

/** Days after which an outcome counts half. */
const HALF_LIFE_DAYS = 20
const NEW_DAY = 1 - 0.5 ** (1 / HALF_LIFE_DAYS)

export const withOutcomes = (
  { below, above }: SeriesModel['band'],
  measured: ArrayLike<number | null>,
  low: ArrayLike<number>,
  high: ArrayLike<number>
): SeriesModel['band'] => {
  const counts = { below: 0, atMostLow: 0, above: 0, atLeastHigh: 0 }
  let known = 0
  for (let slot = 0; slot < low.length; slot++) {
    const value = measured[slot]
    if (value === null || value === undefined) continue
    known++
    if (value < low[slot]!) counts.below++
    if (value <= low[slot]!) counts.atMostLow++
    if (value > high[slot]!) counts.above++
    if (value >= high[slot]!) counts.atLeastHigh++
  }
  if (known === 0) return { below, above }
  return {
    below: moved(below, counts.below / known, counts.atMostLow / known),
    above: moved(above, counts.above / known, counts.atLeastHigh / known)
  }
}

/**
 * Values on the very edge count for whichever side makes it right: a charger that is idle nine tenths of the time has a band
 * that begins at 0, and panels at night one that is 0.
 */
const moved = (side: BandSide, beyondToday: number, reachedToday: number): BandSide => {
  const beyond = side.beyond + NEW_DAY * (beyondToday - side.beyond)
  const reached = side.reached + NEW_DAY * (reachedToday - side.reached)
  const error = Math.max(0, beyond - quantiles.low) + Math.min(0, reached - quantiles.low)
  return { share: Math.min(MOST_SHARE, Math.max(LEAST_SHARE, side.share - STEP * error)), beyond, reached }
}

/** Weighted values of which quantiles are asked; the arrays are used again for each slot. */
export class Members {
  readonly #values: Float64Array
  readonly #weights: Float64Array
  #count = 0
  #total = 0

  constructor(most: number) {
    this.#values = new Float64Array(most)
    this.#weights = new Float64Array(most)
  }

  clear(): void {
    this.#count = 0
    this.#total = 0
  }

  /** Keeps the values in ascending order. */
  add(value: number, weight: number): void {
    let place = this.#count++
    while (place > 0 && this.#values[place - 1]! > value) {
      this.#values[place] = this.#values[place - 1]!
      this.#weights[place] = this.#weights[place - 1]!
      place--
    }
    this.#values[place] = value
    this.#weights[place] = weight
    this.#total += weight
  }

  /** The least value below or at which lies that share of the weight. */
  quantile(share: number): number | undefined {
    let below = 0
    for (let n = 0; n < this.#count; n++) {
      below += this.#weights[n]!
      if (below >= share * this.#total - 1e-12) return this.#values[n]!
    }
    return undefined
  }
}
