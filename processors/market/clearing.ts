/**
 * Clears in a thread of its own, so that a gate with thousands of offers keeps nobody waiting who asks for something else, and
 * the clearing is not held up by the memory of everything else in the process.
 *
 * The thread starts with the first book and stays. Books are cleared one after the other, in the order in which they
 * came. Same book, same outcome: it is the same code, and nothing else reaches it.
 */
import { Worker } from 'node:worker_threads'
import { buffersOf, packBook } from '../../domain/market/clearing/packed-book.ts'
import type { BookToClear } from '../../domain/market/sessions/market.ts'
import { BrokenInvariant } from '../../infra/host/broken-invariant.ts'
import type { Answered, Asked, Cleared } from './clearing-messages.ts'

export interface Clearing {
  /**
   * Rejects with BrokenInvariant where the clearing threw; with any other error where the thread ended, and then another
   * attempt may succeed.
   */
  clear(asked: BookToClear): Promise<Cleared>
  close(): Promise<void>
}

interface Waiting {
  readonly resolve: (cleared: Cleared) => void
  readonly reject: (error: Error) => void
}

export const clearingThread = (script = new URL('clearing-thread.ts', import.meta.url)): Clearing => {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let id = 0

  const begin = (): Worker => {
    const started = new Worker(script, { name: 'clearing', execArgv: [] })
    started.on('message', (answered: Answered) => {
      const asker = waiting.get(answered.id)
      waiting.delete(answered.id)
      if (waiting.size === 0) started.unref()
      if ('cleared' in answered) asker?.resolve(answered.cleared)
      else asker?.reject(new BrokenInvariant(`the clearing failed: ${answered.broken}`))
    })
    const end = (error: Error): void => {
      if (worker !== started) return
      worker = undefined
      const askers = [...waiting.values()]
      waiting.clear()
      for (const { reject } of askers) reject(error)
    }
    started.on('error', error => end(new Error('the thread of the clearing failed', { cause: error })))
    started.on('exit', code => end(new Error(`the thread of the clearing ended with ${code}`)))
    return started
  }

  return {
    clear: ({ book, rules, start }) =>
      new Promise((resolve, reject) => {
        worker ??= begin()
        // While somebody waits the process may not end.
        worker.ref()
        const packed = packBook(book)
        waiting.set(++id, { resolve, reject })
        worker.postMessage({ id, book: packed, rules, start } satisfies Asked, buffersOf(packed))
      }),
    async close() {
      await worker?.terminate()
    }
  }
}
