/**
 * Which limits each customer of a plan helps, and how well: for every quarter-hour with a plan the limits that are broken
 * without it, and what a kW or kvar of each unit takes off them, from the sensitivities as they are without flexibility.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { FlexibleUnit } from '../flexible-unit.ts'
import { powerFlow, type SlotPowers } from '../power-flow.ts'
import { adjointsAt, sensitivitiesAtRows } from '../sensitivities.ts'
import type { Violation } from '../violations.ts'
import { monitoredOf } from './alerts.ts'
import type { PlannedSlot } from './plan-flexibility.ts'

export type Quantity = 'P' | 'Q'
export type Direction = 'UP' | 'DOWN'

export interface Way {
  readonly quantity: Quantity
  readonly direction: Direction
}

/** One PoD's part of the plan: W or var by slot, of those slots in which there is some. */
export interface PlannedWay extends Way {
  readonly unit: number
  readonly amounts: Map<number, number>
}

/** A slot with a plan, and what it breaks, the worst first. */
export interface Look {
  readonly service: 'congestion' | 'voltage'
  /** Empty for a quantity that nobody is asked for. */
  readonly limits: Readonly<Record<Quantity, readonly HelpedLimit[]>>
}

export interface HelpedLimit {
  /** By unit: what a kW or kvar more injection helps. */
  readonly help: Float64Array
  /** The most that one of the planned helps. */
  best: number
}

/** A PoD is there for a limit if it helps at least this share of the help of the best one that is planned. */
const RELEVANT = 0.1
/** Violations of a quarter-hour that are looked at, the worst first: those nearby are cured alike. */
const LOOKED_AT_MAX = 100

/** Down is less injection. */
export const signOf = ({ direction }: Way): 1 | -1 => (direction === 'UP' ? 1 : -1)

/** 0: it is not there for this limit. */
export const relevantHelp = ({ best, help }: HelpedLimit, way: PlannedWay): number => {
  const here = signOf(way) * help[way.unit]!
  return here > 0 && here >= RELEVANT * best ? here : 0
}

export const waysOf = (
  units: readonly { readonly pod: string }[],
  planned: readonly PlannedSlot[]
): readonly PlannedWay[] => {
  const numberOf = new Map(units.map(({ pod }, n) => [pod, n]))
  const up = { P: new Map<number, PlannedWay>(), Q: new Map<number, PlannedWay>() }
  const down = { P: new Map<number, PlannedWay>(), Q: new Map<number, PlannedWay>() }
  const ways: PlannedWay[] = []
  const add = (unit: number, quantity: Quantity, slot: number, amount: number): void => {
    const of = (amount > 0 ? up : down)[quantity]
    let way = of.get(unit)
    if (way === undefined) {
      way = { unit, quantity, direction: amount > 0 ? 'UP' : 'DOWN', amounts: new Map() }
      of.set(unit, way)
      ways.push(way)
    }
    way.amounts.set(slot, Math.abs(amount))
  }
  planned.forEach((slot, n) => {
    if (!('activations' in slot)) return
    for (const { pod, p, q } of slot.activations) {
      const unit = numberOf.get(pod)
      if (unit === undefined) throw new Error(`substationRequests: ${pod} is planned in slot ${n}, but no unit`)
      if (p !== 0) add(unit, 'P', n, p)
      if (q !== 0) add(unit, 'Q', n, q)
    }
  })
  return ways
}

interface LookProblem {
  readonly compiled: CompiledNetwork
  readonly slots: readonly SlotPowers[]
  readonly units: readonly FlexibleUnit[]
}

export const looksAt = (
  { compiled, slots, units }: LookProblem,
  planned: readonly PlannedSlot[],
  ways: readonly PlannedWay[]
): ReadonlyMap<number, Look> => {
  const flow = powerFlow(compiled)
  const adjointOf = adjointsAt(flow.point)
  // A unit without a node is given an external grid's row, where nothing helps.
  const row = Int32Array.from(units, ({ bus }) => {
    const place = compiled.topology.busIndex.get(bus)
    return place === undefined ? 0 : Math.max(0, compiled.rowOfBus[place]!)
  })
  const factor = new Float64Array(units.length).fill(1)
  const at = (quantity: Quantity) => {
    const isReactive = new Uint8Array(units.length).fill(quantity === 'Q' ? 1 : 0)
    const isAsked = ways.some(way => way.quantity === quantity)
    return isAsked ? sensitivitiesAtRows(flow.point, { row, isReactive, factor }) : undefined
  }
  const injections = { P: at('P'), Q: at('Q') }
  const looks = new Map<number, Look>()
  planned.forEach((slot, n) => {
    if (!('activations' in slot) || slot.activations.length === 0) return
    flow.point.load(slots[n]!)
    if (flow.point.solve().status !== 'converged')
      throw new Error(`substationRequests: slot ${n} has a plan but no solution`)
    flow.point.linearise()
    const limits = { P: [] as HelpedLimit[], Q: [] as HelpedLimit[] }
    for (const quantity of ['P', 'Q'] as const) injections[quantity]?.take()
    for (const violation of worstFirst(slot.violations)) {
      const adjoint = adjointOf(monitoredOf(compiled, violation))
      const sign = violation.kind === 'under-voltage' ? 1 : -1
      for (const quantity of ['P', 'Q'] as const) {
        if (injections[quantity] === undefined) continue
        const help = new Float64Array(units.length)
        injections[quantity].into(adjoint, sign, help)
        limits[quantity].push({ help, best: 0 })
      }
    }
    const isCongestion = slot.violations.some(({ kind }) => kind.endsWith('overload'))
    looks.set(n, { service: isCongestion ? 'congestion' : 'voltage', limits })
  })
  for (const way of ways) {
    const sign = signOf(way)
    for (const slot of way.amounts.keys())
      for (const limit of looks.get(slot)!.limits[way.quantity])
        limit.best = Math.max(limit.best, sign * limit.help[way.unit]!)
  }
  return looks
}

const worstFirst = (violations: readonly Violation[]): readonly Violation[] =>
  violations.length <= LOOKED_AT_MAX
    ? violations
    : violations.toSorted((a, b) => beyond(b) - beyond(a)).slice(0, LOOKED_AT_MAX)

/** As a share of the limit. */
const beyond = (one: Violation): number =>
  'value_pu' in one ? Math.abs(one.value_pu / one.limit_pu - 1) : one.value_A / one.limit_A - 1
