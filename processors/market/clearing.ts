/**
 * Clears in a thread of its own, so that a gate with thousands of offers keeps nobody waiting who asks for something else, and
 * the clearing is not held up by the memory of everything else in the process.
 *
 * The thread starts with the first book and stays. Books are cleared one after the other, in the order in which they
 * came. Same book, same outcome: it is the same code, and nothing else reaches it.
 */
import { Worker } from 'node:worker_threads'
import type { Book } from '../../domain/market/clearing/book.ts'
import { buffersOf, type PackedBook, packBook } from '../../domain/market/clearing/packed-book.ts'
import type { BookToClear } from '../../domain/market/sessions/market.ts'
import { BrokenInvariant } from '../../infra/host/broken-invariant.ts'
import type { Answered, Asked, Cleared } from './clearing-messages.ts'

export interface Clearing {
  /**
   * Rejects with BrokenInvariant where the clearing threw; with any other error where the thread ended, and then another
   * attempt may succeed.
   */
  clear(asked: BookToClear): Promise<Cleared>
  /**
   * Hands over the book of a PoM ahead, in place of an earlier one, and has it put in merit order. Then `clear` with the same
   * object takes less time; with any other it is as if nothing had been prepared.
   */
  prepare(pom: string, asked: BookToClear): void
  close(): Promise<void>
}

/** Books that wait in the thread: one of 1,500 offers takes about 20 MB. The one that was prepared first goes first. */
const PREPARED_MAX = 8

interface Prepared {
  readonly key: number
  readonly book: Book
}

interface Waiting {
  readonly resolve: (cleared: Cleared) => void
  readonly reject: (error: Error) => void
}

export const clearingThread = (script = new URL('clearing-thread.ts', import.meta.url)): Clearing => {
  const waiting = new Map<number, Waiting>()
  /** By PoM, the oldest first. */
  const prepared = new Map<string, Prepared>()
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
      prepared.clear()
      const askers = [...waiting.values()]
      waiting.clear()
      for (const { reject } of askers) reject(error)
    }
    started.on('error', error => end(new Error('the thread of the clearing failed', { cause: error })))
    started.on('exit', code => end(new Error(`the thread of the clearing ended with ${code}`)))
    return started
  }

  const handOver = (book: Book): { readonly packed: PackedBook; readonly buffers: ArrayBuffer[] } => {
    const packed = packBook(book)
    return { packed, buffers: buffersOf(packed) }
  }

  const forget = (pom: string, { key }: Prepared): void => {
    prepared.delete(pom)
    worker?.postMessage({ kind: 'forget', key } satisfies Asked)
  }

  /** The key of the very same book, which the thread gives away. */
  const takePrepared = (book: Book): number | undefined => {
    for (const [pom, one] of prepared)
      if (one.book === book) {
        prepared.delete(pom)
        return one.key
      }
    return undefined
  }

  return {
    clear: ({ book, rules, start }) =>
      new Promise((resolve, reject) => {
        worker ??= begin()
        // While somebody waits the process may not end.
        worker.ref()
        waiting.set(++id, { resolve, reject })
        const key = takePrepared(book)
        if (key !== undefined) worker.postMessage({ kind: 'clear', id, book: key, rules, start } satisfies Asked)
        else {
          const { packed, buffers } = handOver(book)
          worker.postMessage({ kind: 'clear', id, book: packed, rules, start } satisfies Asked, buffers)
        }
      }),
    prepare(pom, { book }) {
      const earlier = prepared.get(pom)
      if (earlier?.book === book) return
      if (earlier) forget(pom, earlier)
      else if (prepared.size >= PREPARED_MAX)
        for (const [oldest, one] of prepared) {
          forget(oldest, one)
          break
        }
      if (!worker) {
        worker = begin()
        worker.unref()
      }
      const { packed, buffers } = handOver(book)
      prepared.set(pom, { key: ++id, book })
      worker.postMessage({ kind: 'prepare', key: id, book: packed } satisfies Asked, buffers)
    },
    async close() {
      await worker?.terminate()
    }
  }
}
