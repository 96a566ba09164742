/**
 * A region with on/off units beside continuous ones: choices jump, so every point is taken up until a choice comes back or
 * there were enough; then the best choice is fixed and the rest is searched as if it were continuous alone.
 */
import type { RegionSearch } from './region-search.ts'

/** Choices of on/off units that are tried before the best of them is kept. */
const CHOICES_MAX = 12

export const judgeMixed = (
  search: RegionSearch,
  total: number,
  excess: Float64Array,
  hasNewLimits: boolean,
  isShort: boolean
): boolean => {
  const { tried, keys, extra, seen } = search
  const { isDiscrete } = search.own
  const choice = tried!.amounts.reduce(
    (text, amount, k) => (isDiscrete[k] === 1 ? text + (amount > 0 ? 1 : 0) : text),
    ''
  )
  const isKnown = seen.has(choice)
  seen.add(choice)
  if (isKnown && total > 0 && !hasNewLimits)
    // The same choice still breaks a limit: jumps are too long for one linear model, so ask for what was missing.
    for (const [m, key] of keys.entries())
      if (excess[m]! > 0) extra.set(key, (extra.get(key) ?? 0) + 1.05 * excess[m]! + 1e-7)
  const isLast = isKnown && !hasNewLimits && (total === 0 || isShort)
  search.choices++
  if (isLast || search.choices > CHOICES_MAX) {
    const { amounts } = search.best!
    for (let k = 0; k < amounts.length; k++) if (isDiscrete[k] === 1) search.lower[k] = search.upper[k] = amounts[k]!
    extra.clear()
    search.merit = Number.POSITIVE_INFINITY
    search.best = undefined
    if (isDiscrete.every(one => one === 1)) {
      search.amounts = amounts
      search.status = 'done'
      return false
    }
  }
  return true
}
