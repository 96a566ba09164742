/** Services where they stand and when: the buses of their members, and by slot and rank what each has accepted. */
import type { BusOfPod } from '../apply-services.ts'
import type { CompiledNetwork } from '../compile-network.ts'
import type { AcceptedRun, AcceptedService, Reason } from './service.ts'
import type { Placed } from './slot-case.ts'

export interface PlacedServices {
  /** By service. */
  readonly located: readonly Located[]
  /** By slot, by rank: those that can be judged. */
  readonly placed: readonly (readonly Placed[])[]
  /** By slot, by rank: the others. */
  readonly refused: readonly (readonly Placed[])[]
}

export interface Located {
  readonly buses: readonly number[]
  readonly weights: readonly number[]
  /** Why nobody can say what it would do. */
  readonly reason: Reason | undefined
}

interface Given {
  readonly compiled: CompiledNetwork
  readonly busOfPod: BusOfPod
  readonly slots: { readonly length: number }
  readonly services: readonly AcceptedService[]
}

export const placeServices = (given: Given): PlacedServices => {
  const located = given.services.map(service => locate(service, given))
  const active = activeBySlot(given.services, given.slots.length)
  const isPlaced = ({ service }: Placed): boolean => located[service]!.reason === undefined
  const isAnyRefused = located.some(({ reason }) => reason !== undefined)
  return {
    located,
    placed: isAnyRefused ? active.map(list => list.filter(isPlaced)) : active,
    refused: active.map(list => (isAnyRefused ? list.filter(one => !isPlaced(one)) : []))
  }
}

const locate = ({ members }: AcceptedService, { compiled, busOfPod }: Given): Located => {
  const buses: number[] = []
  let reason: Reason | undefined
  for (const { pod } of members) {
    const bus = busOfPod.get(pod)
    if (bus === undefined) reason = 'unknown-pod'
    else if (compiled.rowOfBus[bus]! < 0) reason ??= 'not-supplied'
    else buses.push(bus)
  }
  return { buses, weights: members.map(({ weight }) => weight), reason }
}

/** By slot and there by rank, what each service has accepted. */
const activeBySlot = (services: readonly AcceptedService[], slots: number): readonly (readonly Placed[])[] => {
  const bySlot: Placed[][] = Array.from({ length: slots }, () => [])
  const byRank = [...services.keys()].sort((a, b) => services[a]!.rank - services[b]!.rank || a - b)
  for (const service of byRank) {
    const { offerId, accepted, isBlock, minAcceptance } = services[service]!
    const [only, ...more] = accepted
    if (only !== undefined && more.length === 0) {
      const { slot, slots: length, amount, minAcceptance: ofRun = 0 } = only
      checkRun(offerId, only, slots)
      const active = { service, accepted: amount, minAcceptance: Math.max(minAcceptance, ofRun) }
      for (let at = slot; at < slot + length; at++) bySlot[at]!.push(active)
      continue
    }
    const amounts = new Map<number, { amount: number; least: number }>()
    for (const run of accepted) {
      checkRun(offerId, run, slots)
      const { slot, slots: length, amount, minAcceptance: ofRun = 0 } = run
      for (let at = slot; at < slot + length; at++) {
        const known = amounts.get(at)
        if (known) {
          known.amount += amount
          known.least = Math.max(known.least, ofRun)
        } else amounts.set(at, { amount, least: Math.max(minAcceptance, ofRun) })
      }
    }
    if (isBlock && new Set([...amounts.values()].map(({ amount }) => amount)).size > 1)
      throw new RangeError(`validateServices: the block ${offerId} has several amounts`)
    for (const [slot, { amount, least }] of [...amounts].sort(([a], [b]) => a - b))
      bySlot[slot]!.push({ service, accepted: amount, minAcceptance: least })
  }
  return bySlot
}

const checkRun = (offerId: string, { slot, slots: length, amount }: AcceptedRun, slots: number): void => {
  if (!(slot >= 0 && slot + length <= slots))
    throw new RangeError(`validateServices: ${offerId} in slots ${slot} to ${slot + length} of ${slots}`)
  if (!Number.isSafeInteger(amount) || amount <= 0) throw new RangeError(`validateServices: ${offerId}: ${amount}`)
}
