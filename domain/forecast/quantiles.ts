/**
 * Quantiles of weighted values: the band of a forecast holds four of five outcomes, if the days behind it are like the next.
 */
export const quantiles = { low: 0.1, median: 0.5, high: 0.9 } as const

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
