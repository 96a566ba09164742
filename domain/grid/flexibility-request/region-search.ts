/**
 * The search of one region for its cheapest amounts: linear programmes in sequence, each on exact sensitivities at the point that
 * the last one led to. Only limits that were exceeded at some point are in the programme. A step that makes things worse is taken
 * back and tried shorter.
 */
import { addRows, dot } from '../../optimisation/row-products.ts'
import { judgeMixed } from './choice-search.ts'
import { type CureStepResult, solveCureStep } from './cure-step.ts'
import { adaptRadii, shorten } from './step-radii.ts'
import type { RegionColumns, Workbench } from './workbench.ts'

export interface RegionSearch {
  readonly region: number
  readonly own: RegionColumns
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly keys: number[]
  status: 'searching' | 'done'
  /** At the point that the programme is linear around. */
  amounts: Float64Array
  excess: Float64Array
  /** By key: what a kW of each column takes off its exceedance. */
  readonly help: Float64Array[]
  merit: number
  /** What was tried last. */
  tried: CureStepResult | undefined
  /** How far each column may go in a step, as a share of its band. */
  readonly radii: Float64Array
  /** What a percent of exceedance costs in the merit. */
  penalty: number
  /** Percent asked beyond the need, by key. */
  readonly extra: Map<number, number>
  best: { readonly amounts: Float64Array; readonly total: number; readonly cost: number } | undefined
  readonly seen: Set<string>
  choices: number
}

/** Exceeded limits that a region takes up at a time: the worst first, the others mostly go with them. */
const LIMITS_AT_A_TIME = 32
/** A limit with more room than this, percent, keeps the sensitivities that it had when it was nearer, or was taken up. */
const FAR_PERCENT = 0.05
/** Relative change of the cost below which it stands still; the bids' step is coarser. */
const COST_STILL = 1e-8
/** A step that promises less than this, relative or in kW at the dearest price, is not worth a look; the bids' step is coarser. */
const GAIN_LEAST = 1e-6
const GAIN_LEAST_KW = 1e-5
/** So many times that from the end, what is missing of a limit is asked for beside: the linear model alone only creeps up to it. */
const NEAR = 10
export const startOf = ({ regions }: Workbench, region: number): RegionSearch => {
  const own = regions[region]!
  const count = own.columns.length
  return {
    region,
    own,
    lower: new Float64Array(count),
    upper: own.most.slice(),
    keys: [],
    status: 'searching',
    amounts: new Float64Array(count),
    excess: new Float64Array(0),
    help: [],
    merit: Number.POSITIVE_INFINITY,
    tried: undefined,
    radii: new Float64Array(count).fill(1),
    penalty: 0,
    extra: new Map(),
    best: undefined,
    seen: new Set(),
    choices: 0
  }
}

/** Makes the point's state, linearised, the one that the programme is linear around. */
export const takeUp = ({ watch }: Workbench, search: RegionSearch, amounts: Float64Array): void => {
  const { keys, region, help, own } = search
  const before =
    search.tried?.amounts === amounts && !hasOpenChoice(search)
      ? { amounts: search.amounts, netCosts: netCosts(search) }
      : undefined
  for (const key of watch.worst(region, LIMITS_AT_A_TIME)) if (!keys.includes(key)) keys.push(key)
  own.sensitivities.take()
  search.amounts = amounts
  search.excess = excessesOf(keys, watch)
  for (let m = 0; m < keys.length; m++) {
    if (m < help.length && search.excess[m]! < -FAR_PERCENT) continue
    help[m] ??= new Float64Array(own.columns.length)
    watch.help(keys[m]!, own.sensitivities, help[m]!)
  }
  if (before !== undefined) adaptRadii(search, before, netCosts(search))
  search.merit = meritOf(search, amounts, search.excess)
}

/** Cost of each column less what its help is worth at the last programme's prices: above 0 it had better be less. */
const netCosts = ({ own, help, tried }: RegionSearch): Float64Array => {
  const { prices } = tried!
  const found = own.cost.slice()
  if (prices === undefined) return found
  addRows(
    found,
    help,
    Float64Array.from(help, (_, m) => -(prices[m] ?? 0))
  )
  return found
}

const excessesOf = (keys: readonly number[], watch: Workbench['watch']): Float64Array => {
  const found = new Float64Array(keys.length)
  for (let m = 0; m < keys.length; m++) found[m] = watch.excess(keys[m]!)
  return found
}

const meritOf = ({ own, penalty }: RegionSearch, amounts: Float64Array, excess: Float64Array): number => {
  let exceeded = 0
  for (let m = 0; m < excess.length; m++) if (excess[m]! > 0) exceeded += excess[m]!
  return dot(own.cost, amounts) + penalty * exceeded
}

const largestStep = ({ tried, amounts, own }: RegionSearch): number => {
  let largest = 0
  if (tried === undefined) return largest
  for (let k = 0; k < amounts.length; k++)
    largest = Math.max(largest, Math.abs(tried.amounts[k]! - amounts[k]!) / own.most[k]!)
  return largest
}

export const nextStep = ({ solver }: Workbench, search: RegionSearch): CureStepResult => {
  const { own, keys, help, excess, amounts, extra } = search
  const { cost, isDiscrete, exclusive } = own
  const need = new Float64Array(keys.length)
  for (let m = 0; m < keys.length; m++) need[m] = excess[m]! + (extra.get(keys[m]!) ?? 0) + dot(help[m]!, amounts)
  const step = { ...{ cost, help, need, isDiscrete, exclusive }, ...boundsAround(search) }
  const found = solveCureStep(solver, step, search.tried?.basis)
  search.penalty = Math.max(search.penalty, 4 * found.dearest, 1e-3)
  return found
}

/** Bounds of continuous columns, no farther than the radii allow. */
const boundsAround = ({ own, lower, upper, amounts, radii }: RegionSearch) => {
  const near = { lower: lower.slice(), upper: upper.slice() }
  for (let k = 0; k < radii.length; k++) {
    if (radii[k]! >= 1 || own.isDiscrete[k] === 1) continue
    const reach = radii[k]! * own.most[k]!
    if (amounts[k]! - reach > lower[k]!) near.lower[k] = amounts[k]! - reach
    if (amounts[k]! + reach < upper[k]!) near.upper[k] = amounts[k]! + reach
  }
  return near
}

/** Whether the point that was tried is where the next programme is linear around; ends the search if it is the last. */
export const judge = ({ watch }: Workbench, search: RegionSearch): boolean => {
  const { region, keys, tried, own } = search
  if (tried === undefined) return false
  const { amounts, missing } = tried
  const total = watch.total(region)
  const cost = dot(own.cost, amounts)
  const costBefore = dot(own.cost, search.amounts)
  const isStill = Math.abs(cost - costBefore) <= COST_STILL * Math.max(1e-3, cost)
  const excess = excessesOf(keys, watch)
  const hasNewLimits = watch.worst(region, LIMITS_AT_A_TIME).some(key => !keys.includes(key))
  const isShort = missing.some(one => one > 0)
  const isBetter =
    search.best === undefined ||
    total < search.best.total - 1e-7 ||
    (total <= search.best.total + 1e-7 && cost < search.best.cost)
  if (isBetter) search.best = { amounts, total, cost }
  if (hasOpenChoice(search)) return judgeMixed(search, total, excess, hasNewLimits, isShort)
  if (isStill && !hasNewLimits && (total === 0 || (isShort && largestStep(search) < 1e-6))) {
    search.status = 'done'
    return false
  }
  const merit = meritOf(search, amounts, excess)
  search.merit = meritOf(search, search.amounts, search.excess)
  if (hasNewLimits || search.merit === Number.POSITIVE_INFINITY) return true
  const promised = search.merit - cost - search.penalty * missing.reduce((sum, one) => sum + one, 0)
  const gained = search.merit - merit
  const isLast = promised <= Math.max(GAIN_LEAST * cost, GAIN_LEAST_KW)
  if (isLast && total === 0) {
    search.status = 'done'
    return false
  }
  if (promised <= NEAR * Math.max(GAIN_LEAST * cost, GAIN_LEAST_KW))
    for (const [m, key] of keys.entries())
      if (excess[m]! > 0) search.extra.set(key, (search.extra.get(key) ?? 0) + excess[m]! + 1e-7)
  const isAccepted = gained > 1e-12
  if (!isAccepted) shorten(search, Math.min(0.5, Math.max(0.1, promised / (2 * (promised - gained)))))
  return isAccepted
}

const hasOpenChoice = ({ own, lower, upper }: RegionSearch): boolean =>
  own.switches > 0 && own.isDiscrete.some((one, k) => one === 1 && lower[k] !== upper[k])
