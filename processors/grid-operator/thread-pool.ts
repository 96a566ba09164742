/**
 * The threads of the grid calculation (answering-thread.ts): no more of them are started than are needed, and a network is told to
 * a thread once, with the first question about it.
 */
import type { CompiledNetwork } from '../../domain/grid/compile-network.ts'
import { answeringThread } from '../runtime/answering-thread.ts'
import type { Answers, Asked, Questions } from './calculation-messages.ts'

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

interface Thread {
  ask<Kind extends keyof Questions>(
    kind: Kind,
    compiled: CompiledNetwork,
    question: Questions[Kind]
  ): Promise<Answers[Kind]>
  waiting(): number
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
    threads.toSorted((a, b) => a.waiting() - b.waiting()).slice(0, most)
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
  /** Numbers of those that it keeps, the last used last. */
  const networks = new Set<number>()
  const one = answeringThread({
    ...{ script, name: `grid calculation ${number}`, work: 'the grid calculation' },
    thread: 'a thread of the grid calculation',
    onEnd: () => networks.clear()
  })

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
    ask: (kind, compiled, question) => one.ask({ kind, question, ...told(compiled) }),
    waiting: one.waiting,
    close: one.close
  }
}
