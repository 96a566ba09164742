/**
 * Commands about networks: parts are staged, an activation makes them the network, switches change it. A network that has
 * an error is refused with all of its problems, and the one before stays.
 *
 * Only the grid operator that imported the first network of a PoM may change it. An upload that begins while another is
 * unfinished takes its place: a PoM keeps one at most.
 */
import type {
  ActivateNetwork,
  GridCommandRefused,
  GridEvent,
  NetworkPodsPlaced,
  NetworkVersionActivated,
  PlacedPod,
  StageNetworkElements,
  SwitchNetwork,
  SwitchState
} from '../../schemas/generated.ts'
import type { NetworkProblem } from '../grid/network-problem.ts'
import { isId, isPodCode } from '../units/ids.ts'
import { REASONS_MAX, type Reason, reasons } from '../units/refusal.ts'
import { samePlace } from './directory.ts'
import { podPlace, type ReadVersion, readVersion, versionOf } from './network-version.ts'
import type { PomGrid, StagedUpload } from './state.ts'

type Add = ReturnType<typeof reasons>['add']

/** Parts of one upload: 1,000 records of 256 kB are 250 MB, a hundred times a network of 10,000 buses. */
export const PARTS_MAX = 1_000
/** PoDs in one event: some 100 bytes each, far below the size of a record. */
const PLACED_MAX = 500
/** Remarks in one event; the rest is counted. */
const REMARKS_MAX = 100

const uploadPattern = /^[A-Za-z0-9_-]{1,64}$/

export const stageElements = (command: StageNetworkElements, pom: PomGrid): readonly GridEvent[] => {
  const { add, list } = reasons()
  mayOperate(command.by, pom, add)
  if (!isId(command.pom)) add('bad-id', '/pom')
  if (!uploadPattern.test(command.upload)) add('bad-id', '/upload')
  if (command.index < 0 || command.index >= PARTS_MAX) add('too-many', '/index', `At most ${PARTS_MAX} parts.`)
  if (list.length > 0) return [refusal(command, command.upload, list)]
  return [{ ...command, type: 'NetworkElementsStaged' }]
}

export const activateNetwork = (command: ActivateNetwork, pom: PomGrid, now: number): readonly GridEvent[] => {
  const { add, list } = reasons()
  mayOperate(command.by, pom, add)
  const parts = stagedParts(command, pom.staged, add)
  if (parts === undefined || list.length > 0) return [refusal(command, command.upload, list)]
  const { version, problems } = readVersion(command, parts, [])
  if (version === undefined) return [refusal(command, command.upload, problemReasons(problems))]
  const { type: _, ...head } = command
  return activation({ ...head, switched: [], changed: 'imported' }, version, problems, pom, now)
}

export const switchNetwork = (command: SwitchNetwork, pom: PomGrid, now: number): readonly GridEvent[] => {
  const { add, list } = reasons()
  mayOperate(command.by, pom, add)
  const current = pom.network
  if (!current) add('unknown-network', '')
  if (command.switches.length === 0) add('empty', '/switches')
  const subject = command.switches[0]?.id ?? ''
  if (!current || list.length > 0) return [refusal(command, subject, list)]
  const { compiled } = versionOf(current)
  const stateOf = new Map(compiled.network.switches.map(({ id, closed }) => [id, closed]))
  const seen = new Set<string>()
  command.switches.forEach(({ id }, n) => {
    if (!stateOf.has(id)) add('unknown-switch', `/switches/${n}/id`, `The network has no switch ${id}.`)
    if (seen.has(id)) add('bad-range', `/switches/${n}/id`, `The switch ${id} is named twice.`)
    seen.add(id)
  })
  if (list.length > 0) return [refusal(command, subject, list)]
  const switched = switchedFrom(current.parts, current.activated.switched, command.switches)
  const { version, problems } = readVersion(current.activated, current.parts, switched)
  if (version === undefined) return [refusal(command, subject, problemReasons(problems))]
  const { upload, name, source, frequencyHz, parts } = current.activated
  const head = { pom: command.pom, by: command.by, upload, name, source, frequencyHz, parts }
  const changed = command.persistent ? 'switched' : 'switchedForNow'
  return activation({ ...head, switched, changed }, version, problems, pom, now)
}

type Head = Omit<
  NetworkVersionActivated,
  'type' | 'version' | 'digest' | 'counts' | 'remarks' | 'remarkCount' | 'activatedAt'
>

const activation = (
  head: Head,
  read: ReadVersion,
  problems: readonly NetworkProblem[],
  pom: PomGrid,
  now: number
): readonly GridEvent[] => {
  const { network } = read.compiled
  const version = (pom.network?.activated.version ?? 0) + 1
  const activated: NetworkVersionActivated = {
    type: 'NetworkVersionActivated',
    ...head,
    version,
    digest: read.digest,
    counts: {
      buses: network.buses.length,
      lines: network.lines.length,
      transformers: network.transformers.length,
      switches: network.switches.length,
      loads: network.loads.length,
      generators: network.generators.length,
      storages: network.storages.length,
      pods: read.podPlaces.size
    },
    remarks: problems.slice(0, REMARKS_MAX).map(({ code, path, detail }) => ({ code, path, detail })),
    remarkCount: problems.length,
    activatedAt: now
  }
  const moved = head.changed === 'switchedForNow' ? [] : movedPods(head, read, pom)
  const placed: NetworkPodsPlaced[] = []
  for (let from = 0; from < moved.length; from += PLACED_MAX)
    placed.push({ type: 'NetworkPodsPlaced', pom: head.pom, version, pods: moved.slice(from, from + PLACED_MAX) })
  return [activated, ...placed]
}

/** PoDs that stand elsewhere than was told last. One that has no supply for now keeps its place: its wires are there. */
const movedPods = ({ pom, by }: Head, { podPlaces }: ReadVersion, { placed }: PomGrid): PlacedPod[] => {
  const moved: PlacedPod[] = []
  for (const [pod, { place }] of podPlaces) {
    if (place === undefined || !isPodCode(pod)) continue
    const now = podPlace(by.id, pom, place)
    if (!samePlace(now, placed.get(pod))) moved.push({ pod, place: now })
  }
  for (const pod of placed.keys()) if (!podPlaces.has(pod)) moved.push({ pod, place: null })
  return moved
}

const stagedParts = ({ upload, by, parts }: ActivateNetwork, staged: StagedUpload | null, add: Add) => {
  if (staged?.upload !== upload || staged.by !== by.id) {
    add('unknown-upload', '/upload')
    return undefined
  }
  const found = Array.from({ length: Math.min(parts, PARTS_MAX) }, (_, n) => staged.parts.get(n))
  const missing = found.flatMap((part, n) => (part === undefined ? [n] : []))
  if (missing.length > 0 || staged.parts.size !== parts)
    add('missing-parts', '/parts', `${staged.parts.size} of ${parts} parts were staged.`)
  return found.filter(part => part !== undefined)
}

/** All switches that stand otherwise than they were imported. */
const switchedFrom = (
  parts: readonly { readonly elements: { readonly switches: readonly SwitchState[] } }[],
  before: readonly SwitchState[],
  now: readonly SwitchState[]
): readonly SwitchState[] => {
  const stateOf = new Map([...before, ...now].map(({ id, closed }) => [id, closed]))
  return parts.flatMap(({ elements }) =>
    elements.switches.flatMap(({ id, closed }) => {
      const state = stateOf.get(id) ?? closed
      return state === closed ? [] : [{ id, closed: state }]
    })
  )
}

/** The first network of a PoM is imported by the grid operator of the PoDs that are known there. */
export const mayOperate = (
  by: { readonly role: string; readonly id: string },
  { dsoId, pods }: PomGrid,
  add: Add
): void => {
  if (by.role !== 'dso') {
    add('wrong-role', '')
    return
  }
  const [first] = pods.values()
  const operator = dsoId ?? first?.dsoId ?? by.id
  if (operator !== by.id) add('foreign-actor', '/pom')
}

const problemReasons = (problems: readonly NetworkProblem[]): readonly Reason[] =>
  problems
    .filter(({ severity }) => severity === 'error')
    .slice(0, REASONS_MAX)
    .map(({ code, path, detail }) => ({ code: 'bad-network', path, detail: `${code}: ${detail}` }))

export const refusal = (
  command: { readonly type: string; readonly pom: string; readonly by: GridCommandRefused['by'] },
  subject: string,
  list: readonly Reason[]
): GridCommandRefused => ({
  type: 'GridCommandRefused',
  pom: command.pom,
  command: command.type,
  subject,
  by: command.by,
  reasons: list
})
