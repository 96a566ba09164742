/**
 * A version of a network, from the parts on the log: read, checked and compiled. Everything that is wrong is told at once.
 *
 * Promises: the same parts and switch states give the same network, places and digest. Both are kept by the version's
 * object as long as that lives, so a session does not compile anew what the one before it did.
 * Ids of places: the market takes letters, digits, _ and - of at most 40 characters, stations of a network have names of
 * any kind; so every other character becomes a -, and two names that become one id are an error of the network.
 */
import { createHash } from 'node:crypto'
import type { NetworkElements, NetworkElementsStaged, PodPlace, SwitchState } from '../../schemas/generated.ts'
import { type CompiledNetwork, compileNetwork } from '../grid/compile-network.ts'
import { type Place, placesOf } from '../grid/hierarchy.ts'
import type { Network } from '../grid/network.ts'
import { networkToJson, parseNetwork } from '../grid/network-file.ts'
import { hasErrors, type NetworkProblem } from '../grid/network-problem.ts'
import { type Limits, limitsOf } from '../grid/violations.ts'
import { isId } from '../units/ids.ts'
import { networkThresholds } from './network-limits.ts'
import type { NetworkVersion } from './state.ts'

export interface NetworkHead {
  readonly name: string
  readonly source: string | null
  readonly frequencyHz: number
}

/** A typical day of shares of the rated powers, 96 each. */
export interface ElementProfile {
  readonly workday: readonly { readonly p: number; readonly q: number }[]
  readonly saturday: readonly { readonly p: number; readonly q: number }[]
  readonly holiday: readonly { readonly p: number; readonly q: number }[]
}

/** Where a bus stands, by the ids of the market. */
export interface MarketPlace {
  readonly feeder: string | null
  readonly secondarySubstation: string | null
}

export interface ReadVersion {
  readonly compiled: CompiledNetwork
  readonly limits: Limits
  readonly profiles: ReadonlyMap<string, ElementProfile>
  /** By the bus's place in the network's list; undefined: no primary substation supplies it. */
  readonly places: readonly (MarketPlace | undefined)[]
  readonly podPlaces: ReadonlyMap<string, { readonly bus: number; readonly place: MarketPlace | undefined }>
  readonly digest: string
}

export type VersionRead =
  | { readonly version: ReadVersion; readonly problems: readonly NetworkProblem[] }
  | { readonly version?: never; readonly problems: readonly NetworkProblem[] }

const lists = [
  ...(['buses', 'lines', 'transformers', 'switches', 'externalGrids'] as const),
  ...(['loads', 'generators', 'storages', 'shunts'] as const)
]

export const readVersion = (
  head: NetworkHead,
  parts: readonly NetworkElementsStaged[],
  switched: readonly SwitchState[]
): VersionRead => {
  const stateOf = new Map(switched.map(({ id, closed }) => [id, closed]))
  const json: Record<string, unknown> = {
    name: head.name,
    ...(head.source === null ? {} : { source: head.source }),
    frequencyHz: head.frequencyHz
  }
  for (const list of lists) json[list] = parts.flatMap(({ elements }) => withoutNulls(elements[list]))
  const read = parseNetwork(json)
  if (read.network === undefined) return { problems: read.problems }
  const network: Network = {
    ...read.network,
    switches: read.network.switches.map(one => ({ ...one, closed: stateOf.get(one.id) ?? one.closed }))
  }
  const { compiled, problems } = compileNetwork(network)
  if (compiled === undefined) return { problems }
  const profiles = new Map(parts.flatMap(({ elements }) => elements.profiles.map(one => [one.name, one] as const)))
  const limited = networkThresholds(
    parts.flatMap(({ elements }) => elements.limits),
    network
  )
  const found = [...problems, ...profileProblems(network, parts, profiles), ...limited.problems]
  const places = placesOf(network, compiled.topology)
  const named = marketPlaces(network, places, found)
  if (hasErrors(found)) return { problems: found }
  return {
    problems: found,
    version: {
      compiled,
      limits: limitsOf(compiled, limited.thresholds),
      profiles,
      places: named,
      podPlaces: podPlacesOf(network, compiled, named),
      digest: digestOf(network, parts)
    }
  }
}

const known = new WeakMap<NetworkVersion, ReadVersion>()

/** A version that was activated. Assumes that it was read without an error then. */
export const versionOf = (version: NetworkVersion): ReadVersion => {
  const before = known.get(version)
  if (before) return before
  const { activated, parts } = version
  const read = readVersion(activated, parts, activated.switched)
  if (read.version === undefined)
    throw new Error(`version ${activated.version} of ${activated.pom} was activated and cannot be read any more`)
  known.set(version, read.version)
  return read.version
}

/** A field that a record of the log has as null is one that a file leaves out. */
const withoutNulls = (items: readonly object[]): object[] =>
  items.map(item => Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null)))

const SLOTS = 96

const profileProblems = (
  network: Network,
  parts: readonly NetworkElementsStaged[],
  profiles: ReadonlyMap<string, ElementProfile>
): NetworkProblem[] => {
  const found: NetworkProblem[] = []
  const error = (path: string, detail: string): void => {
    found.push({ severity: 'error', code: 'bad-value', path, detail })
  }
  const given = parts.flatMap(({ elements }) => elements.profiles)
  given.forEach(({ name, ...days }, n) => {
    if (given.findIndex(other => other.name === name) !== n)
      found.push({
        severity: 'error',
        code: 'duplicate-id',
        path: `/profiles/${n}/name`,
        detail: `the profile ${name} is given twice`
      })
    for (const day of ['workday', 'saturday', 'holiday'] as const) {
      const isRight = days[day].length === SLOTS || (day !== 'workday' && days[day].length === 0)
      if (!isRight) error(`/profiles/${n}/${day}`, `a day has ${SLOTS} quarter-hours, not ${days[day].length}`)
      if (days[day].some(({ p, q }) => !Number.isFinite(p) || !Number.isFinite(q)))
        error(`/profiles/${n}/${day}`, 'shares are numbers')
    }
  })
  if (profiles.size === 0) return found
  const missing = new Set<string>()
  for (const list of [network.loads, network.generators, network.storages])
    for (const { profile } of list) if (profile !== undefined && !profiles.has(profile)) missing.add(profile)
  for (const name of missing)
    found.push({
      severity: 'warning',
      code: 'missing-data',
      path: '/profiles',
      detail: `no profile ${name} is given: its elements keep their rated power`
    })
  return found
}

/** Characters of an id of the market. */
const ID_MAX = 40

export const placeId = (name: string): string =>
  isId(name) ? name : name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, ID_MAX)

const marketPlaces = (
  network: Network,
  places: readonly Place[],
  problems: NetworkProblem[]
): readonly (MarketPlace | undefined)[] => {
  const nameOfId = new Map<string, string>()
  const idOf = (name: string | undefined, bus: number): string | null => {
    if (name === undefined) return null
    const id = placeId(name)
    const before = nameOfId.get(id)
    if (before === undefined) nameOfId.set(id, name)
    else if (before !== name)
      problems.push({
        severity: 'error',
        code: 'duplicate-id',
        path: `/buses/${bus}`,
        detail: `the places ${before} and ${name} would have one id, ${id}`
      })
    return id
  }
  const primary = new Set<string>()
  const named = network.buses.map((_, n) => {
    const { primarySubstation, feeder, secondarySubstation } = places[n] ?? {}
    if (primarySubstation === undefined) return undefined
    primary.add(primarySubstation)
    return { feeder: idOf(feeder, n), secondarySubstation: idOf(secondarySubstation, n) }
  })
  if (primary.size > 1)
    problems.push({
      severity: 'error',
      code: 'unsupported',
      path: '/externalGrids',
      detail: `a network is that of one primary substation; this one has ${[...primary].join(', ')}`
    })
  return named
}

const podPlacesOf = (
  network: Network,
  { topology }: CompiledNetwork,
  places: readonly (MarketPlace | undefined)[]
): ReadVersion['podPlaces'] => {
  const pods = new Map<string, { bus: number; place: MarketPlace | undefined }>()
  for (const list of [network.loads, network.generators, network.storages])
    for (const { pod, bus: id } of list) {
      if (pod === undefined || pods.has(pod)) continue
      const bus = topology.busIndex.get(id)!
      pods.set(pod, { bus, place: places[bus] })
    }
  return pods
}

/** Over the network in its own format, profiles and limits, so that equal content has an equal digest whatever its parts. */
const digestOf = (network: Network, parts: readonly NetworkElementsStaged[]): string => {
  const hash = createHash('sha256').update(JSON.stringify(networkToJson(network)))
  for (const { elements } of parts) for (const profile of elements.profiles) hash.update(`\n${JSON.stringify(profile)}`)
  for (const { elements } of parts) for (const limit of elements.limits) hash.update(`\n${JSON.stringify(limit)}`)
  return hash.digest('hex')
}

export const emptyElements: NetworkElements = {
  buses: [],
  lines: [],
  transformers: [],
  switches: [],
  externalGrids: [],
  loads: [],
  generators: [],
  storages: [],
  shunts: [],
  profiles: [],
  limits: []
}

/** The place of a PoD as the registry has it. */
export const podPlace = (dsoId: string, pom: string, place: MarketPlace): PodPlace => ({ dsoId, pom, ...place })
