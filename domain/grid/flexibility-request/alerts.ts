/**
 * What an operator is told of a forecast problem (DTP-PF-08): one alert for each element and kind, with the slots it spans, its
 * worst value and by how much that is beyond the limit, and the flexible resources that are able to help there.
 *
 * Who helps is reckoned at the worst slot: units whose effect on the element, for each W, is at least a tenth of the best
 * one's. `effect` is what all of them together would change, by the sensitivity, in pu or A; negative is less.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { FlexibleUnit } from '../flexible-unit.ts'
import { powerFlow, type SlotPowers } from '../power-flow.ts'
import { type Monitored, sensitivitiesAt } from '../sensitivities.ts'
import type { Violation } from '../violations.ts'

export interface HelpfulResources {
  readonly quantity: 'P' | 'Q'
  readonly direction: 'UP' | 'DOWN'
  /** W or var that they have in all, as withdrawal: UP is negative. */
  readonly total: number
  readonly effect: number
  /** The most helpful first; at most `podsMax`. */
  readonly pods: readonly string[]
  readonly podCount: number
}

export interface Alert {
  readonly kind: Violation['kind']
  readonly element: string
  readonly index: number
  readonly slots: readonly { readonly first: number; readonly slots: number }[]
  readonly worst: {
    readonly slot: number
    readonly value: number
    readonly limit: number
    /** Beyond the limit, ≥ 0. */
    readonly beyond: number
    readonly unit: 'pu' | 'A'
  }
  readonly helpful: readonly HelpfulResources[]
}

/** Share of the most effective unit's effect below which one is not called helpful. */
const HELPFUL_SHARE = 0.1
/** Points of delivery named in an alert; `podCount` says how many there are. */
const PODS_MAX = 50

/** `slots`: powers and violations of each slot, e.g. of a plan; those without violations are not looked at. */
export const alertsOf = (
  compiled: CompiledNetwork,
  slots: readonly { readonly powers: SlotPowers; readonly violations: readonly Violation[] }[],
  units: readonly FlexibleUnit[],
  { podsMax = PODS_MAX }: { readonly podsMax?: number } = {}
): readonly Alert[] => {
  const byElement = new Map<string, { readonly slots: number[]; worst: Violation; worstSlot: number }>()
  for (const [slot, { violations }] of slots.entries())
    for (const violation of violations) {
      const key = `${violation.kind} ${violation.index}`
      const known = byElement.get(key)
      if (known === undefined) byElement.set(key, { slots: [slot], worst: violation, worstSlot: slot })
      else {
        known.slots.push(slot)
        if (beyond(violation) > beyond(known.worst)) {
          known.worst = violation
          known.worstSlot = slot
        }
      }
    }
  const flow = powerFlow(compiled)
  const sensitivityOf = sensitivitiesAt(flow.point)
  const reach = reachOf(compiled, units)
  const found: Alert[] = []
  for (const [slot, problems] of Map.groupBy(byElement.values(), ({ worstSlot }) => worstSlot)) {
    flow.point.load(slots[slot]!.powers)
    if (flow.point.solve().status !== 'converged')
      throw new RangeError(`alertsOf: slot ${slot} has violations but no solution`)
    flow.point.linearise()
    for (const { worst, slots: all } of problems) {
      const monitored = monitoredOf(compiled, worst)
      const sign = worst.kind === 'under-voltage' ? -1 : 1
      found.push({
        kind: worst.kind,
        element: worst.element,
        index: worst.index,
        slots: runsOf(all),
        worst: {
          slot,
          ...('value_pu' in worst
            ? { value: worst.value_pu, limit: worst.limit_pu, beyond: beyond(worst), unit: 'pu' as const }
            : { value: worst.value_A, limit: worst.limit_A, beyond: beyond(worst), unit: 'A' as const })
        },
        helpful: helpfulOf(reach, sensitivityOf(monitored), sign, podsMax)
      })
    }
  }
  return found.sort((a, b) => a.slots[0]!.first - b.slots[0]!.first || a.index - b.index)
}

const beyond = (one: Violation): number =>
  'value_pu' in one ? Math.abs(one.value_pu - one.limit_pu) : one.value_A - one.limit_A

const monitoredOf = ({ lines, transformers }: CompiledNetwork, one: Violation): Monitored => {
  if ('value_pu' in one) return { kind: 'voltage', bus: one.index }
  const kind = one.kind === 'line-overload' ? 'line' : 'transformer'
  const { fromRated_A } = kind === 'line' ? lines : transformers
  // The limit tells the end: ratings differ between the sides of a transformer, and on a line either end will do.
  const isFrom = Math.abs(one.limit_A - (fromRated_A[one.index]! * one.limitPercent) / 100) <= 1e-9 * one.limit_A
  return { kind, index: one.index, end: isFrom ? 'from' : 'to' }
}

const runsOf = (slots: readonly number[]): Alert['slots'] => {
  const runs: { first: number; slots: number }[] = []
  for (const slot of slots) {
    const last = runs.at(-1)
    if (last !== undefined && last.first + last.slots === slot) last.slots++
    else runs.push({ first: slot, slots: 1 })
  }
  return runs
}

interface Reach {
  readonly pod: string
  readonly row: number
  readonly quantity: 'P' | 'Q'
  readonly sign: 1 | -1
  readonly most: number
}

const reachOf = ({ topology, rowOfBus }: CompiledNetwork, units: readonly FlexibleUnit[]): readonly Reach[] =>
  units.flatMap(({ pod, bus, band }) => {
    const place = topology.busIndex.get(bus)
    const row = place === undefined ? -1 : rowOfBus[place]!
    if (row < 0) return []
    const all: readonly Reach[] = [
      { pod, row, quantity: 'P', sign: 1, most: band.upP },
      { pod, row, quantity: 'P', sign: -1, most: -band.downP },
      { pod, row, quantity: 'Q', sign: 1, most: band.upQ },
      { pod, row, quantity: 'Q', sign: -1, most: -band.downQ }
    ]
    return all.filter(({ most }) => most > 0)
  })

const helpfulOf = (
  reach: readonly Reach[],
  { first, end, p, q }: ReturnType<ReturnType<typeof sensitivitiesAt>>,
  sign: 1 | -1,
  podsMax: number
): readonly HelpfulResources[] => {
  const effects = reach.flatMap(one => {
    if (one.row < first || one.row >= end) return []
    const change = one.sign * (one.quantity === 'P' ? p : q)[one.row - first]!
    return change * sign < 0 ? [{ ...one, change }] : []
  })
  const best = (quantity: 'P' | 'Q'): number =>
    effects.reduce((most, one) => (one.quantity === quantity ? Math.max(most, Math.abs(one.change)) : most), 0)
  const least = { P: HELPFUL_SHARE * best('P'), Q: HELPFUL_SHARE * best('Q') }
  const helping = effects.filter(one => Math.abs(one.change) >= least[one.quantity])
  return [...Map.groupBy(helping, one => `${one.quantity} ${one.sign}`).values()].map(list => {
    const sorted = list.toSorted((a, b) => Math.abs(b.change) - Math.abs(a.change))
    const { quantity, sign: direction } = sorted[0]!
    return {
      quantity,
      direction: direction === 1 ? 'UP' : 'DOWN',
      total: -direction * sorted.reduce((sum, { most }) => sum + most, 0),
      effect: sorted.reduce((sum, { change, most }) => sum + (change * most) / 1000, 0),
      pods: sorted.slice(0, podsMax).map(({ pod }) => pod),
      podCount: sorted.length
    }
  })
}
