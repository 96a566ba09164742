/** The answer of a validation from what became of each slot. */
import type { PlacedServices } from './placed-services.ts'
import type { AcceptedService, JudgedGrid, JudgedSlot, Reason, TechnicalValidation } from './service.ts'
import type { Placed } from './slot-case.ts'

export interface SlotOutcome {
  /** By place in the slot's services. */
  readonly levels: Float64Array
  readonly reasons: readonly (Reason | undefined)[]
  readonly grid: JudgedGrid
}

export const validationOf = (
  services: readonly AcceptedService[],
  { located, placed, refused }: PlacedServices,
  outcomes: readonly SlotOutcome[]
): TechnicalValidation => {
  const judged: JudgedSlot[][] = services.map(() => [])
  const note = (slot: number, here: readonly Placed[], { levels, reasons }: SlotOutcome): void => {
    for (let i = 0; i < here.length; i++) {
      const { service, accepted } = here[i]!
      const acceptable = levels[i]!
      const reason = reasons[i]
      judged[service]!.push(
        reason === undefined ? { slot, accepted, acceptable } : { slot, accepted, acceptable, reason }
      )
    }
  }
  for (const [slot, outcome] of outcomes.entries()) {
    for (const { service, accepted } of refused[slot]!)
      judged[service]!.push({ slot, accepted, acceptable: 0, reason: located[service]!.reason! })
    note(slot, placed[slot]!, outcome)
  }
  return {
    services: services.map(({ offerId }, n) => ({ offerId, slots: judged[n]! })),
    slots: outcomes.map(({ grid }) => grid)
  }
}
