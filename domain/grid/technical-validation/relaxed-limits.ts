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
import type { GridSolved, SlotGrid } from './slot-grid.ts'
import { worstBreaches } from './worst-breaches.ts'

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

/** To be called with the state without services solved; the grid's last state is another one afterwards. */
export const groundOf = (
  compiled: CompiledNetwork,
  grid: SlotGrid,
  strict: Limits,
  withoutServices: GridSolved,
  tolerance: Tolerance,
  rules: CuttingRules
): Ground => {
  const { candidates } = grid
  const n = candidates.most.length
  const nothing = new Float64Array(n)
  const breaches = grid.breaches(strict)
  if (breaches.count === 0) return { limits: strict, levels: nothing }
  const asBefore = relaxed(strict, withoutServices.outputs(), { voltagePu: 0, loadingPercent: 0 })
  const monitored = worstBreaches(compiled, breaches)
  const { count, start, limit, use } = grid.picture(strict, monitored, nothing, candidates.most, 0)
  const strongest = new Float64Array(count)
  for (let k = 0; k < use.length; k++) strongest[limit[k]!] = Math.min(strongest[limit[k]!]!, use[k]!)
  const cures = candidates.most.map((most, i) => {
    let isCure = false
    for (let k = start[i]!; k < start[i + 1]!; k++) {
      const least = CURE_LEAST * strongest[limit[k]!]!
      if (use[k]! > -least) return 0
      if (use[k]! < least) isCure = true
    }
    return isCure ? most : 0
  })
  const levels = largestSet(compiled, grid, { ...candidates, most: cures }, asBefore, nothing, cures, rules)
  const state = grid.prove(levels)
  if (state.status === 'diverged') throw new Error('groundOf: a state that was proven has no solution')
  return { limits: relaxed(strict, state.outputs(), tolerance), levels }
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
