/**
 * Flow 0 to the grid operator: under the PoD as key, that it is registered and where the registry has it, so that the
 * directory finds its place (flow 0A); and under the PoM as key, once it has one, its band and baselines (DTP-ROF-04).
 */
import type {
  ForgetGridPod,
  Message,
  NoteGridPod,
  NoteRegisteredPod,
  PodPlace,
  PodRecord
} from '../../schemas/generated.ts'
import type { FedCommand } from '../runtime/feed.ts'

export const registryToGridTypes = [
  'PodRegistered',
  'PodUpdated',
  'PomAssigned',
  'PodCeased'
] as const satisfies readonly Message['type'][]

export const registryToGrid = (event: Message): readonly FedCommand[] => {
  switch (event.type) {
    case 'PodRegistered':
      return [registered(event.pod, true, event.place), ...known(event.pod, event.place, event.record)]
    case 'PodUpdated':
      return known(event.pod, event.place, event.record)
    case 'PomAssigned': {
      const here = [registered(event.pod, true, event.place), ...known(event.pod, event.place, event.record)]
      return event.previousPom ? [forget(event.pod, event.previousPom), ...here] : here
    }
    case 'PodCeased': {
      const ended = registered(event.pod, false, event.place)
      return event.place ? [ended, forget(event.pod, event.place.pom)] : [ended]
    }
    default:
      return []
  }
}

const registered = (pod: string, isRegistered: boolean, place: PodPlace | null): FedCommand => {
  const command: NoteRegisteredPod = { type: 'NoteRegisteredPod', pod, registered: isRegistered, place }
  return { key: pod, command }
}

const known = (pod: string, place: PodPlace | null, record: PodRecord): readonly FedCommand[] => {
  if (!place) return []
  const { pom, dsoId } = place
  const { aggregatorId, flexibilityType, maxFlexibility, services, powerBaselineCurves } = record
  const command: NoteGridPod = {
    type: 'NoteGridPod',
    pom,
    pod,
    dsoId,
    aggregatorId,
    flexibilityType,
    maxFlexibility,
    services,
    powerBaselineCurves
  }
  return [{ key: pom, command }]
}

const forget = (pod: string, pom: string): FedCommand => {
  const command: ForgetGridPod = { type: 'ForgetGridPod', pom, pod }
  return { key: pom, command }
}
