/**
 * Assumes what the market promises: the records of an outcome and the summary that ends it (`MarketCleared`,
 * `SessionFinalised`) are one cause, and every request that an allocation names is in that cause.
 */
import { type Interval, MTU_MS } from '../../domain/units/time.ts'
import type {
  Allocation,
  OfferCleared,
  OutcomeValidated,
  RequestCleared,
  RequestValidated
} from '../../schemas/generated.ts'
import { writeAllocations } from '../curves/columns.ts'
import { type CauseMeta, projection, type RowWriter } from '../runtime/projection.ts'
import { sumAllocations, sumProfile } from './sums.ts'
import {
  ALL_OF_THE_SERVICE,
  type OutcomeRequestRow,
  type OutcomeServiceRow,
  type OutcomeTables,
  outcomeTables,
  type Stage,
  UNRANKED
} from './table.ts'

type Handled =
  | 'SessionOpened'
  | 'OfferCleared'
  | 'RequestCleared'
  | 'MarketCleared'
  | 'ServiceJudged'
  | 'OutcomeValidated'
  | 'RequestValidated'
  | 'SessionFinalised'

export const outcomesProjection = projection<OutcomeTables, Handled>({
  name: 'outcomes',
  version: 1,
  topics: ['flex.market.events'],
  handles: [
    'SessionOpened',
    'OfferCleared',
    'RequestCleared',
    'MarketCleared',
    'ServiceJudged',
    'OutcomeValidated',
    'RequestValidated',
    'SessionFinalised'
  ],
  tables: outcomeTables,
  async apply({ meta, events }, write) {
    const operators = new Map<string, string>()
    for (const event of events)
      if (event.type === 'RequestCleared' || event.type === 'RequestValidated')
        operators.set(event.requestId, event.operator)
    const windows = definitiveWindows(write)

    for (const event of events)
      switch (event.type) {
        case 'SessionOpened':
          write.put('outcome_sessions', {
            session_id: event.sessionId,
            pom: event.pom,
            delivery_date: event.deliveryDate,
            market_type: event.marketType,
            number: event.number,
            definitive_start: event.definitiveStart,
            definitive_end: event.definitiveStart + event.definitiveMtus * MTU_MS,
            stage: null
          })
          break
        case 'OfferCleared': {
          const definitive = await windows(event.sessionId)
          write.put('outcome_services', {
            ...serviceRow(event, 'market', definitive, meta),
            reason: event.reason,
            is_definitive: null,
            curtailed_watt_mtus: 0
          })
          putShares(write, event, 'market', definitive, operators)
          break
        }
        case 'OutcomeValidated': {
          const definitive = await windows(event.sessionId)
          write.put('outcome_services', {
            ...serviceRow(event, 'validated', definitive, meta),
            reason: null,
            is_definitive: event.definitive ? 1 : 0,
            curtailed_watt_mtus: event.curtailedWattMtus
          })
          putShares(write, event, 'validated', definitive, operators)
          break
        }
        case 'RequestCleared':
          write.put('outcome_requests', requestRow(event, 'market', meta))
          break
        case 'RequestValidated':
          write.put('outcome_requests', requestRow(event, 'validated', meta))
          break
        case 'ServiceJudged':
          write.put('outcome_verdicts', {
            session_id: event.sessionId,
            offer_id: event.offerId,
            by_role: event.by.role,
            by_id: event.by.id,
            verdicts: JSON.stringify(event.verdicts),
            partition: meta.partition,
            cause: meta.cause
          })
          break
        case 'MarketCleared':
          await reach(write, event.sessionId, 'market')
          break
        case 'SessionFinalised':
          await reach(write, event.sessionId, 'validated')
          break
      }
  }
})

/** Reads the window of a session once per cause. */
const definitiveWindows = (write: RowWriter<OutcomeTables>) => {
  const known = new Map<string, Interval>()
  return async (sessionId: string): Promise<Interval> => {
    const window = known.get(sessionId)
    if (window) return window
    const db = await write.statements()
    const row = await db
      .selectFrom('outcome_sessions')
      .select(['definitive_start', 'definitive_end'])
      .where('session_id', '=', sessionId)
      .executeTakeFirst()
    // Without its session (its record could not be decoded) nothing of it is known to be definitive.
    const read = row ? { start: row.definitive_start, end: row.definitive_end } : { start: 0, end: 0 }
    known.set(sessionId, read)
    return read
  }
}

const reach = async (write: RowWriter<OutcomeTables>, sessionId: string, stage: Stage): Promise<void> => {
  const db = await write.statements()
  await db.updateTable('outcome_sessions').set({ stage }).where('session_id', '=', sessionId).execute()
}

const serviceRow = (
  outcome: OfferCleared | OutcomeValidated,
  stage: Stage,
  definitive: Interval,
  meta: CauseMeta
): Omit<OutcomeServiceRow, 'reason' | 'is_definitive' | 'curtailed_watt_mtus'> => ({
  session_id: outcome.sessionId,
  stage,
  offer_id: outcome.offerId,
  market_outcome_id: outcome.marketOutcomeId,
  pom: outcome.pom,
  aggregator_id: outcome.aggregatorId,
  unit_id: outcome.unit.id,
  pods: JSON.stringify(outcome.unit.pods),
  first_pod: outcome.unit.pods[0] ?? outcome.unit.id,
  quantity: outcome.quantity,
  direction: outcome.direction,
  carried_from: outcome.carriedFrom,
  allocations: writeAllocations(outcome.allocations),
  rank: outcome.rank,
  sort_rank: outcome.rank > 0 ? outcome.rank : UNRANKED,
  ...sumAllocations(outcome.allocations, definitive),
  partition: meta.partition,
  cause: meta.cause
})

const putShares = (
  write: RowWriter<OutcomeTables>,
  outcome: OfferCleared | OutcomeValidated,
  stage: Stage,
  definitive: Interval,
  operators: ReadonlyMap<string, string>
): void => {
  const byRequest = Map.groupBy(outcome.allocations, ({ requestId }) => requestId)
  for (const [requestId, allocations] of byRequest)
    write.put('outcome_shares', {
      session_id: outcome.sessionId,
      stage,
      offer_id: outcome.offerId,
      request_id: requestId,
      side: sideOf(allocations),
      operator: operators.get(requestId) ?? null,
      aggregator_id: outcome.aggregatorId,
      allocations: byRequest.size === 1 ? ALL_OF_THE_SERVICE : writeAllocations(allocations),
      ...sumAllocations(allocations, definitive)
    })
}

const sideOf = (allocations: readonly Allocation[]) => allocations[0]!.side

const requestRow = (outcome: RequestCleared | RequestValidated, stage: Stage, meta: CauseMeta): OutcomeRequestRow => ({
  session_id: outcome.sessionId,
  stage,
  request_id: outcome.requestId,
  market_outcome_id: outcome.marketOutcomeId,
  pom: outcome.pom,
  side: outcome.side,
  operator: outcome.operator,
  quantity: outcome.quantity,
  direction: outcome.direction,
  service: outcome.service,
  carried_from: outcome.carriedFrom,
  served_watt_mtus: sumProfile(outcome.served),
  residual_watt_mtus: sumProfile(outcome.residual),
  paid_micro_eur: outcome.paidMicroEur,
  served: JSON.stringify(outcome.served),
  residual: JSON.stringify(outcome.residual),
  prices: JSON.stringify(outcome.prices),
  partition: meta.partition,
  cause: meta.cause
})
