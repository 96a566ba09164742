/**
 * What the grid operator's decisions ask of the grid calculation; both are pure and are given in, because the plan needs a
 * solver that has to be loaded first. Amounts are whole W or var, up is more injection or less withdrawal (T-26).
 */
import type { HelpfulResources } from '../../schemas/generated.ts'
import type { CompiledNetwork } from '../grid/compile-network.ts'
import type { PlacedUnit, SubstationRequest } from '../grid/flexibility-request/substation-requests.ts'
import type { FlexibleBand } from '../grid/flexible-unit.ts'
import type { SlotPowers } from '../grid/power-flow.ts'
import type { AcceptedService, TechnicalValidation } from '../grid/technical-validation/service.ts'
import type { Limits, Violation } from '../grid/violations.ts'

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

export interface GridCalculation {
  readonly plan: (problem: PlanProblem) => Plan
  readonly validate: (
    compiled: CompiledNetwork,
    limits: Limits,
    slots: readonly SlotPowers[],
    services: readonly AcceptedService[],
    busOfPod: ReadonlyMap<string, number>
  ) => TechnicalValidation
}
