/**
 * What a session keeps of an offer. A single offer is kept as columns (clearing/offer-steps.ts): its event is hundreds of
 * objects, and millions of them make every collection of memory a pause in which nobody is answered.
 */
import type { BlockOfferPlaced, OfferPlaced } from '../../../schemas/generated.ts'
import { MTU_MS } from '../../units/time.ts'
import type { Offer } from '../clearing/book.ts'
import { type OfferSteps, offerOfSteps, stepsOfIntervals } from '../clearing/offer-steps.ts'

export interface PlacedSingle
  extends Pick<OfferPlaced, 'offerId' | 'by' | 'unit' | 'quantity' | 'direction' | 'service'> {
  readonly type: 'single'
  /** Instant at which MTU 0 of the columns begins. */
  readonly start: number
  readonly steps: OfferSteps
}

export type PlacedOffer = PlacedSingle | BlockOfferPlaced

/** For a session whose first MTU begins at `start`. */
export const placedOffer = (event: OfferPlaced | BlockOfferPlaced, start: number): PlacedOffer => {
  if (event.type === 'BlockOfferPlaced') return event
  const { offerId, by, unit, quantity, direction, service, intervals } = event
  const steps = stepsOfIntervals(intervals.map(run => ({ ...run, mtu: (run.start - start) / MTU_MS })))
  return { type: 'single', offerId, by, unit, quantity, direction, service, start, steps }
}

/** As the book of a session that begins then has it. */
export const bookOffer = (item: PlacedOffer, start: number): Offer => {
  const { quantity, direction, service } = item
  const common = { id: item.offerId, unit: item.unit.id, quantity, direction, service }
  if (item.type === 'single') {
    if (item.start !== start) throw new Error(`the columns of ${item.offerId} are those of another session`)
    return offerOfSteps(common, item.steps)
  }
  return {
    kind: 'block',
    ...common,
    power: item.power,
    duration: item.mtus,
    maxEnergy: item.maxEnergyWattMtus,
    earliest: (item.earliestStart - start) / MTU_MS,
    latest: (item.latestEnd - start) / MTU_MS,
    price: item.price,
    minAcceptance: item.minAcceptance
  }
}

/** The most that an offer can add in any MTU, W or var. */
export const mostOf = (item: PlacedOffer): number => (item.type === 'single' ? item.steps.most : item.power)
