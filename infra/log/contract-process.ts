/**
 * The other process of the log contract: it appends or joins a group until it is killed, and says on standard output what
 * it has done. Run as `node contract-process.ts URL append TOPIC PARTITION BATCH BYTES FIRST LAST` or
 * `node contract-process.ts URL join LEASE_MS GROUP TOPIC`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openLog } from './open-log.ts'

export interface OtherProcess {
  /** What it says next; undefined when it has ended. */
  said(): Promise<string | undefined>
  /** As a power cut would: no handler runs. */
  kill(): Promise<void>
  /** Resolves with the exit code, null if it was killed. */
  readonly ended: Promise<number | null>
}

export interface AppendPlan {
  readonly topic: string
  readonly partition: number
  /** Records of one append. */
  readonly batch: number
  readonly valueBytes: number
  /** The numbers that the records carry, as keys. */
  readonly first: number
  readonly last: number
}

/** Says, after each append, the last number that was acknowledged. */
export const appendInProcess = (url: string, plan: AppendPlan): OtherProcess =>
  start(url, 'append', plan.topic, plan.partition, plan.batch, plan.valueBytes, plan.first, plan.last)

/** Says, at each change, how many partitions it has. */
export const joinInProcess = (url: string, leaseMs: number, group: string, topic: string): OtherProcess =>
  start(url, 'join', leaseMs, group, topic)

const start = (...args: readonly (string | number)[]): OtherProcess => {
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  return {
    ended,
    async said() {
      const line = await lines.next()
      return line.done ? undefined : line.value
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    }
  }
}

const say = (line: string | number) => writeSync(1, `${line}\n`)

const append = async (url: string, plan: AppendPlan) => {
  const log = await openLog(url)
  const value = new Uint8Array(plan.valueBytes)
  for (let n = plan.first; n <= plan.last; n += plan.batch) {
    const records = Array.from({ length: Math.min(plan.batch, plan.last - n + 1) }, (_, i) => ({
      key: String(n + i),
      value,
      headers: {},
      timestamp: n
    }))
    await log.append(plan.topic, plan.partition, records)
    say(n + records.length - 1)
  }
  await log.close()
}

const join = async (url: string, leaseMs: number, group: string, topic: string) => {
  const log = await openLog(url, { leaseMs })
  for await (const partitions of log.assignments(group, [topic], new AbortController().signal)) say(partitions.length)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url = '', mode, ...args] = process.argv.slice(2)
  if (mode === 'append') {
    const [topic = '', ...numbers] = args
    const [partition = 0, batch = 0, valueBytes = 0, first = 0, last = 0] = numbers.map(Number)
    await append(url, { topic, partition, batch, valueBytes, first, last })
  } else if (mode === 'join') await join(url, Number(args[0]), args[1] ?? '', args[2] ?? '')
  else throw new Error(`no such mode: ${mode}`)
}
