/** How services are cut. */
export interface CuttingRules {
  /** W or var: continuous services are cut to multiples of it. */
  readonly step: number
  /**
   * Share of the effect per W that the most effective service has on a limit: one with less is not cut for that limit, as
   * long as the others alone can keep it. 0: every effect counts, however small.
   */
  readonly effectLeast: number
}
