/**
 * Raises levels within the limits, best rank first, until no level can be raised to the next permitted one, all others kept,
 * without breaking a limit: by power flows, except where the linear picture is beyond a limit by more than its own error.
 */

import { largestLinearSet } from './largest-linear-set.ts'
import { candidateAt, levelAbove, levelAtMost, levelWithin } from './levels.ts'
import { isSame } from './slot-grid.ts'
import { type Around, errorOf, isWithin, type Search } from './watched-limits.ts'

/** The picture around the levels that it was asked for last. */
export interface Settled {
  around(levels: Float64Array): Around
  /** The same with every effect, however small. */
  whole(levels: Float64Array): Around
}

export const settledAt = ({ grid, watched }: Search, first: Around | undefined): Settled => {
  let settled = first
  const solve = (levels: Float64Array): void => {
    if (!grid.solve(levels)) throw new Error('largestSet: a state that was within its limits has no solution')
  }
  return {
    whole(levels) {
      solve(levels)
      return watched.around(watched.wholePicture(levels), levels)
    },
    around(levels) {
      if (settled?.count === watched.count && isSame(settled.levels, levels)) return settled
      solve(levels)
      settled = watched.around(watched.picture(levels), levels)
      return settled
    }
  }
}

/** Raises whatever can be raised alone, until nothing can. In place. */
export const raise = (search: Search, settled: Settled, levels: Float64Array): void => {
  const { candidates, rules, watched } = search
  const { most } = candidates
  let around = settled.around(levels)
  for (let again = true; again; ) {
    again = false
    let isWhole = false
    if (raisedTogether(search, levels, around)) around = settled.around(levels)
    const earlier = levels.slice()
    for (let i = 0; i < most.length; i++) {
      if (levels[i]! >= most[i]!) continue
      const next = levelAbove(candidateAt(candidates, i), levels[i]!, rules.step)
      if (next === undefined || isSurelyBlocked(search, i, next - levels[i]!, around)) continue
      const limitsBefore = watched.count
      const before = levels[i]!
      levels[i] = next
      if (isWithinNoting(search, levels)) {
        levels[i] = highest(search, i, next, levels)
        again = true
      } else levels[i] = before
      if (levels[i] !== before || watched.count > limitsBefore) {
        around = settled.around(levels)
        isWhole = false
      } else if (!isWhole) {
        // Held back by something that it hardly touches, as others will be: from here on every effect is looked at.
        around = settled.whole(levels)
        isWhole = true
      }
    }
    if (again && isFurther(search, levels, earlier)) around = settled.around(levels)
  }
}

/**
 * Where candidates let each other up a step at a time (one's cure is the other's limit): the same way again, twice as far
 * each time, while it stays within the limits. In place; true: it went further.
 */
export const isFurther = (search: Search, levels: Float64Array, earlier: Float64Array): boolean => {
  const { most, isDiscrete, minimum } = search.candidates
  const { step } = search.rules
  const way = levels.map((level, i) => level - earlier[i]!)
  if (way.filter(change => change !== 0).length < 2) return false
  let hasMoved = false
  for (let times = 1; ; times *= 2) {
    const trial = levels.map((level, i) =>
      levelWithin(most[i]!, isDiscrete[i] === 1, minimum[i]!, level + times * way[i]!, step)
    )
    if (isSame(trial, levels) || !isWithin(search, trial)) return hasMoved
    levels.set(trial)
    hasMoved = true
  }
}

/** What the linear picture still has room for, all at once. In place; true: something was raised. */
const raisedTogether = (search: Search, levels: Float64Array, around: Around): boolean => {
  const { most, isDiscrete, minimum } = search.candidates
  const { step } = search.rules
  const rest = { most: new Float64Array(most.length), isDiscrete, minimum: new Float64Array(most.length) }
  for (let i = 0; i < most.length; i++) rest.most[i] = most[i]! - levels[i]!
  const more = largestLinearSet(rest, { ...around, room: around.left }, step)
  const trial = levels.slice()
  for (let i = 0; i < trial.length; i++)
    if (more[i]! > 0) trial[i] = levelWithin(most[i]!, isDiscrete[i] === 1, minimum[i]!, levels[i]! + more[i]!, step)
  if (isSame(trial, levels) || !isWithin(search, trial)) return false
  levels.set(trial)
  return true
}

const isWithinNoting = ({ grid, watched }: Search, levels: Float64Array): boolean =>
  grid.solve(levels) && watched.look()

/** The highest level of one candidate within the limits, the others kept; `low` is one. */
const highest = (search: Search, i: number, low: number, levels: Float64Array): number => {
  const { candidates, rules } = search
  const candidate = candidateAt(candidates, i)
  if (candidate.isDiscrete) return low
  const trial = levels.slice()
  let good = low
  let bad = candidate.most + rules.step
  while (good < candidate.most) {
    // The whole first, as most that can be raised at all have room enough.
    const middle = bad > candidate.most ? candidate.most : levelAtMost(candidate, (good + bad) / 2, rules.step)
    if (middle <= good) return good
    trial[i] = middle
    if (isWithin(search, trial)) good = middle
    else bad = middle
  }
  return good
}

/** True only where the linear picture is beyond the limit by more than its own error. */
const isSurelyBlocked = ({ watched }: Search, i: number, by: number, { start, limit, use, left }: Around): boolean => {
  for (let k = start[i]!; k < start[i + 1]!; k++) {
    const more = use[k]! * by
    const c = limit[k]!
    if (more > 0 && more - left[c]! > errorOf(watched.kindOf(c), more)) return true
  }
  return false
}
