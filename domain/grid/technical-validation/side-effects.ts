/**
 * Which services a limit is a matter of. Voltage couples everything with everything: without a threshold the worst rank would
 * be refused for raising the loading of a transformer at the other end of the town by a millionth of a percent.
 *
 * Effects below the threshold are taken as given, not as a reason to cut, as long as the services above it can keep the limit
 * alone; else all effects count.
 */
import type { Candidate } from './levels.ts'
import type { LinearLimits } from './linear-limits.ts'

export const withoutSideEffects = (
  candidates: readonly Candidate[],
  { count, use, room }: LinearLimits,
  levels: Float64Array,
  effectLeast: number
): LinearLimits => {
  if (effectLeast === 0) return { count, use, room }
  const n = candidates.length
  const counted = use.slice()
  const left = room.slice()
  for (let c = 0; c < count; c++) {
    let strongest = 0
    for (let i = 0; i < n; i++) strongest = Math.max(strongest, use[c * n + i]!)
    const least = effectLeast * strongest
    let given = 0
    let atMost = 0
    for (let i = 0; i < n; i++) {
      const one = use[c * n + i]!
      if (one <= 0 || one >= least) continue
      given += one * levels[i]!
      atMost += one * candidates[i]!.most
    }
    if (atMost > room[c]!) continue
    left[c]! -= given
    for (let i = 0; i < n; i++) if (use[c * n + i]! > 0 && use[c * n + i]! < least) counted[c * n + i] = 0
  }
  return { count, use: counted, room: left }
}
