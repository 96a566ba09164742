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
import type { SlotPowers } from '../power-flow.ts'
import {
  type Direction,
  type Look,
  looksAt,
  type PlannedWay,
  type Quantity,
  relevantHelp,
  signOf,
  type Way,
  waysOf
} from './helped-limits.ts'
import type { PlannedSlot } from './plan-flexibility.ts'

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
/** What is asked beyond the plan costs; where a list would need more, real time asks again for what is missing. */
const MARGIN_MAX = 1.25
/** W or var, as bids. */
const STEP = 10

interface Group extends Way {
  readonly level: SubstationRequest['level']
  readonly location: string
  readonly service: Service
  readonly planned: PlannedWay[]
}

export const substationRequests = (
  problem: RequestProblem,
  planned: readonly PlannedSlot[]
): readonly SubstationRequest[] => {
  const { units, pom } = problem
  const ways = waysOf(units, planned)
  if (ways.length === 0) return []
  const looks = looksAt(problem, planned, ways)
  /** How well it helps the worst limit that it is there for, where it is moved most. */
  const classOf = (way: PlannedWay): string => {
    const slot = slotOfMost(way)
    for (const limit of looks.get(slot)!.limits[way.quantity]) {
      const help = relevantHelp(limit, way)
      if (help > 0) return String(Math.floor(Math.log(limit.best / help) / Math.log(1 / ALIKE)))
    }
    return 'none'
  }
  const groups = new Map<string, Group>()
  for (const way of ways) {
    const { secondarySubstation, feeder } = units[way.unit]!
    const { quantity, direction } = way
    let service: Service = 'voltage'
    for (const slot of way.amounts.keys()) if (looks.get(slot)!.service === 'congestion') service = 'congestion'
    const level = secondarySubstation ? 'secondarySubstation' : feeder ? 'feeder' : 'primarySubstation'
    const location = secondarySubstation ?? feeder ?? pom
    const key = JSON.stringify([level, location, quantity, direction, service, classOf(way)])
    const group = groups.get(key)
    if (group !== undefined) group.planned.push(way)
    else groups.set(key, { level, location, quantity, direction, service, planned: [way] })
  }
  const isPlanned = { P: plannedOf(ways, 'P'), Q: plannedOf(ways, 'Q') }
  const byLocation = Map.groupBy(units.keys(), n => units[n]!.secondarySubstation ?? units[n]!.feeder ?? pom)
  return [...groups.values()].map(group => {
    const near = byLocation.get(group.location) ?? []
    const other = near.filter(unit => !isPlanned[group.quantity][group.direction].has(unit))
    return requestOf(problem, looks, group, other)
  })
}

/** `other`: units of the place that are planned nowhere in this way. */
const requestOf = (
  { units, bands = [] }: RequestProblem,
  looks: ReadonlyMap<number, Look>,
  group: Group,
  other: readonly number[]
): SubstationRequest => {
  const { level, location, quantity, direction, service, planned } = group
  const sign = signOf(group)
  const field = quantity === 'P' ? (direction === 'UP' ? 'upP' : 'downP') : direction === 'UP' ? 'upQ' : 'downQ'
  const active = [...new Set(planned.flatMap(({ amounts }) => [...amounts.keys()]))].sort((a, b) => a - b)
  const bandsAt = new Map(
    active.map(slot => {
      const own = bands[slot]
      return [slot, (unit: number) => Math.abs((own?.get(units[unit]!.pod) ?? units[unit]!.band)[field])] as const
    })
  )
  const limits = active.flatMap(slot => neededAt(looks.get(slot)!, group, slot))
  const substitutes = other.filter(
    unit =>
      units[unit]!.services.includes(service) &&
      active.some(slot => bandsAt.get(slot)!(unit) > 0) &&
      limits.every(({ help, least }) => sign * help[unit]! >= ALIKE * least)
  )
  const listed = [...planned.map(({ unit }) => unit), ...substitutes]
  const profile = active.map(slot => {
    const bandOf = bandsAt.get(slot)!
    const sum = planned.reduce((total, { amounts }) => total + (amounts.get(slot) ?? 0), 0)
    if (listed.length === 1) return { slot, amount: sum }
    const able = listed.filter(unit => bandOf(unit) > 0)
    let margin = 1
    for (const { slot: at, help, average } of limits) {
      if (at !== slot) continue
      let least = average
      for (const unit of able) least = Math.min(least, sign * help[unit]!)
      margin = Math.min(MARGIN_MAX, Math.max(margin, least > 0 ? average / least : MARGIN_MAX))
    }
    const most = able.reduce((total, unit) => total + bandOf(unit), 0)
    return { slot, amount: Math.max(sum, Math.min(most, Math.ceil((sum * margin) / STEP) * STEP)) }
  })
  const pods = listed.map(unit => units[unit]!.pod).sort()
  return { level, location, pods, quantity, direction, service, profile: runs(profile) }
}

interface NeededHelp {
  readonly slot: number
  readonly help: Float64Array
  /** Of the planned that are there for it: the least help, and on average. */
  readonly least: number
  readonly average: number
}

const neededAt = ({ limits }: Look, { planned, quantity }: Group, slot: number): readonly NeededHelp[] => {
  const here = planned.filter(({ amounts }) => amounts.has(slot))
  const amounts = here.map(way => way.amounts.get(slot)!)
  const found: NeededHelp[] = []
  for (const limit of limits[quantity]) {
    let least = Number.POSITIVE_INFINITY
    let whole = 0
    let helped = 0
    for (let n = 0; n < here.length; n++) {
      const help = relevantHelp(limit, here[n]!)
      if (help === 0) continue
      least = Math.min(least, help)
      whole += amounts[n]!
      helped += amounts[n]! * help
    }
    if (whole > 0) found.push({ slot, help: limit.help, least, average: helped / whole })
  }
  return found
}

const slotOfMost = ({ amounts }: PlannedWay): number => {
  let found = -1
  let most = 0
  for (const [slot, amount] of amounts)
    if (amount > most) {
      found = slot
      most = amount
    }
  return found
}

const plannedOf = (ways: readonly PlannedWay[], quantity: Quantity) => {
  const units = { UP: new Set<number>(), DOWN: new Set<number>() }
  for (const way of ways) if (way.quantity === quantity) units[way.direction].add(way.unit)
  return units
}

/** The slots in their order. */
const runs = (at: readonly { readonly slot: number; readonly amount: number }[]): SubstationRequest['profile'] => {
  const found: { slot: number; slots: number; amount: number }[] = []
  for (const { slot, amount } of at) {
    const last = found.at(-1)
    if (last && last.amount === amount && last.slot + last.slots === slot) last.slots++
    else found.push({ slot, slots: 1, amount })
  }
  return found
}
