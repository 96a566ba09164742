/**
 * The supported front of any book: the solutions that are best for some weight of reliability against price, found by
 * clearing at chosen weights (Aneja and Nair 1979).
 *
 * Between two known solutions the next weight is the one at which both are worth the same, so no clearing is spent where
 * nothing can be. Each step halves no interval and guesses no grid, but a book with blocks has solutions between the
 * supported ones that no weight finds; those are left to the search. At most `clearingsMax` clearings.
 */

import type { Judged } from './objectives.ts'

export interface WeighedSolution<Solution> {
  readonly weight: number
  readonly solution: Solution
}

/** From the cheapest on; `solve` clears at this weight, in µ€ per kWh of certain non-delivery. */
export const supportedFront = <Solution extends { readonly totals: Judged }>(
  solve: (weight: number) => Solution,
  clearingsMax: number
): WeighedSolution<Solution>[] => {
  let clearings = 0
  const at = (weight: number): WeighedSolution<Solution> => {
    clearings++
    return { weight, solution: solve(weight) }
  }
  const found = [at(0), at(Number.POSITIVE_INFINITY)]
  // Breadth first: where the clearings run out, the front is known coarsely everywhere instead of finely at one end.
  const open: [WeighedSolution<Solution>, WeighedSolution<Solution>][] = [[found[0]!, found[1]!]]
  for (let head = 0; head < open.length && clearings < clearingsMax; head++) {
    const [left, right] = open[head]!
    const cost = Number(right.solution.totals.cost - left.solution.totals.cost)
    const nonDelivery = Number(left.solution.totals.nonDelivery - right.solution.totals.nonDelivery) / 1e6
    if (!(cost > 0 && nonDelivery > 0)) continue
    const weight = cost / nonDelivery
    const middle = at(weight)
    const value = ({ totals }: Solution): number => Number(totals.cost) + weight * (Number(totals.nonDelivery) / 1e6)
    // Less than rounding is no progress.
    if (!(value(middle.solution) < value(left.solution) * (1 - 1e-12))) continue
    found.push(middle)
    open.push([left, middle], [middle, right])
  }
  return found.sort((a, b) => a.weight - b.weight)
}
