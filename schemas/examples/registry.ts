/** One example of each message of the registry. */
import type { RegistryCommand, RegistryEvent } from '../generated.ts'
import { aggregator, dso, place, pod, podRecord, pom, registeredAt, smartContractId } from './story.ts'

type ByType<M extends { readonly type: string }> = { readonly [T in M['type']]: Extract<M, { readonly type: T }> }

const grown = { ...podRecord, contractualPower: 10_000, pnp: 10_000 }

export const registryCommands: ByType<RegistryCommand> = {
  AssignPom: { type: 'AssignPom', pod, by: dso, place, from: null },
  CeasePod: { type: 'CeasePod', pod, by: aggregator },
  LinkAgreement: { type: 'LinkAgreement', pod, by: aggregator, smartContractId },
  RegisterPod: { type: 'RegisterPod', pod, by: aggregator, record: podRecord },
  UpdatePod: { type: 'UpdatePod', pod, by: aggregator, record: grown }
}

export const registryEvents: ByType<RegistryEvent> = {
  AgreementLinked: { type: 'AgreementLinked', pod, by: aggregator, record: podRecord, place, smartContractId },
  PodCeased: { type: 'PodCeased', pod, by: aggregator, place, ceasedAt: Date.UTC(2027, 0, 31, 9) },
  PodRegistered: {
    type: 'PodRegistered',
    pod,
    by: aggregator,
    record: podRecord,
    place: null,
    smartContractId: null,
    registeredAt
  },
  PodUpdated: {
    type: 'PodUpdated',
    pod,
    by: aggregator,
    record: grown,
    place,
    smartContractId,
    changed: ['contractualPower', 'pnp']
  },
  PomAssigned: {
    type: 'PomAssigned',
    pod,
    by: dso,
    record: podRecord,
    place: { ...place, pom },
    smartContractId: null,
    previousPom: null,
    from: registeredAt + 3_600_000
  },
  RegistryCommandRefused: {
    type: 'RegistryCommandRefused',
    pod,
    by: aggregator,
    command: 'RegisterPod',
    reasons: [{ code: 'duplicate-pod', path: '', detail: 'The PoD is registered.' }]
  }
}
