/** The grid calculation that the grid operator decides with: the flexibility plan and the technical validation of domain/grid. */
import { alertsOf } from '../grid/flexibility-request/alerts.ts'
import { planFlexibility } from '../grid/flexibility-request/plan-flexibility.ts'
import { validateServices } from '../grid/technical-validation/validate-services.ts'
import type { Solver } from '../optimisation/solver.ts'
import type { GridCalculation, Help, PlannedRequest, PlanProblem } from './calculation.ts'

export const gridCalculation = (solver: Solver): GridCalculation => ({
  plan({ compiled, limits, slots, units, bands, pom, minimumBid }) {
    const plan = planFlexibility(
      compiled,
      slots.map((powers, slot) => {
        const left = bands[slot]
        return left
          ? { powers, units: units.map(unit => ({ ...unit, band: left.get(unit.pod) ?? unit.band })) }
          : { powers }
      }),
      units,
      solver,
      { limits, sizes: { smallest: minimumBid } }
    )
    const places = new Map(units.map(({ pod, place }) => [pod, place]))
    const groups = new Map<string, { of: Omit<PlannedRequest, 'profile' | 'pods'>; pods: Set<string>; at: number[] }>()
    plan.slots.forEach((slot, n) => {
      if (!('activations' in slot)) return
      for (const { pod, p, q } of slot.activations)
        for (const [quantity, amount] of [
          ['P', p],
          ['Q', q]
        ] as const) {
          if (amount === 0) continue
          const station = places.get(pod)?.secondarySubstation
          const direction = amount > 0 ? 'UP' : 'DOWN'
          const of = {
            level: station ? 'secondarySubstation' : 'primarySubstation',
            location: station ?? pom,
            quantity,
            direction,
            service: slot.violations.some(({ kind }) => kind.endsWith('overload')) ? 'congestion' : 'voltage'
          } as const
          // One PoD a request: then whatever the market accepts of it is what the plan wants.
          const key = JSON.stringify([of, pod])
          const group = groups.get(key) ?? { of, pods: new Set<string>(), at: new Array<number>(slots.length).fill(0) }
          groups.set(key, group)
          group.pods.add(pod)
          group.at[n]! += Math.abs(amount)
        }
    })
    return {
      requests: [...groups.values()].map(({ of, pods, at }) => ({ ...of, pods: [...pods], profile: runs(at) })),
      help: helpOf({ compiled, slots, units }, plan.slots),
      unresolved: plan.slots.reduce((sum, slot) => sum + ('remaining' in slot ? slot.remaining.length : 0), 0)
    }
  },
  validate: (compiled, limits, slots, services, busOfPod) =>
    validateServices({ compiled, busOfPod, slots, services, limits })
})

const runs = (at: readonly number[]): PlannedRequest['profile'] => {
  const found: { slot: number; slots: number; amount: number }[] = []
  at.forEach((amount, slot) => {
    const last = found.at(-1)
    if (amount === 0) return
    if (last && last.amount === amount && last.slot + last.slots === slot) last.slots++
    else found.push({ slot, slots: 1, amount })
  })
  return found
}

type PlannedSlots = ReturnType<typeof planFlexibility>['slots']

const helpOf = (
  { compiled, slots, units }: Pick<PlanProblem, 'compiled' | 'slots' | 'units'>,
  planned: PlannedSlots
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
    resources: helpful.map(({ total, ...resources }) => ({ ...resources, total: Math.abs(total) }))
  }))
