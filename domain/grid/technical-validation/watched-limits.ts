/**
 * The limits that a search has met so far, and how it sees them to first order: in each look around another state, and with
 * what earlier looks have taught.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { Limits } from '../violations.ts'
import type { CuttingRules } from './cutting-rules.ts'
import type { Candidates } from './levels.ts'
import { KINDS, type Monitored } from './limit-scan.ts'
import { joinedLimits, type LinearLimits } from './linear-limits.ts'
import type { SlotGrid } from './slot-grid.ts'
import { worstBreaches } from './worst-breaches.ts'

/** What one search works on. */
export interface Search {
  readonly compiled: CompiledNetwork
  readonly grid: SlotGrid
  /** By rank. */
  readonly candidates: Candidates
  readonly limits: Limits
  /** Levels that break no limit. */
  readonly known: Float64Array
  readonly rules: CuttingRules
  readonly watched: WatchedLimits
}

/** The linear picture around levels within the limits, and what is left of each limit there. */
export interface Around extends LinearLimits {
  readonly levels: Float64Array
  readonly left: Float64Array
}

/** All about the state that the grid solved last, with the levels that are given. */
export interface WatchedLimits {
  readonly count: number
  kindOf(c: number): Monitored['kind']
  /** Undefined: not watched. */
  placeOf(kind: Monitored['kind'], index: number): number | undefined
  /** Notes what is broken; true: nothing. */
  look(): boolean
  picture(levels: Float64Array): LinearLimits
  /** The picture with every effect, however small. */
  wholePicture(levels: Float64Array): LinearLimits
  /** The picture with what `tighten` has put by. */
  tightened(levels: Float64Array): LinearLimits
  /** The sensitivities of a look before, with the values of this state. */
  movedTo(last: LinearLimits, levels: Float64Array): LinearLimits
  /** Where the picture stands still beyond a limit, it has to aim that much lower. */
  tighten(): void
  around(picture: LinearLimits, levels: Float64Array): Around
}

export const watchedLimits = (
  compiled: CompiledNetwork,
  grid: SlotGrid,
  most: Float64Array,
  limits: Limits,
  effectLeast: number
): WatchedLimits => {
  const monitored: Monitored[] = []
  /** By place: what the linear picture missed of it where it stood still. */
  const kept: number[] = []
  const places = KINDS.map(() => new Map<number, number>())
  const placeOf = (kind: Monitored['kind'], index: number) => places[KINDS.indexOf(kind)]!.get(index)
  const picture = (levels: Float64Array): LinearLimits => grid.picture(limits, monitored, levels, most, effectLeast)
  const roomOf = (c: number): number => grid.roomOf(monitored[c]!, limits)
  return {
    get count() {
      return monitored.length
    },
    kindOf: c => monitored[c]!.kind,
    placeOf,
    picture,
    wholePicture: levels => grid.picture(limits, monitored, levels, most, 0),
    look() {
      const breaches = grid.breaches(limits)
      for (const one of worstBreaches(compiled, breaches)) {
        if (placeOf(one.kind, one.index) !== undefined) continue
        places[KINDS.indexOf(one.kind)]!.set(one.index, monitored.length)
        monitored.push(one)
        kept.push(0)
      }
      return breaches.count === 0
    },
    tightened(levels) {
      const linear = picture(levels)
      for (const [c, one] of kept.entries()) linear.room[c]! -= one
      return linear
    },
    movedTo(last, levels) {
      const room = Float64Array.from(monitored, (_, c) => roomOf(c) - kept[c]!)
      for (let i = 0; i < levels.length; i++)
        for (let k = last.start[i]!; k < last.start[i + 1]!; k++) room[last.limit[k]!]! += last.use[k]! * levels[i]!
      return { ...last, room }
    },
    tighten() {
      const { count, kind, index, beyond } = grid.breaches(limits)
      for (let n = 0; n < count; n++) {
        const c = placeOf(KINDS[kind[n]!]!, index[n]!)
        if (c !== undefined) kept[c]! += 2 * beyond[n]!
      }
    },
    around: (linear, levels) => ({
      ...linear,
      levels: levels.slice(),
      left: Float64Array.from(monitored, (_, c) => Math.max(0, roomOf(c)))
    })
  }
}

/** A current's limit is convex in the powers, so a tangent to it never cuts off what is within. */
export const withEarlier = (
  here: LinearLimits,
  earlier: readonly LinearLimits[],
  { kindOf }: WatchedLimits
): LinearLimits =>
  joinedLimits([
    { limits: here, isKept: () => true },
    ...earlier.map(limits => ({ limits, isKept: (c: number) => kindOf(c).endsWith('overload') }))
  ])

/**
 * How wrong the linear picture can be about a change of a limit's value: of a voltage by d pu about d², a loading is convex
 * and only bends further up with the voltage.
 */
export const errorOf = (kind: Monitored['kind'], change: number): number => {
  const size = Math.abs(change)
  const isVoltage = kind === 'under-voltage' || kind === 'over-voltage'
  return size * Math.min(0.5, 0.001 + 4 * (isVoltage ? size : size / 100)) + (isVoltage ? 2e-9 : 2e-6)
}

export const isWithin = ({ grid, limits }: Search, levels: Float64Array): boolean =>
  grid.solve(levels) && grid.breaches(limits).count === 0
