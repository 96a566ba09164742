import type { PodPlace, PodRecord } from '../../schemas/generated.ts'
import { type CauseMeta, projection } from '../runtime/projection.ts'
import { type PodRow, type PodTables, podTables } from './table.ts'

type Handled = 'PodRegistered' | 'PodUpdated' | 'AgreementLinked' | 'PomAssigned' | 'PodCeased'

export const podsProjection = projection<PodTables, Handled>({
  name: 'pods',
  version: 1,
  topics: ['flex.registry.events'],
  handles: ['PodRegistered', 'PodUpdated', 'AgreementLinked', 'PomAssigned', 'PodCeased'],
  tables: podTables,
  async apply({ meta, events }, write) {
    for (const event of events)
      switch (event.type) {
        case 'PodRegistered':
          write.put('pod_registrations', { pod: event.pod, registered_at: event.registeredAt })
          write.put('pods', podRow(event, meta))
          break
        case 'PodUpdated':
        case 'AgreementLinked':
          write.put('pods', podRow(event, meta))
          break
        case 'PomAssigned':
          write.put('pods', podRow(event, meta))
          if (event.place)
            write.put('pod_places', { pod: event.pod, valid_from: event.from, ...at(event.place), ...position(meta) })
          break
        case 'PodCeased': {
          const db = await write.statements()
          await db
            .updateTable('pods')
            .set({ status: 'ceased', ...position(meta) })
            .where('pod', '=', event.pod)
            .execute()
          break
        }
      }
  }
})

interface WithDocument {
  readonly pod: string
  readonly record: PodRecord
  readonly place: PodPlace | null
  readonly smartContractId: string | null
}

const podRow = ({ pod, record, place, smartContractId }: WithDocument, meta: CauseMeta): PodRow => {
  const { powerBaselineCurves, ...document } = record
  return {
    pod,
    status: 'registered',
    aggregator_id: record.aggregatorId,
    ...(place ? at(place) : nowhere),
    smart_contract_id: smartContractId,
    record: JSON.stringify(document),
    baseline: JSON.stringify(powerBaselineCurves),
    ...position(meta)
  }
}

const nowhere = { dso_id: null, pom: null, feeder: null, secondary_substation: null }

const at = ({ dsoId, pom, feeder, secondarySubstation }: PodPlace) => ({
  dso_id: dsoId,
  pom,
  feeder,
  secondary_substation: secondarySubstation
})

const position = ({ partition, cause }: CauseMeta) => ({ partition, cause })
