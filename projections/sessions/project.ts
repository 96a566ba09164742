import { projection } from '../runtime/projection.ts'
import { type SessionTables, sessionTables } from './table.ts'

export const sessionsProjection = projection<SessionTables, 'SessionOpened' | 'MarketCleared' | 'SessionFinalised'>({
  name: 'sessions',
  version: 1,
  topics: ['flex.market.events'],
  handles: ['SessionOpened', 'MarketCleared', 'SessionFinalised'],
  tables: sessionTables,
  async apply({ meta, events }, write) {
    const position = { partition: meta.partition, cause: meta.cause }
    for (const event of events)
      switch (event.type) {
        case 'SessionOpened':
          write.put('sessions', {
            session_id: event.sessionId,
            pom: event.pom,
            delivery_date: event.deliveryDate,
            time_zone: event.timeZone,
            calendar: event.calendar,
            market_type: event.marketType,
            number: event.number,
            start: event.start,
            mtus: event.mtus,
            definitive_start: event.definitiveStart,
            definitive_mtus: event.definitiveMtus,
            opens_at: event.opensAt,
            closes_at: event.closesAt,
            validation_ends_at: event.validationEndsAt,
            rules: JSON.stringify(event.rules),
            pod_count: event.podCount,
            pod_digest: event.podDigest,
            status: 'open',
            market_outcome_id: null,
            cleared: null,
            cleared_at: null,
            finalised: null,
            finalised_at: null,
            ...position
          })
          break
        case 'MarketCleared': {
          const { type: _, pom: __, sessionId, marketOutcomeId, ...cleared } = event
          const db = await write.statements()
          await db
            .updateTable('sessions')
            .set({
              status: 'cleared',
              market_outcome_id: marketOutcomeId,
              cleared: JSON.stringify(cleared),
              cleared_at: meta.time,
              ...position
            })
            .where('session_id', '=', sessionId)
            .execute()
          break
        }
        case 'SessionFinalised': {
          const { type: _, pom: __, sessionId, marketOutcomeId: ___, status, ...finalised } = event
          const db = await write.statements()
          await db
            .updateTable('sessions')
            .set({ status, finalised: JSON.stringify(finalised), finalised_at: meta.time, ...position })
            .where('session_id', '=', sessionId)
            .execute()
          break
        }
      }
  }
})
