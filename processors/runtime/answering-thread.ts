/**
 * A thread that answers questions, one after the other, in the order in which they came. It starts with the first message and
 * stays, and does not keep the process alive unless somebody waits for it.
 *
 * A thread that ends is a lost connection: whoever waits is told so, and the next message starts another, which knows nothing of
 * what the last one was told.
 */
import { type TransferListItem, Worker } from 'node:worker_threads'
import { BrokenInvariant } from '../../infra/host/broken-invariant.ts'

/** Another attempt may succeed. */
export class ThreadEnded extends Error {}

export type ThreadAnswer<Answer> =
  | { readonly id: number; readonly answer: Answer }
  /** The work threw: the same question would give the same. */
  | { readonly id: number; readonly broken: string }

export interface AnsweringThread {
  /**
   * Whoever asks knows of what kind the answer is. Rejects with BrokenInvariant where the work threw, with ThreadEnded where the
   * thread ended.
   */
  ask<Answer>(question: object, handedOver?: readonly TransferListItem[]): Promise<Answer>
  /** What has no answer. */
  tell(message: object, handedOver?: readonly TransferListItem[]): void
  /** How many wait for an answer. */
  waiting(): number
  close(): Promise<void>
}

export interface AnsweringThreadOptions {
  readonly script: URL
  readonly name: string
  /** For messages of errors: 'the clearing', 'the thread of the clearing'. */
  readonly work: string
  readonly thread: string
  /** What the thread was told is gone; called before those who wait are told. */
  readonly onEnd?: () => void
}

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

export const answeringThread = ({ script, name, work, thread, onEnd }: AnsweringThreadOptions): AnsweringThread => {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let isClosing = false
  let id = 0

  const start = (): Worker => {
    const started = new Worker(script, { name, execArgv: [] })
    started.unref()
    started.on('message', (answered: ThreadAnswer<never>) => {
      const asker = waiting.get(answered.id)
      waiting.delete(answered.id)
      if (waiting.size === 0 && !isClosing) started.unref()
      if ('answer' in answered) asker?.resolve(answered.answer)
      else asker?.reject(new BrokenInvariant(`${work} failed: ${answered.broken}`))
    })
    const end = (error: Error): void => {
      if (worker !== started) return
      worker = undefined
      onEnd?.()
      const askers = [...waiting.values()]
      waiting.clear()
      for (const { reject } of askers) reject(error)
    }
    started.on('error', error => end(new ThreadEnded(`${thread} failed`, { cause: error })))
    started.on('exit', code => end(new ThreadEnded(`${thread} ended with ${code}`)))
    return started
  }

  return {
    ask: (question, handedOver = []) =>
      new Promise((resolve, reject) => {
        worker ??= start()
        // While somebody waits the process may not end.
        worker.ref()
        waiting.set(++id, { resolve, reject })
        worker.postMessage({ ...question, id }, handedOver)
      }),
    tell(message, handedOver = []) {
      worker ??= start()
      worker.postMessage(message, handedOver)
    },
    waiting: () => waiting.size,
    async close() {
      // Whoever closes waits too: an answer that still comes may not let the process end before that.
      isClosing = true
      worker?.ref()
      await worker?.terminate()
      isClosing = false
    }
  }
}

/** In the thread: the answer to a question, or why there is none. */
export const threadAnswer = <Answer>(id: number, work: () => Answer): ThreadAnswer<Answer> => {
  try {
    return { id, answer: work() }
  } catch (error) {
    return { id, broken: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

/** In the thread: what of an answer may be handed over rather than copied, as nobody here needs it any more. */
export const buffersIn = (value: unknown): ArrayBuffer[] => {
  if (ArrayBuffer.isView(value)) return value.buffer instanceof ArrayBuffer ? [value.buffer] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(buffersIn) : []
}
