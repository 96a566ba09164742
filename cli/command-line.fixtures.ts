/** Starts the command line as a shell would: a process of its own, whose outputs are pipes. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Starting {
  /** For Node.js itself, before the script. */
  readonly nodeFlags?: readonly string[]
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Sent when one of the outputs has matched. */
  readonly signalAt?: { readonly output: RegExp; readonly signal: NodeJS.Signals }
  readonly script?: string
}

const script = fileURLToPath(new URL('flexledger.mjs', import.meta.url))

/** What the surrounding process was told about the market, and how it watches its own processes, is not for these. */
const cleanEnvironment = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(FLEX_|NODE_OPTIONS$)/.test(name)))

export const flexledger = (args: readonly string[], starting: Starting = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...(starting.nodeFlags ?? []), starting.script ?? script, ...args], {
      env: { ...cleanEnvironment(), ...starting.env },
      ...(starting.cwd === undefined ? {} : { cwd: starting.cwd })
    })
    let stdout = ''
    let stderr = ''
    let isSignalled = false
    const look = (): void => {
      const { signalAt } = starting
      if (!signalAt || isSignalled || !(signalAt.output.test(stdout) || signalAt.output.test(stderr))) return
      isSignalled = child.kill(signalAt.signal)
    }
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text
      look()
    })
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text
      look()
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
    // A command that reads nothing may end before its input does.
    child.stdin.on('error', () => {})
    child.stdin.end(starting.stdin ?? '')
  })
