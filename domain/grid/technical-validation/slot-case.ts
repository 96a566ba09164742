/**
 * One slot while it is judged: its services by rank, judged as often as joining blocks needs it.
 *
 * All services within the limits: all is accepted, whatever the grid is like without them. Otherwise the state without them
 * is the ground to stand on (groundOf); where it does not exist, nothing can be proven and nothing is accepted.
 *
 * A slot that was judged elsewhere (judged-alone.ts) is opened with that judgement, and goes on from it.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { Limits, Violation } from '../violations.ts'
import type { CuttingRules } from './cutting-rules.ts'
import { largestSet } from './largest-set.ts'
import { groundOf, type Tolerance } from './relaxed-limits.ts'
import type { JudgedGrid, Reason } from './service.ts'
import { isSame, type SlotGrid } from './slot-grid.ts'

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

/** What a judgement leaves. */
export interface Judgement extends Judged {
  /** The limits that count: as they are, relaxed (groundOf), or none, where there is no ground. */
  readonly counted: 'strict' | 'relaxed' | 'none'
  /** Whether a power flow with these levels has a solution. */
  readonly isProven: boolean
  readonly powerFlows: number
}

export interface JudgedBefore {
  readonly judgement: Judgement
  readonly grid: JudgedGrid
}

export interface SlotCase {
  /** By rank. */
  readonly placed: readonly Placed[]
  /** What each has now, and why it is not all of it; to be written by those that judge. By place in `placed`. */
  readonly levels: Float64Array
  readonly reasons: (Reason | undefined)[]
  /** Judges anew, with no service above `most` (by place in `placed`). */
  judge(most: Float64Array): Judged
  /** Of the last judgement. */
  judgement(): Judgement
  /** Whether these levels keep the limits that the last judgement counted. */
  holds(levels: Float64Array): boolean
  /** Whether anything was asked of it here. */
  isOpen(): boolean
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
  { compiled, limits, tolerance, cutting }: SlotRules,
  before?: JudgedBefore
): SlotCase => {
  const nothing = new Float64Array(placed.length)
  const levelsNow = Float64Array.from(nothing)
  const reasons: (Reason | undefined)[] = new Array(placed.length).fill(undefined)
  const accepted = new Float64Array(placed.length)
  for (let i = 0; i < accepted.length; i++) accepted[i] = placed[i]!.accepted
  let grid: SlotGrid | undefined
  let withAll = before?.grid.withAll
  let divergence = before?.judgement.hasGround === false ? before.grid.divergence : undefined
  let counted: Limits | undefined = before?.judgement.counted === 'strict' ? limits : undefined
  /** Of grids that are done with. */
  let powerFlows = before?.judgement.powerFlows ?? 0
  let isFirst = before === undefined
  let hasGround = before?.judgement.hasGround ?? false

  /** What the last judgement has proven already. */
  let proven: Proven | undefined = before?.judgement.isProven
    ? { levels: before.judgement.levels, residual: before.grid.residual }
    : undefined

  const judge = (grid: SlotGrid, most: Float64Array): Judged => {
    proven = undefined
    divergence = undefined
    counted = limits
    const state = grid.prove(most)
    const violations = state.status === 'converged' ? grid.violations(limits) : undefined
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
    if (proof.status === 'converged') proven = { levels: levels.slice(), residual: grid.violations(limits) }
    return { levels, hasGround: true }
  }

  const flows = (): number => powerFlows + (grid?.powerFlows ?? 0)

  /** As the last judgement left it. */
  const judgedGrid = (): SlotGrid => {
    if (grid !== undefined) return grid
    if (before === undefined) throw new Error('openSlot: asked before it was judged')
    grid = gridWith(accepted)
    if (before.judgement.counted === 'relaxed') {
      // By the same power flows as before, which are counted once.
      judge(grid, accepted)
      powerFlows = 0
    }
    return grid
  }

  return {
    placed,
    levels: levelsNow,
    reasons,
    judge(most) {
      powerFlows = flows()
      grid = gridWith(most)
      const judged = judge(grid, most)
      hasGround = judged.hasGround
      return judged
    },
    judgement: () => ({
      ...{ levels: levelsNow.slice(), hasGround, isProven: proven !== undefined, powerFlows: flows() },
      counted: counted === undefined ? 'none' : counted === limits ? 'strict' : 'relaxed'
    }),
    isOpen: () => grid !== undefined,
    holds(levels) {
      const grid = judgedGrid()
      return grid.prove(levels).status === 'converged' && counted !== undefined && grid.breaches(counted).count === 0
    },
    close() {
      const grid = judgedGrid()
      const status = isSame(levelsNow, accepted) ? 'clear' : 'curtailed'
      const isProven = proven !== undefined && isSame(levelsNow, proven.levels)
      const state = isProven ? undefined : grid.prove(levelsNow)
      const found = { powerFlows: flows(), ...(withAll !== undefined && { withAll }) }
      if (state === undefined) return { ...found, status, residual: proven!.residual }
      if (state.status === 'diverged')
        return { ...found, status: 'no-solution', residual: [], divergence: divergence ?? state }
      return { ...found, status, residual: grid.violations(limits) }
    }
  }
}

/** Levels, and what they break of the limits as they are. */
interface Proven {
  readonly levels: Float64Array
  readonly residual: readonly Violation[]
}
