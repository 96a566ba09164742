/**
 * The registry of points of delivery: registration, change, end, place in the grid (with history, T-51) and the link to a
 * flexibility agreement. One state per partition of the PoD key space; every command names one PoD.
 *
 *   (unknown) --RegisterPod--> registered --CeasePod--> ceased --RegisterPod--> registered …
 *
 * A PoD keeps its place and history over an end and a new registration: the wires do not move when a contract ends.
 */
import type { Actor, PodPlace, PodRecord, RegistryCommand, RegistryEvent } from '../../schemas/generated.ts'
import { isId, isPodCode, isSmartContractId } from '../units/ids.ts'
import { type Reason, reasons } from '../units/refusal.ts'
import { checkPodRecord } from './pod-record.ts'
import { recordOf, type StoredRecord, storedRecord } from './stored-record.ts'

export interface PodEntry {
  status: 'registered' | 'ceased'
  record: StoredRecord
  place: PodPlace | null
  places: { place: PodPlace; from: number }[]
  smartContractId: string | null
}

export interface Registry {
  readonly pods: Map<string, PodEntry>
}

export const initial = (): Registry => ({ pods: new Map() })

type Context = { readonly now: number }

export const decide = (command: RegistryCommand, state: Registry, { now }: Context): readonly RegistryEvent[] => {
  const entry = state.pods.get(command.pod)
  const { add, list } = reasons()
  const { pod, by } = command
  const refused = (): RegistryEvent[] => [refusal(command, list)]
  if (!isPodCode(pod)) add('bad-id', '/pod')

  switch (command.type) {
    case 'RegisterPod': {
      if (by.role !== 'aggregator' && by.role !== 'administrator') add('wrong-role', '')
      else if (!managedBy(command.record, by)) add('foreign-actor', '/aggregatorId')
      if (entry?.status === 'registered') add('duplicate-pod', '/pod')
      checkPodRecord(command.record, { add, list })
      if (list.length > 0) return refused()
      const { place = null, smartContractId = null } = entry ?? {}
      return [{ type: 'PodRegistered', pod, by, record: command.record, place, smartContractId, registeredAt: now }]
    }
    case 'UpdatePod': {
      const current = registered(entry, by, add)
      if (current && command.record.aggregatorId !== current.record.aggregatorId)
        add(
          'foreign-actor',
          '/aggregatorId',
          'Another aggregator takes a PoD over by a new registration after its end.'
        )
      checkPodRecord(command.record, { add, list })
      if (!current || list.length > 0) return refused()
      const changed = changedFields(recordOf(current.record), command.record)
      const { place, smartContractId } = current
      return [{ type: 'PodUpdated', pod, by, record: command.record, place, smartContractId, changed }]
    }
    case 'CeasePod': {
      const current = registered(entry, by, add)
      if (!current || list.length > 0) return refused()
      return [{ type: 'PodCeased', pod, by, place: current.place, ceasedAt: now }]
    }
    case 'AssignPom': {
      const { place } = command
      if (by.role !== 'dso' && by.role !== 'administrator') add('wrong-role', '')
      else if (by.role === 'dso' && place.dsoId !== by.id) add('foreign-actor', '/place/dsoId')
      if (entry?.place && by.role === 'dso' && entry.place.dsoId !== by.id) add('foreign-actor', '/pod')
      if (!entry) add('unknown-pod', '/pod')
      else if (entry.status === 'ceased') add('no-longer-registered', '/pod')
      for (const name of ['dsoId', 'pom'] as const) if (!isId(place[name])) add('bad-id', `/place/${name}`)
      for (const name of ['feeder', 'secondarySubstation'] as const)
        if (place[name] !== null && !isId(place[name])) add('bad-id', `/place/${name}`)
      if (!entry || list.length > 0) return refused()
      const before = entry.place?.pom ?? null
      return [
        {
          type: 'PomAssigned',
          pod,
          by,
          record: recordOf(entry.record),
          place,
          smartContractId: entry.smartContractId,
          previousPom: before === place.pom ? null : before,
          from: command.from ?? now
        }
      ]
    }
    case 'LinkAgreement': {
      const current = registered(entry, by, add)
      if (!isSmartContractId(command.smartContractId))
        add('bad-id', '/smartContractId', 'Expected 24 hexadecimal digits.')
      if (!current || list.length > 0) return refused()
      const { record, place } = current
      return [
        { type: 'AgreementLinked', pod, by, record: recordOf(record), place, smartContractId: command.smartContractId }
      ]
    }
  }
}

export const evolve = (state: Registry, event: RegistryEvent): Registry => {
  const { pods } = state
  switch (event.type) {
    case 'PodRegistered':
    case 'PodUpdated':
    case 'AgreementLinked': {
      const { record, place, smartContractId } = event
      const places = pods.get(event.pod)?.places ?? []
      pods.set(event.pod, { status: 'registered', record: storedRecord(record), place, places, smartContractId })
      return state
    }
    case 'PodCeased': {
      const entry = known(pods, event.pod)
      pods.set(event.pod, { ...entry, status: 'ceased' })
      return state
    }
    case 'PomAssigned': {
      const entry = known(pods, event.pod)
      const { place } = event
      if (place === null) throw new Error(`evolve: ${event.pod} was assigned no place`)
      pods.set(event.pod, { ...entry, place, places: [...entry.places, { place, from: event.from }] })
      return state
    }
    case 'RegistryCommandRefused':
      return state
  }
}

const known = (pods: Map<string, PodEntry>, pod: string): PodEntry => {
  const entry = pods.get(pod)
  // A log that changes a PoD that was never registered is corrupt: stop, don't guess.
  if (!entry) throw new Error(`evolve: ${pod} was never registered`)
  return entry
}

const managedBy = (record: Pick<PodRecord, 'aggregatorId'>, by: Actor): boolean =>
  by.role === 'administrator' || record.aggregatorId === by.id

type Add = ReturnType<typeof reasons>['add']

/** The entry, if it is registered and `by` manages it; otherwise the reasons are added. */
const registered = (entry: PodEntry | undefined, by: Actor, add: Add): PodEntry | undefined => {
  if (by.role !== 'aggregator' && by.role !== 'administrator') add('wrong-role', '')
  if (!entry) {
    add('unknown-pod', '/pod')
    return undefined
  }
  if (!managedBy(entry.record, by)) add('foreign-actor', '/pod')
  if (entry.status === 'ceased') add('no-longer-registered', '/pod')
  return entry
}

const refusal = (command: RegistryCommand, list: readonly Reason[]): RegistryEvent => ({
  type: 'RegistryCommandRefused',
  pod: command.pod,
  by: command.by,
  command: command.type,
  reasons: list
})

const changedFields = (before: PodRecord, after: PodRecord): string[] =>
  (Object.keys(after) as (keyof PodRecord)[])
    .filter(name => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .sort()
