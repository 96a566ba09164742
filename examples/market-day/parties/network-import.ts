/**
 * What the grid operator of the example tells the platform of its network: the network itself, and what those who do not take
 * part usually do, as shares of their ratings. Who takes part registers a baseline and needs no profile here.
 *
 * The profile of an element that is a plain load or plant is the measured one; an element with a car, a heat pump or panels,
 * or one that stands for a whole low-voltage network, has a profile of its own.
 */
import type { Injector, Network } from '../../../domain/grid/network.ts'
import { networkToJson } from '../../../domain/grid/network-file.ts'
import type { DayPowers, Part } from '../network/district.ts'
import { gridDayOf, type MarketGrid } from '../network/market-grid.ts'
import type { Profiles } from '../population.ts'
import type { RestClient } from '../rest-client.ts'
import { clockSlots, mtuOfSlot } from './session-view.ts'

interface Share {
  readonly p: number
  readonly q: number
}

export interface NetworkProfile {
  readonly name: string
  /** 96 quarter-hours of the clock; the days without a list of their own are as a working day. */
  readonly workday: readonly Share[]
}

export interface NetworkImport {
  readonly network: unknown
  readonly profiles: readonly NetworkProfile[]
}

export const networkImportOf = (grid: MarketGrid, date: string, mtus: number, profiles: Profiles): NetworkImport => {
  const day = gridDayOf(grid, date, mtus, profiles)
  const typical = new Map<string, NetworkProfile>()
  const profiled = (
    list: readonly Injector[],
    partsOf: ReadonlyMap<string, readonly Part[]>,
    powers: readonly DayPowers[]
  ): Injector[] =>
    list.map((element, n) => {
      if (element.pod !== undefined) return element
      const parts = partsOf.get(element.id)!
      const name = parts.length === 1 ? parts[0]!.profile : element.id
      if (!typical.has(name)) typical.set(name, profileOf(name, element, powers[n]!, mtus))
      return { ...element, profile: name }
    })
  const network: Network = {
    ...grid.network,
    loads: profiled(grid.network.loads, grid.loads, day.loads),
    generators: profiled(grid.network.generators, grid.generators, day.generators)
  }
  return { network: networkToJson(network), profiles: [...typical.values()] }
}

const profileOf = (name: string, { p_kW, q_kvar }: Injector, powers: DayPowers, mtus: number): NetworkProfile => ({
  name,
  workday: clockSlots.map(slot => {
    const mtu = mtuOfSlot(slot, mtus)
    return { p: share(powers.p_kW[mtu]!, p_kW), q: share(powers.q_kvar[mtu]!, q_kvar) }
  })
})

const share = (value: number, rated: number): number => {
  if (rated === 0 && value !== 0) throw new Error(`${value} cannot be a share of nothing`)
  return rated === 0 ? 0 : value / rated
}

export const importNetwork = (client: RestClient, pom: string, body: NetworkImport, key: string): Promise<unknown> =>
  client.send('PUT', `/v1/networks/${pom}`, body, key)
