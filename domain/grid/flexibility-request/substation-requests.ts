/**
 * A plan as requests to the market (DTP-ROF-03): for each secondary substation (a feeder, for customers above them), quantity,
 * direction and service one list of PoDs that help alike.
 *
 * The market serves a request at least cost from the PoDs that it lists, and knows nothing of where they help most; and of
 * those that the plan moves, some will offer less than their band in these quarter-hours. So those that are planned are put
 * into classes of help (`ALIKE`), each list has beside them every PoD of the place that helps as well and is planned
 * nowhere else, and what is asked is as much as even the least helpful of the list would need. Who helps what is read from
 * the sensitivities of the quarter-hours as they would be without flexibility.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { FlexibleBand, FlexibleUnit } from '../flexible-unit.ts'
import { powerFlow, type SlotPowers } from '../power-flow.ts'
import { sensitivitiesAt } from '../sensitivities.ts'
import type { Violation } from '../violations.ts'
import { monitoredOf } from './alerts.ts'
import type { SlotPlan } from './plan-flexibility.ts'

type Quantity = 'P' | 'Q'
type Direction = 'UP' | 'DOWN'
type Service = 'congestion' | 'voltage'

/** A customer, and where the market finds it. */
export interface PlacedUnit extends FlexibleUnit {
  /** Null: connected above the secondary substations. */
  readonly secondarySubstation: string | null
  readonly feeder: string | null
  /** What it may be asked for. */
  readonly services: readonly Service[]
}

export interface RequestProblem {
  readonly compiled: CompiledNetwork
  readonly slots: readonly SlotPowers[]
  readonly units: readonly PlacedUnit[]
  /** By slot, for those PoDs that have less than their unit says. */
  readonly bands?: readonly (ReadonlyMap<string, FlexibleBand> | undefined)[]
  /** The primary substation that the network is of. */
  readonly pom: string
}

/** What is asked of the market; amounts are whole W or var, runs of slots. */
export interface SubstationRequest {
  readonly level: 'primarySubstation' | 'feeder' | 'secondarySubstation'
  readonly location: string
  readonly pods: readonly string[]
  readonly quantity: Quantity
  readonly direction: Direction
  readonly service: Service
  readonly profile: readonly { readonly slot: number; readonly slots: number; readonly amount: number }[]
}

/** Least help of a list's members, as a share of the best member's. */
const ALIKE = 0.8
/** A PoD is there for a limit if it helps at least this share of the help of the best one that is planned. */
const RELEVANT = 0.1
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

/** One PoD's part of the plan: W or var by slot. */
interface PlannedWay extends Way {
  readonly unit: number
  readonly amounts: Map<number, number>
}

/** A slot with a plan, and what it breaks, the worst first. */
interface Look {
  readonly service: Service
  readonly limits: readonly LookedAt[]
}

interface LookedAt {
  /** By unit: what a kW or kvar more injection helps. */
  readonly help: Readonly<Record<Quantity, Float64Array>>
  /** The most that one of the planned helps with each quantity. */
  readonly best: Record<Quantity, number>
}

interface Group extends Way {
  readonly level: SubstationRequest['level']
  readonly location: string
  readonly service: Service
  readonly planned: PlannedWay[]
}

export const substationRequests = (
  problem: RequestProblem,
  planned: readonly SlotPlan[]
): readonly SubstationRequest[] => {
  const { slots, units, bands = [], pom } = problem
  const ways = waysOf(units, planned)
  if (ways.length === 0) return []
  const looks = looksOf(problem, planned)
  for (const way of ways)
    for (const slot of way.amounts.keys())
      for (const { best, help } of looks.get(slot)!.limits) {
        const { quantity, unit } = way
        best[quantity] = Math.max(best[quantity], signOf(way) * help[quantity][unit]!)
      }
  const relevant = ({ best, help }: LookedAt, way: PlannedWay): number => {
    const here = signOf(way) * help[way.quantity][way.unit]!
    return here > 0 && here >= RELEVANT * best[way.quantity] ? here : 0
  }
  /** How well it helps the worst limit that it is there for, where it is moved most. */
  const classOf = (way: PlannedWay): string => {
    const [slot] = [...way.amounts].reduce((most, one) => (one[1] > most[1] ? one : most))
    for (const limit of looks.get(slot)!.limits) {
      const help = relevant(limit, way)
      if (help > 0) return String(Math.floor(Math.log(limit.best[way.quantity] / help) / Math.log(1 / ALIKE)))
    }
    return 'none'
  }
  const groups = new Map<string, Group>()
  for (const way of ways) {
    const { secondarySubstation, feeder } = units[way.unit]!
    const { quantity, direction } = way
    const isCongestion = [...way.amounts.keys()].some(slot => looks.get(slot)!.service === 'congestion')
    const service = isCongestion ? 'congestion' : 'voltage'
    const level = secondarySubstation ? 'secondarySubstation' : feeder ? 'feeder' : 'primarySubstation'
    const location = secondarySubstation ?? feeder ?? pom
    const key = JSON.stringify([level, location, quantity, direction, service, classOf(way)])
    const group = groups.get(key) ?? { level, location, quantity, direction, service, planned: [] }
    group.planned.push(way)
    groups.set(key, group)
  }
  const isPlanned = new Set(ways.map(({ unit, quantity, direction }) => `${unit} ${quantity} ${direction}`))
  const byLocation = Map.groupBy(units.keys(), n => units[n]!.secondarySubstation ?? units[n]!.feeder ?? pom)
  const bandAt = (unit: number, slot: number, { quantity, direction }: Way): number => {
    const { upP, downP, upQ, downQ } = bands[slot]?.get(units[unit]!.pod) ?? units[unit]!.band
    const most = quantity === 'P' ? [upP, downP] : [upQ, downQ]
    return Math.abs(most[direction === 'UP' ? 0 : 1]!)
  }

  return [...groups.values()].map(group => {
    const { level, location, quantity, direction, service } = group
    const sign = signOf(group)
    const active = [...new Set(group.planned.flatMap(({ amounts }) => [...amounts.keys()]))].sort((a, b) => a - b)
    const limits = active.flatMap(slot => limitsAt(slot))
    /** What the planned help the limits that they are there for: the least of them, and on average. */
    function limitsAt(slot: number) {
      const here = group.planned.flatMap(way => {
        const amount = way.amounts.get(slot) ?? 0
        return amount > 0 ? [{ way, amount }] : []
      })
      return looks.get(slot)!.limits.flatMap(limit => {
        let least = Number.POSITIVE_INFINITY
        let whole = 0
        let helped = 0
        for (const { way, amount } of here) {
          const help = relevant(limit, way)
          if (help === 0) continue
          least = Math.min(least, help)
          whole += amount
          helped += amount * help
        }
        return whole === 0 ? [] : [{ slot, help: limit.help[quantity], least, average: helped / whole }]
      })
    }
    const substitutes = (byLocation.get(location) ?? []).filter(
      unit =>
        !isPlanned.has(`${unit} ${quantity} ${direction}`) &&
        units[unit]!.services.includes(service) &&
        active.some(slot => bandAt(unit, slot, group) > 0) &&
        limits.every(({ help, least }) => sign * help[unit]! >= ALIKE * least)
    )
    const listed = [...group.planned.map(({ unit }) => unit), ...substitutes]
    const able = new Map(active.map(slot => [slot, listed.filter(unit => bandAt(unit, slot, group) > 0)]))
    const margin = new Map<number, number>()
    for (const { slot, help, average } of limits) {
      let least = average
      for (const unit of able.get(slot)!) least = Math.min(least, sign * help[unit]!)
      const needed = least > 0 ? average / least : MARGIN_MAX
      margin.set(slot, Math.min(MARGIN_MAX, Math.max(margin.get(slot) ?? 1, needed)))
    }
    const at = slots.map((_, slot) => {
      const sum = group.planned.reduce((total, { amounts }) => total + (amounts.get(slot) ?? 0), 0)
      if (sum === 0 || listed.length === 1) return sum
      const most = listed.reduce((total, unit) => total + bandAt(unit, slot, group), 0)
      return Math.max(sum, Math.min(most, Math.ceil((sum * (margin.get(slot) ?? 1)) / STEP) * STEP))
    })
    const pods = listed.map(unit => units[unit]!.pod).sort()
    return { level, location, pods, quantity, direction, service, profile: runs(at) }
  })
}

/** Down is less injection. */
const signOf = ({ direction }: Way): 1 | -1 => (direction === 'UP' ? 1 : -1)

const waysOf = (units: readonly PlacedUnit[], planned: readonly SlotPlan[]): readonly PlannedWay[] => {
  const numberOf = new Map(units.map(({ pod }, n) => [pod, n]))
  const ways = new Map<string, PlannedWay>()
  planned.forEach((slot, n) => {
    if (!('activations' in slot)) return
    for (const { pod, p, q } of slot.activations)
      for (const [quantity, amount] of [
        ['P', p],
        ['Q', q]
      ] as const) {
        if (amount === 0) continue
        const unit = numberOf.get(pod)
        if (unit === undefined) throw new Error(`substationRequests: ${pod} is planned in slot ${n}, but no unit`)
        const direction = amount > 0 ? 'UP' : 'DOWN'
        const key = `${unit} ${quantity} ${direction}`
        const way = ways.get(key) ?? { unit, quantity, direction, amounts: new Map<number, number>() }
        ways.set(key, way)
        way.amounts.set(n, Math.abs(amount))
      }
  })
  return [...ways.values()]
}

const looksOf = (
  { compiled, slots, units }: RequestProblem,
  planned: readonly SlotPlan[]
): ReadonlyMap<number, Look> => {
  const flow = powerFlow(compiled)
  const sensitivityOf = sensitivitiesAt(flow.point)
  const rows = units.map(({ bus }) => compiled.rowOfBus[compiled.topology.busIndex.get(bus) ?? -1] ?? -1)
  const looks = new Map<number, Look>()
  planned.forEach((slot, n) => {
    if (!('activations' in slot) || slot.activations.length === 0) return
    flow.point.load(slots[n]!)
    if (flow.point.solve().status !== 'converged')
      throw new Error(`substationRequests: slot ${n} has a plan but no solution`)
    flow.point.linearise()
    const limits = worstFirst(slot.violations).map((violation): LookedAt => {
      const { first, end, p, q } = sensitivityOf(monitoredOf(compiled, violation))
      const sign = violation.kind === 'under-voltage' ? 1 : -1
      const of = (effect: Float64Array): Float64Array => {
        const help = new Float64Array(rows.length)
        for (let unit = 0; unit < rows.length; unit++) {
          const row = rows[unit]!
          if (row >= first && row < end) help[unit] = sign * effect[row - first]!
        }
        return help
      }
      return { help: { P: of(p), Q: of(q) }, best: { P: 0, Q: 0 } }
    })
    const isCongestion = slot.violations.some(({ kind }) => kind.endsWith('overload'))
    looks.set(n, { service: isCongestion ? 'congestion' : 'voltage', limits })
  })
  return looks
}

const worstFirst = (violations: readonly Violation[]): readonly Violation[] =>
  violations.length <= LOOKED_AT_MAX
    ? violations
    : violations.toSorted((a, b) => beyond(b) - beyond(a)).slice(0, LOOKED_AT_MAX)

/** As a share of the limit. */
const beyond = (one: Violation): number =>
  'value_pu' in one ? Math.abs(one.value_pu / one.limit_pu - 1) : one.value_A / one.limit_A - 1

const runs = (at: readonly number[]): SubstationRequest['profile'] => {
  const found: { slot: number; slots: number; amount: number }[] = []
  at.forEach((amount, slot) => {
    const last = found.at(-1)
    if (amount === 0) return
    if (last && last.amount === amount && last.slot + last.slots === slot) last.slots++
    else found.push({ slot, slots: 1, amount })
  })
  return found
}
