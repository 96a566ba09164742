import { projection } from '../runtime/projection.ts'
import { type GridTables, gridTables } from './table.ts'

const handles = [
  'NetworkVersionActivated',
  'GridAssessed',
  'AlarmRaised',
  'SeriesForecast',
  'RequestProposed',
  'FlexibilityRequested',
  'ProposalDropped',
  'TechnicalValidationDone',
  'FinalOutcomeNoted'
] as const

export const gridStateProjection = projection<GridTables, (typeof handles)[number]>({
  name: 'grid-state',
  version: 1,
  topics: ['flex.grid.events'],
  handles,
  tables: gridTables,
  async apply({ meta, events }, write) {
    const position = { partition: meta.partition, cause: meta.cause }
    for (const event of events)
      switch (event.type) {
        case 'NetworkVersionActivated': {
          const { pom, version, by } = event
          write.put('grid_networks', { pom, dso_id: by.id, version })
          write.put('network_versions', {
            pom,
            version,
            dso_id: by.id,
            name: event.name,
            source: event.source,
            digest: event.digest,
            changed: event.changed,
            activated_at: event.activatedAt,
            counts: JSON.stringify(event.counts),
            remarks: JSON.stringify(event.remarks),
            remark_count: event.remarkCount,
            switched: JSON.stringify(event.switched),
            ...position
          })
          break
        }
        case 'GridAssessed':
          write.put('grid_assessments', {
            session_id: event.sessionId,
            stage: event.stage,
            pom: event.pom,
            network_version: event.networkVersion,
            basis: JSON.stringify(event.basis),
            slots: JSON.stringify(event.slots),
            violated_slots: event.violatedSlots,
            diverged_slots: event.divergedSlots,
            worst: event.worst,
            alarms: event.alarms,
            requests: event.requests,
            unresolved: event.unresolved,
            digest: event.digest,
            assessed_at: meta.time,
            ...position
          })
          break
        case 'AlarmRaised':
          write.put('grid_alarms', {
            session_id: event.sessionId,
            alarm_id: event.alarmId,
            number: Number(event.alarmId.slice(event.alarmId.lastIndexOf('.') + 1)),
            pom: event.pom,
            stage: event.stage,
            kind: event.kind,
            element: event.element,
            feeder: event.place.feeder,
            secondary_substation: event.place.secondarySubstation,
            limit: event.limit,
            worst: event.worst,
            values: JSON.stringify(event.values),
            helpful: JSON.stringify(event.helpful),
            raised_at: meta.time,
            ...position
          })
          break
        case 'SeriesForecast':
          write.put('series_forecasts', {
            session_id: event.sessionId,
            series: event.series,
            pom: event.pom,
            kind: event.kind,
            start: event.start,
            p: JSON.stringify(event.p),
            q: JSON.stringify(event.q),
            low: JSON.stringify(event.low),
            high: JSON.stringify(event.high),
            ...position
          })
          break
        case 'RequestProposed':
          write.put('request_proposals', {
            session_id: event.sessionId,
            request_id: event.requestId,
            pom: event.pom,
            level: event.level,
            location: event.location,
            pods: JSON.stringify(event.pods),
            quantity: event.quantity,
            direction: event.direction,
            service: event.service,
            profile: JSON.stringify(event.profile),
            status: 'waiting',
            proposed_at: meta.time,
            ...position
          })
          break
        case 'FlexibilityRequested':
        case 'ProposalDropped': {
          // What was requested without being proposed has no row here: it stands in the market's book.
          const db = await write.statements()
          await db
            .updateTable('request_proposals')
            .set({ status: event.type === 'ProposalDropped' ? 'dropped' : 'sent', ...position })
            .where('session_id', '=', event.sessionId)
            .where('request_id', '=', event.requestId)
            .execute()
          break
        }
        case 'TechnicalValidationDone':
          write.put('technical_validations', {
            session_id: event.sessionId,
            pom: event.pom,
            services: event.services,
            curtailed: event.curtailed,
            curtailed_watt_mtus: event.curtailedWattMtus,
            residual_violations: event.residualViolations,
            diverged_slots: event.divergedSlots,
            digest: event.digest,
            judged_at: meta.time,
            against_verdicts: null,
            ...position
          })
          break
        case 'FinalOutcomeNoted': {
          const db = await write.statements()
          await db
            .updateTable('technical_validations')
            .set({ against_verdicts: event.againstVerdicts, ...position })
            .where('session_id', '=', event.sessionId)
            .execute()
          break
        }
      }
  }
})
