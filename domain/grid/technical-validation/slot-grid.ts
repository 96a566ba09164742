/**
 * The grid of one slot with services tried on it: what levels of services do to it, exactly (a power flow) and to first order
 * around a state (adjoint sensitivities).
 */
import { signOf } from '../apply-services.ts'
import type { CompiledNetwork } from '../compile-network.ts'
import type { Divergence, GridState, InjectorPowers, PowerFlow, SlotPowers } from '../power-flow.ts'
import type { Monitored as Quantity, Sensitivity } from '../sensitivities.ts'
import { type Limits, type Violation, violationsOf } from '../violations.ts'
import type { Candidate } from './levels.ts'
import type { Picture } from './linear-limits.ts'

/** One service where it stands: buses of its members by place, and which of both powers it moves. */
export interface PlacedCandidate extends Candidate {
  readonly quantity: 'P' | 'Q'
  readonly direction: 'UP' | 'DOWN'
  readonly buses: readonly number[]
  readonly weights: readonly number[]
}

/** A limit that the search looks at. */
export interface Monitored {
  readonly kind: Violation['kind']
  readonly index: number
}

export interface SlotGrid {
  readonly candidates: readonly PlacedCandidate[]
  /** How often `flow` was called. */
  readonly powerFlows: number
  /** The result is overwritten by the next call. */
  flow(levels: Float64Array): GridState | Divergence
  violations(limits: Limits, state: GridState): readonly Violation[]
  /** Around the state that was solved last, with these levels. */
  picture(limits: Limits, monitored: readonly Monitored[], state: GridState, levels: Float64Array): Picture
}

/** Arrays that all slots of a validation share, one after the other. */
export interface Scratch {
  readonly injected: InjectorPowers
  use: Float64Array
}

export const scratchFor = ({ network }: CompiledNetwork): Scratch => ({
  injected: { p_kW: new Float64Array(network.buses.length), q_kvar: new Float64Array(network.buses.length) },
  use: new Float64Array()
})

export const slotGrid = (
  compiled: CompiledNetwork,
  powerFlow: PowerFlow,
  sensitivityOf: (quantity: Quantity) => Sensitivity,
  powers: SlotPowers,
  candidates: readonly PlacedCandidate[],
  scratch: Scratch
): SlotGrid => {
  const { injected } = scratch
  const withServices: SlotPowers = { ...powers, injected }
  const { single, buses, quantities, signs } = columnsOf(candidates, compiled.rowOfBus)
  let powerFlows = 0
  return {
    candidates,
    get powerFlows() {
      return powerFlows
    },
    flow(levels) {
      powerFlows++
      for (const field of ['p_kW', 'q_kvar'] as const)
        if (powers.injected === undefined) injected[field].fill(0)
        else injected[field].set(powers.injected[field])
      const { p_kW, q_kvar } = injected
      for (let i = 0; i < levels.length; i++) {
        const level = levels[i]!
        if (level === 0) continue
        const into = quantities[i] === 0 ? p_kW : q_kvar
        const kilo = (signs[i]! * level) / 1000
        const bus = buses[i]!
        if (bus !== SEVERAL) into[bus]! += kilo
        else {
          const { buses: at, weights } = candidates[i]!
          const total = weights.reduce((sum, weight) => sum + weight, 0)
          for (let k = 0; k < at.length; k++) into[at[k]!]! += (kilo * weights[k]!) / total
        }
      }
      return powerFlow.solve(withServices)
    },
    violations: (limits, state) => violationsOf(compiled, limits, state),
    picture(limits, monitored, state, levels) {
      const n = candidates.length
      if (scratch.use.length < monitored.length * n) scratch.use = new Float64Array(2 * monitored.length * n)
      const { use } = scratch
      const room = new Float64Array(monitored.length)
      powerFlow.point.linearise()
      monitored.forEach((one, c) => {
        const { quantity, factor } = quantityOf(compiled, one, state)
        const sensitivity = sensitivityOf(quantity)
        let left = roomOf(one, limits, state)
        const { first, end, p, q } = sensitivity
        const at = c * n
        const perWatt = factor / 1000
        for (let i = 0; i < n; i++) {
          const row = single[i]!
          let effect = 0
          if (row >= first && row < end) effect = quantities[i] === 0 ? p[row - first]! : q[row - first]!
          else if (row === SEVERAL) effect = sharedEffect(candidates[i]!, compiled.rowOfBus, sensitivity)
          const used = perWatt * signs[i]! * effect
          use[at + i] = used
          left += used * levels[i]!
        }
        room[c] = left
      })
      return { count: monitored.length, use, room }
    }
  }
}

/** What of the grid a limit is about, and how its value turns into use of the limit. */
const quantityOf = (
  { lines, transformers }: CompiledNetwork,
  { kind, index }: Monitored,
  state: GridState
): { readonly quantity: Quantity; readonly factor: number } => {
  if (kind === 'under-voltage') return { quantity: { kind: 'voltage', bus: index }, factor: -1 }
  if (kind === 'over-voltage') return { quantity: { kind: 'voltage', bus: index }, factor: 1 }
  const [branches, { iFrom_A, iTo_A }] =
    kind === 'line-overload' ? [lines, state.lines] : [transformers, state.transformers]
  const isFrom = iFrom_A[index]! / branches.fromRated_A[index]! >= iTo_A[index]! / branches.toRated_A[index]!
  return {
    quantity: { kind: kind === 'line-overload' ? 'line' : 'transformer', index, end: isFrom ? 'from' : 'to' },
    factor: 100 / (isFrom ? branches.fromRated_A : branches.toRated_A)[index]!
  }
}

/** In place of a row: the service has several members. */
const SEVERAL = -2

/** By candidate: row and bus of its only member, 0 for P and 1 for Q, +1 for up and -1 for down. */
const columnsOf = (candidates: readonly PlacedCandidate[], rowOfBus: Int32Array) => {
  const single = new Int32Array(candidates.length)
  const busesOf = new Int32Array(candidates.length)
  const quantities = new Uint8Array(candidates.length)
  const signs = new Int8Array(candidates.length)
  for (let i = 0; i < candidates.length; i++) {
    const { buses, quantity, direction } = candidates[i]!
    busesOf[i] = buses.length === 1 ? buses[0]! : SEVERAL
    single[i] = buses.length === 1 ? rowOfBus[buses[0]!]! : SEVERAL
    quantities[i] = quantity === 'Q' ? 1 : 0
    signs[i] = signOf(direction)
  }
  return { single, buses: busesOf, quantities, signs }
}

/** Of one kW or kvar of the service, shared over its members. */
const sharedEffect = (
  { buses, weights, quantity }: PlacedCandidate,
  rowOfBus: Int32Array,
  { first, p, q }: Sensitivity
): number => {
  const perUnit = quantity === 'P' ? p : q
  let sum = 0
  let total = 0
  for (let k = 0; k < buses.length; k++) {
    sum += weights[k]! * (perUnit[rowOfBus[buses[k]!]! - first] ?? 0)
    total += weights[k]!
  }
  return sum / total
}

/** How far a value is from its limit; negative: beyond it. */
export const roomOf = ({ kind, index }: Monitored, limits: Limits, state: GridState): number => {
  switch (kind) {
    case 'under-voltage':
      return state.vm_pu[index]! - limits.minPu[index]!
    case 'over-voltage':
      return limits.maxPu[index]! - state.vm_pu[index]!
    case 'line-overload':
      return limits.linePercent[index]! - state.lines.loadingPercent[index]!
    case 'transformer-overload':
      return limits.transformerPercent[index]! - state.transformers.loadingPercent[index]!
  }
}
