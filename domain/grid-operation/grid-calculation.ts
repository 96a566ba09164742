/** The grid calculation that the grid operator decides with: the flexibility plan and the technical validation of domain/grid. */
import { alertsOf } from '../grid/flexibility-request/alerts.ts'
import { planFlexibility, type SlotPlan } from '../grid/flexibility-request/plan-flexibility.ts'
import { substationRequests } from '../grid/flexibility-request/substation-requests.ts'
import { validateServices } from '../grid/technical-validation/validate-services.ts'
import { type Limits, violationsOf } from '../grid/violations.ts'
import type { Solver } from '../optimisation/solver.ts'
import type { GridCalculation, Help, PlanProblem } from './calculation.ts'

/**
 * Limits that are planned for keep this far from those that hold: what the market accepts is not to the W what was planned,
 * and the network is not to the permille what its file says.
 */
const PLANNING_MARGIN = { voltagePu: 0.001, loadingPercent: 1 }

export const gridCalculation = (solver: Solver): GridCalculation => ({
  plan(problem) {
    const { compiled, limits, slots, units, bands, violated, minimumBid } = problem
    // What is near a limit and breaks none is not asked for (DTP-ROF-01).
    const broken = [...violated].sort((a, b) => a - b)
    const plan = planFlexibility(
      compiled,
      broken.map(slot => {
        const powers = slots[slot]!
        const left = bands[slot]
        return left
          ? { powers, units: units.map(unit => ({ ...unit, band: left.get(unit.pod) ?? unit.band })) }
          : { powers }
      }),
      units,
      solver,
      { limits: withMargin(limits), sizes: { smallest: minimumBid } }
    )
    const planned: SlotPlan[] = slots.map(() => ({ status: 'clean' }))
    broken.forEach((slot, n) => {
      planned[slot] = plan.slots[n]!
    })
    return {
      requests: substationRequests(problem, planned),
      help: helpOf({ compiled, slots, units }, planned),
      unresolved: planned.reduce(
        (sum, slot) => sum + ('state' in slot ? violationsOf(compiled, limits, slot.state).length : 0),
        0
      )
    }
  },
  validate: (compiled, limits, slots, services, busOfPod) =>
    validateServices({ compiled, busOfPod, slots, services, limits })
})

const withMargin = ({ minPu, maxPu, linePercent, transformerPercent }: Limits): Limits => ({
  minPu: minPu.map(limit => limit + PLANNING_MARGIN.voltagePu),
  maxPu: maxPu.map(limit => limit - PLANNING_MARGIN.voltagePu),
  linePercent: linePercent.map(limit => limit - PLANNING_MARGIN.loadingPercent),
  transformerPercent: transformerPercent.map(limit => limit - PLANNING_MARGIN.loadingPercent)
})

const helpOf = (
  { compiled, slots, units }: Pick<PlanProblem, 'compiled' | 'slots' | 'units'>,
  planned: readonly SlotPlan[]
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
