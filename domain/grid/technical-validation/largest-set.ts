/**
 * The largest acceptable set of services by rank in one slot (DTP-ATV-02): limits to first order around a state, dealt by rank
 * (largestLinearSet), looked at again around the state that this gives, until it stands still; then proven step by step.
 *
 * Promises, each checked by power flows and not by the linear picture: the levels break no limit; no level can be raised to the
 * next permitted one, all others kept, without breaking one. That a worse rank was cut before a better one is the linear
 * dealing's, checked once more at the end. Assumes that `known` breaks no limit.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { GridState } from '../power-flow.ts'
import type { Limits } from '../violations.ts'
import type { CuttingRules } from './cutting-rules.ts'
import { largestLinearSet } from './largest-linear-set.ts'
import { levelAbove, levelAtMost } from './levels.ts'
import { joinedLimits, type LinearLimits, limitsIn } from './linear-limits.ts'
import { type Monitored, roomOf, type SlotGrid } from './slot-grid.ts'
import { worstViolations } from './worst-violations.ts'

/** Looks at the slot before the best that was seen is taken; ordinary ones need two or three. */
const LOOKS_MAX = 16
/** Looks that stand for themselves; where they go round in circles, what earlier ones saw of currents is kept. */
const LOOKS_ALONE = 3
/** Looks with sensitivities of their own; those after them are so near that the values alone have to be looked at. */
const FRESH_LOOKS = 2
/** Where that has not come to an end, each look has its own again. */
const FRESH_AGAIN = 6
/** Exchanges of worse ranks for better ones that are tried where the last check finds room for one. */
const EXCHANGES_MAX = 100
/** With so few candidates an exchange is tried even where the linear picture has no room for it. */
const ALL_TRIED_MAX = 16
/** Worst ranks that are tried to be given up one by one. */
const SINGLE_MAX = 8
/** Halvings on the way from levels without a solution to levels with one. */
const HALVINGS_MAX = 40

export const largestSet = (
  compiled: CompiledNetwork,
  grid: SlotGrid,
  limits: Limits,
  known: Float64Array,
  wanted: Float64Array,
  rules: CuttingRules
): Float64Array => new Search(compiled, grid, limits, known, rules).run(wanted)

class Search {
  private readonly compiled: CompiledNetwork
  private readonly grid: SlotGrid
  private readonly limits: Limits
  private readonly known: Float64Array
  private readonly step: number
  private readonly effectLeast: number
  private readonly monitored: Monitored[] = []
  /** The last picture around levels within the limits. */
  private settled: Around | undefined
  private readonly keys = new Set<string>()
  /** By place in `monitored`: what the linear picture missed of it where it stood still. */
  private readonly kept: number[] = []

  constructor(
    compiled: CompiledNetwork,
    grid: SlotGrid,
    limits: Limits,
    known: Float64Array,
    { step, effectLeast }: CuttingRules
  ) {
    this.compiled = compiled
    this.grid = grid
    this.limits = limits
    this.known = known
    this.step = step
    this.effectLeast = effectLeast
  }

  run(wanted: Float64Array): Float64Array {
    let levels = this.looked(wanted)
    let earlier: Float64Array | undefined
    for (let exchanges = 0; ; exchanges++) {
      this.raise(levels)
      if (earlier !== undefined && this.isFurther(levels, earlier)) this.raise(levels)
      const exchanged = exchanges < EXCHANGES_MAX ? this.exchanged(levels) : undefined
      if (exchanged === undefined) return levels
      earlier = levels
      levels = exchanged
    }
  }

  /** Levels within the limits, as good as the linear picture can make them. */
  private looked(wanted: Float64Array): Float64Array {
    let best: Float64Array | undefined
    let levels = wanted
    const earlier: LinearLimits[] = []
    for (let look = 0; look < LOOKS_MAX; look++) {
      const state = this.grid.flow(levels)
      if (state.status === 'diverged') {
        levels = this.solvable(levels)
        continue
      }
      const isWithin = this.look(state)
      if (isWithin && this.isPermitted(levels) && (best === undefined || isAhead(levels, best))) best = levels
      if (isWithin && look === 0) return levels
      const last = earlier.at(-1)
      const isNear = look >= FRESH_LOOKS && look < FRESH_AGAIN && last?.count === this.monitored.length
      const here = isNear ? this.movedTo(last, state, levels) : this.linear(state, levels)
      const picture = look < LOOKS_ALONE ? here : this.withEarlier(here, earlier)
      const next = largestLinearSet(this.grid.candidates, picture, this.step)
      earlier.push(here)
      if (isSame(next, levels)) {
        if (isWithin) {
          const fresh = isNear ? this.pictured(state, levels) : here
          this.settled = { ...fresh, levels: levels.slice(), left: this.leftIn(state) }
          return levels
        }
        this.tighten(state)
      }
      levels = next
    }
    return best ?? this.cutFromTheWorst(levels)
  }

  /** Notes what is broken; true: nothing. */
  private look(state: GridState): boolean {
    const violations = this.grid.violations(this.limits, state)
    for (const { kind, index } of worstViolations(this.compiled, violations)) {
      const key = `${kind} ${index}`
      if (this.keys.has(key)) continue
      this.keys.add(key)
      this.monitored.push({ kind, index })
      this.kept.push(0)
    }
    return violations.length === 0
  }

  private linear(state: GridState, levels: Float64Array): LinearLimits {
    const linear = this.pictured(state, levels)
    this.kept.forEach((kept, c) => {
      linear.room[c]! -= kept
    })
    return linear
  }

  private pictured(state: GridState, levels: Float64Array): LinearLimits {
    const picture = this.grid.picture(this.limits, this.monitored, state, levels)
    return limitsIn(picture, this.grid.candidates, levels, this.effectLeast)
  }

  /** The sensitivities of a look before, with the values of this state. */
  private movedTo(last: LinearLimits, state: GridState, levels: Float64Array): LinearLimits {
    const room = Float64Array.from(this.monitored, (one, c) => roomOf(one, this.limits, state) - this.kept[c]!)
    for (let i = 0; i < levels.length; i++)
      for (let k = last.start[i]!; k < last.start[i + 1]!; k++) room[last.limit[k]!]! += last.use[k]! * levels[i]!
    return { ...last, room }
  }

  /** A current's limit is convex in the powers, so a tangent to it never cuts off what is within. */
  private withEarlier(here: LinearLimits, earlier: readonly LinearLimits[]): LinearLimits {
    const isOverload = (c: number): boolean => this.monitored[c]!.kind.endsWith('overload')
    return joinedLimits([
      { limits: here, isKept: () => true },
      ...earlier.map(limits => ({ limits, isKept: isOverload }))
    ])
  }

  /** Where the picture stands still beyond a limit, it has to aim that much lower. */
  private tighten(state: GridState): void {
    for (const { kind, index, ...violation } of this.grid.violations(this.limits, state)) {
      const c = this.monitored.findIndex(one => one.kind === kind && one.index === index)
      const beyond =
        'value_pu' in violation
          ? Math.abs(violation.value_pu - violation.limit_pu)
          : violation.loadingPercent - violation.limitPercent
      if (c >= 0) this.kept[c]! += 2 * beyond
    }
  }

  private isPermitted(levels: Float64Array): boolean {
    return this.grid.candidates.every((candidate, i) => levelAtMost(candidate, levels[i]!, this.step) === levels[i])
  }

  /** On the straight way to what is known to have a solution, the first half-way house that has one. */
  private solvable(levels: Float64Array): Float64Array {
    let share = 1
    for (let halving = 0; halving < HALVINGS_MAX; halving++) {
      share /= 2
      const between = levels.map((level, i) => this.known[i]! + share * (level - this.known[i]!))
      if (this.grid.flow(between).status === 'converged') return between
    }
    return this.known
  }

  /** The fewest of the worst ranks put back to what is known to be within the limits. */
  private cutFromTheWorst(levels: Float64Array): Float64Array {
    const n = levels.length
    const cut = (from: number): Float64Array => levels.map((level, i) => (i < from ? level : this.known[i]!))
    let good = 0
    let bad = n + 1
    while (bad - good > 1) {
      const middle = Math.floor((good + bad) / 2)
      const trial = cut(middle)
      if (this.isPermitted(trial) && this.isWithin(trial)) good = middle
      else bad = middle
    }
    return cut(good)
  }

  private isWithin(levels: Float64Array): boolean {
    const state = this.grid.flow(levels)
    return state.status === 'converged' && this.grid.violations(this.limits, state).length === 0
  }

  /** Raises, best rank first, whatever can be raised alone, until nothing can. In place. */
  private raise(levels: Float64Array): void {
    const { candidates } = this.grid
    let around = this.around(levels)
    for (let again = true; again; ) {
      again = false
      if (this.raisedTogether(levels, around)) around = this.around(levels)
      const earlier = levels.slice()
      for (let i = 0; i < candidates.length; i++) {
        const next = levelAbove(candidates[i]!, levels[i]!, this.step)
        if (next === undefined || this.isSurelyBlocked(i, next - levels[i]!, around)) continue
        const limitsBefore = this.monitored.length
        const before = levels[i]!
        levels[i] = next
        if (this.isWithinNoting(levels)) {
          levels[i] = this.highest(i, next, levels)
          again = true
        } else levels[i] = before
        if (levels[i] !== before || this.monitored.length > limitsBefore) around = this.around(levels)
      }
      if (again && this.isFurther(levels, earlier)) around = this.around(levels)
    }
  }

  /** What the linear picture still has room for, all at once. In place; true: something was raised. */
  private raisedTogether(levels: Float64Array, around: Around): boolean {
    const { candidates } = this.grid
    const rest = candidates.map(({ most, isDiscrete }, i) => ({ most: most - levels[i]!, isDiscrete, minimum: 0 }))
    const more = largestLinearSet(rest, { ...around, room: Float64Array.from(around.left) }, this.step)
    const trial = levels.map((level, i) => levelAtMost(candidates[i]!, level + more[i]!, this.step))
    if (isSame(trial, levels) || !this.isWithin(trial)) return false
    levels.set(trial)
    return true
  }

  /**
   * Where candidates let each other up a step at a time (one's cure is the other's limit): the same way again, twice as far
   * each time, while it stays within the limits. In place; true: it went further.
   */
  private isFurther(levels: Float64Array, earlier: Float64Array): boolean {
    const way = levels.map((level, i) => level - earlier[i]!)
    if (way.filter(change => change !== 0).length < 2) return false
    let hasMoved = false
    for (let times = 1; ; times *= 2) {
      const trial = levels.map((level, i) => levelAtMost(this.grid.candidates[i]!, level + times * way[i]!, this.step))
      if (isSame(trial, levels) || !this.isWithin(trial)) return hasMoved
      levels.set(trial)
      hasMoved = true
    }
  }

  private isWithinNoting(levels: Float64Array): boolean {
    const state = this.grid.flow(levels)
    return state.status === 'converged' && this.look(state)
  }

  private around(levels: Float64Array): Around {
    if (this.settled?.count === this.monitored.length && isSame(this.settled.levels, levels)) return this.settled
    const state = this.grid.flow(levels)
    if (state.status === 'diverged') throw new Error('largestSet: a state that was within its limits has no solution')
    this.settled = { ...this.pictured(state, levels), levels: levels.slice(), left: this.leftIn(state) }
    return this.settled
  }

  private leftIn(state: GridState): readonly number[] {
    return this.monitored.map(one => Math.max(0, roomOf(one, this.limits, state)))
  }

  /** The highest level of one candidate within the limits, the others kept; `low` is one. */
  private highest(i: number, low: number, levels: Float64Array): number {
    const candidate = this.grid.candidates[i]!
    if (candidate.isDiscrete) return low
    const trial = levels.slice()
    let good = low
    let bad = candidate.most + this.step
    while (good < candidate.most) {
      // The whole first, as most that can be raised at all have room enough.
      const middle = bad > candidate.most ? candidate.most : levelAtMost(candidate, (good + bad) / 2, this.step)
      if (middle <= good) return good
      trial[i] = middle
      if (this.isWithin(trial)) good = middle
      else bad = middle
    }
    return good
  }

  /** True only where the linear picture is beyond the limit by more than its own error. */
  private isSurelyBlocked(i: number, by: number, { start, limit, use, left }: Around): boolean {
    for (let k = start[i]!; k < start[i + 1]!; k++) {
      const more = use[k]! * by
      const c = limit[k]!
      if (more > 0 && more - left[c]! > errorOf(this.monitored[c]!, more)) return true
    }
    return false
  }

  /** Better levels by rank, if some candidate could be raised at the cost of worse ones. */
  private exchanged(levels: Float64Array): Float64Array | undefined {
    const { candidates } = this.grid
    const n = levels.length
    const curtailed = candidates.flatMap((candidate, i) => {
      const next = levelAbove(candidate, levels[i]!, this.step)
      return next === undefined ? [] : [{ i, next }]
    })
    if (curtailed.length === 0) return undefined
    const around = this.around(levels)
    const { count, start, limit, use, room } = around
    /** What the candidates before the one in question leave, and what those after it could cure. */
    const rest = room.slice()
    const cures = new Float64Array(count)
    const countCures = (i: number, sign: 1 | -1): void => {
      for (let k = start[i]!; k < start[i + 1]!; k++)
        if (use[k]! < 0) cures[limit[k]!]! -= sign * use[k]! * candidates[i]!.most
    }
    for (let i = 0; i < n; i++) countCures(i, 1)
    let tried = 0
    let dealt = 0
    for (const { i, next } of curtailed) {
      for (; dealt <= i; dealt++) {
        countCures(dealt, -1)
        if (dealt < i)
          for (let k = start[dealt]!; k < start[dealt + 1]!; k++) rest[limit[k]!]! -= use[k]! * levels[dealt]!
      }
      let couldFit = true
      const left = rest.slice()
      for (let k = start[i]!; k < start[i + 1]!; k++) {
        const c = limit[k]!
        left[c]! -= use[k]! * next
        if (left[c]! + cures[c]! < -errorOf(this.monitored[c]!, use[k]! * (next - levels[i]!))) couldFit = false
      }
      for (let k = start[i]!; k < start[i + 1]!; k++) rest[limit[k]!]! -= use[k]! * levels[i]!
      if (!couldFit && n > ALL_TRIED_MAX) continue
      if (++tried > EXCHANGES_MAX) return undefined
      const found = this.withNext(i, next, levels, { ...around, room: left })
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Levels within the limits with the next level of one candidate, better ones kept, worse ones dealt anew or given up. */
  private withNext(i: number, next: number, levels: Float64Array, around: Around): Float64Array | undefined {
    const n = levels.length
    const worse = this.grid.candidates.slice(i + 1)
    const { count, room, limit, use, left } = around
    const start = around.start.subarray(i + 1)
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
    const dealt = (): Float64Array => withWorse(largestLinearSet(worse, { count, room, start, limit, use }, this.step))
    if (n > ALL_TRIED_MAX) {
      const trial = dealt()
      return this.isWithin(trial) ? trial : undefined
    }
    // Given up first: what the worse ranks can have beside it, they are raised to again.
    const users = worse.map((_, k) => uses(k, () => true))
    const alone = withWorse(levels.slice(i + 1).map((level, k) => (users[k] ? 0 : level)))
    if (this.isWithin(alone)) return alone
    const by = next - levels[i]!
    const broken = new Set<number>()
    for (let k = around.start[i]!; k < around.start[i + 1]!; k++)
      if (left[limit[k]!]! < 2 * by * use[k]!) broken.add(limit[k]!)
    for (let kept = levels.slice(i + 1); ; ) {
      const fewer = kept.map((level, k) => (uses(k, c => broken.has(c)) ? 0 : level))
      const givenUp = withWorse(fewer)
      const state = this.grid.flow(givenUp)
      const violations = state.status === 'diverged' ? [] : this.grid.violations(this.limits, state)
      if (state.status === 'converged' && violations.length === 0) return givenUp
      // Without one rank's cure another limit may break, so its users go as well.
      const before = broken.size
      for (const { kind, index } of violations) {
        const c = this.monitored.findIndex(one => one.kind === kind && one.index === index)
        if (c >= 0 && c < count) broken.add(c)
      }
      if (broken.size === before) break
      kept = fewer
    }
    const trial = dealt()
    if (this.isWithin(trial)) return trial
    for (let k = worse.length - 1; k >= Math.max(0, worse.length - SINGLE_MAX); k--) {
      if (levels[i + 1 + k] === 0 || !users[k]) continue
      const without = withWorse(levels.slice(i + 1))
      without[i + 1 + k] = 0
      if (this.isWithin(without)) return without
    }
    return undefined
  }
}

/** The linear picture around levels within the limits, and what is left of each limit there. */
interface Around extends LinearLimits {
  readonly levels: Float64Array
  readonly left: readonly number[]
}

const isSame = (a: Float64Array, b: Float64Array): boolean => a.every((value, i) => value === b[i])

/** Ahead by rank: the first difference is in favour of it. */
const isAhead = (a: Float64Array, b: Float64Array): boolean => {
  const first = a.findIndex((value, i) => value !== b[i])
  return first >= 0 && a[first]! > b[first]!
}

/** A change of a voltage by d pu is linear to about d², a loading is convex and only bends further up with the voltage. */
const errorOf = ({ kind }: Monitored, change: number): number => {
  const size = Math.abs(change)
  const inPu = kind === 'under-voltage' || kind === 'over-voltage' ? size : size / 100
  return size * Math.min(0.5, 0.001 + 4 * inPu) + (inPu === size ? 2e-9 : 2e-6)
}
