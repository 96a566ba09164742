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
import { type GridSolved, isSame, type SlotGrid } from './slot-grid.ts'

/** One service in one slot. */
export interface Placed {
  readonly service: number
  readonly accepted: number
  readonly minAcceptance: number
}

export interface Judged {
  readonly levels: Float64Array
  readonly hasGround: boolean
}

export interface SlotCase {
  /** By rank. */
  readonly placed: readonly Placed[]
  /** What each has now, and why it is not all of it; to be written by those that judge. By place in `placed`. */
  readonly levels: Float64Array
  readonly reasons: (Reason | undefined)[]
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
  const levelsNow = Float64Array.from(nothing)
  const reasons: (Reason | undefined)[] = new Array(placed.length).fill(undefined)
  let grid: SlotGrid | undefined
  let withAll: readonly Violation[] | undefined
  let divergence: Divergence | undefined
  let counted: Limits | undefined
  let powerFlows = 0
  let isFirst = true

  /** What the last judgement has proven already. */
  let proven: Proven | undefined

  const violationsIn = (grid: SlotGrid, solved: GridSolved): readonly Violation[] =>
    grid.breaches(limits).count === 0 ? [] : violationsOf(compiled, limits, solved.outputs())

  const judge = (grid: SlotGrid, most: Float64Array): Judged => {
    proven = undefined
    divergence = undefined
    counted = limits
    const state = grid.prove(most)
    const violations = state.status === 'converged' ? violationsIn(grid, state) : undefined
    if (isFirst) withAll = violations
    isFirst = false
    if (violations?.length === 0) {
      proven = { levels: most.slice(), residual: [] }
      return { levels: most.slice(), hasGround: true }
    }
    const without = grid.prove(nothing)
    if (without.status === 'diverged') {
      divergence = without
      counted = undefined
      return { levels: nothing.slice(), hasGround: false }
    }
    const ground = groundOf(compiled, grid, limits, without, tolerance, cutting)
    counted = ground.limits
    const search = (): Float64Array =>
      largestSet(compiled, grid, grid.candidates, ground.limits, ground.levels, most, cutting)
    let levels = search()
    let proof = grid.prove(levels)
    if (proof.status === 'diverged' || grid.breaches(ground.limits).count > 0) {
      // At a limit two solutions may differ by their last digits: then only those count that are solved as the proof is.
      grid.distrust()
      levels = search()
      proof = grid.prove(levels)
    }
    if (proof.status === 'converged') proven = { levels: levels.slice(), residual: violationsIn(grid, proof) }
    return { levels, hasGround: true }
  }

  return {
    placed,
    levels: levelsNow,
    reasons,
    judge(most) {
      powerFlows += grid?.powerFlows ?? 0
      grid = gridWith(most)
      return judge(grid, most)
    },
    holds(levels) {
      return grid?.prove(levels).status === 'converged' && counted !== undefined && grid.breaches(counted).count === 0
    },
    close() {
      if (grid === undefined) throw new Error('openSlot: closed before it was judged')
      const status = placed.some(({ accepted }, i) => levelsNow[i]! < accepted) ? 'curtailed' : 'clear'
      const isProven = proven !== undefined && isSame(levelsNow, proven.levels)
      const state = isProven ? undefined : grid.prove(levelsNow)
      const found = { powerFlows: powerFlows + grid.powerFlows, ...(withAll !== undefined && { withAll }) }
      if (state === undefined) return { ...found, status, residual: proven!.residual }
      if (state.status === 'diverged')
        return { ...found, status: 'no-solution', residual: [], divergence: divergence ?? state }
      return { ...found, status, residual: violationsIn(grid, state) }
    }
  }
}

/** Levels, and what they break of the limits as they are. */
interface Proven {
  readonly levels: Float64Array
  readonly residual: readonly Violation[]
}
