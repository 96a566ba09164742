/**
 * One linear step of the search: the cheapest amounts whose linearised effect brings every watched limit of a region within
 * bounds, or, where the bands do not suffice, those that leave the least exceedance (first) at the least cost (second).
 */
import { type CoveringProgramme, cover } from '../../optimisation/covering-programme.ts'
import { coverWithSwitches, type SwitchedCovering } from '../../optimisation/covering-switches.ts'
import type { Solver } from '../../optimisation/solver.ts'

export interface CureStep {
  /** By column, per unit of the dearest price; ≥ 0. */
  readonly cost: Float64Array
  readonly lower: Float64Array
  readonly upper: Float64Array
  /** For each watched limit: what a kW of each column takes off its exceedance, percent. */
  readonly help: readonly Float64Array[]
  /** Percent that each limit needs, reckoned from amounts of 0. */
  readonly need: Float64Array
  /** Columns that are nothing or `upper`. */
  readonly isDiscrete: Uint8Array
  /** Pairs of columns of which only one may be used. */
  readonly exclusive: readonly (readonly [number, number])[]
}

export interface CureStepResult {
  readonly amounts: Float64Array
  /** What the linear model leaves of each limit's need; percent. */
  readonly missing: Float64Array
  /** Largest price of a percent. */
  readonly dearest: number
  /** Price of a percent of each limit; absent where the bands do not suffice. */
  readonly prices?: Float64Array
  /** To start the next step from. */
  readonly basis?: Int32Array | undefined
}

/** By how much, relative and in percent, the second objective may miss the first: a solver's rounding. */
const ROOM = 1e-9

export const solveCureStep = (
  solver: Solver,
  { cost, lower, upper, help, need, isDiscrete, exclusive }: CureStep,
  start?: Int32Array
): CureStepResult => {
  const columns = cost.length
  const needs = need.length
  const hasSwitches = isDiscrete.some((one, k) => one === 1 && lower[k] !== upper[k])
  const solve = (programme: CoveringProgramme, switches: Uint8Array): SwitchedCovering => {
    if (hasSwitches) return coverWithSwitches(solver, programme, switches, start)
    const found = cover(solver, programme, start)
    return found.status === 'optimal' ? { ...found, isProven: true } : found
  }
  const rows = hasSwitches ? [...help, ...exclusive.map(pair => notBoth(pair, upper))] : help
  const needed = Float64Array.of(...need, ...new Float64Array(rows.length - needs).fill(-1))
  const found = solve({ cost, lower, upper, rows, need: needed }, isDiscrete)
  if (found.status === 'optimal') {
    const { values, prices, basis } = found
    return { amounts: values, missing: new Float64Array(needs), dearest: Math.max(0, ...prices), prices, basis }
  }
  // One slack for each limit; every price 0 but theirs.
  const withSlack = (values: Float64Array, slack: number): Float64Array => {
    const longer = new Float64Array(columns + needs).fill(slack, columns)
    longer.set(values)
    return longer
  }
  const least = solve(
    {
      cost: withSlack(new Float64Array(columns), 1),
      lower: withSlack(lower, 0),
      // More than any need: a slack alone can cover it.
      upper: withSlack(upper, 1 + mostMissing(help, need, upper)),
      rows: rows.map((row, r) => {
        const longer = withSlack(row, 0)
        if (r < needs) longer[columns + r] = 1
        return longer
      }),
      need: needed
    },
    Uint8Array.of(...isDiscrete, ...new Uint8Array(needs))
  )
  if (least.status !== 'optimal') throw new Error('solveCureStep: with slack every need can be covered')
  const missing = least.values.slice(columns)
  for (let r = 0; r < needs; r++) if (missing[r]! > 0) needed[r]! -= missing[r]! * (1 + ROOM) + ROOM
  const cheapest = solve({ cost, lower, upper, rows, need: needed }, isDiscrete)
  const amounts = cheapest.status === 'optimal' ? cheapest.values : least.values.slice(0, columns)
  return { amounts, missing, dearest: cheapest.status === 'optimal' ? Math.max(0, ...cheapest.prices) : 0 }
}

/** -one/most - other/most ≥ -1. */
const notBoth = ([one, other]: readonly [number, number], upper: Float64Array): Float64Array => {
  const row = new Float64Array(upper.length)
  for (const k of [one, other]) row[k] = upper[k]! > 0 ? -1 / upper[k]! : 0
  return row
}

const mostMissing = (help: readonly Float64Array[], need: Float64Array, upper: Float64Array): number =>
  need.reduce((most, one, r) => {
    let harm = Math.max(0, one)
    for (let k = 0; k < upper.length; k++) harm += Math.max(0, -help[r]![k]! * upper[k]!)
    return Math.max(most, harm)
  }, 0)
