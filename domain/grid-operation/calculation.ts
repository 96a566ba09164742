/**
 * What the grid operator's decisions ask of the grid calculation. A decision that needs one says what is to be calculated, and
 * decides with the answer: so whoever asks may have it calculated where it likes (`decided` asks here and now). Amounts are whole
 * W or var, up is more injection or less withdrawal (T-26).
 */
import type { GridEvent, HelpfulResources, SlotSummary } from '../../schemas/generated.ts'
import type { CompiledNetwork } from '../grid/compile-network.ts'
import type { PlacedUnit, SubstationRequest } from '../grid/flexibility-request/substation-requests.ts'
import type { FlexibleBand } from '../grid/flexible-unit.ts'
import type { Divergence, SlotPowers } from '../grid/power-flow.ts'
import type { TechnicalValidation } from '../grid/technical-validation/service.ts'
import type { ValidationCase } from '../grid/technical-validation/validation-case.ts'
import type { Limits, Violation } from '../grid/violations.ts'

export interface SlotsProblem {
  readonly compiled: CompiledNetwork
  readonly limits: Limits
  readonly slots: readonly SlotPowers[]
  /** Of the first slot. */
  readonly start: number
}

/** Every limit that is broken, and what each quarter-hour is like. */
export interface CalculatedSlots {
  readonly summaries: readonly SlotSummary[]
  /** By slot; undefined where there is no solution. */
  readonly violations: readonly (readonly Violation[] | undefined)[]
  readonly divergences: readonly { readonly slot: number; readonly divergence: Divergence }[]
}

export interface PlanProblem {
  readonly compiled: CompiledNetwork
  readonly limits: Limits
  readonly slots: readonly SlotPowers[]
  /** Slots in which a limit is broken. */
  readonly violated: ReadonlySet<number>
  readonly units: readonly PlacedUnit[]
  /** By slot, for those PoDs that have less than their unit says. */
  readonly bands: readonly (ReadonlyMap<string, FlexibleBand> | undefined)[]
  readonly pom: string
  /** Smallest amount that may be asked, W or var. */
  readonly minimumBid: number
}

/** Which customers could help an element that breaks a limit. */
export interface Help {
  readonly kind: Violation['kind']
  readonly element: string
  readonly resources: readonly HelpfulResources[]
}

export interface Plan {
  readonly requests: readonly SubstationRequest[]
  readonly help: readonly Help[]
  /** Limits that no available flexibility can keep, over all slots. */
  readonly unresolved: number
}

/** Pure: the same problem has the same answer. */
export interface GridCalculation {
  readonly states: (problem: SlotsProblem) => CalculatedSlots
  readonly plan: (problem: PlanProblem) => Plan
  readonly validate: (problem: ValidationCase) => TechnicalValidation
}

type Asking<Name extends keyof GridCalculation> = {
  readonly asks: Name
  readonly problem: Parameters<GridCalculation[Name]>[0]
  readonly decide: (answer: ReturnType<GridCalculation[Name]>) => Decision
}

/** A decision that waits for a calculation. */
export type Undecided = Asking<'states'> | Asking<'plan'> | Asking<'validate'>

export type Decision = readonly GridEvent[] | Undecided

export const isUndecided = (decision: Decision): decision is Undecided => 'asks' in decision

export const decided = (decision: Decision, calculation: GridCalculation): readonly GridEvent[] => {
  let now = decision
  while (isUndecided(now)) now = decidedOnce(now, calculation)
  return now
}

const decidedOnce = (one: Undecided, { states, plan, validate }: GridCalculation): Decision => {
  switch (one.asks) {
    case 'states':
      return one.decide(states(one.problem))
    case 'plan':
      return one.decide(plan(one.problem))
    case 'validate':
      return one.decide(validate(one.problem))
  }
}
