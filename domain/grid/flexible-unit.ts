/**
 * What the grid calculation knows of a customer that can be moved (DTP-OPT-01): where it hangs, how far its active and
 * reactive power may be moved around the baseline, how, and for what.
 *
 * Sign of every change (T-26): up is more injection or less withdrawal, so a change of +1,000 W lowers the withdrawal at
 * the bus by 1,000 W.
 */

/** W and var; `upP`, `upQ` ≥ 0 and `downP`, `downQ` ≤ 0. */
export interface FlexibleBand {
  readonly upP: number
  readonly downP: number
  readonly upQ: number
  readonly downQ: number
}

/** µ€ per kWh or kvarh of moving it that way, ≥ 0. */
export interface FlexiblePrices {
  readonly upP: number
  readonly downP: number
  readonly upQ: number
  readonly downQ: number
}

export interface FlexibleUnit {
  /** Point of delivery; unique in a list of units. */
  readonly pod: string
  /** Id of its bus. */
  readonly bus: string
  /** Discrete: in each of the four ways nothing or all of the band (T-22). */
  readonly kind: 'continuous' | 'discrete'
  readonly band: FlexibleBand
  readonly prices: FlexiblePrices
}

/** Change of one unit in one slot; integers. */
export interface Activation {
  readonly pod: string
  /** W, up positive. */
  readonly p: number
  /** var, up positive. */
  readonly q: number
}
