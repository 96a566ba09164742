/**
 * The cheapest amounts that bring one slot within its limits (DTP-OPT-02): linear programmes in sequence, each on exact
 * sensitivities at the point that the last one led to, until limits hold and the cost stands still (`region-search.ts`).
 *
 * Regions (parts of the grid joined only through an external grid) are searched side by side: one power flow serves all. At the
 * end the amounts are rounded to whole bids and the power flow is asked once more.
 *
 * Promises that a region it calls clean is so by a power flow. Assumes a point that was loaded and solved, and a scan.
 */
import { cheapestSwitches, SWITCHES_SEARCHED_MAX } from './cheapest-switches.ts'
import { judge, nextStep, startOf, takeUp } from './region-search.ts'
import { repairedBids } from './repaired-bids.ts'
import { shorten } from './step-radii.ts'
import { inject, type Workbench } from './workbench.ts'

export interface SlotCure {
  /** W or var of each member of each column. */
  readonly whole: readonly (readonly number[])[]
  /** Amounts before rounding, kW, by column. */
  readonly optimum: Float64Array
  /** Power flows that were needed. */
  readonly powerFlows: number
}

/** Steps of a search; 3 to 6 are usual, more where the best point is not at a corner. */
const STEPS_MAX = 60

export const cureSlot = (bench: Workbench): SlotCure => {
  const { point, watch, columns } = bench
  const base = { p: point.p.slice(), q: point.q.slice() }
  const amounts = new Float64Array(columns.length)
  let powerFlows = 0
  /** False: the grid does not carry it. */
  const isCarried = (asked: Float64Array): boolean => {
    powerFlows++
    inject(bench, base, asked)
    return point.resolve().status === 'converged' || point.solve().status === 'converged'
  }
  /** The same, solved anew: as the proof of the plan will be. */
  const isCarriedAnew = (asked: Float64Array): boolean => {
    powerFlows++
    inject(bench, base, asked)
    return point.solve().status === 'converged'
  }
  const place = (own: Int32Array, found: Float64Array): void => {
    for (let n = 0; n < own.length; n++) amounts[own[n]!] = found[n]!
  }
  const searches = watch
    .broken()
    .filter(region => bench.regions[region]!.columns.length > 0)
    .map(region => startOf(bench, region))
  point.linearise()
  for (const search of searches) takeUp(bench, search, search.amounts)
  for (const search of searches) {
    const { columns: own, switches, cost, most, exclusive } = search.own
    if (switches < own.length || own.length > SWITCHES_SEARCHED_MAX) continue
    const found = cheapestSwitches({ ...search, ...{ cost, most, exclusive } }, chosen => {
      place(own, chosen)
      if (!isCarried(amounts)) return Number.POSITIVE_INFINITY
      watch.scan()
      return watch.total(search.region)
    })
    search.amounts = found
    search.status = 'done'
    place(own, found)
  }
  for (let step = 0; step < STEPS_MAX; step++) {
    const active = searches.filter(({ status }) => status === 'searching')
    if (active.length === 0) break
    for (const search of active) {
      search.tried = nextStep(bench, search)
      place(search.own.columns, search.tried.amounts)
    }
    if (!isCarried(amounts)) {
      // Too far for the grid to carry: shorter steps around the same points.
      for (const search of active) shorten(search, 0.25)
      continue
    }
    watch.scan()
    const accepted = active.filter(search => judge(bench, search))
    if (accepted.length > 0) point.linearise()
    for (const search of accepted) takeUp(bench, search, search.tried!.amounts)
  }
  for (const { own, amounts: found, best } of searches) place(own.columns, best?.amounts ?? found)
  const optimum = amounts.slice()
  return { whole: repairedBids(bench, searches, amounts, isCarriedAnew), optimum, powerFlows }
}
