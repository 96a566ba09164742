/** Amounts as whole bids; where rounding breaks a limit again, a little more is asked for. */
import { amountsOf, roundedUp } from './columns.ts'
import { nextStep, type RegionSearch, takeUp } from './region-search.ts'
import type { Workbench } from './workbench.ts'

/** Repairs after rounding; each asks for a little more than was missing. */
const REPAIRS_MAX = 8

export const repairedBids = (
  bench: Workbench,
  searches: readonly RegionSearch[],
  amounts: Float64Array,
  isCarried: (amounts: Float64Array) => boolean
): readonly (readonly number[])[] => {
  const { point, watch, columns, sizes } = bench
  let whole = roundedUp(columns, amounts, sizes)
  const allowed = new Map(searches.map(({ region, best }) => [region, (best?.total ?? 0) + 1e-6]))
  for (let repair = 0; repair < REPAIRS_MAX; repair++) {
    const rounded = amountsOf(whole)
    if (!isCarried(rounded)) return whole
    watch.scan()
    const broken = searches.filter(
      ({ region, best }) =>
        watch.total(region) > 0 &&
        (best === undefined || best.total === 0 || watch.total(region) > allowed.get(region)!)
    )
    const open = broken.filter(({ best }) => best?.total === 0)
    if (open.length === 0) return whole
    point.linearise()
    for (const search of open) {
      takeUp(
        bench,
        search,
        Float64Array.from(search.own.columns, k => rounded[k]!)
      )
      for (const [m, key] of search.keys.entries())
        if (search.excess[m]! > 0) search.extra.set(key, (search.extra.get(key) ?? 0) + 0.5 * search.excess[m]! + 1e-7)
      const { amounts: more } = nextStep(bench, { ...search, radii: new Float64Array(search.radii.length).fill(1) })
      search.own.columns.forEach((k, n) => {
        amounts[k] = more[n]!
      })
    }
    whole = roundedUp(columns, amounts, sizes)
  }
  return whole
}
