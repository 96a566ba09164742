/**
 * The district of the example: one primary substation, 133 low-voltage networks and 11,542 loads, at a time when most homes
 * have a car charger, a heat pump or panels (future.json.gz beside this file). Every load, and what stands in for a whole
 * low-voltage network, is a sum of parts; a part is a rating times a measured profile.
 *
 * Promises: the same figures for the same day, and an error where a profile has no values for it.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Injector, Network } from '../../../domain/grid/network.ts'
import { parseNetwork } from '../../../domain/grid/network-file.ts'
import type { Profiles } from '../population.ts'

export type AssetKind = 'car' | 'heatPump' | 'pv'

/** Rating times profile; a negative rating injects. */
export interface Part {
  readonly kind: 'load' | AssetKind
  readonly p_kW: number
  readonly q_kvar: number
  readonly profile: string
  readonly weeksLater: number
}

/** Withdrawal per MTU of a day. */
export interface DayPowers {
  readonly p_kW: Float64Array
  readonly q_kvar: Float64Array
}

export interface District {
  readonly network: Network
  /** By id of the load. */
  readonly partsOf: ReadonlyMap<string, readonly Part[]>
  /** Names of the low-voltage networks. */
  readonly lowVoltage: readonly string[]
}

/** Kind, rated kW, profile, and how many weeks later it is read. */
export type AssetRow = readonly [AssetKind, number, string, number]

let known: District | undefined

/** Read once in a process: some 30 MB. */
export const readDistrict = (): District => {
  known ??= districtOf(unpacked(networkFile), unpacked(futureFile) as Readonly<Record<string, readonly AssetRow[]>>)
  return known
}

export const networkFile = new URL('../../networks/simbench/district.json.gz', import.meta.url)
export const futureFile = new URL('future.json.gz', import.meta.url)

const unpacked = (file: URL): unknown => JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'))

const districtOf = (json: unknown, future: Readonly<Record<string, readonly AssetRow[]>>): District => {
  const { network, problems } = parseNetwork(json)
  if (network === undefined) throw new Error(`the district cannot be read: ${JSON.stringify(problems.slice(0, 3))}`)
  return {
    network,
    partsOf: new Map(
      network.loads.map(load => [load.id, [partOf(load, 1), ...(future[load.id] ?? []).map(assetPart)]])
    ),
    lowVoltage: [...new Set(network.buses.flatMap(({ id }) => lowVoltageNetworkOf(id) ?? []))].toSorted()
  }
}

/** SimBench calls every bus of a low-voltage network after it: `LV3.301 Bus 27`. */
export const lowVoltageNetworkOf = (bus: string): string | undefined => /^LV\d\.\d+/.exec(bus)?.[0]

/** Everything else is business. */
export const isHousehold = (profile: string | undefined): boolean => profile?.startsWith('H0') ?? false

/** A load withdraws (sign 1), a generator injects (−1). */
export const partOf = ({ id, p_kW, q_kvar, profile }: Injector, sign: 1 | -1): Part => {
  if (profile === undefined) throw new Error(`${id} has no profile`)
  return { kind: 'load', p_kW: sign * p_kW, q_kvar: sign * q_kvar, profile, weeksLater: 0 }
}

const assetPart = ([kind, rated_kW, profile, weeksLater]: AssetRow): Part => {
  const injects = kind === 'pv'
  return { kind, p_kW: injects ? -rated_kW : rated_kW, q_kvar: injects ? 0 : rated_kW, profile, weeksLater }
}

export const dayPowersOf = (parts: readonly Part[], date: string, mtus: number, profiles: Profiles): DayPowers => {
  const sum = { p_kW: new Float64Array(mtus), q_kvar: new Float64Array(mtus) }
  for (const { p_kW, q_kvar, profile, weeksLater } of parts) {
    const { p, q } = profiles.curve(profile, date, weeksLater)
    for (let mtu = 0; mtu < mtus; mtu++) {
      sum.p_kW[mtu]! += p_kW * p[mtu]!
      sum.q_kvar[mtu]! += q_kvar * q[mtu]!
    }
  }
  return sum
}
