/**
 * Processes that outlive the one that started them. A process is named by its id and the moment it began, so that a number
 * that the system has given to somebody else since (or a machine that was restarted) is never mistaken for ours: nothing is
 * ever signalled that was not started here.
 *
 * Assumes Linux's /proc; elsewhere it asks `ps`.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { open, truncate } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { FlexError } from '../errors.ts'
import type { Program } from './engine.ts'

export interface EngineProcess {
  readonly pid: number
  /** When it began, as the system writes it; with the boot it belongs to. */
  readonly began: string
}

/** Engines log warnings only; what was written over months is cut, so that the file cannot fill a disk. */
const LOG_BYTES_MAX = 16 * 1024 * 1024
/** Between two looks whether a process has ended. */
const LOOK_MS = 25
/** After SIGKILL a process ends as soon as the kernel comes to it, unless the disk hangs. */
const KILL_MS = 10_000

/** Undefined: there is no such process, or it has ended and waits to be collected. */
const beganAt = (pid: number): string | undefined => {
  if (!existsSync('/proc/self/stat')) return beganByPs(pid)
  const fields = statFields(pid)
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return undefined
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`
}

/** From the third field on: state, parent, …; the start time is the 22nd. The command in brackets may hold anything. */
const statFields = (pid: number): readonly string[] | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    // It ended meanwhile, or never was.
    return undefined
  }
}

const beganByPs = (pid: number): string | undefined => {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
  } catch {
    return undefined
  }
}

export const isAlive = ({ pid, began }: EngineProcess): boolean => beganAt(pid) === began

export interface LaunchOptions {
  readonly logFile: string
  readonly cwd: string
  /** Goes on when we end. Otherwise it is killed with us, even if we are killed. */
  readonly persistent: boolean
}

export const launch = async (program: Program, { logFile, cwd, persistent }: LaunchOptions): Promise<EngineProcess> => {
  const log = await open(logFile, 'a')
  try {
    if ((await log.stat()).size > LOG_BYTES_MAX) await truncate(logFile)
    const [command, args] = persistent ? [program.command, program.args] : tiedToUs(program)
    const child = spawn(command, args, {
      cwd,
      // A session of its own: an interrupt typed at our terminal is not for it.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...withoutOurs(process.env), ...program.env },
      ...program.user
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    child.unref()
    const pid = child.pid
    const began = pid === undefined ? undefined : beganAt(pid)
    if (pid === undefined || began === undefined) return { pid: pid ?? 0, began: 'ended at once' }
    const launched = { pid, began }
    if (!persistent && !hasSetpriv()) process.once('exit', () => signal(launched, 'SIGKILL'))
    return launched
  } catch (error) {
    throw new FlexError('FLEX_ENGINE_FAILED', `${program.command} does not start`, { cause: error })
  } finally {
    await log.close()
  }
}

const hasSetpriv = (): boolean => process.platform === 'linux' && existsSync('/usr/bin/setpriv')

const tiedToUs = ({ command, args }: Program): readonly [string, readonly string[]] =>
  hasSetpriv() ? ['/usr/bin/setpriv', ['--pdeathsig', 'KILL', command, ...args]] : [command, args]

/** Our settings are none of theirs, and options for our Node.js or a JVM of the machine would change what they do. */
const withoutOurs = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(FLEX_|NODE_|TAP|PG[A-Z]|KAFKA_|QUARKUS_|REGISTRY_|JAVA_TOOL)/.test(name))
  )

export type Signal = 'SIGTERM' | 'SIGINT' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'

/** False: it is not there any more. */
export const signal = (engine: EngineProcess, name: Signal): boolean => {
  if (!isAlive(engine)) return false
  try {
    process.kill(engine.pid, name)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

const endsWithin = async (engine: EngineProcess, ms: number): Promise<boolean> => {
  const giveUpAt = performance.now() + ms
  while (isAlive(engine)) {
    if (performance.now() > giveUpAt) return false
    await wait(LOOK_MS)
  }
  return true
}

/** Asks first, and kills what has not ended after `orderlyMs`. */
export const end = async (engine: EngineProcess, stop: 'SIGTERM' | 'SIGINT', orderlyMs: number): Promise<void> => {
  if (!signal(engine, stop)) return
  // What was paused hears the signal only once it goes on.
  signal(engine, 'SIGCONT')
  if (!(await endsWithin(engine, orderlyMs))) await kill(engine)
}

/** With its children: a database whose children still end refuses to start again. */
export const kill = async (engine: EngineProcess): Promise<void> => {
  const all = isAlive(engine) ? [engine, ...childrenOf(engine.pid)] : []
  for (const process of all) signal(process, 'SIGKILL')
  for (const process of all)
    if (!(await endsWithin(process, KILL_MS)))
      throw new FlexError(
        'FLEX_ENGINE_FAILED',
        `process ${process.pid} did not end within ${KILL_MS} ms of being killed`
      )
}

/** Elsewhere than on Linux nobody is asked: then they end by themselves, a moment later. */
const childrenOf = (parent: number): readonly EngineProcess[] => {
  if (!existsSync('/proc/self/stat')) return []
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      const fields = statFields(Number(name))
      const began = fields && beganAt(Number(name))
      return began !== undefined && Number(fields?.[1]) === parent ? [{ pid: Number(name), began }] : []
    })
}
