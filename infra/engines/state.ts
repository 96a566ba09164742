/**
 * What is known of an engine between two commands: its ports for ever, its processes while they run. One small file in the
 * engine's folder, replaced as a whole, so that it is never half written.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FlexError } from '../errors.ts'
import type { EngineProcess } from './engine-process.ts'

export interface EngineState {
  readonly version: string
  readonly ports: readonly (readonly number[])[]
  readonly clusterId: string
  /** By node; null was stopped. That one is named here does not say that it is alive. */
  readonly processes: readonly (EngineProcess | null)[]
}

const fileIn = (dir: string): string => join(dir, 'engine.json')

export const writeState = async (dir: string, state: EngineState): Promise<void> => {
  const next = `${fileIn(dir)}.next`
  await writeFile(next, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  await rename(next, fileIn(dir))
}

/** Undefined: there never was an engine in this folder. */
export const readState = async (dir: string): Promise<EngineState | undefined> => {
  const text = await readFile(fileIn(dir), 'utf8').catch(error => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const state = parsed(text)
  if (!state) throw new FlexError('FLEX_ENGINE_FAILED', `${fileIn(dir)} is not what an engine writes; remove ${dir}`)
  return state
}

const parsed = (text: string): EngineState | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isState(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isState = (value: unknown): value is EngineState =>
  typeof value === 'object' &&
  value !== null &&
  'version' in value &&
  typeof value.version === 'string' &&
  'clusterId' in value &&
  typeof value.clusterId === 'string' &&
  'ports' in value &&
  Array.isArray(value.ports) &&
  value.ports.every(ports => Array.isArray(ports) && ports.every(Number.isInteger)) &&
  'processes' in value &&
  Array.isArray(value.processes) &&
  value.processes.every(isProcess)

const isProcess = (value: unknown): value is EngineProcess | null =>
  value === null ||
  (typeof value === 'object' &&
    'pid' in value &&
    Number.isInteger(value.pid) &&
    'began' in value &&
    typeof value.began === 'string')
