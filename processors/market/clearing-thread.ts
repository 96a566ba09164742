/**
 * A thread of clearing.ts: answers each packed book with its outcome, alone or with the other members of a team, and what of it is
 * long as the log will have it; then clears away what the book needed, while nobody waits, so that the next clearing is not held up
 * by it.
 */
import { parentPort } from 'node:worker_threads'
import type { AcceptedRuns, Served } from '../../domain/market/clearing/accepted-runs.ts'
import type { Book } from '../../domain/market/clearing/book.ts'
import type { ClearedTogether } from '../../domain/market/clearing/clear-together.ts'
import { prepareBook } from '../../domain/market/clearing/compiled-book.ts'
import type { OutcomeColumns } from '../../domain/market/clearing/outcome.ts'
import { type PackedBook, unpackBook } from '../../domain/market/clearing/packed-book.ts'
import { requestRuns } from '../../domain/market/clearing/request-runs.ts'
import { NoRoomForTeam } from '../../domain/market/clearing/team.ts'
import { clearSession, clearSessionTogether } from '../../domain/market/sessions/clear-session.ts'
import { type ClearedBook, startsOfMtus } from '../../domain/market/sessions/close-session.ts'
import { outcomeDigestOfColumns } from '../../domain/market/sessions/outcome-digest.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import { quietCollection } from '../../infra/host/quiet-collection.ts'
import { writtenAllocations, writtenRuns } from '../../schemas/allocation-lists.ts'
import type { SessionRules } from '../../schemas/generated.ts'
import { buffersIn, threadAnswer } from '../runtime/answering-thread.ts'
import { type Asked, type ClearQuestion, type OutcomeLists, PREPARED_MAX, type Question } from './clearing-messages.ts'
import { dismiss, noteNoRoom, type Seat, TeamBroken, teamOf } from './clearing-team.ts'

const port = parentPort
if (!port) throw new Error('clearing-thread.ts is not a program: clearing.ts starts it as a thread')
const solver = await loadSolver()
const clear = clearSession(solver)
const clearTogether = clearSessionTogether(solver)

/** Young objects alone: a whole collection would take the compiled code as well, whose objects are all gone now. */
const tidyUp = quietCollection()
/** By then what came of an outcome is on the log: on few cores, tidying up at once would hold that up. */
const TIDY_AFTER_MS = 250
let tidying: NodeJS.Timeout | undefined

/** The one that was prepared first goes first. */
const prepared = new Map<number, Book>()

const bookOf = (asked: PackedBook | number): Book => {
  if (typeof asked !== 'number') return unpackBook(asked)
  const book = prepared.get(asked)
  if (book === undefined) throw new Error(`no book was prepared under ${asked}`)
  prepared.delete(asked)
  return book
}

/** Of the last outcome, what this thread is asked about: nothing of it was handed over. */
interface Last {
  readonly book: Book
  readonly startOf: readonly number[]
  readonly served: Served
  /** Where lists are to be written here. */
  readonly runs: AcceptedRuns | undefined
  /** Where the digest is to be worked out here. */
  readonly outcome: OutcomeColumns | undefined
}

let last: Last | undefined

const clearBook = (question: ClearQuestion): ClearedBook | undefined => {
  last = undefined
  const { seat } = question
  try {
    return seat && seat.rank > 0 ? help(question, seat) : clearAsFirst(question)
  } catch (error) {
    // Nobody may wait for this one.
    if (seat) dismiss(seat.control)
    throw error
  }
}

const clearAsFirst = ({ book: asked, rules, start, seat }: ClearQuestion): ClearedBook => {
  const book = bookOf(asked)
  const together = seat && clearInTeam(book, rules, seat)
  const outcome = together?.outcome ?? clear(book, rules)
  const { power, highestBid } = outcome.served
  const served = { power: power.slice(), highestBid: highestBid.slice() }
  last = {
    ...{ book, startOf: startsOfMtus(start, book.mtus), served },
    runs: together ? undefined : outcome.runs,
    // What was accepted is in shared memory.
    outcome: { ...outcome, ranks: outcome.ranks.slice(), paid: outcome.paid.slice(), served }
  }
  return outcome
}

const help = ({ book: asked, rules, start }: ClearQuestion, seat: Seat): undefined => {
  const book = bookOf(asked)
  const together = clearInTeam(book, rules, seat)
  if (together && seat.rank === WRITER)
    last = { ...together, book, startOf: startsOfMtus(start, book.mtus), outcome: undefined }
}

/** Of the teams. */
let columns = new SharedArrayBuffer(0)

/** Undefined where the first member has to clear the book alone. */
const clearInTeam = (book: Book, rules: SessionRules, seat: Seat): ClearedTogether | undefined => {
  try {
    return clearTogether(book, rules, teamOf(seat, columns))
  } catch (error) {
    if (error instanceof NoRoomForTeam) noteNoRoom(seat)
    if (error instanceof TeamBroken || error instanceof NoRoomForTeam) return undefined
    throw error
  }
}

/** The member that writes lists, while the first one works out the digest. */
const WRITER = 1

/** Undefined where another member has them. */
const lists = (): OutcomeLists | undefined => {
  if (!last?.runs) return undefined
  const { book, runs, served, startOf } = last
  const requested = requestRuns(book, served)
  return {
    allocations: writtenAllocations(runs, book.requests, startOf),
    served: writtenRuns(requested.served, startOf),
    residual: writtenRuns(requested.residual, startOf),
    prices: writtenRuns(requested.prices, startOf)
  }
}

const digest = (): string => {
  if (!last?.outcome) throw new Error('there is no outcome')
  const { book, outcome, startOf } = last
  last = undefined
  return outcomeDigestOfColumns(book, outcome, startOf)
}

const answerTo = (asked: Question): ClearedBook | OutcomeLists | string | undefined =>
  asked.kind === 'clear' ? clearBook(asked) : asked.kind === 'lists' ? lists() : digest()

const prepare = (key: number, packed: PackedBook): void => {
  const book = unpackBook(packed)
  prepareBook(book)
  prepared.set(key, book)
  // More of them were not told to be forgotten: they are of a time when a thread of the team ended.
  for (const oldest of prepared.keys()) if (prepared.size > PREPARED_MAX) prepared.delete(oldest)
}

port.on('message', (asked: Asked) => {
  if (asked.kind === 'forget') prepared.delete(asked.key)
  else if (asked.kind === 'columns') columns = asked.columns
  else if (asked.kind === 'prepare') prepare(asked.key, asked.book)
  else {
    const answer = threadAnswer(asked.id, () => answerTo(asked))
    port.postMessage(answer, buffersIn(answer))
    clearTimeout(tidying)
    tidying = setTimeout(tidyUp, TIDY_AFTER_MS)
  }
})
