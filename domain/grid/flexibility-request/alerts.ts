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
import { adjointsAt, type Injections, type Monitored, sensitivitiesAtRows } from '../sensitivities.ts'
import type { Violation } from '../violations.ts'

export interface HelpfulResources {
  readonly quantity: 'P' | 'Q'
  readonly direction: 'UP' | 'DOWN'
  /** W or var that they have in all, in that direction. */
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
  const adjointOf = adjointsAt(flow.point)
  const reach = reachOf(compiled, units)
  const injections = sensitivitiesAtRows(flow.point, reach)
  const change = new Float64Array(reach.count)
  const found: Alert[] = []
  for (const [slot, problems] of Map.groupBy(byElement.values(), ({ worstSlot }) => worstSlot)) {
    flow.point.load(slots[slot]!.powers)
    if (flow.point.solve().status !== 'converged')
      throw new RangeError(`alertsOf: slot ${slot} has violations but no solution`)
    flow.point.linearise()
    injections.take()
    for (const { worst, slots: all } of problems) {
      const monitored = monitoredOf(compiled, worst)
      const sign = worst.kind === 'under-voltage' ? -1 : 1
      injections.into(adjointOf(monitored), 1, change)
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
        helpful: helpfulOf(reach, change, sign, podsMax)
      })
    }
  }
  return found.sort((a, b) => a.slots[0]!.first - b.slots[0]!.first || a.index - b.index)
}

const beyond = (one: Violation): number =>
  'value_pu' in one ? Math.abs(one.value_pu - one.limit_pu) : one.value_A - one.limit_A

export const monitoredOf = ({ lines, transformers }: CompiledNetwork, one: Violation): Monitored => {
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

/** Every way of every unit that has some of it, one after the other. */
interface Reach extends Injections {
  readonly pods: readonly string[]
  /** W or var. */
  readonly most: Float64Array
  readonly count: number
}

const reachOf = ({ topology, rowOfBus }: CompiledNetwork, units: readonly FlexibleUnit[]): Reach => {
  const ways = units.flatMap(({ pod, bus, band: { upP, downP, upQ, downQ } }) => {
    const place = topology.busIndex.get(bus)
    const row = place === undefined ? -1 : rowOfBus[place]!
    if (row < 0) return []
    const all = [
      { pod, row, isReactive: 0, factor: 1, most: upP },
      { pod, row, isReactive: 0, factor: -1, most: -downP },
      { pod, row, isReactive: 1, factor: 1, most: upQ },
      { pod, row, isReactive: 1, factor: -1, most: -downQ }
    ]
    return all.filter(({ most }) => most > 0)
  })
  return {
    count: ways.length,
    pods: ways.map(({ pod }) => pod),
    row: Int32Array.from(ways, ({ row }) => row),
    isReactive: Uint8Array.from(ways, ({ isReactive }) => isReactive),
    factor: Float64Array.from(ways, ({ factor }) => factor),
    most: Float64Array.from(ways, ({ most }) => most)
  }
}

/** `change`: by way of `reach`, what a kW or kvar of it does; `sign` 1: what lowers the value helps. */
const helpfulOf = (
  { count, pods, isReactive, factor, most }: Reach,
  change: Float64Array,
  sign: 1 | -1,
  podsMax: number
): readonly HelpfulResources[] => {
  const best = [0, 0]
  for (let n = 0; n < count; n++) {
    const help = -sign * change[n]!
    if (help > best[isReactive[n]!]!) best[isReactive[n]!] = help
  }
  const lists = new Map<number, number[]>()
  for (let n = 0; n < count; n++) {
    const help = -sign * change[n]!
    if (help <= 0 || help < HELPFUL_SHARE * best[isReactive[n]!]!) continue
    const way = 2 * isReactive[n]! + (factor[n]! > 0 ? 0 : 1)
    const list = lists.get(way)
    if (list === undefined) lists.set(way, [n])
    else list.push(n)
  }
  return [...lists].map(([way, list]) => {
    const direction = way % 2 === 0 ? 1 : -1
    let total = 0
    let effect = 0
    for (const n of list) {
      total += most[n]!
      effect += (change[n]! * most[n]!) / 1000
    }
    list.sort((a, b) => Math.abs(change[b]!) - Math.abs(change[a]!) || a - b)
    return {
      quantity: way < 2 ? 'P' : 'Q',
      direction: direction === 1 ? 'UP' : 'DOWN',
      total,
      effect,
      pods: list.slice(0, podsMax).map(n => pods[n]!),
      podCount: list.length
    }
  })
}
