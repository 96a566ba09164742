/**
 * Hands the next gate's book of a PoM to the clearing ahead, once nothing came for that PoM for a moment: at the gate everybody
 * waits for what could have been done before. Nothing is cleared before the gate, and a book that still changes is handed
 * over again. Nobody depends on it. Then memory is collected: after thousands of offers that would soon be due, in the middle of a
 * gate as likely as not.
 */
import { nextBook } from '../../domain/market/sessions/market.ts'
import type { Market } from '../../domain/market/sessions/state.ts'
import { quietWholeCollection } from '../../infra/host/quiet-collection.ts'
import type { Clearing } from './clearing.ts'

export interface BooksAhead {
  handled(poms: ReadonlySet<string>, state: Market): void
  /** The gate is here: it is too late for this PoM's book. */
  cancel(pom: string): void
  close(): void
}

/** Longer than the pauses within a bulk of offers, some of which are calls of 7 MB. */
const QUIET_MS = 500
/** Where offers come one by one, no more than so much of the time goes into handing over … */
const SHARE_MOST = 1 / 5
/** … but a book is never later than this. */
const PAUSE_MS_MOST = 2_000
/** A smaller book is handed over at the gate in a millisecond. */
const OFFERS_LEAST = 100

export const booksAhead = (clearing: Pick<Clearing, 'prepare'>, quietMs = QUIET_MS): BooksAhead => {
  const collect = quietWholeCollection()
  const waiting = new Map<string, NodeJS.Timeout>()
  /** By PoM, how long it took the last time. */
  const took = new Map<string, number>()

  const prepare = (pom: string, state: Market): void => {
    waiting.delete(pom)
    const began = performance.now()
    const asked = nextBook(state, pom)
    const isLarge = asked !== undefined && asked.book.offers.length >= OFFERS_LEAST
    if (isLarge) clearing.prepare(pom, asked)
    took.set(pom, performance.now() - began)
    if (isLarge) collect()
  }

  return {
    handled(poms, state) {
      for (const pom of poms) {
        clearTimeout(waiting.get(pom))
        const pause = Math.max(quietMs, Math.min(PAUSE_MS_MOST, (took.get(pom) ?? 0) / SHARE_MOST))
        const timer = setTimeout(prepare, pause, pom, state)
        timer.unref()
        waiting.set(pom, timer)
      }
    },
    cancel(pom) {
      clearTimeout(waiting.get(pom))
      waiting.delete(pom)
    },
    close() {
      for (const timer of waiting.values()) clearTimeout(timer)
      waiting.clear()
    }
  }
}
