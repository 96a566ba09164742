/**
 * Services as power at buses: what activated flexibility injects beside the elements of the network. So a real-time plan has
 * the results of day-ahead in place of baselines (DTP-PF-07), and a technical validation the services that it tries.
 *
 * The power of a unit of several points of delivery is taken as shared over them in proportion to their weights: how its
 * aggregator will really do it is not known beforehand.
 */
import type { CompiledNetwork } from './compile-network.ts'
import { podPlacesOf } from './hierarchy.ts'
import type { InjectorPowers } from './power-flow.ts'

/** What one unit delivers in consecutive slots; whole W or var, ≥ 0. */
export interface ActiveService {
  readonly quantity: 'P' | 'Q'
  readonly direction: 'UP' | 'DOWN'
  readonly members: readonly { readonly pod: string; readonly weight: number }[]
  readonly runs: readonly { readonly slot: number; readonly slots: number; readonly amount: number }[]
}

/** Place of its bus by point of delivery. */
export type BusOfPod = ReadonlyMap<string, number>

/** As the elements of the network say it; one that names none is its own point of delivery, by its id. */
export const busOfPodIn = ({ network, topology: { busIndex } }: CompiledNetwork): BusOfPod => {
  const places = new Map<string, number>()
  for (const list of [network.loads, network.generators, network.storages])
    for (const { id, bus, pod } of list) if (pod === undefined) places.set(id, busIndex.get(bus)!)
  for (const [pod, { bus }] of podPlacesOf(network)) places.set(pod, busIndex.get(bus)!)
  return places
}

/** +1: more injection. */
export const signOf = (direction: 'UP' | 'DOWN'): 1 | -1 => (direction === 'UP' ? 1 : -1)

export interface AppliedServices {
  /** By slot; undefined where no service is active. */
  readonly injected: readonly (InjectorPowers | undefined)[]
  /** Points of delivery that the network does not have; what they should deliver is in no slot. */
  readonly unknownPods: readonly string[]
}

export const applyServices = (
  compiled: CompiledNetwork,
  busOfPod: BusOfPod,
  services: readonly ActiveService[],
  slots: number
): AppliedServices => {
  const buses = compiled.network.buses.length
  const injected: (InjectorPowers | undefined)[] = new Array(slots).fill(undefined)
  const unknown = new Set<string>()
  for (const { quantity, direction, members, runs } of services) {
    const places = members.map(({ pod }) => busOfPod.get(pod))
    members.forEach(({ pod }, n) => {
      if (places[n] === undefined) unknown.add(pod)
    })
    const total = members.reduce((sum, { weight }) => sum + weight, 0)
    if (places.every(place => place === undefined)) continue
    for (const { slot, slots: length, amount } of runs) {
      for (let at = slot; at < slot + length; at++) {
        if (at < 0 || at >= slots) throw new RangeError(`applyServices: slot ${at} of ${slots}`)
        const here = injected[at] ?? { p_kW: new Float64Array(buses), q_kvar: new Float64Array(buses) }
        injected[at] = here
        const into = quantity === 'P' ? here.p_kW : here.q_kvar
        places.forEach((bus, n) => {
          if (bus !== undefined) into[bus]! += (signOf(direction) * amount * members[n]!.weight) / total / 1000
        })
      }
    }
  }
  return { injected, unknownPods: [...unknown] }
}
