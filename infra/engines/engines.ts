/**
 * Starts and stops engines by their recipes. `startEngine` is the same whether the engine is new, was stopped, lost one of
 * its nodes, or runs already (then it changes nothing and says so): afterwards it runs, has answered a client, and is at
 * the address it always had. `stop` leaves no process behind and keeps the data.
 *
 * Promises: every wait ends; a start that fails shows the end of the engine's log and leaves nothing running.
 */

import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { FlexError } from '../errors.ts'
import { type IssuedFiles, issueInto } from '../pki/files.ts'
import { alive, bringUp, endAll, logFileOf, placeOf, START_MS, STOP_MS } from './bring-up.ts'
import { type EngineName, engineNames, type Progress, type Recipe } from './engine.ts'
import { type EngineProcess, kill, signal } from './engine-process.ts'
import { exclusively } from './exclusive.ts'
import { defaultEnginesDir } from './installation.ts'
import { kafka } from './kafka.ts'
import { kafka3, pkiDirOf, superUsers } from './kafka-3.ts'
import { mosquitto } from './mosquitto.ts'
import { postgres } from './postgres.ts'
import { registry } from './registry.ts'
import { type EngineState, readState } from './state.ts'

/** Longer than a start or stop by another process may take. */
const LOCK_MS = START_MS + STOP_MS

const recipes: Readonly<Record<EngineName, Recipe>> = {
  kafka,
  'kafka-3': kafka3,
  registry,
  postgres,
  mosquitto
}

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

/** For an engine whose connections need certificates. PEM throughout. */
export interface EngineCertificates {
  readonly authorityFile: string
  /** Of one that may do everything. */
  readonly admin: { readonly certificateFile: string; readonly keyFile: string }
  /** The folder of the authority, for infra/pki. */
  readonly dir: string
  /** A certificate for a client, which may do what access lists allow its name. */
  issueClient(commonName: string): Promise<IssuedFiles>
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
  /** Undefined: connections are plain. */
  readonly certificates: EngineCertificates | undefined
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
    certificates: name === 'kafka-3' ? certificatesIn(pkiDirOf({ dir })) : undefined,
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
      if (!existsSync(dir)) return
      await alone(state => endAll(recipe, dir, state))
      await rm(dir, { recursive: true, force: true })
    }
  }
}

const certificatesIn = (dir: string): EngineCertificates => ({
  dir,
  authorityFile: join(dir, 'ca.pem'),
  admin: { certificateFile: join(dir, 'admin.pem'), keyFile: join(dir, 'admin.key.pem') },
  async issueClient(commonName) {
    if (superUsers.includes(commonName)) throw new RangeError(`${commonName} may do everything: it is no client's name`)
    return issueInto(dir, { commonName, usages: ['client'] })
  }
})

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

const knownState = async (dir: string): Promise<EngineState> => {
  const state = await readState(dir)
  if (!state) throw new FlexError('FLEX_ENGINE_FAILED', `${dir} was removed while its engine was in use`)
  return state
}
