/**
 * What the threads of the calculation are asked, and what they answer: columns and few small objects. Powers of slots are in
 * memory that all threads read, the rest is copied to each thread.
 */
import type { CompiledNetwork } from '../../domain/grid/compile-network.ts'
import type { PackedUnits } from '../../domain/grid/flexibility-request/packed-units.ts'
import type { PackedSlots } from '../../domain/grid/packed-slots.ts'
import type { PackedViolations } from '../../domain/grid/packed-violations.ts'
import type { Divergence } from '../../domain/grid/power-flow.ts'
import type { PackedJudgements, PackedOutcomes } from '../../domain/grid/technical-validation/packed-judgements.ts'
import type { PackedServices } from '../../domain/grid/technical-validation/packed-services.ts'
import type { ValidationCase } from '../../domain/grid/technical-validation/validation-case.ts'
import type { Limits } from '../../domain/grid/violations.ts'
import type { CalculatedSlots, Plan, PlanProblem } from '../../domain/grid-operation/calculation.ts'
import type { PackedPlans } from '../../domain/grid-operation/packed-plans.ts'
import type { Share } from './shares.ts'

interface OfSlots {
  readonly limits: Limits
  readonly slots: PackedSlots
}

interface OfUnits extends OfSlots, Pick<PlanProblem, 'pom' | 'minimumBid'> {
  readonly units: PackedUnits
}

interface OfServices extends OfSlots, Pick<ValidationCase, 'cutting' | 'tolerance'> {
  readonly services: PackedServices
}

/** By what is asked for: states, plan and first judgement are shared among the threads, the others are one thread's. */
export interface Questions {
  readonly states: OfSlots & { readonly share: Share; readonly start: number }
  readonly plan: OfUnits & { readonly share: Share }
  readonly requests: OfUnits & { readonly planned: PackedPlans }
  readonly help: OfUnits & { readonly planned: PackedPlans }
  readonly judge: OfServices & { readonly share: Share }
  readonly join: OfServices & { readonly judged: PackedJudgements }
}

export interface Answers {
  readonly states: PackedStates
  readonly plan: PackedPlans
  readonly requests: Plan['requests']
  readonly help: Plan['help']
  readonly judge: PackedJudgements
  readonly join: PackedOutcomes
}

export interface PackedStates {
  readonly slots: readonly number[]
  readonly summaries: CalculatedSlots['summaries']
  readonly divergences: readonly (Divergence | undefined)[]
  readonly violations: PackedViolations
}

export type Asked<Kind extends keyof Questions = keyof Questions> = {
  readonly [Each in Kind]: {
    readonly id: number
    readonly kind: Each
    readonly question: Questions[Each]
    /** Number of the network that it is about. */
    readonly network: number
    /** What the thread has not yet, or not any more. */
    readonly learn?: CompiledNetwork
    /** Number of a network that it need not keep any longer. */
    readonly forget?: number
  }
}[Kind]
