/**
 * Clears in a thread of its own, so that a gate with thousands of offers keeps nobody waiting who asks for something else, and
 * the clearing is not held up by the memory of everything else in the process.
 *
 * The thread starts with the first book and stays. Books are cleared one after the other, in the order in which they
 * came. Same book, same outcome: it is the same code, and nothing else reaches it.
 */
import type { Book } from '../../domain/market/clearing/book.ts'
import { buffersOf, type PackedBook, packBook } from '../../domain/market/clearing/packed-book.ts'
import type { ClearedBook } from '../../domain/market/sessions/close-session.ts'
import type { BookToClear } from '../../domain/market/sessions/market.ts'
import { answeringThread } from '../runtime/answering-thread.ts'
import type { Cleared, OutcomeLists, Question, Told } from './clearing-messages.ts'

export interface Clearing {
  /**
   * Rejects with BrokenInvariant where the clearing threw; with ThreadEnded where the thread ended, and then another attempt
   * may succeed.
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

export const clearingThread = (script = new URL('clearing-thread.ts', import.meta.url)): Clearing => {
  /** By PoM, the oldest first. */
  const prepared = new Map<string, Prepared>()
  let lastKey = 0
  const thread = answeringThread({
    ...{ script, name: 'clearing', work: 'the clearing', thread: 'the thread of the clearing' },
    onEnd: () => prepared.clear()
  })

  const handOver = (book: Book): { readonly packed: PackedBook; readonly buffers: ArrayBuffer[] } => {
    const packed = packBook(book)
    return { packed, buffers: buffersOf(packed) }
  }

  const forget = (pom: string, { key }: Prepared): void => {
    prepared.delete(pom)
    thread.tell({ kind: 'forget', key } satisfies Told)
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
    async clear({ book, rules, start }) {
      const key = takePrepared(book)
      const { packed, buffers } = key === undefined ? handOver(book) : { packed: key, buffers: [] }
      const outcome = thread.ask<ClearedBook>({ kind: 'clear', book: packed, rules, start } satisfies Question, buffers)
      const lists = thread.ask<OutcomeLists>({ kind: 'lists' } satisfies Question)
      const digest = thread.ask<string>({ kind: 'digest' } satisfies Question)
      // Where there is no outcome, that is what is said.
      for (const later of [lists, digest]) later.catch(() => {})
      return { outcome: await outcome, lists, digest }
    },
    prepare(pom, { book }) {
      const earlier = prepared.get(pom)
      if (earlier?.book === book) return
      if (earlier) forget(pom, earlier)
      else if (prepared.size >= PREPARED_MAX)
        for (const [oldest, one] of prepared) {
          forget(oldest, one)
          break
        }
      const { packed, buffers } = handOver(book)
      prepared.set(pom, { key: ++lastKey, book })
      thread.tell({ kind: 'prepare', key: lastKey, book: packed } satisfies Told, buffers)
    },
    close: () => thread.close()
  }
}
