/**
 * Units as columns for another thread, with what is left of their bands in some slots. `unpackUnits(packUnits(…))` is both
 * again, of those slots that are asked for and those points of delivery that have a unit.
 */
import type { FlexibleBand } from '../flexible-unit.ts'
import type { PlacedUnit } from './substation-requests.ts'

export type BandsLeft = readonly (ReadonlyMap<string, FlexibleBand> | undefined)[]

export interface PackedUnits {
  readonly pods: readonly string[]
  readonly buses: readonly string[]
  readonly secondarySubstations: readonly (string | null)[]
  readonly feeders: readonly (string | null)[]
  readonly isDiscrete: Uint8Array
  /** Place in `serviceLists`. */
  readonly services: Uint8Array
  /** Per unit the four of its band, then its four prices, in the order of `WAYS`. */
  readonly numbers: Float64Array
  readonly slots: number
  /** Slots with bands of their own; `leftCounts` of `left` are of each. */
  readonly leftSlots: Int32Array
  readonly leftCounts: Int32Array
  /** Per unit that has less: its place and the four of its band. */
  readonly left: Float64Array
}

const WAYS = ['upP', 'downP', 'upQ', 'downQ'] as const
const OF_UNIT = 2 * WAYS.length
const OF_BAND = 1 + WAYS.length

const serviceLists: readonly PlacedUnit['services'][] = [[], ['congestion'], ['voltage'], ['congestion', 'voltage']]

export const packUnits = (
  units: readonly PlacedUnit[],
  bands: BandsLeft,
  slotsAsked: Iterable<number>
): PackedUnits => {
  const placeOf = new Map(units.map(({ pod }, n) => [pod, n]))
  const leftSlots = [...slotsAsked].filter(slot => bands[slot] !== undefined)
  const left = leftSlots.map(slot =>
    [...bands[slot]!].flatMap(([pod, band]) => {
      const place = placeOf.get(pod)
      return place === undefined ? [] : [place, ...WAYS.map(way => band[way])]
    })
  )
  return {
    pods: units.map(({ pod }) => pod),
    buses: units.map(({ bus }) => bus),
    secondarySubstations: units.map(({ secondarySubstation }) => secondarySubstation),
    feeders: units.map(({ feeder }) => feeder),
    isDiscrete: Uint8Array.from(units, ({ kind }) => (kind === 'discrete' ? 1 : 0)),
    services: Uint8Array.from(
      units,
      ({ services }) => (services.includes('congestion') ? 1 : 0) + (services.includes('voltage') ? 2 : 0)
    ),
    numbers: Float64Array.from(
      units.flatMap(({ band, prices }) => [...WAYS.map(way => band[way]), ...WAYS.map(way => prices[way])])
    ),
    slots: bands.length,
    leftSlots: Int32Array.from(leftSlots),
    leftCounts: Int32Array.from(left, numbers => numbers.length / OF_BAND),
    left: Float64Array.from(left.flat())
  }
}

export const unpackUnits = (
  packed: PackedUnits
): { readonly units: readonly PlacedUnit[]; readonly bands: BandsLeft } => {
  const { pods, buses, secondarySubstations, feeders, isDiscrete, services, numbers } = packed
  const units = pods.map(
    (pod, n): PlacedUnit => ({
      ...{ pod, bus: buses[n]!, kind: isDiscrete[n] === 1 ? 'discrete' : 'continuous' },
      ...{ band: fourOf(numbers, OF_UNIT * n), prices: fourOf(numbers, OF_UNIT * n + WAYS.length) },
      ...{ secondarySubstation: secondarySubstations[n]!, feeder: feeders[n]!, services: serviceLists[services[n]!]! }
    })
  )
  const bands: (ReadonlyMap<string, FlexibleBand> | undefined)[] = new Array(packed.slots).fill(undefined)
  let at = 0
  packed.leftSlots.forEach((slot, n) => {
    const own = new Map<string, FlexibleBand>()
    for (let k = 0; k < packed.leftCounts[n]!; k++, at += OF_BAND)
      own.set(pods[packed.left[at]!]!, fourOf(packed.left, at + 1))
    bands[slot] = own
  })
  return { units, bands }
}

const fourOf = (numbers: Float64Array, at: number): FlexibleBand => ({
  upP: numbers[at]!,
  downP: numbers[at + 1]!,
  upQ: numbers[at + 2]!,
  downQ: numbers[at + 3]!
})
