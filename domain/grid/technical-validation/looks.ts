/**
 * Levels within the limits, as good as the linear picture can make them: limits to first order around a state, dealt by rank
 * (largestLinearSet), looked at again around the state that this gives, until it stands still.
 */
import { largestLinearSet } from './largest-linear-set.ts'
import { levelWithin } from './levels.ts'
import type { LinearLimits } from './linear-limits.ts'
import { isSame } from './slot-grid.ts'
import { type Around, isWithin, type Search, withEarlier } from './watched-limits.ts'

/** Looks at the slot before the best that was seen is taken; ordinary ones need two or three. */
const LOOKS_MAX = 16
/** Looks that stand for themselves; where they go round in circles, what earlier ones saw of currents is kept. */
const LOOKS_ALONE = 3
/** Looks with sensitivities of their own; those after them are so near that the values alone have to be looked at. */
const FRESH_LOOKS = 2
/** Where that has not come to an end, each look has its own again. */
const FRESH_AGAIN = 6
/** Halvings on the way from levels without a solution to levels with one. */
const HALVINGS_MAX = 40

export interface Looked {
  readonly levels: Float64Array
  /** Where the looks came to an end by themselves. */
  readonly settled?: Around
}

export const look = (search: Search, wanted: Float64Array): Looked => {
  const { grid, candidates, rules, watched } = search
  let best: Float64Array | undefined
  let levels = wanted
  const earlier: LinearLimits[] = []
  for (let look = 0; look < LOOKS_MAX; look++) {
    if (!grid.solve(levels)) {
      levels = solvable(search, levels)
      continue
    }
    const isWithinHere = watched.look()
    if (isWithinHere && isPermitted(search, levels) && (best === undefined || isAhead(levels, best))) best = levels
    if (isWithinHere && look === 0) return { levels }
    const last = earlier.at(-1)
    const isNear = look >= FRESH_LOOKS && look < FRESH_AGAIN && last?.count === watched.count
    const here = isNear ? watched.movedTo(last, levels) : watched.tightened(levels)
    const picture = look < LOOKS_ALONE ? here : withEarlier(here, earlier, watched)
    const next = largestLinearSet(candidates, picture, rules.step)
    earlier.push(here)
    if (isSame(next, levels)) {
      if (isWithinHere) {
        const fresh = isNear ? watched.picture(levels) : here
        return { levels, settled: watched.around(fresh, levels) }
      }
      watched.tighten()
    }
    levels = next
  }
  return { levels: best ?? cutFromTheWorst(search, levels) }
}

const isPermitted = ({ candidates: { most, isDiscrete, minimum }, rules }: Search, levels: Float64Array): boolean => {
  for (let i = 0; i < levels.length; i++)
    if (levelWithin(most[i]!, isDiscrete[i] === 1, minimum[i]!, levels[i]!, rules.step) !== levels[i]) return false
  return true
}

/** On the straight way to what is known to have a solution, the first half-way house that has one. */
const solvable = ({ grid, known }: Search, levels: Float64Array): Float64Array => {
  let share = 1
  for (let halving = 0; halving < HALVINGS_MAX; halving++) {
    share /= 2
    const between = levels.map((level, i) => known[i]! + share * (level - known[i]!))
    if (grid.solve(between)) return between
  }
  return known
}

/** The fewest of the worst ranks put back to what is known to be within the limits. */
const cutFromTheWorst = (search: Search, levels: Float64Array): Float64Array => {
  const cut = (from: number): Float64Array => levels.map((level, i) => (i < from ? level : search.known[i]!))
  let good = 0
  let bad = levels.length + 1
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    const trial = cut(middle)
    if (isPermitted(search, trial) && isWithin(search, trial)) good = middle
    else bad = middle
  }
  return cut(good)
}

/** Ahead by rank: the first difference is in favour of it. */
const isAhead = (a: Float64Array, b: Float64Array): boolean => {
  const first = a.findIndex((value, i) => value !== b[i])
  return first >= 0 && a[first]! > b[first]!
}
