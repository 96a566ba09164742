/** Better levels by rank, if some candidate could be raised at the cost of worse ones: the last check of a search. */
import { largestLinearSet } from './largest-linear-set.ts'
import { type Candidates, candidateAt, levelAbove } from './levels.ts'
import { KINDS } from './limit-scan.ts'
import type { Settled } from './raising.ts'
import { isSame } from './slot-grid.ts'
import { type Around, errorOf, isWithin, type Search } from './watched-limits.ts'

/** Exchanges of worse ranks for better ones that are tried where the last check finds room for one. */
export const EXCHANGES_MAX = 100
/** With so few candidates an exchange is tried even where the linear picture has no room for it. */
const ALL_TRIED_MAX = 16
/** Worst ranks that are tried to be given up one by one. */
const SINGLE_MAX = 8

export const exchanged = (search: Search, settled: Settled, levels: Float64Array): Float64Array | undefined => {
  const { candidates, rules, watched } = search
  const { most } = candidates
  const n = most.length
  if (isSame(levels, most)) return undefined
  const around = settled.around(levels)
  const { count, start, limit, use, room } = around
  /** What the candidates before the one in question leave, and what those after it could cure. */
  const rest = room.slice()
  const cures = new Float64Array(count)
  for (let i = 0; i < n; i++)
    for (let k = start[i]!; k < start[i + 1]!; k++) if (use[k]! < 0) cures[limit[k]!]! -= use[k]! * most[i]!
  let tried = 0
  for (let i = 0; i < n; i++) {
    const from = start[i]!
    const end = start[i + 1]!
    for (let k = from; k < end; k++) if (use[k]! < 0) cures[limit[k]!]! += use[k]! * most[i]!
    const next = levels[i]! < most[i]! ? levelAbove(candidateAt(candidates, i), levels[i]!, rules.step) : undefined
    if (next !== undefined) {
      let couldFit = true
      for (let k = from; couldFit && k < end; k++) {
        const c = limit[k]!
        const left = rest[c]! - use[k]! * next
        if (left + cures[c]! < -errorOf(watched.kindOf(c), use[k]! * (next - levels[i]!))) couldFit = false
      }
      if (couldFit || n <= ALL_TRIED_MAX) {
        if (++tried > EXCHANGES_MAX) return undefined
        const left = rest.slice()
        for (let k = from; k < end; k++) left[limit[k]!]! -= use[k]! * next
        const found = withNext(search, i, next, levels, { ...around, room: left })
        if (found !== undefined) return found
      }
    }
    for (let k = from; k < end; k++) rest[limit[k]!]! -= use[k]! * levels[i]!
  }
  return undefined
}

/** Levels within the limits with the next level of one candidate, better ones kept, worse ones dealt anew or given up. */
const withNext = (
  search: Search,
  i: number,
  next: number,
  levels: Float64Array,
  around: Around
): Float64Array | undefined => {
  const { grid, candidates, limits, rules, watched } = search
  const n = candidates.most.length
  const { count, room, limit, use } = around
  const start = around.start.subarray(i + 1)
  const worse: Candidates = {
    most: candidates.most.subarray(i + 1),
    isDiscrete: candidates.isDiscrete.subarray(i + 1),
    minimum: candidates.minimum.subarray(i + 1)
  }
  const uses = (k: number, isAsked: (limit: number) => boolean): boolean => {
    for (let at = start[k]!; at < start[k + 1]!; at++) if (use[at]! > 0 && isAsked(limit[at]!)) return true
    return false
  }
  const withWorse = (of: Float64Array): Float64Array => {
    const trial = levels.slice()
    trial[i] = next
    trial.set(of, i + 1)
    return trial
  }
  const dealt = (): Float64Array => withWorse(largestLinearSet(worse, { count, room, start, limit, use }, rules.step))
  if (n > ALL_TRIED_MAX) {
    const trial = dealt()
    return isWithin(search, trial) ? trial : undefined
  }
  // Given up first: what the worse ranks can have beside it, they are raised to again.
  const users = Array.from(worse.most, (_, k) => uses(k, () => true))
  const alone = withWorse(levels.slice(i + 1).map((level, k) => (users[k] ? 0 : level)))
  if (isWithin(search, alone)) return alone
  const by = next - levels[i]!
  const broken = new Set<number>()
  for (let k = around.start[i]!; k < around.start[i + 1]!; k++)
    if (around.left[limit[k]!]! < 2 * by * use[k]!) broken.add(limit[k]!)
  for (let kept = levels.slice(i + 1); ; ) {
    const fewer = kept.map((level, k) => (uses(k, c => broken.has(c)) ? 0 : level))
    const givenUp = withWorse(fewer)
    const breaches = grid.solve(givenUp) ? grid.breaches(limits) : undefined
    if (breaches?.count === 0) return givenUp
    // Without one rank's cure another limit may break, so its users go as well.
    const before = broken.size
    for (let n = 0; n < (breaches?.count ?? 0); n++) {
      const c = watched.placeOf(KINDS[breaches!.kind[n]!]!, breaches!.index[n]!)
      if (c !== undefined && c < count) broken.add(c)
    }
    if (broken.size === before) break
    kept = fewer
  }
  const trial = dealt()
  if (isWithin(search, trial)) return trial
  for (let k = users.length - 1; k >= Math.max(0, users.length - SINGLE_MAX); k--) {
    if (levels[i + 1 + k] === 0 || !users[k]) continue
    const without = withWorse(levels.slice(i + 1))
    without[i + 1 + k] = 0
    if (isWithin(search, without)) return without
  }
  return undefined
}
