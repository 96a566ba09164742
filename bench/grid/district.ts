/**
 * The SimBench district of examples/networks cut down to a number of customers, or set side by side until there are
 * enough, each with its own primary substation: the medium-voltage network with whole low-voltage networks below it; those that
 * are not taken are lumped loads (DTP-PF-03). Every load of a taken one is a point of delivery.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { FlexibleUnit } from '../../domain/grid/flexible-unit.ts'
import { type Levels, levelsOf } from '../../domain/grid/levels.ts'
import type { Injector, Network } from '../../domain/grid/network.ts'
import { parseNetwork } from '../../domain/grid/network-file.ts'
import type { SlotPowers } from '../../domain/grid/power-flow.ts'

export const SLOTS = 96

export interface District {
  readonly network: Network
  readonly units: readonly FlexibleUnit[]
}

export const districtOf = (pods: number): District => {
  const whole = wholeDistrict()
  const levels = levelsOf(whole)
  const parts: Network[] = []
  let left = pods
  for (let n = 0; left > 0; n++) {
    const part = cut(whole, levels, left)
    left -= part.loads.filter(({ pod }) => pod !== undefined).length
    parts.push(pods > DISTRICT_LOADS ? renamed(part, `${n}/`) : part)
  }
  const network: Network = {
    ...parts[0]!,
    name: `district, ${pods} points of delivery`,
    buses: parts.flatMap(part => part.buses),
    lines: parts.flatMap(part => part.lines),
    transformers: parts.flatMap(part => part.transformers),
    switches: parts.flatMap(part => part.switches),
    externalGrids: parts.flatMap(part => part.externalGrids),
    loads: parts.flatMap(part => part.loads),
    generators: parts.flatMap(part => part.generators),
    storages: [],
    shunts: []
  }
  return { network, units: unitsOf(network) }
}

/** Loads follow a day with a peak in the evening, when homes charge cars; each a little differently. */
export const dayOf = ({ loads }: Network, highest = PEAK): readonly SlotPowers[] =>
  Array.from({ length: SLOTS }, (_, slot) => {
    const p_kW = new Float64Array(loads.length)
    const q_kvar = new Float64Array(loads.length)
    loads.forEach((load, n) => {
      const hour = (slot / SLOTS) * 24 + (n % 7) / 7 - 0.5
      const peak = Math.exp(-(((hour - 19) / 1.6) ** 2))
      const share = load.pod === undefined ? 0.3 + 0.4 * peak : 0.25 + (highest - 0.25) * peak
      p_kW[n] = load.p_kW * share
      q_kvar[n] = load.q_kvar * share
    })
    return { loads: { p_kW, q_kvar } }
  })

/** Of the load's own power in the file, which is its peak today. */
const PEAK = 1.9
const DISTRICT_LOADS = 11_542

const wholeDistrict = (): Network => {
  const file = new URL('../../examples/networks/simbench/district.json.gz', import.meta.url)
  const { network } = parseNetwork(JSON.parse(gunzipSync(readFileSync(file)).toString()))
  if (network === undefined) throw new Error('the district of examples/networks is no network')
  return network
}

/** Low-voltage networks are taken from the first on until they have `pods` loads; the last is taken whole, with fewer PoDs. */
const cut = (whole: Network, { medium, low }: Levels, pods: number): Network => {
  const taken = new Set<string>()
  const pod = new Set<string>()
  const lumped: Injector[] = []
  for (const { busbar, network } of low) {
    const total = (list: readonly Injector[], field: 'p_kW' | 'q_kvar'): number =>
      list.reduce((sum, one) => sum + one[field], 0)
    if (pod.size < pods) {
      for (const { id } of network.buses) taken.add(id)
      for (const { id } of network.loads) if (pod.size < pods) pod.add(id)
    } else
      lumped.push({
        id: `below ${busbar}`,
        bus: busbar,
        p_kW: total(network.loads, 'p_kW') - total(network.generators, 'p_kW'),
        q_kvar: total(network.loads, 'q_kvar') - total(network.generators, 'q_kvar'),
        inService: true
      })
  }
  for (const { id } of medium.buses) taken.add(id)
  const isTaken = ({ bus }: { readonly bus: string }): boolean => taken.has(bus)
  const low_ = whole.lines.filter(({ from, to }) => taken.has(from) && taken.has(to))
  const lines = new Set(low_.map(({ id }) => id))
  const transformers = whole.transformers.filter(one => taken.has(one.highVoltageBus) && taken.has(one.lowVoltageBus))
  return {
    ...whole,
    buses: whole.buses.filter(({ id }) => taken.has(id)),
    lines: low_,
    transformers,
    switches: whole.switches.filter(
      one =>
        isTaken(one) &&
        (one.elementType !== 'line' || lines.has(one.element)) &&
        (one.elementType !== 'bus' || taken.has(one.element))
    ),
    loads: [
      ...whole.loads.filter(isTaken).map(load => (pod.has(load.id) ? { ...load, pod: `PoD ${load.id}` } : load)),
      ...lumped
    ],
    generators: whole.generators.filter(isTaken),
    storages: []
  }
}

const renamed = (network: Network, prefix: string): Network => {
  const own = (id: string): string => prefix + id
  const injector = (one: Injector): Injector => ({
    ...one,
    id: own(one.id),
    bus: own(one.bus),
    ...(one.pod !== undefined && { pod: own(one.pod) })
  })
  return {
    ...network,
    buses: network.buses.map(bus => ({ ...bus, id: own(bus.id) })),
    lines: network.lines.map(line => ({ ...line, id: own(line.id), from: own(line.from), to: own(line.to) })),
    transformers: network.transformers.map(one => ({
      ...one,
      id: own(one.id),
      highVoltageBus: own(one.highVoltageBus),
      lowVoltageBus: own(one.lowVoltageBus)
    })),
    switches: network.switches.map(one => ({ ...one, id: own(one.id), bus: own(one.bus), element: own(one.element) })),
    externalGrids: network.externalGrids.map(one => ({ ...one, bus: own(one.bus) })),
    loads: network.loads.map(injector),
    generators: network.generators.map(injector)
  }
}

/** Half of each customer's power can be left off, at a price of its own between 0.10 and 0.30 € for a kWh. */
const unitsOf = ({ loads }: Network): readonly FlexibleUnit[] =>
  loads.flatMap(({ pod, bus, p_kW }, n) =>
    pod === undefined
      ? []
      : [
          {
            pod,
            bus,
            kind: 'continuous' as const,
            band: { upP: Math.round(500 * p_kW), downP: 0, upQ: 0, downQ: 0 },
            prices: { upP: 100_000 + 2_000 * ((n * 37) % 101), downP: 0, upQ: 0, downQ: 0 }
          }
        ]
  )
