/**
 * Flow 0B: what the registry knows of a PoD, re-keyed by PoM, into the market's inbox. Stateless: every registry event
 * carries the whole document, its place and, after a move, the place before. The market needs no baselines.
 */
import type { ForgetPod, Message, NotePod, PodPlace, PodRecord } from '../../schemas/generated.ts'
import type { Outline } from '../../schemas/outline.ts'

interface Fed {
  readonly key: string
  readonly command: Message
}

/** What is fed; refusals and the runtime's own records are no facts about a PoD. */
export const registryToMarketTypes = [
  'PodRegistered',
  'PodUpdated',
  'AgreementLinked',
  'PomAssigned',
  'PodCeased'
] as const satisfies readonly Message['type'][]

export const registryToMarket = (event: Outline): readonly Fed[] => {
  switch (event.type) {
    case 'PodRegistered':
    case 'PodUpdated':
    case 'AgreementLinked':
      return event.place ? [note(event.pod, event.place, event.record, event.smartContractId)] : []
    case 'PomAssigned': {
      if (!event.place) return []
      const here = note(event.pod, event.place, event.record, event.smartContractId)
      return event.previousPom ? [forget(event.pod, event.previousPom), here] : [here]
    }
    case 'PodCeased':
      return event.place ? [forget(event.pod, event.place.pom)] : []
    default:
      return []
  }
}

const note = (pod: string, place: PodPlace, record: Outline<PodRecord>, smartContractId: string | null): Fed => {
  const { dsoId, pom, feeder, secondarySubstation } = place
  const { aggregatorId, flexibilityType, maxFlexibility, services } = record
  const command: NotePod = {
    type: 'NotePod',
    pom,
    pod,
    dsoId,
    aggregatorId,
    flexibilityType,
    maxFlexibility,
    services,
    smartContractId,
    feeder,
    secondarySubstation
  }
  return { key: pom, command }
}

const forget = (pod: string, pom: string): Fed => {
  const command: ForgetPod = { type: 'ForgetPod', pom, pod }
  return { key: pom, command }
}
