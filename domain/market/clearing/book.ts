/**
 * The order book of one PoM and one session, and what clearing makes of it.
 *
 * Units: power is integer W (quantity P) or var (quantity Q); time is the index of a market time unit (MTU, a
 * quarter-hour) inside the session, `0 … book.mtus - 1`; prices are integer µ€ per kWh (per kvarh for Q).
 * An amount of W held over one MTU is a "W·MTU" (= ¼ Wh). A bid cost is exact in ticks: 1 tick = 1 W·MTU × 1 µ€/kWh =
 * 1/4000 µ€; sums of ticks may pass 2^53, so totals of ticks are bigint.
 * Everything here is plain data, so a book can be written to a file and cleared again anywhere.
 */

export type Quantity = 'P' | 'Q'
export type Direction = 'UP' | 'DOWN'
export type Side = 'DSO' | 'TSO'
/** What a request is for (T-25). */
export type Service = 'congestion' | 'voltage'
/** What an offer may be used for. */
export type OfferService = Service | 'any'
export type Pricing = 'uniform' | 'payAsBid'

/** One step of a price-quantity curve. Steps are independent and divisible; prices need not rise. */
export interface PriceStep {
  /** W or var that this step adds, > 0. */
  readonly quantity: number
  /** µ€ per kWh or kvarh, ≥ 0. */
  readonly price: number
}

/** The same curve for `mtus` consecutive MTUs from `mtu` on; each MTU is cleared on its own. */
export interface OfferInterval {
  readonly mtu: number
  readonly mtus: number
  readonly steps: readonly PriceStep[]
  /** In each MTU accepted is 0 or at least this, W or var; 0 = divisible. A discrete PoD offers its whole quantity here (T-22). */
  readonly minAcceptance: number
}

export interface SingleOffer {
  readonly kind: 'single'
  readonly id: string
  /** The PoD, or the aggregate asset (T-18), that delivers: an id of `book.units`. */
  readonly unit: string
  readonly quantity: Quantity
  readonly direction: Direction
  readonly service: OfferService
  readonly intervals: readonly OfferInterval[]
}

/** Flexible block offer (T-17): at most once, contiguous, at one constant power for `duration` MTUs. */
export interface BlockOffer {
  readonly kind: 'block'
  readonly id: string
  readonly unit: string
  readonly quantity: Quantity
  readonly direction: Direction
  readonly service: OfferService
  /** W or var, the most that can be accepted. */
  readonly power: number
  /** MTUs that it runs once started. */
  readonly duration: number
  /** W·MTU; accepted power × duration never exceeds it. */
  readonly maxEnergy: number
  /** First MTU in which it may run. */
  readonly earliest: number
  /** It must have ended before this MTU (exclusive). */
  readonly latest: number
  readonly price: number
  /** Accepted power is 0 or at least this. */
  readonly minAcceptance: number
}

export type Offer = SingleOffer | BlockOffer

/** The room that is left to a unit, W or var per MTU, by quantity and direction. A missing list sets no limit. */
export interface UnitCaps {
  readonly P_UP?: readonly number[]
  readonly P_DOWN?: readonly number[]
  readonly Q_UP?: readonly number[]
  readonly Q_DOWN?: readonly number[]
}

/** A PoD, or an aggregate of PoDs. A PoD belongs to one unit of a book only. */
export interface Unit {
  readonly id: string
  readonly pods: readonly string[]
  readonly caps?: UnitCaps
  /** Per MTU, the side that the unit already serves from earlier sessions; matters with `exclusivePerPod` (T-14). */
  readonly servedSide?: readonly (Side | null)[]
  /** Per MTU, the direction already taken by earlier sessions, per quantity: the opposite direction is closed. */
  readonly takenDirection?: { readonly P?: readonly (Direction | null)[]; readonly Q?: readonly (Direction | null)[] }
}

export interface ProfileInterval {
  readonly mtu: number
  readonly mtus: number
  /** W or var asked in each of these MTUs, > 0. */
  readonly power: number
}

export interface Request {
  readonly id: string
  readonly side: Side
  readonly operator: string
  readonly quantity: Quantity
  readonly direction: Direction
  readonly service: Service
  /** The PoDs that can help: a unit is eligible when all its PoDs are in the list. Absent = every PoD of the PoM (TSO). */
  readonly pods?: readonly string[]
  readonly profile: readonly ProfileInterval[]
  /** µ€ per kWh or kvarh; offers (steps) above it are not eligible (T-11). Absent = inelastic. */
  readonly priceLimit?: number
}

/** How to clear; everything here is recorded with the outcome. */
export interface ClearingRules {
  readonly pricing: Pricing
  /** T-14: in one MTU a unit serves the DSO or the TSO, not both. */
  readonly exclusivePerPod: boolean
  /** T-16: where a DSO request asks for one direction, its PoDs are closed for TSO requests of the opposite direction, same quantity and MTU. */
  readonly dsoBlocksOpposite: boolean
  /** Branch-and-bound nodes allowed per mixed-integer programme: a count, never a time. */
  readonly nodeLimit: number
  /**
   * A result that is proven to cost at most this share more than the optimum is taken without a mixed-integer programme.
   * Absent or 0: always the exact optimum, as far as size and nodes allow. Volume is never given up for it.
   */
  readonly gapAccepted?: number
}

export interface Book {
  readonly mtus: number
  readonly units: readonly Unit[]
  /** In the order of arrival: of equal bids the earlier one wins (the declared tie-break). */
  readonly offers: readonly Offer[]
  readonly requests: readonly Request[]
  readonly rules: ClearingRules
}

/** A part of an offer that serves one request at one price for consecutive MTUs. */
export interface Allocation {
  readonly requestId: string
  readonly side: Side
  readonly mtu: number
  readonly mtus: number
  /** W or var in each of these MTUs. */
  readonly power: number
  /** What is paid, µ€ per kWh or kvarh: the request's clearing price, or the bid when pay-as-bid. */
  readonly price: number
}

export type RejectionReason =
  | 'not-needed' // enough cheaper offers
  | 'no-eligible-request' // location, direction, quantity, service or MTU fit no request
  | 'above-price-limit'
  | 'closed-by-opposite-request' // T-16
  | 'no-room' // the unit's band is used up
  | 'min-acceptance' // what was needed is less than its minimum

export interface OfferOutcome {
  readonly id: string
  /** Runs of MTUs, ordered by MTU, then DSO before TSO, then request id. Empty if nothing was accepted. */
  readonly allocations: readonly Allocation[]
  /** 1 = keep longest (T-21): offers that serve the DSO first, then merit order. 0 if nothing was accepted. */
  readonly rank: number
  /** Only when nothing was accepted. */
  readonly reason?: RejectionReason
}

export interface RequestOutcome {
  readonly id: string
  readonly served: readonly ProfileInterval[]
  /** What could not be served (T-23). */
  readonly residual: readonly ProfileInterval[]
  /** Uniform clearing price per run of MTUs; with pay-as-bid the highest accepted bid. */
  readonly prices: readonly { readonly mtu: number; readonly mtus: number; readonly price: number }[]
  /** Σ over its allocations and MTUs of round(power × price / 4000), µ€. */
  readonly paidMicroEur: number
}

export interface SideTotals {
  /** W·MTU. */
  readonly asked: number
  readonly served: number
  /** Exact, at bid prices, in ticks of 1/4000 µ€. */
  readonly bidCostTicks: bigint
  readonly paidMicroEur: number
}

export interface ClearingOutcome {
  /** What decided the hardest part of the book. */
  readonly algorithm: 'merit-order' | 'linear-programme' | 'mixed-integer-programme' | 'nsga-ii'
  readonly version: string
  /**
   * Relative distance between what was found and what was proven possible, of the first lexicographic objective that is
   * not proven; 0 = proven optimal in all four.
   */
  readonly gap: number
  readonly nodes: number
  readonly offers: readonly OfferOutcome[]
  readonly requests: readonly RequestOutcome[]
  readonly dso: SideTotals
  readonly tso: SideTotals
}
