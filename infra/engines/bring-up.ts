/**
 * Brings the missing nodes of an engine up and takes all of them down, by its recipe. The caller holds the lock of the folder.
 *
 * Every process is written down at once when it was launched, so that an interrupted start can be stopped; a start that
 * fails ends what it launched.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { FlexError } from '../errors.ts'
import { lastLines } from './command.ts'
import type { Place, Recipe } from './engine.ts'
import { type EngineProcess, end, isAlive, kill, launch } from './engine-process.ts'
import { freePorts, isFree } from './ports.ts'
import { type EngineState, readState, writeState } from './state.ts'

/** A start takes 1 to 16 s alone on two cores; beside other work on slow ones it may take many times that. */
export const START_MS = 180_000
/** Between two attempts of a client while an engine starts. */
const ATTEMPT_EVERY_MS = 200
/** What an engine may take to write everything down before it is killed. */
export const STOP_MS = 30_000
/** A port that a process has just given up may be reported as taken for a moment. */
const PORT_MS = 2_000
export const logFileOf = ({ nodes }: Recipe, dir: string, node: number): string =>
  join(dir, nodes === 1 ? 'engine.log' : `engine-${node + 1}.log`)

export const placeOf = (dir: string, home: string, { ports, clusterId }: EngineState): Place => ({
  dir,
  home,
  ports,
  clusterId
})

export const alive = ({ processes }: EngineState): readonly EngineProcess[] =>
  processes.filter(engine => engine !== null).filter(isAlive)

/** As Kafka writes ids: 16 bytes in base64, without the dash at its beginning that a command line would mistake. */
const newClusterId = (): string => {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? newClusterId() : id
}

const freshState = async ({ version, nodes, portsPerNode }: Recipe): Promise<EngineState> => {
  const ports = await freePorts(nodes * portsPerNode)
  return {
    version,
    ports: Array.from({ length: nodes }, (_, n) => ports.slice(n * portsPerNode, (n + 1) * portsPerNode)),
    clusterId: newClusterId(),
    processes: Array.from({ length: nodes }, () => null)
  }
}

export const bringUp = async (
  recipe: Recipe,
  home: string,
  dir: string,
  { persistent = false, durable = true }: { readonly persistent?: boolean; readonly durable?: boolean }
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

export const endAll = async (recipe: Recipe, dir: string, state: EngineState): Promise<void> => {
  await Promise.all(alive(state).map(engine => end(engine, recipe.stopSignal, STOP_MS)))
  await writeState(dir, { ...state, processes: state.processes.map(() => null) })
}
