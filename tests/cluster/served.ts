/**
 * `flexledger serve` as processes of their own, as an operator starts them: configured by the environment alone, each with a
 * folder of its own. They can be paused, killed and stopped, and end with this process, however that ends.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { end, isAlive, kill, launch, signal } from '../../infra/engines/engine-process.ts'
import type { RunningEngine } from '../../infra/engines/engines.ts'

export interface ServeOptions {
  readonly name: string
  readonly roles: string
  /** Folders of all processes; each has its own below it. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

export interface Served {
  readonly name: string
  readonly pid: number
  /** Of the gateway; empty without that role. */
  readonly url: string
  /** Its log so far, one object for each line. */
  told(): Promise<readonly ToldLine[]>
  isAlive(): boolean
  pause(): void
  resume(): void
  kill(): Promise<void>
  /** SIGTERM, as a supervisor of processes does. */
  stop(): Promise<void>
}

export interface ToldLine {
  readonly level: string
  readonly msg: string
  readonly url?: string
  readonly err?: { readonly message?: string }
}

/** A process loads its modules and finds its engines in a few seconds; this is for a machine with other work. */
const SERVING_MS = 120_000
/** Longer than `serve` itself takes to give up. */
const STOP_MS = 30_000

const script = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

export const serve = async ({ name, roles, folder, env }: ServeOptions): Promise<Served> => {
  const dir = join(folder, name)
  await mkdir(dir, { recursive: true })
  const logFile = join(dir, 'served.log')
  const child = await launch(
    {
      command: process.execPath,
      args: [script, 'serve', '--roles', roles, '--data', dir],
      env: { FLEX_HTTP_PORT: '0', FLEX_RATE_PER_MINUTE: '1000000', ...env }
    },
    { logFile, cwd: dir, persistent: false }
  )
  const told = async (): Promise<readonly ToldLine[]> => {
    const text = await readFile(logFile, 'utf8')
    return text.split('\n').flatMap(line => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : []))
  }
  const giveUpAt = performance.now() + SERVING_MS
  for (;;) {
    const serving = (await told()).find(({ msg }) => msg === 'serving')
    if (serving)
      return {
        name,
        pid: child.pid,
        url: serving.url ?? '',
        told,
        isAlive: () => isAlive(child),
        pause: () => void signal(child, 'SIGSTOP'),
        resume: () => void signal(child, 'SIGCONT'),
        kill: () => kill(child),
        stop: () => end(child, 'SIGTERM', STOP_MS)
      }
    if (!isAlive(child) || performance.now() > giveUpAt) {
      await kill(child)
      throw new Error(`${name} does not serve: ${(await readFile(logFile, 'utf8')).slice(-2_000)}`)
    }
    await delay(50)
  }
}

/** The environment of a process that uses these brokers. */
export const brokerEnvironment = ({ url, certificates }: RunningEngine): Record<string, string> => ({
  FLEX_LOG_URL: url,
  ...(certificates
    ? {
        FLEX_LOG_REPLICATION: '3',
        FLEX_LOG_MIN_INSYNC: '2',
        FLEX_LOG_TLS_CA: certificates.authorityFile,
        FLEX_LOG_TLS_CERT: certificates.admin.certificateFile,
        FLEX_LOG_TLS_KEY: certificates.admin.keyFile
      }
    : {})
})
