/**
 * The part of the district that one market area is about: medium voltage, the low-voltage networks where somebody takes part
 * kept whole, each of the others one load at its substation. Nobody could help below those, so nobody looks there; what
 * they lose in lines and transformer grows with the square of what they take (losses.csv, fitted by make.ts).
 *
 * Ids carry the area's name and hold letters, digits, _ and - only, as the market's places do; several areas can stand side
 * by side. Limits are those of T-71 everywhere, not the source's.
 */
import { readFileSync } from 'node:fs'
import type { Injector, Network } from '../../../domain/grid/network.ts'
import { equipmentOf, netLoad } from '../equipment.ts'
import type { Profiles } from '../population.ts'
import { type DayPowers, type District, dayPowersOf, lowVoltageNetworkOf, type Part, partOf } from './district.ts'

export interface MarketGrid {
  readonly pom: string
  readonly network: Network
  /** What each load withdraws and each generator injects, by its id. */
  readonly loads: ReadonlyMap<string, readonly Part[]>
  readonly generators: ReadonlyMap<string, readonly Part[]>
  /** Of what stands in for a low-voltage network, by the id of its load. */
  readonly losses: ReadonlyMap<string, Losses>
}

/** kW and kvar without load, and for each (kVA)² that is taken. */
export type Losses = readonly [kW: number, kvar: number, kWPerkVA2: number, kvarPerkVA2: number]

export const lossesFile = new URL('losses.csv', import.meta.url)
let knownLosses: ReadonlyMap<string, Losses> | undefined
const lossesOf = (low: string): Losses => {
  knownLosses ??= new Map(
    readFileSync(lossesFile, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map(line => {
        const [name = '', ...cells] = line.split(',')
        const [kW = 0, kvar = 0, kWPerkVA2 = 0, kvarPerkVA2 = 0] = cells.map(Number)
        return [name, [kW, kvar, kWPerkVA2, kvarPerkVA2]]
      })
  )
  const losses = knownLosses.get(low)
  if (losses === undefined) throw new Error(`nothing is known of what ${low} loses`)
  return losses
}

export interface MarketArea {
  readonly pom: string
  /** Names of the low-voltage networks that are kept whole. */
  readonly kept: ReadonlySet<string>
  /** Point of delivery of each taking part, by the district's id of its load. */
  readonly pods: ReadonlyMap<string, string>
}

export const marketGridOf = (district: District, { pom, kept, pods }: MarketArea): MarketGrid => {
  const { network, partsOf } = district
  const named = (id: string): string => elementId(pom, id)
  const isHere = (bus: string): boolean => {
    const low = lowVoltageNetworkOf(bus)
    return low === undefined || kept.has(low)
  }
  const loads = new Map<string, readonly Part[]>()
  const generators = new Map<string, readonly Part[]>()
  const lumped = new Map<string, Part[]>()
  const lump = (bus: string, parts: readonly Part[]): void => {
    const low = lowVoltageNetworkOf(bus)!
    const sum = lumped.get(low)
    if (sum) sum.push(...parts)
    else lumped.set(low, [...parts])
  }
  const ownLoads = network.loads.flatMap((load): Injector[] => {
    const parts = partsOf.get(load.id)!
    if (!isHere(load.bus)) {
      lump(load.bus, parts)
      return []
    }
    const pod = pods.get(load.id)
    loads.set(named(load.id), parts)
    return [{ ...placed(load, named), ...(pod === undefined ? {} : { pod }) }]
  })
  const ownGenerators = network.generators.flatMap((generator): Injector[] => {
    if (!isHere(generator.bus)) {
      lump(generator.bus, [partOf(generator, -1)])
      return []
    }
    generators.set(named(generator.id), [partOf(generator, 1)])
    return [placed(generator, named)]
  })
  const stations = new Map<string, string>()
  const lumpedLoads: Injector[] = []
  const losses = new Map<string, Losses>()
  for (const { highVoltageBus, lowVoltageBus } of network.transformers) {
    const low = lowVoltageNetworkOf(lowVoltageBus)
    if (low === undefined) continue
    stations.set(highVoltageBus, named(low))
    const parts = lumped.get(low)
    if (parts === undefined) continue
    loads.set(named(low), parts)
    losses.set(named(low), lossesOf(low))
    const rated = (of: (part: Part) => number): number => parts.reduce((sum, part) => sum + Math.max(0, of(part)), 0)
    lumpedLoads.push({
      id: named(low),
      bus: named(highVoltageBus),
      p_kW: rounded(rated(({ p_kW }) => p_kW)),
      q_kvar: rounded(rated(({ q_kvar }) => q_kvar)),
      inService: true
    })
  }
  return {
    pom,
    loads,
    generators,
    losses,
    network: {
      ...network,
      name: pom,
      buses: network.buses
        .filter(({ id }) => isHere(id))
        .map(({ id, kV, inService }) => {
          const substation = isPrimary(kV) ? pom : stations.get(id)
          return { id: named(id), kV, inService, ...(substation === undefined ? {} : { substation }) }
        }),
      lines: network.lines
        .filter(({ from }) => isHere(from))
        .map(line => ({ ...line, id: named(line.id), from: named(line.from), to: named(line.to) })),
      transformers: network.transformers
        .filter(({ lowVoltageBus }) => isHere(lowVoltageBus))
        .map(transformer => ({
          ...transformer,
          id: named(transformer.id),
          highVoltageBus: named(transformer.highVoltageBus),
          lowVoltageBus: named(transformer.lowVoltageBus)
        })),
      switches: network.switches
        .filter(({ bus }) => isHere(bus))
        .map(one => ({ ...one, id: named(one.id), bus: named(one.bus), element: named(one.element) })),
      externalGrids: network.externalGrids.map(grid => ({ ...grid, bus: named(grid.bus) })),
      loads: [...ownLoads, ...lumpedLoads],
      generators: ownGenerators
    }
  }
}

/** `LV3.301 Bus 27` in ROMA01 is `ROMA01-LV3-301-Bus-27`. */
export const elementId = (pom: string, id: string): string => `${pom}-${id.replaceAll(/[^A-Za-z0-9_]+/g, '-')}`

const PRIMARY_KV_MIN = 36
const isPrimary = (kV: number): boolean => kV > PRIMARY_KV_MIN

const placed = ({ id, bus, p_kW, q_kvar, inService }: Injector, named: (id: string) => string): Injector => ({
  id: named(id),
  bus: named(bus),
  p_kW,
  q_kvar,
  inService
})

/** Sums of ratings, to the watt. */
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000

export interface GridDay {
  readonly loads: readonly DayPowers[]
  readonly generators: readonly DayPowers[]
}

/** What every element does on a day, in the order of the network's lists; a customer does what it registered. */
export const gridDayOf = (grid: MarketGrid, date: string, mtus: number, profiles: Profiles): GridDay => {
  const { network, loads, generators, losses } = grid
  return {
    loads: network.loads.map(({ id, pod }) => {
      const parts = loads.get(id)!
      if (pod === undefined) return withLosses(dayPowersOf(parts, date, mtus, profiles), losses.get(id))
      const equipment = equipmentOf(parts, date, mtus, profiles)
      return {
        p_kW: Float64Array.from({ length: mtus }, (_, mtu) => netLoad(equipment, mtu) / 1_000),
        q_kvar: Float64Array.from(equipment.curves.reactive, q => q / 1_000)
      }
    }),
    generators: network.generators.map(({ id }) => dayPowersOf(generators.get(id)!, date, mtus, profiles))
  }
}

const withLosses = ({ p_kW, q_kvar }: DayPowers, losses: Losses | undefined): DayPowers => {
  if (losses === undefined) return { p_kW, q_kvar }
  const [kW, kvar, kWPerkVA2, kvarPerkVA2] = losses
  const squares = p_kW.map((p, mtu) => p * p + q_kvar[mtu]! * q_kvar[mtu]!)
  return {
    p_kW: p_kW.map((p, mtu) => p + kW + kWPerkVA2 * squares[mtu]!),
    q_kvar: q_kvar.map((q, mtu) => q + kvar + kvarPerkVA2 * squares[mtu]!)
  }
}
