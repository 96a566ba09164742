/**
 * The flexibility request as a plan (DTP-ROF-02, DTP-OPT-01): for each slot the cheapest activation of P and Q, up and down,
 * continuous and on/off, that removes every violation; proven by a full power flow.
 *
 * A slot without violation is left alone (DTP-ROF-01). One whose power flow has no solution is answered with that and no
 * numbers. Where the units do not suffice, the plan leaves the least exceedance (sum over the worst places, percent of
 * nominal voltage and of rating) at the least cost, and says which limits remain and by how much.
 *
 * Amounts are whole W and var in whole steps; `optimum_microEuro` is what the unrounded optimum costs. Slots are independent: each
 * may be planned alone, anywhere, with the same result (slotPlanner).
 */
import type { Solver } from '../../optimisation/solver.ts'
import type { CompiledNetwork } from '../compile-network.ts'
import type { Activation, FlexibleUnit } from '../flexible-unit.ts'
import { copyOf, type Divergence, divergenceOf, type GridState, powerFlow, type SlotPowers } from '../power-flow.ts'
import { type Limits, limitsOf, type Violation, violationsOf } from '../violations.ts'
import { activationsOf, type BidSizes, columnsOf, costOf } from './columns.ts'
import { cureSlot } from './cure-slot.ts'
import { limitWatch } from './limit-watch.ts'
import { type Workbench, workbench } from './workbench.ts'

export interface PlanSlot {
  /** Forecast powers; in real time with the results of day-ahead in place of baselines (DTP-PF-07). */
  readonly powers: SlotPowers
  /** What is left of the bands in this slot; without it those of all slots. */
  readonly units?: readonly FlexibleUnit[]
}

export interface PlanOptions {
  readonly limits?: Limits
  /** W and var: amounts are multiples of `step` (default 10), and none is below `smallest` (default 10). */
  readonly sizes?: Partial<BidSizes>
  /** Hours of a slot; default a quarter. */
  readonly slotHours?: number
}

export type SlotPlan =
  | { readonly status: 'clean' }
  | { readonly status: 'diverged'; readonly divergence: Divergence }
  | {
      /** `cured`: no violation is left; `residual`: some are, see `remaining`. */
      readonly status: 'cured' | 'residual'
      readonly violations: readonly Violation[]
      readonly activations: readonly Activation[]
      readonly cost_microEuro: number
      readonly optimum_microEuro: number
      readonly remaining: readonly Violation[]
      /** With the activations. */
      readonly state: GridState
      readonly powerFlows: number
    }

/** What requests and alerts are made of: the part of a slot's plan that they need. */
export type PlannedSlot =
  | { readonly status: 'clean' | 'diverged' }
  | { readonly violations: readonly Violation[]; readonly activations: readonly Activation[] }

export interface FlexibilityPlan {
  readonly slots: readonly SlotPlan[]
  readonly sizes: BidSizes
  readonly limits: Limits
  readonly cost_microEuro: number
}

/** The smallest amount that may be asked for, and the step above it, W or var. */
export const defaultSizes: BidSizes = { step: 10, smallest: 10 }
/** A market time unit (T-03). */
const SLOT_HOURS = 0.25

export const planFlexibility = (
  compiled: CompiledNetwork,
  slots: readonly PlanSlot[],
  units: readonly FlexibleUnit[],
  solver: Solver,
  options: PlanOptions = {}
): FlexibilityPlan => {
  const sizes = { ...defaultSizes, ...options.sizes }
  const limits = options.limits ?? limitsOf(compiled)
  const planned = slots.map(slotPlanner(compiled, units, solver, { ...options, sizes, limits }))
  return {
    ...{ slots: planned, sizes, limits },
    cost_microEuro: planned.reduce((sum, one) => ('cost_microEuro' in one ? sum + one.cost_microEuro : sum), 0)
  }
}

/** Plans one slot after the other; what they share is prepared once. */
export const slotPlanner = (
  compiled: CompiledNetwork,
  units: readonly FlexibleUnit[],
  solver: Solver,
  options: PlanOptions = {}
): ((slot: PlanSlot) => SlotPlan) => {
  const sizes = { ...defaultSizes, ...options.sizes }
  const limits = options.limits ?? limitsOf(compiled)
  const hours = options.slotHours ?? SLOT_HOURS
  const flow = powerFlow(compiled)
  const watch = limitWatch(flow.point, limits)
  const prepare = (list: readonly FlexibleUnit[]) => ({
    bench: workbench({ solver, point: flow.point, watch, columns: columnsOf(compiled, list, sizes), sizes }),
    busOf: busesOf(compiled, list)
  })
  let usual: { readonly bench: Workbench; readonly busOf: ReadonlyMap<string, number | undefined> } | undefined
  return ({ powers, units: own }) => {
    flow.point.load(powers)
    const found = flow.point.solve()
    if (found.status === 'diverged') return { status: 'diverged', divergence: divergenceOf(compiled, found) }
    if (!watch.scan() && !hasFixedViolation(compiled, limits, flow.point)) return { status: 'clean' }
    const violations = violationsOf(compiled, limits, flow.outputs(found))
    if (violations.length === 0) return { status: 'clean' }
    if (own === undefined) usual ??= prepare(units)
    const { bench, busOf } = own === undefined ? usual! : prepare(own)
    const list = own ?? units
    const { whole, optimum, powerFlows } = cureSlot(bench)
    const activations = activationsOf(list, bench.columns, whole)
    const after = flow.solve(withInjected(compiled, powers, busOf, activations))
    // Amounts were tried before they were chosen: what the grid does not carry cannot be among them.
    if (after.status === 'diverged') throw new Error(`planFlexibility: the plan itself diverges at ${after.bus}`)
    const remaining = violationsOf(compiled, limits, after)
    const spent = whole.map(watts => watts.reduce((sum, one) => sum + one, 0) / 1000)
    return {
      status: remaining.length === 0 ? 'cured' : 'residual',
      violations,
      activations,
      cost_microEuro: Math.round(costOf(bench.columns, spent, hours)),
      optimum_microEuro: costOf(bench.columns, optimum, hours),
      remaining,
      state: copyOf(after),
      powerFlows
    }
  }
}

/** The powers of a slot with these activations beside them. */
export const withActivations = (
  compiled: CompiledNetwork,
  powers: SlotPowers,
  units: readonly FlexibleUnit[],
  activations: readonly Activation[]
): SlotPowers => withInjected(compiled, powers, busesOf(compiled, units), activations)

const busesOf = (
  { topology }: CompiledNetwork,
  units: readonly FlexibleUnit[]
): ReadonlyMap<string, number | undefined> => new Map(units.map(({ pod, bus }) => [pod, topology.busIndex.get(bus)]))

const withInjected = (
  { network }: CompiledNetwork,
  powers: SlotPowers,
  busOf: ReadonlyMap<string, number | undefined>,
  activations: readonly Activation[]
): SlotPowers => {
  const p_kW = powers.injected?.p_kW.slice() ?? new Float64Array(network.buses.length)
  const q_kvar = powers.injected?.q_kvar.slice() ?? new Float64Array(network.buses.length)
  for (const { pod, p, q } of activations) {
    const bus = busOf.get(pod)
    if (bus === undefined) throw new RangeError(`withActivations: ${pod} is at no bus of the network`)
    p_kW[bus]! += p / 1000
    q_kvar[bus]! += q / 1000
  }
  return { ...powers, injected: { p_kW, q_kvar } }
}

/** A bus that an external grid holds outside of its limits: no injection moves it, but it is a violation. */
const hasFixedViolation = (
  { equations, rowOfBus }: CompiledNetwork,
  { minPu, maxPu }: Limits,
  { re, im }: { readonly re: Float64Array; readonly im: Float64Array }
): boolean => {
  for (let bus = 0; bus < rowOfBus.length; bus++) {
    const row = rowOfBus[bus]!
    if (row < 0 || row >= equations.fixedRows) continue
    const size = Math.hypot(re[row]!, im[row]!)
    if (size < minPu[bus]! || size > maxPu[bus]!) return true
  }
  return false
}
