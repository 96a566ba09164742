/**
 * The grid of one slot with services tried on it: what levels of services do to it, exactly (a power flow) and to first order
 * around a state.
 *
 * While a slot is searched its power flows start from the one before, which is as exact and takes fewer steps; a result that
 * counts is solved once more from the voltages without load (`prove`), so that it is the same as for any other caller. Slots
 * of one validation share arrays, one after the other; no slot's result depends on another's.
 */

import type { CompiledNetwork } from '../compile-network.ts'
import { type Divergence, divergenceOf, type GridState, type PowerFlow, type SlotPowers } from '../power-flow.ts'
import type { Limits } from '../violations.ts'
import { type CandidateColumns, columnsOf, type Entries, type PlacedCandidate } from './candidate-columns.ts'
import { type Candidates, candidatesOf } from './levels.ts'
import { type LimitPicture, limitPicture } from './limit-picture.ts'
import { type Breaches, type LimitScan, limitScan, type Monitored } from './limit-scan.ts'
import type { LinearLimits } from './linear-limits.ts'

export interface SlotGrid {
  readonly candidates: Candidates
  /** How many were solved. */
  readonly powerFlows: number
  /** False: there is no solution. All others are about the state that was solved last. */
  solve(levels: Float64Array): boolean
  /** The same from the voltages without load. */
  prove(levels: Float64Array): GridSolved | Divergence
  /** From now on each power flow starts from the voltages without load. */
  distrust(): void
  /** Overwritten by the next call. */
  breaches(limits: Limits): Breaches
  roomOf(limit: Monitored, limits: Limits): number
  /** Around these levels, for candidates that may have so much. */
  picture(
    limits: Limits,
    monitored: readonly Monitored[],
    levels: Float64Array,
    most: Float64Array,
    effectLeast: number
  ): LinearLimits
}

export interface GridSolved {
  readonly status: 'converged'
  /** All about it; overwritten by the next call. */
  outputs(): GridState
}

/** What all slots of a validation share, one after the other. */
export interface Bench {
  readonly compiled: CompiledNetwork
  readonly flow: PowerFlow
  readonly scan: LimitScan
  readonly picture: LimitPicture
  /** Powers by row without services, of the slot that works here now. */
  readonly p: Float64Array
  readonly q: Float64Array
  /** The slot's first solution, which its search comes back to. */
  readonly first: { readonly re: Float64Array; readonly im: Float64Array }
  slot: SlotGrid | undefined
  known: Known | undefined
}

interface Known {
  readonly candidates: readonly PlacedCandidate[]
  readonly columns: CandidateColumns
  readonly list: Candidates
}

export const benchFor = (compiled: CompiledNetwork, flow: PowerFlow): Bench => {
  const { rows } = compiled.equations
  const scan = limitScan(flow.point)
  return {
    ...{ compiled, flow, scan, picture: limitPicture(flow.point, scan) },
    ...{ p: new Float64Array(rows), q: new Float64Array(rows) },
    first: { re: new Float64Array(rows), im: new Float64Array(rows) },
    slot: undefined,
    known: undefined
  }
}

export const slotGrid = (bench: Bench, powers: SlotPowers, candidates: readonly PlacedCandidate[]): SlotGrid => {
  const { compiled, flow, scan, first } = bench
  const { point } = flow
  let powerFlows = 0
  let isTrusted = true
  /** Whether the point holds a solution of this slot. */
  let isSolved = false
  let firstLevels: Float64Array | undefined
  const { columns, list } = columnsFor(bench, candidates)

  const take = (): void => {
    if (bench.slot === grid) return
    bench.slot = grid
    isSolved = false
    firstLevels = undefined
    point.load(powers)
    bench.p.set(point.p)
    bench.q.set(point.q)
  }
  const inject = (levels: Float64Array): void => {
    const { p, q } = point
    p.set(bench.p)
    q.set(bench.q)
    injectInto(p, q, columns.single, levels)
    injectInto(p, q, columns.shared, levels)
  }
  const prove = (levels: Float64Array): GridSolved | Divergence => {
    take()
    inject(levels)
    powerFlows++
    const found = point.solve()
    isSolved = found.status === 'converged'
    if (found.status === 'diverged') return divergenceOf(compiled, found)
    if (firstLevels === undefined) {
      firstLevels = levels.slice()
      first.re.set(point.re)
      first.im.set(point.im)
    }
    return { status: 'converged', outputs: () => flow.outputs(found) }
  }

  const grid: SlotGrid = {
    candidates: list,
    get powerFlows() {
      return powerFlows
    },
    prove,
    solve(levels) {
      take()
      if (firstLevels !== undefined && isSame(firstLevels, levels)) {
        inject(levels)
        point.re.set(first.re)
        point.im.set(first.im)
        isSolved = true
        return true
      }
      if (isSolved && isTrusted) {
        inject(levels)
        powerFlows++
        if (point.resolve().status === 'converged') return true
      }
      return prove(levels).status === 'converged'
    },
    distrust() {
      isTrusted = false
    },
    breaches: limits => scan.breaches(limits),
    roomOf: (limit, limits) => scan.roomOf(limit, limits),
    picture: (limits, monitored, levels, most, effectLeast) =>
      bench.picture({ limits, monitored, most, columns, levels, effectLeast })
  }
  return grid
}

const injectInto = (
  p: Float64Array,
  q: Float64Array,
  { count, row, candidate, perWatt, quantity }: Entries,
  levels: Float64Array
): void => {
  for (let e = 0; e < count; e++) {
    const more = perWatt[e]! * levels[candidate[e]!]!
    if (quantity[e] === 0) p[row[e]!]! += more
    else q[row[e]!]! += more
  }
}

/** Mostly the candidates of one slot are those of the slot before. */
const columnsFor = (bench: Bench, candidates: readonly PlacedCandidate[]): Known => {
  const { known, compiled } = bench
  if (known?.candidates.length === candidates.length && known.candidates.every((one, i) => one === candidates[i]))
    return known
  const columns = columnsOf(candidates, compiled.rowOfBus, compiled.equations.rows)
  bench.known = { candidates, columns, list: candidatesOf(candidates) }
  return bench.known
}

export const isSame = (a: Float64Array, b: Float64Array): boolean => {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}
