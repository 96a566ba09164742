/**
 * A thread of clearing.ts: answers each packed book with its outcome, alone or with the other members of a team, and what of it is
 * long as the log will have it; then clears away what the book needed, while nobody waits, so that the next clearing is not held up
 * by it. Rehearses when it is told to.
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
import { beginWholeCollection, quietCollection } from '../../infra/host/quiet-collection.ts'
import { writtenAllocations, writtenRuns } from '../../schemas/allocation-lists.ts'
import type { SessionRules } from '../../schemas/generated.ts'
import { buffersIn, threadAnswer } from '../runtime/answering-thread.ts'
import {
  type Asked,
  type ClearQuestion,
  type OutcomeLists,
  PREPARED_MAX,
  type Question,
  type RehearseQuestion
} from './clearing-messages.ts'
import { dismiss, noteNoRoom, type Seat, TeamBroken, teamOf } from './clearing-team.ts'

const port = parentPort
if (!port) throw new Error('clearing-thread.ts is not a program: clearing.ts starts it as a thread')
const solver = await loadSolver()
const clear = clearSession(solver)
const clearTogether = clearSessionTogether(solver)

const collectYoung = quietCollection()
/** What is not collected now would be in the middle of the next clearing. */
const tidyUp = (): void => {
  collectYoung()
  beginWholeCollection()
}
/** By then what came of an outcome is on the log: on few cores, tidying up at once would hold that up. */
const TIDY_AFTER_MS = 250
let tidying: NodeJS.Timeout | undefined

/** The one that was prepared first goes first. */
const prepared = new Map<number, Book>()

const bookOf = (asked: PackedBook | number): Book => {
  if (typeof asked !== 'number') return unpackBook(asked)
  const book = preparedAs(asked)
  prepared.delete(asked)
  return book
}

const preparedAs = (key: number): Book => {
  const book = prepared.get(key)
  if (book === undefined) throw new Error(`no book was prepared under ${key}`)
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

/** What `work` gives; where it throws nobody may wait for this member of the team. */
const asMember = <Result>(seat: Seat | undefined, work: () => Result): Result => {
  last = undefined
  try {
    return work()
  } catch (error) {
    if (seat) dismiss(seat.control)
    throw error
  }
}

const clearBook = ({ book: asked, rules, start, seat }: ClearQuestion): ClearedBook | undefined => {
  const book = bookOf(asked)
  const together = seat && clearInTeam(book, rules, start, seat)
  if (together || (seat && seat.rank > 0)) return together?.outcome
  const outcome = clear(book, rules)
  last = { ...lastOfFirst(book, start, outcome), runs: outcome.runs }
  return outcome
}

/** Whether this member has cleared it. */
const rehearse = ({ key, rules, start, seat }: RehearseQuestion): boolean => {
  const book = preparedAs(key)
  if (!clearInTeam(book, rules, start, seat)) return false
  if (last?.runs) lists()
  if (last?.outcome) digest()
  last = undefined
  return true
}

/** Of the teams. */
let columns = new SharedArrayBuffer(0)

/** Notes what this member will be asked about. Undefined where the first one has to clear the book alone. */
const clearInTeam = (book: Book, rules: SessionRules, start: number, seat: Seat): ClearedTogether | undefined => {
  try {
    const together = clearTogether(book, rules, teamOf(seat, columns))
    if (together) last = lastOfMember(book, start, together, seat)
    return together
  } catch (error) {
    if (error instanceof NoRoomForTeam) noteNoRoom(seat)
    if (error instanceof TeamBroken || error instanceof NoRoomForTeam) return undefined
    throw error
  }
}

/** The member that writes lists, while the first one works out the digest. */
const WRITER = 1

const lastOfMember = (
  book: Book,
  start: number,
  { outcome, runs, served }: ClearedTogether,
  { rank }: Seat
): Last | undefined => {
  if (outcome) return lastOfFirst(book, start, outcome)
  if (rank !== WRITER) return undefined
  return { ...{ book, runs, served }, startOf: startsOfMtus(start, book.mtus), outcome: undefined }
}

/** Copies, as the outcome is handed over; what was accepted is in shared memory. */
const lastOfFirst = (book: Book, start: number, outcome: OutcomeColumns): Last => {
  const { power, highestBid } = outcome.served
  const served = { power: power.slice(), highestBid: highestBid.slice() }
  return {
    ...{ book, startOf: startsOfMtus(start, book.mtus), served },
    runs: undefined,
    outcome: { ...outcome, ranks: outcome.ranks.slice(), paid: outcome.paid.slice(), served }
  }
}

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

const answerTo = (asked: Question): ClearedBook | OutcomeLists | string | boolean | undefined => {
  switch (asked.kind) {
    case 'clear':
      return asMember(asked.seat, () => clearBook(asked))
    case 'rehearse':
      return asMember(asked.seat, () => rehearse(asked))
    case 'lists':
      return lists()
    case 'digest':
      return digest()
  }
}

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
