/**
 * Gate closure: the book is cleared and the outcome written down, one event per offer and per request and a summary with
 * totals and a digest (FR_MP_FS_3). Where nothing was accepted there is nothing to validate: the session is final at once.
 */
import type {
  CloseSession,
  MarketCleared,
  MarketEvent,
  OfferCleared,
  RequestCleared,
  SessionRules
} from '../../../schemas/generated.ts'
import { MTU_MS } from '../../units/time.ts'
import type { Book } from '../clearing/book.ts'
import type { OutcomeColumns } from '../clearing/outcome.ts'
import { rejectionReasonList } from '../clearing/rejection-reasons.ts'
import { type RequestRuns, requestRuns } from '../clearing/request-runs.ts'
import { eventAllocations, eventRequestRuns, eventTotals, listedLater, netSumOfRuns } from './event-outcome.ts'
import { finalEvents } from './finalise.ts'
import { outcomeDigestOfColumns } from './outcome-digest.ts'
import { sessionBook } from './session-book.ts'
import type { PomState, SessionState } from './state.ts'

/** Clears a book by the rules that the session was opened with. */
export type Clear = (book: Book, rules: SessionRules) => ClearedBook

export interface ClearedBook extends OutcomeColumns {
  /** Of its records (outcome-digest.ts), where whoever cleared has worked it out. */
  readonly digest?: string
}

/** The instants at which the MTUs of a session begin, ms. */
export const startsOfMtus = (start: number, mtus: number): readonly number[] =>
  Array.from({ length: mtus }, (_, mtu) => start + mtu * MTU_MS)

type ListOfRequest = 'served' | 'residual' | 'prices'
const listsOfRequest: readonly ListOfRequest[] = ['served', 'residual', 'prices']

export const closeSession = (
  command: CloseSession,
  session: SessionState,
  pom: PomState,
  clear: Clear
): readonly MarketEvent[] => {
  const { start, rules } = session.opened
  const { sessionId } = command
  const marketOutcomeId = `${sessionId}.MO`
  const { book, offers, requests } = sessionBook(session, pom)
  const outcome = clear(book, rules)
  const startOf = startsOfMtus(start, book.mtus)

  const offerEvents = offers.map(({ item, carriedFrom }, n): OfferCleared => {
    const rank = outcome.ranks[n]!
    const event: Omit<OfferCleared, 'allocations'> = {
      type: 'OfferCleared',
      pom: command.pom,
      sessionId,
      marketOutcomeId,
      offerId: item.offerId,
      aggregatorId: item.by.id,
      unit: item.unit,
      quantity: item.quantity,
      direction: item.direction,
      carriedFrom,
      rank,
      reason: rank > 0 ? null : rejectionReasonList[outcome.reasons[n]!]!
    }
    if (rank === 0) return { ...event, allocations: [] }
    return listedLater<OfferCleared, 'allocations'>(event, ['allocations'], () => ({
      allocations: eventAllocations(outcome.runs, n, book.requests, startOf)
    }))
  })
  let requested: RequestRuns | undefined
  const requestEvents = requests.map(({ item, carriedFrom }, n): RequestCleared => {
    const event: Omit<RequestCleared, ListOfRequest> = {
      type: 'RequestCleared',
      pom: command.pom,
      sessionId,
      marketOutcomeId,
      requestId: item.requestId,
      side: item.side,
      operator: item.by.id,
      quantity: item.quantity,
      direction: item.direction,
      service: item.service,
      carriedFrom,
      paidMicroEur: outcome.paid[n]!
    }
    return listedLater<RequestCleared, ListOfRequest>(event, listsOfRequest, () => {
      requested ??= requestRuns(book, outcome.served)
      return eventRequestRuns(requested, n, startOf)
    })
  })
  const cleared: MarketCleared = {
    type: 'MarketCleared',
    pom: command.pom,
    sessionId,
    marketOutcomeId,
    algorithm: outcome.algorithm,
    version: outcome.version,
    seed: outcome.algorithm === 'nsga-ii' ? rules.seed : 0,
    gap: outcome.gap,
    nodes: outcome.nodes,
    offers: offers.length,
    acceptedOffers: offerEvents.filter(({ rank }) => rank > 0).length,
    requests: requests.length,
    dso: eventTotals(outcome.dso),
    tso: eventTotals(outcome.tso),
    netSumWattMtus: netSumOfRuns(offerEvents, outcome.runs),
    digest: outcome.digest ?? outcomeDigestOfColumns(book, outcome, startOf)
  }
  const events: MarketEvent[] = [...offerEvents, ...requestEvents, cleared]
  if (cleared.acceptedOffers > 0) return events
  return [...events, ...finalEvents(cleared, 'validated', [], requestEvents)]
}
