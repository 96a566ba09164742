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

const dealt = (candidates: readonly Candidate[], limits: LinearLimits, step: number): Dealt => {
  const { room, start, limit, use } = limits
  const n = candidates.length
  const levels = new Float64Array(n)
  const left = room.slice()
  let isKept = true
  for (let i = 0; i < n; i++)
    for (let k = start[i]!; k < start[i + 1]!; k++) if (use[k]! < 0) left[limit[k]!]! -= use[k]! * candidates[i]!.most
  for (let i = 0; i < n; i++) {
    const candidate = candidates[i]!
    const end = start[i + 1]!
    let most = candidate.most
    for (let k = start[i]!; k < end; k++)
      if (use[k]! > 0) most = Math.min(most, Math.max(0, left[limit[k]!]!) / use[k]!)
    const level = levelAtMost(candidate, most, step)
    levels[i] = level
    for (let k = start[i]!; k < end; k++) {
      const c = limit[k]!
      left[c]! -= use[k]! > 0 ? use[k]! * level : use[k]! * (level - candidate.most)
      if (use[k]! < 0 && level < candidate.most && left[c]! < 0) isKept = false
    }
  }
  return { levels, isKept }
}
