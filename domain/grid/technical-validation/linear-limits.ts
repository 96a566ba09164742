/**
 * Limits to first order around a state of the grid, as the dealing by rank sees them: by candidate, which limits are a matter
 * of it, and how much of each one unit of it uses.
 *
 * Voltage couples everything with everything: without a threshold the worst rank would be refused for raising the loading of
 * a transformer at the other end of the town by a millionth of a percent. So effects below the threshold are taken as given,
 * not as a reason to cut, as long as the candidates above it can keep the limit alone; else all effects of the limit count.
 */
import type { Candidate } from './levels.ts'

export interface LinearLimits {
  readonly count: number
  /** What is left of each limit when every candidate is at 0; negative: it is broken then. */
  readonly room: Float64Array
  /** The entries of candidate i are those from start[i] to start[i + 1]. */
  readonly start: Int32Array
  readonly limit: Int32Array
  /** What one unit uses of the limit; negative: it cures. */
  readonly use: Float64Array
}

/** Limit by limit, the use of every candidate; overwritten by the next picture of the same grid. */
export interface Picture {
  readonly count: number
  readonly room: Float64Array
  readonly use: Float64Array
}

export const limitsIn = (
  { count, room, use }: Picture,
  candidates: readonly Candidate[],
  levels: Float64Array,
  effectLeast: number
): LinearLimits => {
  const n = candidates.length
  const left = room.slice(0, count)
  const start = new Int32Array(n + 1)
  // Limit by limit what counts; candidate by candidate is told from it at the end.
  const candidateOf: number[] = []
  const firstOf = new Int32Array(count + 1)
  const uses: number[] = []
  for (let c = 0; c < count; c++) {
    const from = c * n
    let strongestUse = 0
    let strongestCure = 0
    for (let i = 0; i < n; i++) {
      const one = use[from + i]!
      if (one > strongestUse) strongestUse = one
      else if (one < strongestCure) strongestCure = one
    }
    const leastUse = effectLeast * strongestUse
    const leastCure = effectLeast * strongestCure
    let given = 0
    let atMost = 0
    for (let i = 0; i < n; i++) {
      const one = use[from + i]!
      if (one >= leastUse || one <= leastCure) continue
      given += one * levels[i]!
      if (one > 0) atMost += one * candidates[i]!.most
    }
    const isThreshold = atMost <= room[c]!
    if (isThreshold) left[c]! -= given
    for (let i = 0; i < n; i++) {
      const one = use[from + i]!
      if (one === 0 || (isThreshold && one < leastUse && one > leastCure)) continue
      start[i + 1]!++
      candidateOf.push(i)
      uses.push(one)
    }
    firstOf[c + 1] = uses.length
  }
  for (let i = 0; i < n; i++) start[i + 1]! += start[i]!
  const limit = new Int32Array(start[n]!)
  const entries = new Float64Array(start[n]!)
  const at = start.slice(0, n)
  for (let c = 0; c < count; c++)
    for (let k = firstOf[c]!; k < firstOf[c + 1]!; k++) {
      const place = at[candidateOf[k]!]!++
      limit[place] = c
      entries[place] = uses[k]!
    }
  return { count, room: left, start, limit, use: entries }
}

/** Several pictures of the same candidates as one; of each the limits that `isKept` says. */
export const joinedLimits = (
  parts: readonly { readonly limits: LinearLimits; readonly isKept: (limit: number) => boolean }[]
): LinearLimits => {
  const room: number[] = []
  const places = parts.map(({ limits, isKept }) =>
    Int32Array.from({ length: limits.count }, (_, c) => (isKept(c) ? room.push(limits.room[c]!) - 1 : -1))
  )
  const start: number[] = [0]
  const limit: number[] = []
  const use: number[] = []
  const candidates = (parts[0]?.limits.start.length ?? 1) - 1
  for (let i = 0; i < candidates; i++) {
    for (const [n, { limits }] of parts.entries())
      for (let k = limits.start[i]!; k < limits.start[i + 1]!; k++) {
        const place = places[n]![limits.limit[k]!]!
        if (place < 0) continue
        limit.push(place)
        use.push(limits.use[k]!)
      }
    start.push(limit.length)
  }
  return {
    count: room.length,
    room: Float64Array.from(room),
    start: Int32Array.from(start),
    limit: Int32Array.from(limit),
    use: Float64Array.from(use)
  }
}
