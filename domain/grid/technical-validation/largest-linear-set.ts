/**
 * The largest acceptable set by rank (T-21, T-22) where every limit is linear: best rank first, each candidate gets the most
 * that its limits leave, counting on what worse ranks can still cure.
 *
 * What a candidate has taken is never given to a worse one. Where one that was counted on as a cure is itself held back by
 * another limit, so that a promise would be broken, linear programmes decide (lexicographicLevels).
 */
import { type Candidates, candidateAt, levelWithin } from './levels.ts'
import { lexicographicLevels } from './lexicographic-programme.ts'
import type { LinearLimits } from './linear-limits.ts'

export const largestLinearSet = (candidates: Candidates, limits: LinearLimits, step: number): Float64Array => {
  const { levels, isKept } = dealt(candidates, limits, step)
  if (isKept) return levels
  const list = Array.from(levels, (_, i) => candidateAt(candidates, i))
  return lexicographicLevels(list, limits, step) ?? levels
}

interface Dealt {
  readonly levels: Float64Array
  /** Whether all that was counted on came. */
  readonly isKept: boolean
}

const dealt = (
  { most, isDiscrete, minimum }: Candidates,
  { room, start, limit, use }: LinearLimits,
  step: number
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
      level = levelWithin(whole, isDiscrete[i] === 1, minimum[i]!, level, step)
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
