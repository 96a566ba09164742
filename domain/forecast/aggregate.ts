/**
 * The forecast of a sum: the lumped load below a transformer (DTP-FC-02), a feeder, a substation. Expected values add up
 * exactly. Bands do not: customers are seldom all high at once, but the weather is one for all panels. So the part of the
 * spread that all share is told: 0 for customers on their own, 1 for plants under one sky.
 *
 * Where the sum itself is measured (a transformer with a meter), learn it as a series of its own instead: its band then rests
 * on what really was.
 */
import type { Forecast } from './forecast.ts'

export interface AggregateForecast extends Omit<Forecast, 'basis' | 'bandDays' | 'median'> {
  /** Series in it. */
  readonly count: number
}

/** All of the same slots; at least one. `shared` from 0 to 1. */
export const sumOfForecasts = (id: string, forecasts: readonly Forecast[], shared: number): AggregateForecast => {
  const first = forecasts[0]
  if (first === undefined) throw new RangeError(`sumOfForecasts: ${id} has no forecasts`)
  if (!(shared >= 0 && shared <= 1)) throw new RangeError(`sumOfForecasts: expected a share from 0 to 1, got ${shared}`)
  for (const one of forecasts)
    if (one.start !== first.start || one.p.length !== first.p.length)
      throw new RangeError(`sumOfForecasts: ${one.id} and ${first.id} are of different slots`)
  const sum = (of: (one: Forecast, slot: number) => number) => (slot: number) =>
    forecasts.reduce((total, one) => total + of(one, slot), 0)
  /** Spreads that are independent add by their squares, shared ones as they are. */
  const spread = (of: (one: Forecast, slot: number) => number) => {
    const plain = sum(of)
    const squares = sum((one, slot) => of(one, slot) ** 2)
    return (slot: number) => Math.sqrt(shared * plain(slot) ** 2 + (1 - shared) * squares(slot))
  }
  const p = sum((one, slot) => one.p[slot]!)
  const q = sum((one, slot) => one.q[slot]!)
  // The expected value of a customer may lie outside of its band (a car: mostly nothing, seldom much).
  const below = spread((one, slot) => Math.max(0, one.p[slot]! - one.low[slot]!))
  const above = spread((one, slot) => Math.max(0, one.high[slot]! - one.p[slot]!))
  const slots = (value: (slot: number) => number) =>
    Float64Array.from(first.p, (_, slot) => Math.round(value(slot)) + 0)
  return {
    id,
    start: first.start,
    p: slots(p),
    q: slots(q),
    low: slots(slot => p(slot) - below(slot)),
    high: slots(slot => p(slot) + above(slot)),
    count: forecasts.length
  }
}
