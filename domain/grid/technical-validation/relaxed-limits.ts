/**
 * Which limits count where the grid breaks some before any service (DTP-ATV-02): services must cure what they can, and make
 * nothing worse. So the services that lessen what is broken are tried first, alone, each limit relaxed to its value without
 * them; a limit that is still broken then is relaxed to its value there and a tolerance, all others count in full.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { GridState } from '../power-flow.ts'
import { type Limits, LOADING_MARGIN_PERCENT, VOLTAGE_MARGIN_PU } from '../violations.ts'
import type { CuttingRules } from './cutting-rules.ts'
import { largestSet } from './largest-set.ts'
import type { SlotGrid } from './slot-grid.ts'
import { worstViolations } from './worst-violations.ts'

/** By how much a limit that nothing cures may be overstepped further: below what a meter in a substation can tell. */
export interface Tolerance {
  readonly voltagePu: number
  readonly loadingPercent: number
}

export interface Ground {
  readonly limits: Limits
  /** Levels at which no such limit is broken. */
  readonly levels: Float64Array
}

/** A cure is meant where it is at least this part of the strongest one per W: all others are side effects. */
const CURE_LEAST = 0.001

export const groundOf = (
  compiled: CompiledNetwork,
  grid: SlotGrid,
  strict: Limits,
  withoutServices: GridState,
  tolerance: Tolerance,
  rules: CuttingRules
): Ground => {
  const nothing = new Float64Array(grid.candidates.length)
  const violations = grid.violations(strict, withoutServices)
  if (violations.length === 0) return { limits: strict, levels: nothing }
  const asBefore = relaxed(strict, withoutServices, { voltagePu: 0, loadingPercent: 0 })
  const { count, use } = grid.picture(strict, worstViolations(compiled, violations), withoutServices, nothing)
  const n = grid.candidates.length
  const strongest = Float64Array.from({ length: count }, (_, c) =>
    use.subarray(c * n, (c + 1) * n).reduce((most, one) => Math.min(most, one), 0)
  )
  const cures = grid.candidates.map(({ most }, i) => {
    let isCure = false
    for (let c = 0; c < count; c++) {
      if (use[c * n + i]! > CURE_LEAST * Math.abs(strongest[c]!)) return 0
      if (use[c * n + i]! < CURE_LEAST * strongest[c]!) isCure = true
    }
    return isCure ? most : 0
  })
  const alone: SlotGrid = {
    ...grid,
    candidates: grid.candidates.map((candidate, i) => ({ ...candidate, most: cures[i]! })),
    flow: grid.flow,
    get powerFlows() {
      return grid.powerFlows
    }
  }
  const levels = largestSet(compiled, alone, asBefore, nothing, Float64Array.from(cures), rules)
  const state = grid.flow(levels)
  if (state.status === 'diverged') throw new Error('groundOf: a state that was proven has no solution')
  return { limits: relaxed(strict, state, tolerance), levels }
}

/** What is within its margin is not broken, and keeps its limit. */
const relaxed = (strict: Limits, state: GridState, { voltagePu, loadingPercent }: Tolerance): Limits => {
  const under = (limit: number, value: number): number =>
    value < limit - VOLTAGE_MARGIN_PU ? value - voltagePu : limit
  const over = (limit: number, value: number): number => (value > limit + VOLTAGE_MARGIN_PU ? value + voltagePu : limit)
  const loaded = (limit: number, value: number): number =>
    value > limit + LOADING_MARGIN_PERCENT ? value + loadingPercent : limit
  return {
    minPu: strict.minPu.map((limit, n) => under(limit, state.vm_pu[n]!)),
    maxPu: strict.maxPu.map((limit, n) => over(limit, state.vm_pu[n]!)),
    linePercent: strict.linePercent.map((limit, n) => loaded(limit, state.lines.loadingPercent[n]!)),
    transformerPercent: strict.transformerPercent.map((limit, n) =>
      loaded(limit, state.transformers.loadingPercent[n]!)
    )
  }
}
