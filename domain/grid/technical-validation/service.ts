/**
 * What the market accepted and the grid operator has to judge (DTP-ATV-01): services, whoever they serve, and what
 * becomes of each.
 *
 * Amounts are whole W (quantity P) or var (Q), never negative; up is more injection or less withdrawal (T-26).
 */
import type { Divergence } from '../power-flow.ts'
import type { Violation } from '../violations.ts'

/** A point of delivery of the unit that delivers; the unit's power is shared over its members by weight. */
export interface ServiceMember {
  readonly pod: string
  /** > 0; with one member any number will do. */
  readonly weight: number
}

/** The same amount in `slots` consecutive slots from `slot` on; runs of one service that meet in a slot add up. */
export interface AcceptedRun {
  readonly slot: number
  readonly slots: number
  readonly amount: number
  /** Where it differs from run to run; the higher of this and the service's counts. */
  readonly minAcceptance?: number
}

export interface AcceptedService {
  readonly offerId: string
  /** 1 = keep longest (T-21); of equal ranks the one that stands first in the list. */
  readonly rank: number
  readonly quantity: 'P' | 'Q'
  readonly direction: 'UP' | 'DOWN'
  /** Discrete: in each slot nothing or all of what was accepted (T-22). */
  readonly kind: 'continuous' | 'discrete'
  /** One amount in all slots in which it was accepted, or nothing at all, as for a block offer (T-17). */
  readonly isBlock: boolean
  /** What is less than this would not be delivered, so it is nothing. */
  readonly minAcceptance: number
  readonly members: readonly ServiceMember[]
  readonly accepted: readonly AcceptedRun[]
}

/**
 * Why less than the whole is acceptable: `violation`: the whole would break a limit; `not-supplied`: a member has no voltage;
 * `unknown-pod`: a member is not in the network; `no-solution`: no state of the grid without services can be computed, so
 * nothing can be proven; `block`: another slot of its block allows no more.
 */
export type Reason = 'violation' | 'block' | 'not-supplied' | 'unknown-pod' | 'no-solution'

export interface JudgedSlot {
  readonly slot: number
  readonly accepted: number
  /** 0 … accepted. */
  readonly acceptable: number
  /** Absent where all is acceptable. */
  readonly reason?: Reason
}

export interface JudgedService {
  readonly offerId: string
  /** By slot, ascending: those in which something was accepted. */
  readonly slots: readonly JudgedSlot[]
}

export interface JudgedGrid {
  /** `clear`: nothing is cut. `curtailed`: something is. `no-solution`: see `divergence`. */
  readonly status: 'clear' | 'curtailed' | 'no-solution'
  /** What all services together would break; undefined where that state does not exist. */
  readonly withAll?: readonly Violation[]
  /** What is broken with the acceptable services: only what services cannot cure. Empty: the grid is within its limits. */
  readonly residual: readonly Violation[]
  readonly divergence?: Divergence
  readonly powerFlows: number
}

export interface TechnicalValidation {
  readonly services: readonly JudgedService[]
  /** By slot. */
  readonly slots: readonly JudgedGrid[]
}
