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
  most: Float64Array,
  limits: LinearLimits,
  step: number
): Float64Array => {
  const { levels, isKept } = dealt(candidates, most, limits, step)
  return isKept ? levels : (lexicographicLevels(candidates, limits, step) ?? levels)
}

/** What each candidate could have beside what it has, of the room that is left; above 0 its minimum is met. */
export const largestLinearRest = (
  candidates: readonly Candidate[],
  most: Float64Array,
  levels: Float64Array,
  limits: LinearLimits,
  step: number
): Float64Array => {
  const rest = new Float64Array(most.length)
  for (let i = 0; i < rest.length; i++) rest[i] = most[i]! - levels[i]!
  const found = dealt(candidates, rest, limits, step, 0)
  if (found.isKept) return found.levels
  const restOf = ({ isDiscrete }: Candidate, i: number): Candidate => ({ most: rest[i]!, isDiscrete, minimum: 0 })
  return lexicographicLevels(candidates.map(restOf), limits, step) ?? found.levels
}

interface Dealt {
  readonly levels: Float64Array
  /** Whether all that was counted on came. */
  readonly isKept: boolean
}

/** `minimum`: in place of each candidate's own. */
const dealt = (
  candidates: readonly Candidate[],
  most: Float64Array,
  { room, start, limit, use }: LinearLimits,
  step: number,
  minimum?: number
): Dealt => {
  const n = most.length
  const levels = most.slice()
  const left = room.slice()
  let isKept = true
  for (let i = 0; i < n; i++)
    for (let k = start[i]!; k < start[i + 1]!; k++) if (use[k]! < 0) left[limit[k]!]! -= use[k]! * most[i]!
  for (let i = 0; i < n; i++) {
    const from = start[i]!
    const end = start[i + 1]!
    const whole = most[i]!
    if (from === end || whole === 0) continue
    let level = whole
    for (let k = from; k < end; k++)
      if (use[k]! > 0) {
        const possible = Math.max(0, left[limit[k]!]!) / use[k]!
        if (possible < level) level = possible
      }
    if (level < whole) {
      const { isDiscrete, minimum: own } = candidates[i]!
      level = levelAtMost({ most: whole, isDiscrete, minimum: minimum ?? own }, level, step)
      levels[i] = level
    }
    for (let k = from; k < end; k++) {
      const c = limit[k]!
      left[c]! -= use[k]! > 0 ? use[k]! * level : use[k]! * (level - whole)
      if (use[k]! < 0 && level < whole && left[c]! < 0) isKept = false
    }
  }
  return { levels, isKept }
}
