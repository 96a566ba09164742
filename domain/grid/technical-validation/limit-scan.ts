/**
 * What the voltages of an operating point break, and how much of a limit they leave, without the outputs of a whole grid
 * state: a search looks at many states, and wants to know no more of most of them.
 *
 * The same values, limits and margins as violationsOf. Most elements are settled by comparing squares; those so near to a
 * limit that the square's rounding could matter are compared like there.
 */
import type { CompiledNetwork } from '../compile-network.ts'
import type { OperatingPoint } from '../power-flow.ts'
import { type Limits, LOADING_MARGIN_PERCENT, type Violation, VOLTAGE_MARGIN_PU } from '../violations.ts'

/** A limit that the search looks at. */
export interface Monitored {
  readonly kind: Violation['kind']
  /** Place in the network's list. */
  readonly index: number
}

/** In the order of violationsOf; overwritten by the next scan of the same point. */
export interface Breaches {
  readonly count: number
  /** Place in `KINDS`. */
  readonly kind: Uint8Array
  readonly index: Int32Array
  /** By how much, in pu or percent. */
  readonly beyond: Float64Array
}

export const KINDS = ['under-voltage', 'over-voltage', 'line-overload', 'transformer-overload'] as const

/** Loading in percent, at the end that is nearer to its rating. */
export interface Loading {
  readonly percent: number
  readonly isFrom: boolean
}

export interface LimitScan {
  breaches(limits: Limits): Breaches
  /** How far a value is from its limit; negative: beyond it. */
  roomOf(limit: Monitored, limits: Limits): number
  loadingOf(limit: Monitored): Loading
}

/** No voltage of a grid that can be run; above it the difference of the voltages bounds no current. */
const HIGH_PU = 2

/** Relative: rounding of a square is some 1e-16. */
const NEAR = 1e-12

export const limitScan = ({ compiled, re, im }: OperatingPoint): LimitScan => {
  const { rowOfBus, lines, transformers } = compiled
  const most = 2 * rowOfBus.length + lines.count + transformers.count
  const kind = new Uint8Array(most)
  const index = new Int32Array(most)
  const beyond = new Float64Array(most)
  const squaresOf = new WeakMap<Limits, Squares>()
  let count = 0

  const add = (kindOf: number, indexOf: number, by: number): void => {
    kind[count] = kindOf
    index[count] = indexOf
    beyond[count++] = by
  }
  const look = (kindOf: number, branches: Branches, n: number, percent: Float64Array): void => {
    const loading = loadingIn(branches, n, re, im).percent
    const limit = percent[n]!
    // NaN (no rating, no voltage) compares false.
    if (loading > limit + LOADING_MARGIN_PERCENT) add(kindOf, n, loading - limit)
  }
  const scanBranches = (
    kindOf: number,
    branches: Branches,
    { from2, to2, difference2 }: CurrentSquares,
    percent: Float64Array,
    isHigh: boolean
  ): void => {
    const { from, to, admittance } = branches
    for (let n = 0; n < branches.count; n++) {
      const f = from[n]!
      const t = to[n]!
      if (f < 0 || t < 0) {
        look(kindOf, branches, n, percent)
        continue
      }
      const fr = re[f]!
      const fi = im[f]!
      const tr = re[t]!
      const ti = im[t]!
      const dr = fr - tr
      const di = fi - ti
      if (!isHigh && dr * dr + di * di < difference2[n]!) continue
      const y = 8 * n
      const ifr = admittance[y]! * fr - admittance[y + 1]! * fi + admittance[y + 2]! * tr - admittance[y + 3]! * ti
      const ifi = admittance[y]! * fi + admittance[y + 1]! * fr + admittance[y + 2]! * ti + admittance[y + 3]! * tr
      const itr = admittance[y + 4]! * fr - admittance[y + 5]! * fi + admittance[y + 6]! * tr - admittance[y + 7]! * ti
      const iti = admittance[y + 4]! * fi + admittance[y + 5]! * fr + admittance[y + 6]! * ti + admittance[y + 7]! * tr
      if (ifr * ifr + ifi * ifi < from2[n]! && itr * itr + iti * iti < to2[n]!) continue
      look(kindOf, branches, n, percent)
    }
  }

  return {
    breaches(limits) {
      count = 0
      let squares = squaresOf.get(limits)
      if (squares === undefined) {
        squares = squaresIn(compiled, limits)
        squaresOf.set(limits, squares)
      }
      const { low2, high2 } = squares
      const { minPu, maxPu } = limits
      let highest2 = 0
      for (let bus = 0; bus < rowOfBus.length; bus++) {
        const row = rowOfBus[bus]!
        if (row < 0) continue
        const size2 = re[row]! * re[row]! + im[row]! * im[row]!
        if (size2 > highest2) highest2 = size2
        if (size2 > low2[bus]! && size2 < high2[bus]!) continue
        const size = Math.sqrt(size2)
        if (size < minPu[bus]! - VOLTAGE_MARGIN_PU) add(0, bus, minPu[bus]! - size)
        if (size > maxPu[bus]! + VOLTAGE_MARGIN_PU) add(1, bus, size - maxPu[bus]!)
      }
      const isHigh = !(highest2 < HIGH_PU * HIGH_PU)
      scanBranches(2, lines, squares.lines, limits.linePercent, isHigh)
      scanBranches(3, transformers, squares.transformers, limits.transformerPercent, isHigh)
      return { count, kind, index, beyond }
    },
    roomOf({ kind: kindOf, index: n }, limits) {
      const row = rowOfBus[n]!
      switch (kindOf) {
        case 'under-voltage':
          return Math.sqrt(re[row]! * re[row]! + im[row]! * im[row]!) - limits.minPu[n]!
        case 'over-voltage':
          return limits.maxPu[n]! - Math.sqrt(re[row]! * re[row]! + im[row]! * im[row]!)
        case 'line-overload':
          return limits.linePercent[n]! - loadingIn(lines, n, re, im).percent
        case 'transformer-overload':
          return limits.transformerPercent[n]! - loadingIn(transformers, n, re, im).percent
      }
    },
    loadingOf: ({ kind: kindOf, index: n }) => loadingIn(kindOf === 'line-overload' ? lines : transformers, n, re, im)
  }
}

type Branches = CompiledNetwork['lines']

const loadingIn = (
  { from, to, admittance, fromBase_A, toBase_A, fromRated_A, toRated_A }: Branches,
  n: number,
  re: Float64Array,
  im: Float64Array
): Loading => {
  const f = from[n]!
  const t = to[n]!
  const y = 8 * n
  const fr = f < 0 ? 0 : re[f]!
  const fi = f < 0 ? 0 : im[f]!
  const tr = t < 0 ? 0 : re[t]!
  const ti = t < 0 ? 0 : im[t]!
  const ifr = admittance[y]! * fr - admittance[y + 1]! * fi + admittance[y + 2]! * tr - admittance[y + 3]! * ti
  const ifi = admittance[y]! * fi + admittance[y + 1]! * fr + admittance[y + 2]! * ti + admittance[y + 3]! * tr
  const itr = admittance[y + 4]! * fr - admittance[y + 5]! * fi + admittance[y + 6]! * tr - admittance[y + 7]! * ti
  const iti = admittance[y + 4]! * fi + admittance[y + 5]! * fr + admittance[y + 6]! * ti + admittance[y + 7]! * tr
  const one = (Math.sqrt(ifr * ifr + ifi * ifi) * fromBase_A[n]!) / fromRated_A[n]!
  const other = (Math.sqrt(itr * itr + iti * iti) * toBase_A[n]!) / toRated_A[n]!
  const isUnknown = (f < 0 && t < 0) || fromRated_A[n] === Number.POSITIVE_INFINITY
  return { percent: isUnknown ? Number.NaN : 100 * (one > other ? one : other), isFrom: one >= other }
}

/** What squares have to be within for a limit to be kept beyond doubt. */
interface Squares {
  readonly low2: Float64Array
  readonly high2: Float64Array
  readonly lines: CurrentSquares
  readonly transformers: CurrentSquares
}

interface CurrentSquares {
  readonly from2: Float64Array
  readonly to2: Float64Array
  /**
   * Of the difference of both voltages. With d = v_f − v_t the current at the from end is (y_ff + y_ft)·v_f − y_ft·d, which is
   * at most |y_ff + y_ft|·2 pu + |y_ft|·|d|; so at the other end.
   */
  readonly difference2: Float64Array
}

const squaresIn = ({ lines, transformers }: CompiledNetwork, limits: Limits): Squares => {
  // Nothing is below a negative limit, and everything above it.
  const square = (value: number): number => (value < 0 ? -1 : value * value)
  const currents = (branches: Branches, percent: Float64Array): CurrentSquares => {
    const { fromBase_A, toBase_A, fromRated_A, toRated_A, admittance } = branches
    const most = (n: number, base: Float64Array, rated: Float64Array): number =>
      (((percent[n]! + LOADING_MARGIN_PERCENT) / 100) * rated[n]!) / base[n]!
    const difference = (current: number, own: number, across: number): number => {
      const size = Math.hypot(admittance[across]!, admittance[across + 1]!)
      const rest = Math.hypot(admittance[own]! + admittance[across]!, admittance[own + 1]! + admittance[across + 1]!)
      return size === 0 ? -1 : (current - rest * HIGH_PU) / size
    }
    const squares = {
      from2: new Float64Array(branches.count),
      to2: new Float64Array(branches.count),
      difference2: new Float64Array(branches.count)
    }
    for (let n = 0; n < branches.count; n++) {
      const from = most(n, fromBase_A, fromRated_A)
      const to = most(n, toBase_A, toRated_A)
      squares.from2[n] = square(from) * (1 - NEAR)
      squares.to2[n] = square(to) * (1 - NEAR)
      const y = 8 * n
      squares.difference2[n] = square(Math.min(difference(from, y, y + 2), difference(to, y + 6, y + 4))) * (1 - NEAR)
    }
    return squares
  }
  return {
    low2: limits.minPu.map(limit => square(limit - VOLTAGE_MARGIN_PU) * (1 + NEAR)),
    high2: limits.maxPu.map(limit => square(limit + VOLTAGE_MARGIN_PU) * (1 - NEAR)),
    lines: currents(lines, limits.linePercent),
    transformers: currents(transformers, limits.transformerPercent)
  }
}
