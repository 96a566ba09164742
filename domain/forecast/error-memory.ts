/**
 * How wrong forecasts go on being wrong, learned for each series: from one day to the next (a river that carries more than
 * usual does so tomorrow too) and from the latest quarter-hours to the next 16 (DTP-PF-10). Both are regressions through
 * zero over the errors of the past, so what does not persist is not carried on.
 *
 * An error is measured minus expected. A day's is a share of what was expected; a slot's is in W, or for panels a share of
 * the clear sky.
 */
import { type ErrorMemory, NEXT_SLOTS } from './series-model.ts'

/** The latest error is that of the last hour, each quarter-hour counting half of the next: one alone may be a kettle. */
export const LATEST_SLOTS = 4

/** Days after which an error counts half: habits of a season. */
const HALF_LIFE_DAYS = 30
const DAY_FACTOR = 0.5 ** (1 / HALF_LIFE_DAYS)

/** A day cannot be wrong by more than this share of itself for what comes after. */
const LARGEST_DAY_ERROR = 3

/** Never all of yesterday's error for ever. */
const MOST_CARRIED = 0.98

/** What is kept of the width of the band, at least: errors of the past are no proof. */
const NARROWEST = 0.1

export const dayError = (measured: ArrayLike<number | null>, expected: ArrayLike<number>): number => {
  let error = 0
  let size = 0
  for (let slot = 0; slot < expected.length; slot++) {
    const value = measured[slot]
    if (value === null || value === undefined) continue
    error += value - expected[slot]!
    size += Math.abs(expected[slot]!)
  }
  return size === 0 ? 0 : Math.min(LARGEST_DAY_ERROR, Math.max(-LARGEST_DAY_ERROR, error / size))
}

/** Error of each slot in units of its scale; NaN where nothing was measured or the scale is 0. */
export const scaledErrors = (
  measured: ArrayLike<number | null>,
  expected: ArrayLike<number>,
  scale: Float64Array
): Float64Array =>
  scale.map((unit, slot) => {
    const value = measured[slot]
    return value === null || value === undefined || unit === 0 ? Number.NaN : (value - expected[slot]!) / unit
  })

/** With one more day: its error as a whole, and slot by slot (NaN: unknown). `daysSince` the day learned before. */
export const withErrors = (
  memory: ErrorMemory,
  day: number,
  slots: Float64Array,
  daysSince: number | undefined
): ErrorMemory => {
  const slotSquares = memory.slotSquares.map(sum => sum * DAY_FACTOR)
  const slotProducts = memory.slotProducts.map(sum => sum * DAY_FACTOR)
  const absoluteBefore = memory.absoluteBefore.map(sum => sum * DAY_FACTOR)
  const absoluteAfter = memory.absoluteAfter.map(sum => sum * DAY_FACTOR)
  for (let start = LATEST_SLOTS; start < slots.length; start++) {
    const latest = latestError(slots.subarray(start - LATEST_SLOTS, start))
    if (Number.isNaN(latest)) continue
    for (let later = 0; later < NEXT_SLOTS && start + later < slots.length; later++) {
      const error = slots[start + later]!
      if (Number.isNaN(error)) continue
      slotSquares[later]! += latest * latest
      slotProducts[later]! += latest * error
      absoluteBefore[later]! += Math.abs(error)
      absoluteAfter[later]! += Math.abs(error - carriedToSlot(memory, later) * latest)
    }
  }
  const isNext = daysSince === 1
  return {
    lastMean: day,
    daySquares: memory.daySquares * DAY_FACTOR + (isNext ? memory.lastMean ** 2 : 0),
    dayProducts: memory.dayProducts * DAY_FACTOR + (isNext ? memory.lastMean * day : 0),
    slotSquares,
    slotProducts,
    absoluteBefore,
    absoluteAfter
  }
}

/** Of the errors of the last hour, oldest first; NaN if none is known. */
export const latestError = (errors: Float64Array): number => {
  let sum = 0
  let weights = 0
  let weight = 1
  for (let slot = errors.length - 1; slot >= 0; slot--, weight /= 2) {
    if (Number.isNaN(errors[slot]!)) continue
    sum += weight * errors[slot]!
    weights += weight
  }
  return weights === 0 ? Number.NaN : sum / weights
}

/** What is left of the last day's error after so many days, as a share of what is expected. */
export const carriedToDay = (memory: ErrorMemory, daysLater: number): number => {
  if (memory.daySquares === 0) return 0
  return within(memory.dayProducts / memory.daySquares, 0, MOST_CARRIED) ** daysLater * memory.lastMean
}

/** Which share of the latest error is left `later + 1` slots after it. */
export const carriedToSlot = (memory: ErrorMemory, later: number): number => {
  const squares = memory.slotSquares[later] ?? 0
  return squares === 0 ? 0 : within(memory.slotProducts[later]! / squares, 0, 1)
}

/** Which share of the band's width is left after the correction. */
export const narrowing = (memory: ErrorMemory, later: number): number => {
  const before = memory.absoluteBefore[later] ?? 0
  return before === 0 ? 1 : within(memory.absoluteAfter[later]! / before, NARROWEST, 1)
}

const within = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))
