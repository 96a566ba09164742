/**
 * KPI_IT_02 and KPI_IT_03: how far forecasts were off, as a share of what was real, averaged over customers (or assets of one
 * category) and over periods, in per cent; separately for the next 24 hours and the next 4, and for kW and kvar.
 *
 *   (1/T) Σ_t (1/N_t) Σ_i |RL_i,t − FC_i,t| / |RL_i,t| × 100
 *
 * A real value of 0 has no share (the formula divides by it). It is left out of N_t and counted, and a period with nothing
 * else is left out of T, as T-29 and T-76 do with zeros elsewhere. Because a value near 0 weighs as much as the largest,
 * the same errors are also given as a share of the sums.
 */
export interface ForecastAndReal {
  /** Period, e.g. the instant at which it begins. */
  readonly period: number
  /** Customer (KPI_IT_02) or asset (KPI_IT_03). */
  readonly id: string
  /** Same unit, same sign convention. */
  readonly forecast: number
  readonly real: number
}

export interface ForecastReliability {
  /** The formula; null if every period was left out. */
  readonly percent: number | null
  /** Σ |RL − FC| / Σ |RL| × 100; null if all was 0. */
  readonly percentOfSums: number | null
  readonly periods: number
  readonly periodsLeftOut: number
  readonly values: number
  readonly zerosLeftOut: number
}

/** Upper bounds for a good forecast, per cent (D3.3, Annex C). */
export const reliabilityTargets = { customers: 25, assets: 30 } as const

export const forecastReliability = (values: Iterable<ForecastAndReal>): ForecastReliability => {
  const byPeriod = new Map<number, { sum: number; count: number }>()
  let error = 0
  let size = 0
  let zeros = 0
  let counted = 0
  for (const { period, forecast, real } of values) {
    const found = byPeriod.get(period) ?? { sum: 0, count: 0 }
    byPeriod.set(period, found)
    error += Math.abs(real - forecast)
    size += Math.abs(real)
    if (real === 0) zeros++
    else {
      found.sum += Math.abs((real - forecast) / real)
      found.count++
      counted++
    }
  }
  let total = 0
  let periods = 0
  for (const { sum, count } of byPeriod.values()) {
    if (count === 0) continue
    total += sum / count
    periods++
  }
  return {
    percent: periods === 0 ? null : (100 * total) / periods,
    percentOfSums: size === 0 ? null : (100 * error) / size,
    periods,
    periodsLeftOut: byPeriod.size - periods,
    values: counted,
    zerosLeftOut: zeros
  }
}

/** KPI_IT_03 by category of assets, e.g. the nodes of primary and of secondary substations. */
export const reliabilityByCategory = (
  values: Iterable<ForecastAndReal & { readonly category: string }>
): ReadonlyMap<string, ForecastReliability> =>
  new Map(
    [...Map.groupBy(values, ({ category }) => category)].map(([category, list]) => [
      category,
      forecastReliability(list)
    ])
  )
