/**
 * The directory of points of delivery (flow 0A): a PoD is registered by its code, and which network has it is known only
 * below some PoM; so what networks say and what the registry says meet here, under the PoD as key, in whichever order they
 * come. When both are known and the registry has another place, the answer carries the place that it is told.
 *
 * Promises: the registry is told a place once for every change of it (T-51), however often either side repeats itself.
 */
import type { LocatePod, NoteRegisteredPod, PodLocated, PodPlace, RegisteredPodNoted } from '../../schemas/generated.ts'
import type { DirectoryEntry } from './state.ts'

const unknown: DirectoryEntry = { registered: false, place: null, pom: null, known: null }

export const locatePod = ({ pod, place, pom }: LocatePod, entry = unknown): PodLocated => {
  // Another network has it since: what this one says of its end is late.
  const isLate = place === null && entry.pom !== null && entry.pom !== pom
  const now = isLate ? entry.place : place
  return {
    type: 'PodLocated',
    pod,
    place: now,
    assignment: isLate ? null : assignment(entry.registered, now, entry.known)
  }
}

export const noteRegisteredPod = (
  { pod, registered, place }: NoteRegisteredPod,
  entry = unknown
): RegisteredPodNoted => ({
  type: 'RegisteredPodNoted',
  pod,
  registered,
  place,
  assignment: assignment(registered, entry.place, place)
})

export const withLocated = (event: PodLocated, entry = unknown): DirectoryEntry => ({
  ...entry,
  place: event.place,
  pom: event.place?.pom ?? null,
  known: event.assignment ?? entry.known
})

export const withRegistered = (event: RegisteredPodNoted, entry = unknown): DirectoryEntry => ({
  ...entry,
  registered: event.registered,
  known: event.assignment ?? event.place
})

const assignment = (registered: boolean, place: PodPlace | null, known: PodPlace | null): PodPlace | null =>
  registered && place !== null && !samePlace(place, known) ? place : null

export const samePlace = (one: PodPlace, other: PodPlace | null | undefined): boolean =>
  other !== null &&
  other !== undefined &&
  one.dsoId === other.dsoId &&
  one.pom === other.pom &&
  one.feeder === other.feeder &&
  one.secondarySubstation === other.secondarySubstation
