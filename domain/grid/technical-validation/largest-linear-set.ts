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
  const { levels, isKept } = dealt(candidates, undefined, limits, step)
  return isKept ? levels : (lexicographicLevels(candidates, limits, step) ?? levels)
}

/** What each candidate could have beside what it has, of the room that is left; above 0 its minimum is met. */
export const largestLinearRest = (
  candidates: readonly Candidate[],
  levels: Float64Array,
  limits: LinearLimits,
  step: number
): Float64Array => {
  const found = dealt(candidates, levels, limits, step)
  if (found.isKept) return found.levels
  const rest = candidates.map((candidate, i) => restOf(candidate, levels[i]!))
  return lexicographicLevels(rest, limits, step) ?? found.levels
}

const restOf = ({ most, isDiscrete }: Candidate, level: number): Candidate => ({
  most: most - level,
  isDiscrete,
  minimum: 0
})

interface Dealt {
  readonly levels: Float64Array
  /** Whether all that was counted on came. */
  readonly isKept: boolean
}

const dealt = (
  candidates: readonly Candidate[],
  taken: Float64Array | undefined,
  { room, start, limit, use }: LinearLimits,
  step: number
): Dealt => {
  const n = candidates.length
  const levels = new Float64Array(n)
  const left = room.slice()
  let isKept = true
  for (let i = 0; i < n; i++) {
    const end = start[i + 1]!
    let most = -1
    for (let k = start[i]!; k < end; k++) {
      if (use[k]! >= 0) continue
      if (most < 0) most = candidates[i]!.most - (taken === undefined ? 0 : taken[i]!)
      left[limit[k]!]! -= use[k]! * most
    }
  }
  for (let i = 0; i < n; i++) {
    const whole = candidates[i]!
    const from = start[i]!
    const end = start[i + 1]!
    const mostOf = taken === undefined ? whole.most : whole.most - taken[i]!
    if (from === end || mostOf === 0) {
      levels[i] = mostOf
      continue
    }
    let most = mostOf
    for (let k = from; k < end; k++) if (use[k]! > 0) most = Math.min(most, Math.max(0, left[limit[k]!]!) / use[k]!)
    const candidate = taken === undefined ? whole : restOf(whole, taken[i]!)
    const level = levelAtMost(candidate, most, step)
    levels[i] = level
    for (let k = from; k < end; k++) {
      const c = limit[k]!
      left[c]! -= use[k]! > 0 ? use[k]! * level : use[k]! * (level - mostOf)
      if (use[k]! < 0 && level < mostOf && left[c]! < 0) isKept = false
    }
  }
  return { levels, isKept }
}
