/**
 * The thread of clearing.ts: answers each packed book with its outcome, and what of it is long as the log will have it; then
 * clears away what the book needed, while nobody waits, so that the next clearing is not held up by it.
 */
import { parentPort } from 'node:worker_threads'
import type { Book } from '../../domain/market/clearing/book.ts'
import { prepareBook } from '../../domain/market/clearing/compiled-book.ts'
import type { OutcomeColumns } from '../../domain/market/clearing/outcome.ts'
import { type PackedBook, unpackBook } from '../../domain/market/clearing/packed-book.ts'
import { type RequestRuns, requestRuns } from '../../domain/market/clearing/request-runs.ts'
import { clearSession } from '../../domain/market/sessions/clear-session.ts'
import { type ClearedBook, startsOfMtus } from '../../domain/market/sessions/close-session.ts'
import { outcomeDigestOfColumns } from '../../domain/market/sessions/outcome-digest.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import { quietCollection } from '../../infra/host/quiet-collection.ts'
import { writtenAllocations, writtenRuns } from '../../schemas/allocation-lists.ts'
import { buffersIn, threadAnswer } from '../runtime/answering-thread.ts'
import type { Asked, ClearQuestion, OutcomeLists, Question } from './clearing-messages.ts'

const port = parentPort
if (!port) throw new Error('clearing-thread.ts is not a program: clearing.ts starts it as a thread')
const clear = clearSession(await loadSolver())

/** Young objects alone: a whole collection would take the compiled code as well, whose objects are all gone now. */
const tidyUp = quietCollection()
/** By then what came of an outcome is on the log: on few cores, tidying up at once would hold that up. */
const TIDY_AFTER_MS = 250
let tidying: NodeJS.Timeout | undefined

const prepared = new Map<number, Book>()

const bookOf = (asked: PackedBook | number): Book => {
  if (typeof asked !== 'number') return unpackBook(asked)
  const book = prepared.get(asked)
  if (book === undefined) throw new Error(`no book was prepared under ${asked}`)
  prepared.delete(asked)
  return book
}

/** The last outcome, without what was handed over. */
interface Last {
  readonly book: Book
  readonly outcome: OutcomeColumns
  readonly requested: RequestRuns
  readonly startOf: readonly number[]
}

let last: Last | undefined

const clearBook = ({ book: asked, rules, start }: ClearQuestion): ClearedBook => {
  last = undefined
  const book = bookOf(asked)
  const outcome = clear(book, rules)
  last = {
    book,
    // What was accepted is in shared memory.
    outcome: { ...outcome, ranks: outcome.ranks.slice(), paid: outcome.paid.slice() },
    requested: requestRuns(book, outcome.served),
    startOf: startsOfMtus(start, book.mtus)
  }
  return outcome
}

const ofLast = (): Last => {
  if (!last) throw new Error('there is no outcome')
  return last
}

const lists = (): OutcomeLists => {
  const { book, outcome, requested, startOf } = ofLast()
  return {
    allocations: writtenAllocations(outcome.runs, book.requests, startOf),
    served: writtenRuns(requested.served, startOf),
    residual: writtenRuns(requested.residual, startOf),
    prices: writtenRuns(requested.prices, startOf)
  }
}

const digest = (): string => {
  const { book, outcome, requested, startOf } = ofLast()
  last = undefined
  return outcomeDigestOfColumns(book, outcome, startOf, requested)
}

const answerTo = (asked: Question): ClearedBook | OutcomeLists | string =>
  asked.kind === 'clear' ? clearBook(asked) : asked.kind === 'lists' ? lists() : digest()

const prepare = (key: number, packed: PackedBook): void => {
  const book = unpackBook(packed)
  prepareBook(book)
  prepared.set(key, book)
}

port.on('message', (asked: Asked) => {
  if (asked.kind === 'forget') prepared.delete(asked.key)
  else if (asked.kind === 'prepare') prepare(asked.key, asked.book)
  else {
    const answer = threadAnswer(asked.id, () => answerTo(asked))
    port.postMessage(answer, buffersIn(answer))
    clearTimeout(tidying)
    tidying = setTimeout(tidyUp, TIDY_AFTER_MS)
  }
})
