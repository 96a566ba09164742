/**
 * Accepted services as columns for another thread, and where their points of delivery are. `unpackServices(packServices(…))`
 * is both again, of those points of delivery that a service has.
 */
import type { BusOfPod } from '../apply-services.ts'
import type { AcceptedService } from './service.ts'

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
  const members = services.flatMap(service => service.members)
  return {
    offerIds: services.map(({ offerId }) => offerId),
    numbers: Float64Array.from(
      services.flatMap(({ rank, minAcceptance, members, accepted }) => [
        rank,
        minAcceptance,
        members.length,
        accepted.length
      ])
    ),
    ways: Uint8Array.from(
      services,
      ({ quantity, direction, kind, isBlock }) =>
        (quantity === 'Q' ? BITS.reactive : 0) |
        (direction === 'DOWN' ? BITS.down : 0) |
        (kind === 'discrete' ? BITS.discrete : 0) |
        (isBlock ? BITS.block : 0)
    ),
    pods: members.map(({ pod }) => pod),
    weights: Float64Array.from(members, ({ weight }) => weight),
    buses: Int32Array.from(members, ({ pod }) => busOfPod.get(pod) ?? -1),
    runs: Float64Array.from(
      services.flatMap(({ accepted }) =>
        accepted.flatMap(({ slot, slots, amount, minAcceptance = Number.NaN }) => [slot, slots, amount, minAcceptance])
      )
    )
  }
}

export const unpackServices = (
  packed: PackedServices
): { readonly services: readonly AcceptedService[]; readonly busOfPod: BusOfPod } => {
  const { offerIds, numbers, ways, pods, weights, buses, runs } = packed
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
      accepted: Array.from({ length: run - firstRun }, (_, k) => {
        const [slot, slots, amount, minAcceptance] = runs.subarray(OF_RUN * (firstRun + k))
        const accepted = { slot: slot!, slots: slots!, amount: amount! }
        return Number.isNaN(minAcceptance) ? accepted : { ...accepted, minAcceptance: minAcceptance! }
      })
    }
  })
  const busOfPod = new Map<string, number>()
  pods.forEach((pod, n) => {
    if (buses[n]! >= 0) busOfPod.set(pod, buses[n]!)
  })
  return { services, busOfPod }
}
