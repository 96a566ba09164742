/**
 * Starts and stops engines by their recipes. `startEngine` is the same whether the engine is new, was stopped, lost one of
 * its nodes, or runs already (then it changes nothing and says so): afterwards it runs, has answered a client, and is at
 * the address it always had. `stop` leaves no process behind and keeps the data.
 *
 * Promises: every wait ends; a start that fails shows the end of the engine's log and leaves nothing running.
 */

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { FlexError } from '../errors.ts'
import { lastLines } from './command.ts'
import { type EngineName, engineNames, type Place, type Progress, type Recipe } from './engine.ts'
import { type EngineProcess, end, isAlive, kill, launch, signal } from './engine-process.ts'
import { exclusively } from './exclusive.ts'
import { defaultEnginesDir } from './installation.ts'
import { kafka } from './kafka.ts'
import { mosquitto } from './mosquitto.ts'
import { freePorts, isFree } from './ports.ts'
import { postgres } from './postgres.ts'
import { registry } from './registry.ts'
import { type EngineState, readState, writeState } from './state.ts'

/** A start takes 1 to 16 s alone on two cores; beside other work on slow ones it may take many times that. */
const START_MS = 180_000
/** Between two attempts of a client while an engine starts. */
const ATTEMPT_EVERY_MS = 200
/** What an engine may take to write everything down before it is killed. */
const STOP_MS = 30_000
/** A port that a process has just given up may be reported as taken for a moment. */
const PORT_MS = 5_000
/** Longer than a start or stop by another process may take. */
const LOCK_MS = START_MS + STOP_MS

const recipes: Readonly<Record<EngineName, Recipe>> = { kafka, registry, postgres, mosquitto }

export { type EngineName, engineNames }

export interface InstallOptions {
  /** Cache of installed programs, shared by everyone; default `~/.cache/flexledger/engines`. */
  readonly enginesDir?: string
  readonly onProgress?: Progress
}

export interface StartOptions extends InstallOptions {
  /** The engine lives in `<dir>/<name>`; two folders are two engines. */
  readonly dir: string
  /** Goes on when this process ends; by default it ends with it. */
  readonly persistent?: boolean
  /** False: may lose what was written last upon a power cut, and is faster (PostgreSQL's fsync). Default true. */
  readonly durable?: boolean
}

export interface EngineStatus {
  readonly name: EngineName
  /** `partly`: some nodes only. `absent`: never started in this folder. */
  readonly status: 'running' | 'partly' | 'stopped' | 'absent'
  readonly dir: string
  /** Undefined if absent; otherwise the address it has or will have again. */
  readonly url: string | undefined
  readonly pids: readonly number[]
}

/** A node is counted from 1; where none is named it is the first. */
export interface RunningEngine {
  readonly name: EngineName
  readonly url: string
  /** `host:port` of each node. */
  readonly addresses: readonly string[]
  /** Its folder. */
  readonly dir: string
  /** It ran before `startEngine` was called. */
  readonly ranAlready: boolean
  readonly logFiles: readonly string[]
  /** Of the nodes that are alive. */
  pids(): readonly number[]
  /** In order; the data stays. */
  stop(): Promise<void>
  /** As a power cut of one node would: SIGKILL, and the process is gone when this resolves. */
  kill(node?: number): Promise<void>
  /** SIGSTOP and SIGCONT: a node that hangs, and goes on. */
  pause(node?: number): void
  resume(node?: number): void
  /** Starts again whatever does not run, and waits until it is ready. */
  startAgain(): Promise<void>
  /** Stops and removes its folder. */
  remove(): Promise<void>
}

export const installEngine = async (name: EngineName, options: InstallOptions = {}): Promise<string> =>
  recipes[name].install(options.enginesDir ?? defaultEnginesDir(), options.onProgress ?? (() => {}))

export const startEngine = async (name: EngineName, options: StartOptions): Promise<RunningEngine> => {
  const recipe = recipes[name]
  const home = await installEngine(name, options)
  const dir = folderOf(name, options.dir)
  await mkdir(dir, { recursive: true })
  const bring = () => exclusively(lockIn(dir), LOCK_MS, () => bringUp(recipe, home, dir, options))
  const { place, ranAlready } = await bring()
  const running = (): Promise<EngineState> => knownState(dir)
  const alone = <Result>(work: (state: EngineState) => Promise<Result>): Promise<Result> =>
    exclusively(lockIn(dir), LOCK_MS, async () => work(await running()))
  let latest = await running()
  const nodeOf = (node: number): EngineProcess => {
    const engine = latest.processes[node - 1]
    if (!engine) throw new RangeError(`${name} has no running node ${node}`)
    return engine
  }
  return {
    name,
    url: recipe.url(place),
    addresses: place.ports.map(([port]) => `127.0.0.1:${port}`),
    dir,
    ranAlready,
    logFiles: place.ports.map((_, node) => logFileOf(recipe, dir, node)),
    pids: () => alive(latest).map(({ pid }) => pid),
    stop: () => stopEngine(name, options),
    kill: (node = 1) => kill(nodeOf(node)),
    pause: (node = 1) => void signal(nodeOf(node), 'SIGSTOP'),
    resume: (node = 1) => void signal(nodeOf(node), 'SIGCONT'),
    async startAgain() {
      await bring()
      latest = await running()
    },
    async remove() {
      await alone(state => endAll(recipe, dir, state))
      await rm(dir, { recursive: true, force: true })
    }
  }
}

/** Nothing to stop is no error. */
export const stopEngine = async (name: EngineName, options: { readonly dir: string }): Promise<void> => {
  const dir = folderOf(name, options.dir)
  if (!existsSync(dir)) return
  await exclusively(lockIn(dir), LOCK_MS, async () => {
    const state = await readState(dir)
    if (state) await endAll(recipes[name], dir, state)
  })
}

export const engineStatus = async (name: EngineName, options: { readonly dir: string }): Promise<EngineStatus> => {
  const dir = folderOf(name, options.dir)
  const state = existsSync(dir) ? await readState(dir) : undefined
  if (!state) return { name, status: 'absent', dir, url: undefined, pids: [] }
  const pids = alive(state).map(({ pid }) => pid)
  return {
    name,
    status: pids.length === 0 ? 'stopped' : pids.length < recipes[name].nodes ? 'partly' : 'running',
    dir,
    url: recipes[name].url(placeOf(dir, '', state)),
    pids
  }
}

const folderOf = (name: EngineName, dir: string): string => join(resolve(dir), name)

const lockIn = (dir: string): string => join(dir, 'engine.lock')

const logFileOf = ({ nodes }: Recipe, dir: string, node: number): string =>
  join(dir, nodes === 1 ? 'engine.log' : `engine-${node + 1}.log`)

const placeOf = (dir: string, home: string, { ports, clusterId }: EngineState): Place => ({
  dir,
  home,
  ports,
  clusterId
})

const alive = ({ processes }: EngineState): readonly EngineProcess[] =>
  processes.filter(engine => engine !== null).filter(isAlive)

const knownState = async (dir: string): Promise<EngineState> => {
  const state = await readState(dir)
  if (!state) throw new FlexError('FLEX_ENGINE_FAILED', `${dir} was removed while its engine was in use`)
  return state
}

const freshState = async ({ version, nodes, portsPerNode }: Recipe): Promise<EngineState> => {
  const ports = await freePorts(nodes * portsPerNode)
  return {
    version,
    ports: Array.from({ length: nodes }, (_, n) => ports.slice(n * portsPerNode, (n + 1) * portsPerNode)),
    clusterId: randomBytes(16).toString('base64url'),
    processes: Array.from({ length: nodes }, () => null)
  }
}

const bringUp = async (
  recipe: Recipe,
  home: string,
  dir: string,
  { persistent = false, durable = true }: StartOptions
): Promise<{ place: Place; ranAlready: boolean }> => {
  const state = (await readState(dir)) ?? (await freshState(recipe))
  if (state.version !== recipe.version)
    throw new FlexError(
      'FLEX_ENGINE_FAILED',
      `${dir} was written by ${recipe.name} ${state.version}, this is ${recipe.version}; take another folder`
    )
  const place = placeOf(dir, home, state)
  const missing = state.processes.flatMap((engine, node) => (engine && isAlive(engine) ? [] : [node]))
  await writeState(dir, state)
  if (missing.length === 0) return { place, ranAlready: true }
  for (const node of missing) await portsAreFree(recipe, place, node)
  await recipe.prepare(place)
  const processes = [...state.processes]
  try {
    for (const node of missing) {
      const program = await recipe.program(place, node, { durable })
      processes[node] = await launch(program, { logFile: logFileOf(recipe, dir, node), cwd: dir, persistent })
      await writeState(dir, { ...state, processes })
    }
    await untilReady(recipe, place, processes, missing)
  } catch (error) {
    for (const node of missing) {
      const engine = processes[node]
      if (engine) await kill(engine)
      processes[node] = null
    }
    await writeState(dir, { ...state, processes })
    throw error
  }
  return { place, ranAlready: false }
}

/** Somebody else on an engine's port would answer in its place, or the engine would end with a message of its own making. */
const portsAreFree = async (recipe: Recipe, place: Place, node: number): Promise<void> => {
  const giveUpAt = performance.now() + PORT_MS
  for (const port of place.ports[node] ?? [])
    while (!(await isFree(port))) {
      if (performance.now() > giveUpAt)
        throw new FlexError(
          'FLEX_ENGINE_FAILED',
          `port ${port} of ${recipe.name} is used by another program; end that, or remove ${place.dir}`
        )
      await wait(ATTEMPT_EVERY_MS)
    }
}

const untilReady = async (
  recipe: Recipe,
  place: Place,
  processes: readonly (EngineProcess | null)[],
  started: readonly number[]
): Promise<void> => {
  const nodes = processes.flatMap((engine, node) => (engine ? [node] : []))
  const giveUpAt = performance.now() + START_MS
  for (;;) {
    const problem = await recipe.ready(place, nodes).then(
      () => undefined,
      error => ({ error })
    )
    const ended = started.find(node => {
      const engine = processes[node]
      return !engine || !isAlive(engine)
    })
    if (ended !== undefined) throw await startFailed(recipe, place.dir, ended, 'ended while it started')
    if (!problem) return
    if (performance.now() > giveUpAt)
      throw await startFailed(recipe, place.dir, started[0] ?? 0, `was not ready within ${START_MS} ms`, problem.error)
    await wait(ATTEMPT_EVERY_MS)
  }
}

const startFailed = async (
  recipe: Recipe,
  dir: string,
  node: number,
  what: string,
  cause?: unknown
): Promise<FlexError> => {
  const logFile = logFileOf(recipe, dir, node)
  const log = await readFile(logFile, 'utf8').catch(() => '')
  const reason = cause === undefined ? '' : ` (${String(cause)})`
  return new FlexError(
    'FLEX_ENGINE_FAILED',
    `${recipe.name} ${what}${reason}; the end of ${logFile}:\n${lastLines(log) || '(nothing)'}`,
    { cause }
  )
}

const endAll = async (recipe: Recipe, dir: string, state: EngineState): Promise<void> => {
  await Promise.all(alive(state).map(engine => end(engine, recipe.stopSignal, STOP_MS)))
  await writeState(dir, { ...state, processes: state.processes.map(() => null) })
}
