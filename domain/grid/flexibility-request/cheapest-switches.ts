/**
 * The cheapest set of a few on/off units that brings a region within its limits, by the power flow itself: sets are tried in
 * the order of their cost, and the first that holds is the answer. A linear model at the starting point leaves out sets
 * that miss by far more than it can err; so a handful of power flows stand for all of them.
 *
 * If no set holds, the one with the least exceedance, among those that the model puts first.
 */

/** 65,536 sets at most; each costs some multiplications, few cost a power flow. */
export const SWITCHES_SEARCHED_MAX = 16
/**
 * A set is tried unless the model says that it leaves more of a limit than this share of what it changes there: a voltage
 * or current would have to be that far from linear.
 */
const DISTRUST = 0.3
/** Sets that are tried where none holds. */
const LEAST_TRIED = 256

interface Switches {
  readonly cost: Float64Array
  readonly most: Float64Array
  readonly exclusive: readonly (readonly [number, number])[]
  readonly help: readonly Float64Array[]
  /** At nothing switched on. */
  readonly excess: Float64Array
}

/** `exceedance`: sum of what is exceeded with these amounts, by power flow; 0: all limits hold. */
export const cheapestSwitches = (
  { cost, most, exclusive, help, excess }: Switches,
  exceedance: (amounts: Float64Array) => number
): Float64Array => {
  const count = cost.length
  const amountsOf = (set: number): Float64Array => most.map((amount, k) => ((set >> k) & 1 ? amount : 0))
  const sets: { readonly set: number; readonly cost: number; readonly left: number; readonly isFar: boolean }[] = []
  const forbidden = exclusive.map(([a, b]) => (1 << a) | (1 << b))
  for (let set = 0; set < 1 << count; set++) {
    if (forbidden.some(pair => (set & pair) === pair)) continue
    let price = 0
    for (let k = 0; k < count; k++) if ((set >> k) & 1) price += cost[k]! * most[k]!
    let left = 0
    let isFar = false
    for (let m = 0; m < help.length; m++) {
      let change = 0
      let moved = 0
      for (let k = 0; k < count; k++)
        if ((set >> k) & 1) {
          const part = help[m]![k]! * most[k]!
          change += part
          moved += Math.abs(part)
        }
      const missing = excess[m]! - change
      if (missing > 0) left += missing
      if (missing > DISTRUST * moved) isFar = true
    }
    sets.push({ set, cost: price, left, isFar })
  }
  sets.sort((a, b) => a.cost - b.cost || a.set - b.set)
  for (const { set, isFar } of sets) {
    if (isFar) continue
    const amounts = amountsOf(set)
    if (exceedance(amounts) === 0) return amounts
  }
  let best = amountsOf(0)
  let least = Number.POSITIVE_INFINITY
  for (const { set } of sets.toSorted((a, b) => a.left - b.left || a.cost - b.cost).slice(0, LEAST_TRIED)) {
    const amounts = amountsOf(set)
    const total = exceedance(amounts)
    if (total < least - 1e-7) {
      least = total
      best = amounts
    }
  }
  return best
}
