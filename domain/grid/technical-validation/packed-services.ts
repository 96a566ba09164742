/**
 * Accepted services as columns for another thread, and where their points of delivery are. `unpackServices(packServices(…))`
 * is both again, of those points of delivery that a service has.
 */
import type { BusOfPod } from '../apply-services.ts'
import type { AcceptedRun, AcceptedService } from './service.ts'

export interface PackedServices {
  readonly offerIds: readonly string[]
  /** Per service `OF_SERVICE`: rank, minimum acceptance, number of members, number of runs. */
  readonly numbers: Float64Array
  /** Per service: bits of `BITS`. */
  readonly ways: Uint8Array
  /** Of all services, one after the other. */
  readonly pods: readonly string[]
  readonly weights: Float64Array
  /** By member, the place of its bus; -1: it is not in the network. */
  readonly buses: Int32Array
  /** Per run `OF_RUN`: slot, slots, amount, minimum acceptance (NaN: that of the service). */
  readonly runs: Float64Array
}

const OF_SERVICE = 4
const OF_RUN = 4
const BITS = { reactive: 1, down: 2, discrete: 4, block: 8 }

export const packServices = (services: readonly AcceptedService[], busOfPod: BusOfPod): PackedServices => {
  const numbers = new Float64Array(OF_SERVICE * services.length)
  const ways = new Uint8Array(services.length)
  const pods: string[] = []
  const weights: number[] = []
  const runs: number[] = []
  services.forEach(({ rank, quantity, direction, kind, isBlock, minAcceptance, members, accepted }, n) => {
    numbers[OF_SERVICE * n] = rank
    numbers[OF_SERVICE * n + 1] = minAcceptance
    numbers[OF_SERVICE * n + 2] = members.length
    numbers[OF_SERVICE * n + 3] = accepted.length
    ways[n] =
      (quantity === 'Q' ? BITS.reactive : 0) |
      (direction === 'DOWN' ? BITS.down : 0) |
      (kind === 'discrete' ? BITS.discrete : 0) |
      (isBlock ? BITS.block : 0)
    for (const { pod, weight } of members) {
      pods.push(pod)
      weights.push(weight)
    }
    for (const { slot, slots, amount, minAcceptance: ofRun = Number.NaN } of accepted)
      runs.push(slot, slots, amount, ofRun)
  })
  return {
    offerIds: services.map(({ offerId }) => offerId),
    ...{ numbers, ways, pods },
    weights: Float64Array.from(weights),
    buses: Int32Array.from(pods, pod => busOfPod.get(pod) ?? -1),
    runs: Float64Array.from(runs)
  }
}

export const unpackServices = (
  packed: PackedServices
): { readonly services: readonly AcceptedService[]; readonly busOfPod: BusOfPod } => {
  const { offerIds, numbers, ways, pods, weights, buses, runs } = packed
  const runAt = (at: number): AcceptedRun => {
    const accepted = { slot: runs[at]!, slots: runs[at + 1]!, amount: runs[at + 2]! }
    return Number.isNaN(runs[at + 3]!) ? accepted : { ...accepted, minAcceptance: runs[at + 3]! }
  }
  let member = 0
  let run = 0
  const services = offerIds.map((offerId, n): AcceptedService => {
    const way = ways[n]!
    const firstMember = member
    const firstRun = run
    member += numbers[OF_SERVICE * n + 2]!
    run += numbers[OF_SERVICE * n + 3]!
    return {
      offerId,
      rank: numbers[OF_SERVICE * n]!,
      quantity: way & BITS.reactive ? 'Q' : 'P',
      direction: way & BITS.down ? 'DOWN' : 'UP',
      kind: way & BITS.discrete ? 'discrete' : 'continuous',
      isBlock: (way & BITS.block) !== 0,
      minAcceptance: numbers[OF_SERVICE * n + 1]!,
      members: pods.slice(firstMember, member).map((pod, k) => ({ pod, weight: weights[firstMember + k]! })),
      accepted: Array.from({ length: run - firstRun }, (_, k) => runAt(OF_RUN * (firstRun + k)))
    }
  })
  const busOfPod = new Map<string, number>()
  pods.forEach((pod, n) => {
    if (buses[n]! >= 0) busOfPod.set(pod, buses[n]!)
  })
  return { services, busOfPod }
}
