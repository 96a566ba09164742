/**
 * A covering programme some of whose columns are nothing or all: branch and bound over its linear relaxations, each of
 * which is proven. Needs that few columns reach leave few of them fractional, so trees stay small.
 *
 * Promises the optimum within the node limit. Beyond it, the best point found and `isProven: false`.
 */
import { type Covering, type CoveringProgramme, cover } from './covering-programme.ts'
import type { Solver } from './solver.ts'

export type SwitchedCovering =
  | (Extract<Covering, { status: 'optimal' }> & { readonly isProven: boolean })
  | { readonly status: 'infeasible' }

/** Relaxations; each takes some 10 µs to ms, so seconds at most. */
const NODE_LIMIT = 4_000
/** Share of the band within which a column counts as nothing or all. */
const WHOLE = 1e-7
/** Relative improvement below which a branch is not worth following. */
const IMPROVEMENT = 1e-10

interface Node {
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly basis: Int32Array | undefined
}

export const coverWithSwitches = (
  solver: Solver,
  programme: CoveringProgramme,
  isSwitch: Uint8Array,
  start?: Int32Array
): SwitchedCovering => {
  let best: Extract<Covering, { status: 'optimal' }> | undefined
  const open: Node[] = [{ lower: programme.lower, upper: programme.upper, basis: start }]
  let nodes = 0
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (++nodes > NODE_LIMIT) return best === undefined ? { status: 'infeasible' } : { ...best, isProven: false }
    const { lower, upper, basis } = node
    const relaxed = cover(solver, { ...programme, lower, upper }, basis)
    if (relaxed.status === 'infeasible') continue
    if (best !== undefined && relaxed.cost >= best.cost - IMPROVEMENT * Math.max(1, best.cost)) continue
    const split = mostFractional(relaxed.values, lower, upper, isSwitch)
    if (split < 0) {
      best = relaxed
      continue
    }
    const all = programme.upper[split]!
    const off = { lower, upper: upper.with(split, lower[split]!), basis: relaxed.basis }
    const on = { lower: lower.with(split, all), upper, basis: relaxed.basis }
    // Switched on first: that is what covers, and a point found early cuts off what is dearer.
    open.push(off, on)
  }
  return best === undefined ? { status: 'infeasible' } : { ...best, isProven: true }
}

const mostFractional = (
  values: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  isSwitch: Uint8Array
): number => {
  let found = -1
  let most = WHOLE
  for (let k = 0; k < values.length; k++) {
    if (isSwitch[k] === 0 || lower[k] === upper[k]) continue
    const share = (values[k]! - lower[k]!) / (upper[k]! - lower[k]!)
    const distance = Math.min(share, 1 - share)
    if (distance > most) {
      most = distance
      found = k
    }
  }
  return found
}
