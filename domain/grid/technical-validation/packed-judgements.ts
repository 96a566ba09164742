/** Judgements of slots, and what joining them has changed, as columns for another thread that has the same network. */
import type { CompiledNetwork } from '../compile-network.ts'
import { type PackedViolations, packViolations, unpackViolations } from '../packed-violations.ts'
import type { JudgedAlone } from './judged-alone.ts'
import type { JudgedGrid, Reason } from './service.ts'
import type { SlotOutcome } from './validation-of.ts'

interface PackedGrids {
  readonly grids: readonly Omit<JudgedGrid, 'withAll' | 'residual'>[]
  readonly withAll: PackedViolations
  readonly residual: PackedViolations
}

export interface PackedJudgements extends PackedGrids {
  readonly slots: readonly number[]
  readonly judgements: readonly JudgedAlone['judgement'][]
}

export interface PackedOutcomes extends PackedGrids {
  readonly slots: readonly number[]
  readonly levels: readonly Float64Array[]
  /** By slot and place of the service: place in `REASONS`. */
  readonly reasons: readonly Uint8Array[]
}

const REASONS: readonly (Reason | undefined)[] = [
  undefined,
  'violation',
  'block',
  'not-supplied',
  'unknown-pod',
  'no-solution'
]

type Network = Pick<CompiledNetwork, 'network'>

export const packJudgements = (judged: ReadonlyMap<number, JudgedAlone>): PackedJudgements => ({
  slots: [...judged.keys()],
  judgements: Array.from(judged.values(), ({ judgement }) => judgement),
  ...packGrids(Array.from(judged.values(), ({ grid }) => grid))
})

export const unpackJudgements = (packed: PackedJudgements, network: Network): ReadonlyMap<number, JudgedAlone> => {
  const grids = unpackGrids(packed, network)
  return new Map(packed.slots.map((slot, n) => [slot, { judgement: packed.judgements[n]!, grid: grids[n]! }]))
}

export const packOutcomes = (outcomes: ReadonlyMap<number, SlotOutcome>): PackedOutcomes => {
  const all = [...outcomes.values()]
  return {
    slots: [...outcomes.keys()],
    levels: all.map(({ levels }) => levels),
    reasons: all.map(({ reasons }) => Uint8Array.from(reasons, reason => REASONS.indexOf(reason))),
    ...packGrids(all.map(({ grid }) => grid))
  }
}

export const unpackOutcomes = (packed: PackedOutcomes, network: Network): ReadonlyMap<number, SlotOutcome> => {
  const grids = unpackGrids(packed, network)
  return new Map(
    packed.slots.map((slot, n) => [
      slot,
      {
        levels: packed.levels[n]!,
        reasons: Array.from(packed.reasons[n]!, reason => REASONS[reason]),
        grid: grids[n]!
      }
    ])
  )
}

const packGrids = (grids: readonly JudgedGrid[]): PackedGrids => ({
  grids: grids.map(({ withAll: _, residual: __, ...rest }) => rest),
  withAll: packViolations(grids.map(({ withAll }) => withAll)),
  residual: packViolations(grids.map(({ residual }) => residual))
})

const unpackGrids = ({ grids, withAll, residual }: PackedGrids, network: Network): readonly JudgedGrid[] => {
  const withAllOf = unpackViolations(withAll, network)
  const residualOf = unpackViolations(residual, network)
  return grids.map((grid, n) => ({
    ...grid,
    ...(withAllOf[n] !== undefined && { withAll: withAllOf[n] }),
    residual: residualOf[n] ?? []
  }))
}
