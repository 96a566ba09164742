/**
 * Runs `flexledger` as a process of its own, as a user would: what a test sees is what stands on standard output and what
 * the exit code says. A child that hangs is killed, so that it fails one test and not the whole run.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const commandLine = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

/** A market day of a few points takes seconds; this is for a machine that is busy with something else. */
const TIMEOUT_MS = 120_000

export interface Finished {
  /** Null if a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Nothing of the surrounding environment configures the market of a test. */
export const bareEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(FLEX_|NODE_OPTIONS$|NODE_V8_COVERAGE$|TAP)/.test(name))
  )

export const flexledger = (...args: readonly string[]): Promise<Finished> => flexledgerWith({}, ...args)

export const flexledgerWith = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [commandLine, ...args], {
      env: { ...bareEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL'
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
  })

/** The one JSON document of a command that did its work. */
export const documentOf = <T>(...args: readonly string[]): Promise<T> => documentWith<T>({}, ...args)

export const documentWith = async <T>(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<T> => {
  const { code, stdout, stderr } = await flexledgerWith(env, ...args)
  if (code !== 0) throw new Error(`flexledger ${args.join(' ')} ended with ${code}: ${stderr.slice(-2_000)}`)
  return JSON.parse(stdout) as T
}
