/**
 * The cheapest amounts that bring one slot within its limits (DTP-OPT-02): linear programmes in sequence, each on exact
 * sensitivities at the point that the last one led to, until limits hold and the cost stands still.
 *
 * Regions (parts of the grid joined only through an external grid) are searched side by side: one power flow serves all. In
 * each, only limits that were exceeded at some point are in the programme. A step that makes things worse is
 * taken back and tried shorter. At the end the amounts are rounded to whole bids and the power flow is asked once more.
 *
 * Promises that a region it calls clean is so by a power flow. Assumes a point that was loaded and solved, and a scan.
 */

import type { Solver } from '../../optimisation/solver.ts'
import { BASE_MVA } from '../branch-admittance.ts'
import type { OperatingPoint } from '../power-flow.ts'
import { sensitivitiesAtRows } from '../sensitivities.ts'
import { cheapestSwitches, SWITCHES_SEARCHED_MAX } from './cheapest-switches.ts'
import { amountsOf, type BidSizes, type Column, roundedUp } from './columns.ts'
import { type CureStepResult, solveCureStep } from './cure-step.ts'
import type { LimitWatch } from './limit-watch.ts'

export interface Workbench {
  readonly solver: Solver
  readonly point: OperatingPoint
  readonly watch: LimitWatch
  readonly columns: readonly Column[]
  /** Columns of each region. */
  readonly columnsOfRegion: readonly Int32Array[]
  readonly sizes: BidSizes
}

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
/** Exceeded limits that a region takes up at a time: the worst first, the others mostly go with them. */
const LIMITS_AT_A_TIME = 16
/** A limit with more room than this, percent, keeps the sensitivities that it had when it was nearer, or was taken up. */
const FAR_PERCENT = 0.05
/** Relative change of the cost below which it stands still; the bids' step is coarser. */
const COST_STILL = 1e-8
/** A step that promises less than this, relative or in kW at the dearest price, is not worth a look; the bids' step is coarser. */
const GAIN_LEAST = 1e-6
const GAIN_LEAST_KW = 1e-5
/** So many times that from the end, what is missing of a limit is asked for beside: the linear model alone only creeps up to it. */
const NEAR = 10
/** Steps are shortened down to this share of the band. */
const RADIUS_LEAST = 1e-7
/** Repairs after rounding; each asks for a little more than was missing. */
const REPAIRS_MAX = 8

interface Search {
  readonly region: number
  /** Columns, by place in the workbench's list. */
  readonly columns: Int32Array
  readonly injections: ReturnType<typeof sensitivitiesAtRows>
  readonly cost: Float64Array
  readonly most: Float64Array
  readonly isDiscrete: Uint8Array
  readonly exclusive: readonly (readonly [number, number])[]
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly keys: number[]
  status: 'searching' | 'done'
  /** At the point that the programme is linear around. */
  amounts: Float64Array
  excess: number[]
  help: Float64Array[]
  merit: number
  /** What was tried last. */
  tried: CureStepResult | undefined
  /** How far each column may go in a step, as a share of its band; and which way it went last. */
  readonly radii: Float64Array
  readonly turns: Int8Array
  /** What a percent of exceedance costs in the merit. */
  penalty: number
  /** Percent asked beyond the need, by key. */
  readonly extra: Map<number, number>
  best: { readonly amounts: Float64Array; readonly total: number; readonly cost: number } | undefined
  readonly seen: Set<string>
  choices: number
}

export const cureSlot = (bench: Workbench): SlotCure => {
  const { point, watch, columns, sizes } = bench
  const base = { p: point.p.slice(), q: point.q.slice() }
  const amounts = new Float64Array(columns.length)
  let powerFlows = 0
  const solveWith = (): boolean => {
    powerFlows++
    return solveAt(point, base, columns, amounts)
  }
  const searches = watch
    .broken()
    .filter(region => bench.columnsOfRegion[region]!.length > 0)
    .map(region => startOf(bench, region))
  point.linearise()
  for (const search of searches) takeUp(bench, search, search.amounts)
  for (const search of searches) {
    const hasOnlySwitches = search.isDiscrete.every(one => one === 1)
    if (!hasOnlySwitches || search.columns.length > SWITCHES_SEARCHED_MAX) continue
    const found = cheapestSwitches(search, chosen => {
      search.columns.forEach((k, n) => {
        amounts[k] = chosen[n]!
      })
      if (!solveWith()) return Number.POSITIVE_INFINITY
      watch.scan()
      return watch.total(search.region)
    })
    search.amounts = found
    search.status = 'done'
    search.columns.forEach((k, n) => {
      amounts[k] = found[n]!
    })
  }
  for (let step = 0; step < STEPS_MAX; step++) {
    const active = searches.filter(({ status }) => status === 'searching')
    if (active.length === 0) break
    for (const search of active) {
      search.tried = nextStep(bench, search)
      search.columns.forEach((k, n) => {
        amounts[k] = search.tried!.amounts[n]!
      })
    }
    if (!solveWith()) {
      // Too far for the grid to carry: shorter steps around the same points.
      for (const search of active) shorten(search, 0.25)
      continue
    }
    watch.scan()
    const accepted = active.filter(search => judge(bench, search))
    if (accepted.length > 0) point.linearise()
    for (const search of accepted) takeUp(bench, search, search.tried!.amounts)
  }
  for (const { columns: own, amounts: found, best } of searches)
    own.forEach((k, n) => {
      amounts[k] = (best?.amounts ?? found)[n]!
    })
  const optimum = amounts.slice()
  const whole = repaired(bench, searches, base, amounts, () => powerFlows++)
  return { whole: whole.length === 0 ? roundedUp(columns, amounts, sizes) : whole, optimum, powerFlows }
}

/** False: the grid does not carry it. */
const solveAt = (
  point: OperatingPoint,
  base: { readonly p: Float64Array; readonly q: Float64Array },
  columns: readonly Column[],
  amounts: Float64Array
): boolean => {
  point.p.set(base.p)
  point.q.set(base.q)
  for (let k = 0; k < columns.length; k++) {
    if (amounts[k] === 0) continue
    const { row, quantity, sign } = columns[k]!
    ;(quantity === 'P' ? point.p : point.q)[row]! += (sign * amounts[k]!) / (1000 * BASE_MVA)
  }
  return point.solve().status === 'converged'
}

const startOf = ({ point, columns, columnsOfRegion }: Workbench, region: number): Search => {
  const own = columnsOfRegion[region]!
  const dearest = own.reduce((most, k) => Math.max(most, columns[k]!.price), 0) || 1
  const most = Float64Array.from(own, k => columns[k]!.most)
  return {
    region,
    columns: own,
    injections: sensitivitiesAtRows(point, {
      row: Int32Array.from(own, k => columns[k]!.row),
      isReactive: Uint8Array.from(own, k => (columns[k]!.quantity === 'Q' ? 1 : 0)),
      factor: Float64Array.from(own, k => columns[k]!.sign)
    }),
    cost: Float64Array.from(own, k => columns[k]!.price / dearest),
    most,
    isDiscrete: Uint8Array.from(own, k => (columns[k]!.isDiscrete ? 1 : 0)),
    exclusive: opposites(columns, own),
    lower: new Float64Array(own.length),
    upper: most.slice(),
    keys: [],
    status: 'searching',
    amounts: new Float64Array(own.length),
    excess: [],
    help: [],
    merit: Number.POSITIVE_INFINITY,
    tried: undefined,
    radii: new Float64Array(own.length).fill(1),
    turns: new Int8Array(own.length),
    penalty: 0,
    extra: new Map(),
    best: undefined,
    seen: new Set(),
    choices: 0
  }
}

/** Up and down of one on/off unit. */
const opposites = (columns: readonly Column[], own: Int32Array): readonly (readonly [number, number])[] => {
  const known = new Map<string, number>()
  const pairs: (readonly [number, number])[] = []
  own.forEach((k, n) => {
    const { isDiscrete, quantity, members } = columns[k]!
    if (!isDiscrete) return
    const key = `${members[0]!.unit} ${quantity}`
    const other = known.get(key)
    if (other === undefined) known.set(key, n)
    else pairs.push([other, n])
  })
  return pairs
}

/** Makes the point's state the one that the programme is linear around. */
const takeUp = ({ watch }: Workbench, search: Search, amounts: Float64Array): void => {
  const { keys, region } = search
  for (const key of watch.worst(region, LIMITS_AT_A_TIME)) if (!keys.includes(key)) keys.push(key)
  search.injections.take()
  search.amounts = amounts
  search.excess = keys.map(key => watch.excess(key))
  search.help = keys.map((key, m) => {
    const known = search.help[m]
    if (known !== undefined && search.excess[m]! < -FAR_PERCENT) return known
    const help = known ?? new Float64Array(search.columns.length)
    watch.help(key, search.injections, help)
    return help
  })
  search.merit = meritOf(search, amounts, search.excess)
}

const costOf = ({ cost }: Search, amounts: Float64Array): number => {
  let sum = 0
  for (let k = 0; k < cost.length; k++) sum += amounts[k]! * cost[k]!
  return sum
}

const meritOf = (search: Search, amounts: Float64Array, excess: readonly number[]): number =>
  costOf(search, amounts) + search.penalty * excess.reduce((sum, one) => sum + Math.max(0, one), 0)

const largestStep = ({ tried, amounts, most }: Search): number =>
  tried === undefined
    ? 0
    : tried.amounts.reduce((largest, amount, k) => Math.max(largest, Math.abs(amount - amounts[k]!) / most[k]!), 0)

const nextStep = ({ solver }: Workbench, search: Search): CureStepResult => {
  const { cost, most, isDiscrete, exclusive, keys, help, excess, amounts, radii, extra } = search
  const around = (bound: Float64Array, side: number): Float64Array => {
    const near = bound.slice()
    for (let k = 0; k < near.length; k++) {
      if (isDiscrete[k] === 1 || radii[k]! >= 1) continue
      const end = amounts[k]! + side * radii[k]! * most[k]!
      near[k] = side < 0 ? Math.max(near[k]!, end) : Math.min(near[k]!, end)
    }
    return near
  }
  const need = Float64Array.from(keys, (key, m) => {
    const row = help[m]!
    let sum = excess[m]! + (extra.get(key) ?? 0)
    for (let k = 0; k < row.length; k++) sum += row[k]! * amounts[k]!
    return sum
  })
  const [lower, upper] = [around(search.lower, -1), around(search.upper, 1)]
  const step = { ...{ cost, help, need, isDiscrete, exclusive }, lower, upper }
  const found = solveCureStep(solver, step, search.tried?.basis)
  search.penalty = Math.max(search.penalty, 4 * found.dearest, 1e-3)
  return found
}

/** Whether the point that was tried is where the next programme is linear around; ends the search if it is the last. */
const judge = ({ watch }: Workbench, search: Search): boolean => {
  const { region, keys, tried } = search
  if (tried === undefined) return false
  const { amounts, missing } = tried
  const total = watch.total(region)
  const cost = costOf(search, amounts)
  const costBefore = costOf(search, search.amounts)
  const isStill = Math.abs(cost - costBefore) <= COST_STILL * Math.max(1e-3, cost)
  const excess = keys.map(key => watch.excess(key))
  const hasNewLimits = watch.worst(region, LIMITS_AT_A_TIME).some(key => !keys.includes(key))
  const isShort = missing.some(one => one > 0)
  const isBetter =
    search.best === undefined ||
    total < search.best.total - 1e-7 ||
    (total <= search.best.total + 1e-7 && cost < search.best.cost)
  if (isBetter) search.best = { amounts, total, cost }
  const isMixed = search.isDiscrete.some((one, k) => one === 1 && search.lower[k] !== search.upper[k])
  if (isMixed) return judgeMixed(search, total, excess, hasNewLimits, isShort)
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
  if (isAccepted) adaptRadii(search)
  else shorten(search, Math.min(0.5, Math.max(0.1, promised / (2 * (promised - gained)))))
  return isAccepted
}

/**
 * A column that goes on in its direction may go further, one that turns back has half the way: the cheapest point is seldom at a
 * corner, and each column then swings around its own place.
 */
const adaptRadii = ({ tried, amounts, most, radii, turns }: Search): void => {
  for (let k = 0; k < radii.length; k++) {
    const change = tried!.amounts[k]! - amounts[k]!
    if (Math.abs(change) <= RADIUS_LEAST * most[k]!) continue
    const turn = Math.sign(change)
    if (turn === turns[k]) radii[k] = Math.min(1, 2 * radii[k]!)
    else if (turn === -turns[k]!) radii[k] = Math.min(radii[k]!, Math.abs(change) / most[k]!) / 2
    turns[k] = turn
  }
}

/** Tried too far: that share of the way. */
const shorten = (search: Search, share: number): void => {
  const { tried, amounts, most, radii } = search
  let longest = 0
  for (let k = 0; k < radii.length; k++) {
    const moved = tried === undefined ? 0 : Math.abs(tried.amounts[k]! - amounts[k]!) / most[k]!
    radii[k] = share * (moved > 0 ? Math.min(radii[k]!, moved) : radii[k]!)
    longest = Math.max(longest, radii[k]!)
  }
  if (longest < RADIUS_LEAST) search.status = 'done'
}

/** On/off choices jump: every point is taken up, until a choice comes back. Then it is fixed and the rest searched. */
const judgeMixed = (
  search: Search,
  total: number,
  excess: readonly number[],
  hasNewLimits: boolean,
  isShort: boolean
): boolean => {
  const { tried, isDiscrete, keys, extra, seen } = search
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

/** Choices of on/off units that are tried before the best of them is kept. */
const CHOICES_MAX = 12

/** Whole bids; where rounding breaks a limit again, a little more is asked for. */
const repaired = (
  bench: Workbench,
  searches: readonly Search[],
  base: { readonly p: Float64Array; readonly q: Float64Array },
  amounts: Float64Array,
  count: () => void
): readonly (readonly number[])[] => {
  const { point, watch, columns, sizes } = bench
  let whole = roundedUp(columns, amounts, sizes)
  const allowed = new Map(searches.map(({ region, best }) => [region, (best?.total ?? 0) + 1e-6]))
  for (let repair = 0; repair < REPAIRS_MAX; repair++) {
    count()
    const rounded = amountsOf(whole)
    if (!solveAt(point, base, columns, rounded)) return whole
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
        Float64Array.from(search.columns, k => rounded[k]!)
      )
      for (const [m, key] of search.keys.entries())
        if (search.excess[m]! > 0) search.extra.set(key, (search.extra.get(key) ?? 0) + 0.5 * search.excess[m]! + 1e-7)
      const { amounts: more } = nextStep(bench, { ...search, radii: new Float64Array(search.columns.length).fill(1) })
      search.columns.forEach((k, n) => {
        amounts[k] = more[n]!
      })
    }
    whole = roundedUp(columns, amounts, sizes)
  }
  return whole
}
