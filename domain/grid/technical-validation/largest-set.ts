/**
 * The largest acceptable set of services by rank in one slot (DTP-ATV-02): what the linear picture deals by rank (look), then
 * proven step by step (raise), then looked through for worse ranks that stand in a better one's way (exchanged).
 *
 * Promises, each checked by power flows and not by the linear picture: the levels break no limit; no level can be raised to the
 * next permitted one, all others kept, without breaking one. That a worse rank was cut before a better one is the linear
 * dealing's, checked once more at the end. Assumes that `known` breaks no limit.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { Limits } from '../violations.ts'
import type { CuttingRules } from './cutting-rules.ts'
import { EXCHANGES_MAX, exchanged } from './exchanges.ts'
import type { Candidates } from './levels.ts'
import { look } from './looks.ts'
import { isFurther, raise, settledAt } from './raising.ts'
import type { SlotGrid } from './slot-grid.ts'
import { type Search, watchedLimits } from './watched-limits.ts'

export const largestSet = (
  compiled: CompiledNetwork,
  grid: SlotGrid,
  /** The grid's, some of them with less than their most. */
  candidates: Candidates,
  limits: Limits,
  known: Float64Array,
  wanted: Float64Array,
  rules: CuttingRules
): Float64Array => {
  const watched = watchedLimits(compiled, grid, candidates.most, limits, rules.effectLeast)
  const search: Search = { compiled, grid, candidates, limits, known, rules, watched }
  const looked = look(search, wanted)
  const settled = settledAt(search, looked.settled)
  let levels: Float64Array = looked.levels.slice()
  let earlier: Float64Array | undefined
  for (let exchanges = 0; ; exchanges++) {
    raise(search, settled, levels)
    if (earlier !== undefined && isFurther(search, levels, earlier)) raise(search, settled, levels)
    const better = exchanges < EXCHANGES_MAX ? exchanged(search, settled, levels) : undefined
    if (better === undefined) return levels
    earlier = levels
    levels = better
  }
}
