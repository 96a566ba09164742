/**
 * What the grid operator of one partition knows: a directory of points of delivery (by PoD: where networks have them, and
 * what the registry has), and per PoM the network with its versions, the PoDs below it and the sessions of the last days.
 * It is the fold of its own events and nothing else. The compiled network is no part of it: it follows from the version
 * (network-version.ts) and is kept beside the state.
 */
import type {
  AssessSession,
  ClearedServiceNoted,
  GridPodNoted,
  IndivisibleOfferNoted,
  NetworkElementsStaged,
  NetworkVersionActivated,
  PodPlace,
  RequestProposed,
  ValidatedServiceNoted,
  VerdictInterval,
  WeatherNoted
} from '../../schemas/generated.ts'
import type { SeriesModel } from '../forecast/series-model.ts'

export interface DirectoryEntry {
  readonly registered: boolean
  /** Where the networks have it. */
  readonly place: PodPlace | null
  /** PoM of the network that says so: only that one may take it back. */
  readonly pom: string | null
  /** Where the registry has it. */
  readonly known: PodPlace | null
}

/** One version of a network: the parts that were imported, and which switches stand otherwise since. */
export interface NetworkVersion {
  readonly activated: NetworkVersionActivated
  readonly parts: readonly NetworkElementsStaged[]
}

/** The parts of an upload that wait for their activation, by their number. */
export interface StagedUpload {
  readonly upload: string
  readonly by: string
  readonly parts: Map<number, NetworkElementsStaged>
}

export interface GridSession {
  readonly asked: Omit<AssessSession, 'type'>
  status: 'assessed' | 'judged' | 'final'
  /** By request id: what waits for an operator. */
  readonly proposals: Map<string, RequestProposed>
  readonly indivisible: Map<string, IndivisibleOfferNoted>
  readonly cleared: ClearedServiceNoted[]
  /** By offer id: what is not accepted in full. */
  readonly verdicts: Map<string, readonly VerdictInterval[]>
  readonly validated: ValidatedServiceNoted[]
}

export interface PomGrid {
  /** The grid operator that imported the network. */
  dsoId: string | null
  staged: StagedUpload | null
  network: NetworkVersion | null
  /** The places as they were told last (T-51). */
  readonly placed: Map<string, PodPlace>
  readonly pods: Map<string, GridPodNoted>
  /** By element of the network: what was learned of it. */
  readonly models: Map<string, SeriesModel>
  /** The day so far of an element that is measured, W from the day's first quarter-hour. */
  readonly latest: Map<string, { readonly start: number; readonly p: readonly (number | null)[] }>
  weather: WeatherNoted | null
  readonly sessions: Map<string, GridSession>
}

export interface GridOperation {
  readonly directory: Map<string, DirectoryEntry>
  readonly poms: Map<string, PomGrid>
}

export const initial = (): GridOperation => ({ directory: new Map(), poms: new Map() })

export const emptyPom = (): PomGrid => ({
  dsoId: null,
  staged: null,
  network: null,
  placed: new Map(),
  pods: new Map(),
  models: new Map(),
  latest: new Map(),
  weather: null,
  sessions: new Map()
})
