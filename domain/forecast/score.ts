/**
 * How good forecasts were: normalised mean absolute error and pinball loss, both as a share of the mean absolute power, so
 * that series of different sizes and forecasts of different kinds can be compared.
 */
import { quantiles } from './quantiles.ts'

/** What a quantile forecast loses: missing by 1 above costs `share`, below 1 − `share`. Least for the true quantile. */
export const pinballLoss = (real: number, forecast: number, share: number): number =>
  real >= forecast ? share * (real - forecast) : (1 - share) * (forecast - real)

/** Sums that grow slot by slot; the shares are NaN while nothing but zero power was added. */
export class Score {
  #power = 0
  #error = 0
  #loss = 0
  #slots = 0
  #inBand = 0

  add(real: number, low: number, median: number, high: number): void {
    this.#power += Math.abs(real)
    this.#error += Math.abs(real - median)
    this.#loss +=
      (pinballLoss(real, low, quantiles.low) +
        pinballLoss(real, median, quantiles.median) +
        pinballLoss(real, high, quantiles.high)) /
      3
    this.#slots++
    if (low <= real && real <= high) this.#inBand++
  }

  /** A forecast without a band stands for each of its quantiles. */
  addValue(real: number, forecast: number): void {
    this.add(real, forecast, forecast, forecast)
  }

  get nMAE(): number {
    return this.#error / this.#power
  }

  get pinball(): number {
    return this.#loss / this.#power
  }

  get inBand(): number {
    return this.#inBand / this.#slots
  }
}
