/**
 * What the grid operator has to know of the market: that a session is open (flow 2c), what was accepted (flow 3) and what
 * became of it (flow 5). How requests are sent (T-86) is of the configuration; it stands in the command, so that a decision
 * can be made again from the log alone.
 */
import type {
  Allocation,
  AssessSession,
  Message,
  NoteClearedService,
  NoteFinalOutcome,
  NoteIndivisibleOffer,
  NoteValidatedService,
  ProfileInterval,
  RequestMode,
  ValidateServices
} from '../../schemas/generated.ts'
import type { FedCommand, FeedRule } from '../runtime/feed.ts'

export const marketToGridTypes = [
  'SessionOpened',
  'OfferPlaced',
  'BlockOfferPlaced',
  'OfferCleared',
  'MarketCleared',
  'OutcomeValidated',
  'SessionFinalised'
] as const satisfies readonly Message['type'][]

export const marketToGrid =
  (requests: RequestMode): FeedRule =>
  event => {
    switch (event.type) {
      case 'SessionOpened': {
        const { pom, sessionId, deliveryDate, timeZone, marketType, number, start, mtus } = event
        const { definitiveStart, definitiveMtus, rules } = event
        const command: AssessSession = {
          type: 'AssessSession',
          ...{
            pom,
            sessionId,
            deliveryDate,
            timeZone,
            marketType,
            number,
            start,
            mtus,
            definitiveStart,
            definitiveMtus
          },
          minimumBid: rules.minimumBid,
          requests
        }
        return [{ key: pom, command }]
      }
      case 'OfferPlaced': {
        const least = event.intervals.reduce((most, { minAcceptance }) => Math.max(most, minAcceptance), 0)
        return least > 0 ? [indivisible(event, false, least)] : []
      }
      case 'BlockOfferPlaced':
        return [indivisible(event, true, event.minAcceptance)]
      case 'OfferCleared': {
        if (event.allocations.length === 0) return []
        const { pom, sessionId, marketOutcomeId, carriedFrom } = event
        const command: NoteClearedService = {
          type: 'NoteClearedService',
          pom,
          sessionId,
          marketOutcomeId,
          ...serviceOf(event),
          carriedFrom
        }
        return [{ key: pom, command }]
      }
      case 'MarketCleared': {
        const { pom, sessionId, marketOutcomeId, acceptedOffers } = event
        const command: ValidateServices = {
          type: 'ValidateServices',
          pom,
          sessionId,
          marketOutcomeId,
          services: acceptedOffers
        }
        return [{ key: pom, command }]
      }
      case 'OutcomeValidated': {
        if (event.allocations.length === 0) return []
        const { pom, sessionId } = event
        const command: NoteValidatedService = { type: 'NoteValidatedService', pom, sessionId, ...serviceOf(event) }
        return [{ key: pom, command }]
      }
      case 'SessionFinalised': {
        const { pom, sessionId, status } = event
        const command: NoteFinalOutcome = { type: 'NoteFinalOutcome', pom, sessionId, status }
        return [{ key: pom, command }]
      }
      default:
        return []
    }
  }

const indivisible = (
  { pom, sessionId, offerId }: { readonly pom: string; readonly sessionId: string; readonly offerId: string },
  isBlock: boolean,
  minAcceptance: number
): FedCommand => {
  const command: NoteIndivisibleOffer = {
    type: 'NoteIndivisibleOffer',
    pom,
    sessionId,
    offerId,
    isBlock,
    minAcceptance
  }
  return { key: pom, command }
}

type Outcome = Extract<Message, { readonly type: 'OfferCleared' | 'OutcomeValidated' }>

const serviceOf = ({ offerId, aggregatorId, unit, quantity, direction, rank, allocations }: Outcome) => ({
  offerId,
  aggregatorId,
  unit,
  quantity,
  direction,
  rank,
  profile: profileOf(allocations)
})

const MTU_MS = 900_000

/** What is delivered in each quarter-hour, whatever requests it serves, in runs. */
const profileOf = (allocations: readonly Allocation[]): readonly ProfileInterval[] => {
  const [only, ...more] = allocations
  if (only && more.length === 0) return [{ start: only.start, mtus: only.mtus, quantity: only.quantity }]
  const at = new Map<number, number>()
  for (const { start, mtus, quantity } of allocations)
    for (let n = 0; n < mtus; n++) at.set(start + n * MTU_MS, (at.get(start + n * MTU_MS) ?? 0) + quantity)
  const runs: { start: number; mtus: number; quantity: number }[] = []
  for (const [start, quantity] of [...at].sort(([a], [b]) => a - b)) {
    const last = runs.at(-1)
    if (last && last.quantity === quantity && last.start + last.mtus * MTU_MS === start) last.mtus++
    else runs.push({ start, mtus: 1, quantity })
  }
  return runs
}
