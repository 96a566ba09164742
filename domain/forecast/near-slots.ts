/**
 * What the last days did at a quarter-hour and around it. Three times the days stand behind a quantile that way, and a band
 * does not jump from slot to slot. Each slot's values are put in order once; those of three slots are merged, not sorted.
 */
import { Members } from './quantiles.ts'

export interface WeightedDay {
  readonly weight: number
  readonly p: readonly (number | null)[]
}

export class NearSlots {
  readonly #first: number
  readonly #most: number
  readonly #counts: Uint8Array
  readonly #values: Float64Array
  readonly #weights: Float64Array
  readonly #merged: Members

  constructor(days: readonly WeightedDay[], from: number, to: number) {
    const slots = to - from
    this.#first = from
    this.#most = days.length
    this.#counts = new Uint8Array(slots)
    this.#values = new Float64Array(slots * days.length)
    this.#weights = new Float64Array(slots * days.length)
    this.#merged = new Members(3 * days.length)
    for (let slot = 0; slot < slots; slot++)
      for (const { p, weight } of days) {
        const value = p[from + slot]
        if (value !== null && value !== undefined) this.#insert(slot, value, weight)
      }
  }

  #insert(slot: number, value: number, weight: number): void {
    const start = slot * this.#most
    let place = start + this.#counts[slot]!++
    for (; place > start && this.#values[place - 1]! > value; place--) {
      this.#values[place] = this.#values[place - 1]!
      this.#weights[place] = this.#weights[place - 1]!
    }
    this.#values[place] = value
    this.#weights[place] = weight
  }

  at(slot: number): { readonly sum: number; readonly weights: number } {
    const start = (slot - this.#first) * this.#most
    let sum = 0
    let weights = 0
    for (let place = start; place < start + this.#counts[slot - this.#first]!; place++) {
      sum += this.#values[place]! * this.#weights[place]!
      weights += this.#weights[place]!
    }
    return { sum, weights }
  }

  around(slot: number): Members {
    const place = slot - this.#first
    this.#merged.clear()
    let before = (place - 1) * this.#most
    let here = place * this.#most
    let after = (place + 1) * this.#most
    const beforeEnd = before + this.#countOf(place - 1)
    const hereEnd = here + this.#countOf(place)
    const afterEnd = after + this.#countOf(place + 1)
    for (;;) {
      const least = Math.min(
        before < beforeEnd ? this.#values[before]! : Number.POSITIVE_INFINITY,
        here < hereEnd ? this.#values[here]! : Number.POSITIVE_INFINITY,
        after < afterEnd ? this.#values[after]! : Number.POSITIVE_INFINITY
      )
      if (least === Number.POSITIVE_INFINITY) return this.#merged
      if (before < beforeEnd && this.#values[before] === least) this.#merged.add(least, this.#weights[before++]!)
      else if (here < hereEnd && this.#values[here] === least) this.#merged.add(least, this.#weights[here++]!)
      else this.#merged.add(least, this.#weights[after++]!)
    }
  }

  #countOf(place: number): number {
    return this.#counts[place] ?? 0
  }
}
