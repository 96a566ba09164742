/**
 * One slot while it is judged: its services by rank, judged as often as joining blocks needs it.
 *
 * All services within the limits: all is accepted, whatever the grid is like without them. Otherwise the state without them
 * is the ground to stand on (groundOf); where it does not exist, nothing can be proven and nothing is accepted.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { Divergence } from '../power-flow.ts'
import { type Limits, type Violation, violationsOf } from '../violations.ts'
import type { CuttingRules } from './cutting-rules.ts'
import { largestSet } from './largest-set.ts'
import { groundOf, type Tolerance } from './relaxed-limits.ts'
import type { JudgedGrid, Reason } from './service.ts'
import type { SlotGrid } from './slot-grid.ts'

/** One service in one slot. */
export interface Placed {
  readonly service: number
  readonly accepted: number
  readonly minAcceptance: number
  level: number
  reason: Reason | undefined
}

export interface Judged {
  readonly levels: Float64Array
  readonly hasGround: boolean
}

export interface SlotCase {
  /** By rank. */
  readonly placed: readonly Placed[]
  /** Judges anew, with no service above `most` (by place in `placed`). */
  judge(most: Float64Array): Judged
  /** Whether these levels keep the limits that the last judgement counted. */
  holds(levels: Float64Array): boolean
  /** The slot with the levels that its services have now. */
  close(): JudgedGrid
}

export interface SlotRules {
  readonly compiled: CompiledNetwork
  readonly limits: Limits
  readonly tolerance: Tolerance
  readonly cutting: CuttingRules
}

export const openSlot = (
  placed: readonly Placed[],
  gridWith: (most: Float64Array) => SlotGrid,
  { compiled, limits, tolerance, cutting }: SlotRules
): SlotCase => {
  const nothing = new Float64Array(placed.length)
  let grid: SlotGrid | undefined
  let withAll: readonly Violation[] | undefined
  let divergence: Divergence | undefined
  let counted: Limits | undefined
  let powerFlows = 0
  let isFirst = true

  /** Levels that the last judgement's first power flow has proven already. */
  let proven: Float64Array | undefined

  const judge = (grid: SlotGrid, most: Float64Array): Judged => {
    proven = undefined
    divergence = undefined
    counted = limits
    const state = grid.flow(most)
    const violations = state.status === 'converged' ? violationsOf(compiled, limits, state) : undefined
    if (isFirst) withAll = violations
    isFirst = false
    if (violations?.length === 0) {
      proven = most.slice()
      return { levels: most.slice(), hasGround: true }
    }
    const without = grid.flow(nothing)
    if (without.status === 'diverged') {
      divergence = without
      counted = undefined
      return { levels: nothing.slice(), hasGround: false }
    }
    const ground = groundOf(compiled, grid, limits, without, tolerance, cutting)
    counted = ground.limits
    return { levels: largestSet(compiled, grid, ground.limits, ground.levels, most, cutting), hasGround: true }
  }

  return {
    placed,
    judge(most) {
      powerFlows += grid?.powerFlows ?? 0
      grid = gridWith(most)
      return judge(grid, most)
    },
    holds(levels) {
      const state = grid?.flow(levels)
      return (
        state?.status === 'converged' && counted !== undefined && violationsOf(compiled, counted, state).length === 0
      )
    },
    close() {
      if (grid === undefined) throw new Error('openSlot: closed before it was judged')
      const status = placed.some(({ level, accepted }) => level < accepted) ? 'curtailed' : 'clear'
      const isProven = proven !== undefined && placed.every(({ level }, i) => level === proven![i])
      const state = isProven ? undefined : grid.flow(Float64Array.from(placed, ({ level }) => level))
      const found = { powerFlows: powerFlows + grid.powerFlows, ...(withAll !== undefined && { withAll }) }
      if (state === undefined) return { ...found, status, residual: [] }
      if (state.status === 'diverged')
        return { ...found, status: 'no-solution', residual: [], divergence: divergence ?? state }
      return { ...found, status, residual: violationsOf(compiled, limits, state) }
    }
  }
}
