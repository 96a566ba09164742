/**
 * A plan as requests to the market (DTP-ROF-03): one for each secondary substation, quantity, direction and service.
 *
 * The market serves a request at least cost from the PoDs that it lists, and knows nothing of where they help most; and of
 * those that the plan moves, some will offer less than their band in these quarter-hours. So a request lists, beside them,
 * every PoD of the substation that helps all that they help nearly as well (`SUBSTITUTE_SHARE`), and asks for as much as
 * even the least helpful of the list would need. Who helps what is read from the sensitivities of the quarter-hours as they
 * would be without flexibility.
 */
import type { Direction, Quantity, Service } from '../../schemas/generated.ts'
import { monitoredOf } from '../grid/flexibility-request/alerts.ts'
import type { SlotPlan } from '../grid/flexibility-request/plan-flexibility.ts'
import { powerFlow } from '../grid/power-flow.ts'
import { sensitivitiesAt } from '../grid/sensitivities.ts'
import type { Violation } from '../grid/violations.ts'
import type { PlannedRequest, PlannedUnit, PlanProblem } from './calculation.ts'

/** Of the help of the least helpful that is planned. */
const SUBSTITUTE_SHARE = 0.8
/** A planned PoD is there for a limit if it helps at least this share of the best one's help. */
const RELEVANT_SHARE = 0.5
/** What is asked beyond the plan costs; where a list would need more, real time asks again for what is missing. */
const MARGIN_MAX = 1.25
/** Violations of a quarter-hour that are looked at, the worst first: those nearby are cured alike. */
const LOOKED_AT_MAX = 100
/** W or var, as bids. */
const STEP = 10

interface Way {
  readonly quantity: Quantity
  readonly direction: Direction
}

interface Group extends Way {
  readonly station: string | null
  readonly service: Service
  readonly planned: Map<number, Map<string, number>>
  /** By PoD: units of the same place that are able to, and whether they have helped as well as the planned everywhere. */
  readonly members: Map<string, PlannedUnit>
  readonly unfit: Set<string>
  /** By slot: how many times the planned amount the list would need at most. */
  readonly margin: Map<number, number>
}

export const marketRequests = (
  { compiled, slots, units, bands, pom }: Omit<PlanProblem, 'limits' | 'violated' | 'minimumBid'>,
  planned: readonly SlotPlan[]
): readonly PlannedRequest[] => {
  const unitOf = new Map(units.map(unit => [unit.pod, unit]))
  const byStation = Map.groupBy(units, ({ place }) => place.secondarySubstation)
  const bandAt = (unit: PlannedUnit, slot: number, way: Way): number => {
    const { upP, downP, upQ, downQ } = bands[slot]?.get(unit.pod) ?? unit.band
    const most = way.quantity === 'P' ? [upP, downP] : [upQ, downQ]
    return Math.abs(most[way.direction === 'UP' ? 0 : 1]!)
  }
  const groups = new Map<string, Group>()
  planned.forEach((slot, n) => {
    if (!('activations' in slot)) return
    const service = slot.violations.some(({ kind }) => kind.endsWith('overload')) ? 'congestion' : 'voltage'
    for (const { pod, p, q } of slot.activations)
      for (const [quantity, amount] of [
        ['P', p],
        ['Q', q]
      ] as const) {
        if (amount === 0) continue
        const direction = amount > 0 ? 'UP' : 'DOWN'
        const station = unitOf.get(pod)?.place.secondarySubstation ?? null
        // Above the secondary substations nobody is a neighbour of anybody.
        const key = JSON.stringify([station ?? pod, quantity, direction, service])
        let group = groups.get(key)
        if (!group) {
          group = {
            ...{ station, quantity, direction, service },
            ...{ planned: new Map(), members: new Map(), unfit: new Set(), margin: new Map() }
          }
          groups.set(key, group)
        }
        group.members.set(pod, unitOf.get(pod)!)
        const here = group.planned.get(n) ?? new Map<string, number>()
        group.planned.set(n, here)
        here.set(pod, Math.abs(amount))
      }
  })
  const chosen = new Map([...groups.values()].map(group => [group, new Set(group.members.keys())]))
  for (const group of groups.values())
    for (const unit of group.station === null ? [] : (byStation.get(group.station) ?? []))
      if (unit.services.includes(group.service)) group.members.set(unit.pod, unit)

  const flow = powerFlow(compiled)
  const sensitivityOf = sensitivitiesAt(flow.point)
  const rowOf = ({ bus }: PlannedUnit): number => compiled.rowOfBus[compiled.topology.busIndex.get(bus) ?? -1] ?? -1
  const rowOfPod = new Map(units.map(unit => [unit.pod, rowOf(unit)]))
  planned.forEach((slot, n) => {
    if (!('activations' in slot) || slot.activations.length === 0) return
    flow.point.load(slots[n]!)
    if (flow.point.solve().status !== 'converged')
      throw new Error(`marketRequests: slot ${n} has a plan but no solution`)
    flow.point.linearise()
    const active = [...groups.values()].flatMap(group => {
      const here = group.planned.get(n)
      if (here === undefined) return []
      const moved = [...here].map(([pod, amount]) => ({ row: rowOfPod.get(pod)!, amount }))
      const able = [...group.members.values()].flatMap(unit =>
        here.has(unit.pod) || bandAt(unit, n, group) === 0 ? [] : [{ pod: unit.pod, row: rowOfPod.get(unit.pod)! }]
      )
      return [{ group, chosen: chosen.get(group)!, moved, able }]
    })
    for (const violation of worstFirst(slot.violations)) {
      const { first, end, p, q } = sensitivityOf(monitoredOf(compiled, violation))
      const sign = violation.kind === 'under-voltage' ? 1 : -1
      const helpOf = (row: number, { quantity, direction }: Way): number => {
        if (row < first || row >= end) return 0
        return sign * (direction === 'UP' ? 1 : -1) * (quantity === 'P' ? p : q)[row - first]!
      }
      const best = { P: 0, Q: 0 }
      for (const { group, moved } of active)
        for (const { row } of moved) best[group.quantity] = Math.max(best[group.quantity], helpOf(row, group))
      for (const { group, chosen, moved, able } of active) {
        let least = Number.POSITIVE_INFINITY
        let amounts = 0
        let helped = 0
        for (const { row, amount } of moved) {
          const help = helpOf(row, group)
          if (help <= 0 || help < RELEVANT_SHARE * best[group.quantity]) continue
          least = Math.min(least, help)
          amounts += amount
          helped += amount * help
        }
        if (amounts === 0) continue
        let leastListed = least
        for (const { pod, row } of able) {
          const help = helpOf(row, group)
          if (help >= leastListed || group.unfit.has(pod)) continue
          if (help < SUBSTITUTE_SHARE * least && !chosen.has(pod)) group.unfit.add(pod)
          else if (help > 0) leastListed = Math.min(leastListed, Math.max(help, SUBSTITUTE_SHARE * least))
        }
        group.margin.set(n, Math.max(group.margin.get(n) ?? 1, helped / amounts / leastListed))
      }
    }
  })

  return [...groups.values()].map(group => {
    const { station, quantity, direction, service, members, unfit } = group
    const listed = [...members.values()].filter(({ pod }) => !unfit.has(pod))
    const at = slots.map((_, n) => {
      const here = group.planned.get(n)
      if (!here) return 0
      const sum = [...here.values()].reduce((total, amount) => total + amount, 0)
      const most = listed.reduce((total, unit) => total + bandAt(unit, n, group), 0)
      const margin = Math.min(MARGIN_MAX, group.margin.get(n) ?? 1)
      const needed = Math.ceil((sum * margin) / STEP) * STEP
      return Math.max(sum, Math.min(needed, most))
    })
    return {
      level: station === null ? 'primarySubstation' : 'secondarySubstation',
      location: station ?? pom,
      pods: listed.map(({ pod }) => pod).sort(),
      quantity,
      direction,
      service,
      profile: runs(at)
    }
  })
}

const worstFirst = (violations: readonly Violation[]): readonly Violation[] =>
  violations.length <= LOOKED_AT_MAX
    ? violations
    : violations.toSorted((a, b) => beyond(b) - beyond(a)).slice(0, LOOKED_AT_MAX)

/** As a share of the limit. */
const beyond = (one: Violation): number =>
  'value_pu' in one ? Math.abs(one.value_pu / one.limit_pu - 1) : one.value_A / one.limit_A - 1

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
