/**
 * The threads of the grid calculation: each starts with its first question and stays, and none of them keeps the process alive
 * unless somebody waits for it. Each answers one question after the other, in the order in which they came.
 *
 * A network is told to a thread once, with the first question about it. A thread that ends is a lost connection: whoever waits
 * for it is told so, and the next question starts another.
 */
import { Worker } from 'node:worker_threads'
import type { CompiledNetwork } from '../../domain/grid/compile-network.ts'
import { BrokenInvariant } from '../../infra/host/broken-invariant.ts'
import type { Answered, Answers, Asked, Questions } from './calculation-messages.ts'

/** Another attempt may succeed. */
export class ThreadEnded extends Error {}

export interface ThreadPool {
  /** One answer each of so many threads, or of all. */
  askSome<Kind extends keyof Questions>(
    most: number,
    kind: Kind,
    compiled: CompiledNetwork,
    question: Questions[Kind]
  ): Promise<readonly Answers[Kind][]>
  /** The answer of the thread that the fewest wait for. */
  askOne<Kind extends keyof Questions>(
    kind: Kind,
    compiled: CompiledNetwork,
    question: Questions[Kind]
  ): Promise<Answers[Kind]>
  close(): Promise<void>
}

export interface PoolOptions {
  readonly threads: number
  readonly script: URL
  /** Networks that a thread keeps; one that it has not used for longest makes room. */
  readonly networksMax: number
}

interface Waiting {
  /** Whoever asked knows of what kind the answer is. */
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  ask<Kind extends keyof Questions>(
    kind: Kind,
    compiled: CompiledNetwork,
    question: Questions[Kind]
  ): Promise<Answers[Kind]>
  readonly waiting: ReadonlyMap<number, Waiting>
  close(): Promise<void>
}

export const threadPool = (options: PoolOptions): ThreadPool => {
  const numbers = new WeakMap<CompiledNetwork, number>()
  let known = 0
  const numberOf = (compiled: CompiledNetwork): number => {
    const number = numbers.get(compiled) ?? ++known
    numbers.set(compiled, number)
    return number
  }
  const threads = Array.from({ length: options.threads }, (_, n) => thread(n + 1, options, numberOf))
  /** For whom the fewest wait; of equal ones the first, so that no more are started than are needed. */
  const idlest = (most: number): readonly Thread[] =>
    threads.toSorted((a, b) => a.waiting.size - b.waiting.size).slice(0, most)
  return {
    askSome: (most, kind, compiled, question) =>
      Promise.all(idlest(most).map(({ ask }) => ask(kind, compiled, question))),
    askOne: (kind, compiled, question) => idlest(1)[0]!.ask(kind, compiled, question),
    async close() {
      await Promise.all(threads.map(one => one.close()))
    }
  }
}

const thread = (
  number: number,
  { script, networksMax }: PoolOptions,
  numberOf: (compiled: CompiledNetwork) => number
): Thread => {
  const name = `grid calculation ${number}`
  const waiting = new Map<number, Waiting>()
  /** Numbers of those that it keeps, the last used last. */
  const networks = new Set<number>()
  let worker: Worker | undefined
  let id = 0

  const start = (): Worker => {
    const started = new Worker(script, { name, execArgv: [] })
    started.on('message', (answered: Answered<never>) => {
      const asker = waiting.get(answered.id)
      waiting.delete(answered.id)
      if (waiting.size === 0) started.unref()
      if ('answer' in answered) asker?.resolve(answered.answer)
      else asker?.reject(new BrokenInvariant(`the grid calculation failed: ${answered.broken}`))
    })
    const end = (error: Error): void => {
      if (worker !== started) return
      worker = undefined
      networks.clear()
      const askers = [...waiting.values()]
      waiting.clear()
      for (const { reject } of askers) reject(error)
    }
    started.on('error', error => end(new ThreadEnded('a thread of the grid calculation failed', { cause: error })))
    started.on('exit', code => end(new ThreadEnded(`a thread of the grid calculation ended with ${code}`)))
    return started
  }

  /** What the thread has to be told of a network so that it has it, and what it may forget for it. */
  const told = (compiled: CompiledNetwork): Pick<Asked, 'network' | 'learn' | 'forget'> => {
    const network = numberOf(compiled)
    const isKnown = networks.delete(network)
    networks.add(network)
    if (isKnown) return { network }
    const [oldest] = networks
    if (networks.size <= networksMax || oldest === undefined) return { network, learn: compiled }
    networks.delete(oldest)
    return { network, learn: compiled, forget: oldest }
  }

  return {
    waiting,
    ask: (kind, compiled, question) =>
      new Promise((resolve, reject) => {
        worker ??= start()
        // While somebody waits the process may not end.
        worker.ref()
        waiting.set(++id, { resolve, reject })
        worker.postMessage({ id, kind, question, ...told(compiled) })
      }),
    async close() {
      await worker?.terminate()
    }
  }
}
