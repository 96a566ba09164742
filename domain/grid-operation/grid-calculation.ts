/**
 * The grid calculation that the grid operator decides with: states, flexibility plan and technical validation of domain/grid.
 * A plan is made slot by slot (`planShare`); requests and help are made of all of them.
 */
import { alertsOf } from '../grid/flexibility-request/alerts.ts'
import { type PlannedSlot, slotPlanner } from '../grid/flexibility-request/plan-flexibility.ts'
import { substationRequests } from '../grid/flexibility-request/substation-requests.ts'
import { validateServices } from '../grid/technical-validation/validate-services.ts'
import { type Limits, violationsOf } from '../grid/violations.ts'
import type { Solver } from '../optimisation/solver.ts'
import type { GridCalculation, Help, Plan, PlanProblem } from './calculation.ts'
import { calculateSlots } from './grid-states.ts'

/**
 * Limits that are planned for keep this far from those that hold: what the market accepts is not to the W what was planned,
 * and the network is not to the permille what its file says.
 */
const PLANNING_MARGIN = { voltagePu: 0.001, loadingPercent: 1 }

export const gridCalculation = (solver: Solver): GridCalculation => ({
  states: calculateSlots,
  plan(problem) {
    const planSlot = planShare(problem, solver)
    const planned = plannedSlots(problem, new Map(brokenSlots(problem).map(slot => [slot, planSlot(slot)])))
    return planOf(planned, substationRequests(problem, planned), helpOf(problem, planned))
  },
  validate: validateServices
})

export type PlannedShare = PlannedSlot & {
  /** Limits that no available flexibility can keep in this slot. */
  readonly unresolved: number
}

/** What is near a limit and breaks none is not asked for (DTP-ROF-01). */
export const brokenSlots = ({ violated }: Pick<PlanProblem, 'violated'>): readonly number[] =>
  [...violated].sort((a, b) => a - b)

/** Plans one slot after the other, in any order; each has the plan that it would have alone. */
export const planShare = (
  { compiled, limits, slots, units, bands, minimumBid }: Omit<PlanProblem, 'pom' | 'violated'>,
  solver: Solver
): ((slot: number) => PlannedShare) => {
  const plan = slotPlanner(compiled, units, solver, { limits: withMargin(limits), sizes: { smallest: minimumBid } })
  return slot => {
    const powers = slots[slot]!
    const left = bands[slot]
    const planned = plan(
      left ? { powers, units: units.map(unit => ({ ...unit, band: left.get(unit.pod) ?? unit.band })) } : { powers }
    )
    if (!('state' in planned)) return { status: planned.status, unresolved: 0 }
    const { violations, activations, state } = planned
    return { violations, activations, unresolved: violationsOf(compiled, limits, state).length }
  }
}

const clean: PlannedShare = { status: 'clean', unresolved: 0 }

/** By slot; a slot that is not planned needs no plan. */
export const plannedSlots = (
  { slots }: Pick<PlanProblem, 'slots'>,
  planned: ReadonlyMap<number, PlannedShare>
): readonly PlannedShare[] => slots.map((_, slot) => planned.get(slot) ?? clean)

export const helpOf = (
  { compiled, slots, units }: Pick<PlanProblem, 'compiled' | 'slots' | 'units'>,
  planned: readonly PlannedSlot[]
): readonly Help[] =>
  alertsOf(
    compiled,
    slots.map((powers, slot) => {
      const found = planned[slot]
      return { powers, violations: found && 'violations' in found ? found.violations : [] }
    }),
    units
  ).map(({ kind, element, helpful }) => ({
    kind,
    element,
    resources: helpful
  }))

export const planOf = (planned: readonly PlannedShare[], requests: Plan['requests'], help: Plan['help']): Plan => ({
  requests,
  help,
  unresolved: planned.reduce((sum, { unresolved }) => sum + unresolved, 0)
})

const withMargin = ({ minPu, maxPu, linePercent, transformerPercent }: Limits): Limits => ({
  minPu: minPu.map(limit => limit + PLANNING_MARGIN.voltagePu),
  maxPu: maxPu.map(limit => limit - PLANNING_MARGIN.voltagePu),
  linePercent: linePercent.map(limit => limit - PLANNING_MARGIN.loadingPercent),
  transformerPercent: transformerPercent.map(limit => limit - PLANNING_MARGIN.loadingPercent)
})
