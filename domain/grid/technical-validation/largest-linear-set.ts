/**
 * The largest acceptable set by rank (T-21, T-22) where every limit is linear: best rank first, each candidate gets the most
 * that its limits leave, counting on what worse ranks can still cure.
 *
 * What a candidate has taken is never given to a worse one. Where one that was counted on as a cure is itself held back by
 * another limit, so that a promise would be broken, linear programmes decide (lexicographicLevels).
 */

import { type Candidate, levelAtMost } from './levels.ts'
import { lexicographicLevels } from './lexicographic-programme.ts'
import type { LinearLimits } from './linear-limits.ts'

export const largestLinearSet = (
  candidates: readonly Candidate[],
  limits: LinearLimits,
  step: number
): Float64Array => {
  const { levels, isKept } = dealt(candidates, limits, step)
  return isKept ? levels : (lexicographicLevels(candidates, limits, step) ?? levels)
}

interface Dealt {
  readonly levels: Float64Array
  /** Whether all that was counted on came. */
  readonly isKept: boolean
}

const dealt = (candidates: readonly Candidate[], { count, use, room }: LinearLimits, step: number): Dealt => {
  const n = candidates.length
  const levels = new Float64Array(n)
  const left = room.slice()
  let isKept = true
  for (let c = 0; c < count; c++)
    for (let i = 0; i < n; i++) left[c]! -= Math.min(0, use[c * n + i]!) * candidates[i]!.most
  for (let i = 0; i < n; i++) {
    const candidate = candidates[i]!
    let most = candidate.most
    for (let c = 0; c < count; c++) {
      const one = use[c * n + i]!
      if (one > 0) most = Math.min(most, Math.max(0, left[c]!) / one)
    }
    const level = levelAtMost(candidate, most, step)
    levels[i] = level
    for (let c = 0; c < count; c++) {
      const one = use[c * n + i]!
      left[c]! -= one > 0 ? one * level : one * (level - candidate.most)
      if (one < 0 && level < candidate.most && left[c]! < 0) isKept = false
    }
  }
  return { levels, isKept }
}
