/**
 * Flexible units in a file (docs/reference/flexibility-request.md). Everything that is wrong is told at once, each with the
 * JSON Pointer of its place; a unit that the network does not have is a problem, not one that is never asked.
 */
import { type BookProblem, bookLimits } from '../../market/clearing/book-file.ts'
import { JsonReader } from '../../market/clearing/json-reader.ts'
import { busOfPodIn } from '../apply-services.ts'
import type { CompiledNetwork } from '../compile-network.ts'
import { placesOf } from '../hierarchy.ts'
import type { PlacedUnit } from './substation-requests.ts'

export type ReadUnits =
  | { readonly units: readonly PlacedUnit[]; readonly problems?: never }
  | { readonly units?: never; readonly problems: readonly BookProblem[] }

const ways = ['upP', 'downP', 'upQ', 'downQ'] as const

/** µ€ per kWh or kvarh of a way that names no price: equal for all, so that the effect alone decides. */
export const PRICE_DEFAULT = 100_000

export const parseUnits = (json: unknown, compiled: CompiledNetwork): ReadUnits => {
  const read = new JsonReader()
  const { network } = compiled
  const busOfPod = busOfPodIn(compiled)
  const places = placesOf(network, compiled.topology)
  const file = read.object('', json, ['units'], ['$schema'])
  const units = read.list('/units', file['units']).map((unit, n): PlacedUnit => {
    const path = `/units/${n}`
    const fields = read.object(path, unit, ['pod', 'band'], ['bus', 'kind', 'prices', 'services'])
    const pod = read.text(`${path}/pod`, fields['pod'])
    const named = fields['bus'] === undefined ? undefined : read.text(`${path}/bus`, fields['bus'])
    const at = named === undefined ? busOfPod.get(pod) : compiled.topology.busIndex.get(named)
    if (at === undefined && named !== undefined) read.problem(`${path}/bus`, `the network has no bus ${named}`)
    else if (at === undefined && pod !== '')
      read.problem(`${path}/pod`, `the network has no point of delivery ${pod}, and no bus is named`)
    const band = read.object(`${path}/band`, fields['band'] ?? {}, [], ways)
    const prices = read.object(`${path}/prices`, fields['prices'] ?? {}, [], ways)
    const inBand = (way: (typeof ways)[number]): number => {
      const isUp = way.startsWith('up')
      const [low, high] = isUp ? [0, bookLimits.quantity] : [-bookLimits.quantity, 0]
      return band[way] === undefined ? 0 : read.integer(`${path}/band/${way}`, band[way], low, high)
    }
    const priceOf = (way: (typeof ways)[number]): number =>
      prices[way] === undefined
        ? PRICE_DEFAULT
        : read.integer(`${path}/prices/${way}`, prices[way], 0, bookLimits.price)
    return {
      pod,
      bus: network.buses[at ?? 0]?.id ?? '',
      kind:
        fields['kind'] === undefined
          ? 'continuous'
          : read.oneOf(`${path}/kind`, fields['kind'], ['continuous', 'discrete']),
      band: { upP: inBand('upP'), downP: inBand('downP'), upQ: inBand('upQ'), downQ: inBand('downQ') },
      prices: { upP: priceOf('upP'), downP: priceOf('downP'), upQ: priceOf('upQ'), downQ: priceOf('downQ') },
      services:
        fields['services'] === undefined
          ? ['congestion', 'voltage']
          : read
              .list(`${path}/services`, fields['services'], 1)
              .map((one, k) => read.oneOf(`${path}/services/${k}`, one, ['congestion', 'voltage'])),
      secondarySubstation: places[at ?? 0]?.secondarySubstation ?? null,
      feeder: places[at ?? 0]?.feeder ?? null
    }
  })
  read.unique(
    '/units',
    'pod',
    units.map(({ pod }) => pod)
  )
  return read.problems.length > 0 ? { problems: read.problems } : { units }
}
