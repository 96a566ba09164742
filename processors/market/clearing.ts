/**
 * Clears in threads of their own, so that a gate with thousands of offers keeps nobody waiting who asks for something else, and
 * the clearing is not held up by the memory of everything else in the process.
 *
 * One thread clears small books, and all that a team cannot (domain/market/clearing/clear-together.ts); a large book is cleared by a
 * team of threads. Threads start with the first book that needs them and stay. Books are cleared one after the other, in the order in
 * which they came. Same book, same outcome, in however many threads: nothing else reaches them.
 *
 * The first large books that are handed over ahead are also cleared for practice, until V8 has compiled what a clearing runs: without
 * that the first session of a process takes eight times as long as the twentieth.
 */
import { availableParallelism } from 'node:os'
import type { Book } from '../../domain/market/clearing/book.ts'
import { stepsInMtus, teamBytes } from '../../domain/market/clearing/clear-together.ts'
import { buffersOf, packBook } from '../../domain/market/clearing/packed-book.ts'
import { isForTeam } from '../../domain/market/sessions/clear-session.ts'
import type { ClearedBook } from '../../domain/market/sessions/close-session.ts'
import type { BookToClear } from '../../domain/market/sessions/market.ts'
import { BrokenInvariant } from '../../infra/host/broken-invariant.ts'
import { type AnsweringThread, answeringThread } from '../runtime/answering-thread.ts'
import { type Cleared, type OutcomeLists, PREPARED_MAX, type Question, type Told } from './clearing-messages.ts'
import { dismiss, hadNoRoom, newControl, type Seat } from './clearing-team.ts'

export interface Clearing {
  /**
   * Rejects with BrokenInvariant where the clearing threw; with ThreadEnded where a thread ended, and then another attempt
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

/** Each has some 60 MB of its own and puts every large book in order; what cannot be shared out is then as long as what can. */
const THREADS_MAX = 4
/** Steps of offers in all MTUs for which a team is worth its meetings: some 10 ms of clearing. */
const TOGETHER_LEAST = 50_000
/**
 * And for which it no longer is, some 5,000 offers: each member has the book and compiles what it runs, and with 15,000 offers a
 * session took 1.7 s in a process whose only clearing thread took 1.2 to 1.4.
 */
const TOGETHER_MOST = 1_500_000

/** The share of all steps for which there is memory; where a team needs more it has twice as much the next time. */
const ACCEPTED_AT_FIRST = 0.4

/** Rehearsals of a process: after these a clearing takes what it will always take … */
const REHEARSALS_MOST = 20
/** … and however long its books are, it does not rehearse for longer. */
const REHEARSE_MS_MOST = 5_000

export interface ClearingOptions {
  readonly threads?: number
  readonly togetherLeast?: number
  readonly acceptedAtFirst?: number
  readonly rehearsalsMost?: number
  readonly script?: URL
}

interface Prepared {
  readonly key: number
  readonly asked: BookToClear
  readonly isForTeam: boolean
}

export const clearingThreads = ({
  threads = Math.min(THREADS_MAX, availableParallelism()),
  togetherLeast = TOGETHER_LEAST,
  acceptedAtFirst = ACCEPTED_AT_FIRST,
  rehearsalsMost = REHEARSALS_MOST,
  script = new URL('clearing-thread.ts', import.meta.url)
}: ClearingOptions = {}): Clearing => {
  /** By PoM, the oldest first. */
  const prepared = new Map<string, Prepared>()
  let lastKey = 0
  /** Of the clearings that are under way. */
  const controls = new Set<Seat['control']>()
  /** Of the memory that all members have; none of it where one of them has ended: another may still be writing. */
  let columnBytes = 0
  let accepted = acceptedAtFirst
  let rehearsals = 0
  let rehearsedMs = 0
  let isRehearsing = false

  const members: readonly AnsweringThread[] = Array.from({ length: threads }, (_, rank) =>
    answeringThread({
      ...{ script, name: `clearing ${rank + 1}`, work: 'the clearing', thread: 'a thread of the clearing' },
      onEnd() {
        prepared.clear()
        for (const control of controls) dismiss(control)
        columnBytes = 0
      }
    })
  )
  const [leader] = members
  if (!leader) throw new Error(`clearingThreads: ${threads} threads are too few`)

  const isTogether = ({ book, rules }: BookToClear): boolean =>
    threads > 1 && isForTeam(book, rules) && isWorthTeam(stepsInMtus(book))

  const isWorthTeam = (steps: number): boolean => steps >= togetherLeast && steps <= TOGETHER_MOST

  const toldBy = (isForTeam: boolean): readonly AnsweringThread[] => (isForTeam ? members : [leader])

  const forget = (pom: string, { key, isForTeam: isAll }: Prepared): void => {
    prepared.delete(pom)
    for (const member of toldBy(isAll)) member.tell({ kind: 'forget', key } satisfies Told)
  }

  /** The key of the very same book, which the threads give away. */
  const takePrepared = (book: Book): number | undefined => {
    for (const [pom, one] of prepared)
      if (one.asked.book === book) {
        prepared.delete(pom)
        return one.key
      }
    return undefined
  }

  /** Memory that no thread has is not touched, so it may be more than is needed. */
  const makeRoom = ({ book }: BookToClear): void => {
    const bytes = teamBytes(book, threads, accepted)
    if (columnBytes >= bytes) return
    columnBytes = bytes
    const columns = new SharedArrayBuffer(bytes)
    for (const member of members) member.tell({ kind: 'columns', columns } satisfies Told)
  }

  const clearAlone = ({ book, rules, start }: BookToClear): Promise<Cleared> => {
    const key = takePrepared(book)
    const packed = key ?? packBook(book)
    const question: Question = { kind: 'clear', book: packed, rules, start, seat: undefined }
    const buffers = typeof packed === 'number' ? [] : buffersOf(packed)
    const outcome = leader.ask<ClearedBook>(question, buffers)
    const lists = listsOf([leader.ask<OutcomeLists>({ kind: 'lists' } satisfies Question)])
    return answered(outcome, lists, leader.ask<string>({ kind: 'digest' } satisfies Question))
  }

  /** Each member's answer. */
  const askTeam = <Answer>(
    control: Seat['control'],
    asked: BookToClear,
    question: (seat: Seat) => Question
  ): Promise<Answer>[] => {
    controls.add(control)
    makeRoom(asked)
    return members.map((member, rank) => member.ask<Answer>(question({ rank, size: threads, control })))
  }

  const noteDone = (control: Seat['control']): void => {
    controls.delete(control)
    if (hadNoRoom(control)) accepted *= 2
  }

  const clearTogether = (asked: BookToClear): Promise<Cleared> => {
    const { book, rules, start } = asked
    const packed = takePrepared(book) ?? packBook(book, true)
    const control = newControl()
    const [outcome, ...others] = askTeam<ClearedBook>(control, asked, seat => ({
      ...{ kind: 'clear', book: packed, rules, start, seat }
    }))
    const lists = listsOf(
      members
        .slice(0, WRITERS)
        .map(member => member.ask<OutcomeLists | undefined>({ kind: 'lists' } satisfies Question))
    )
    const digest = leader.ask<string>({ kind: 'digest' } satisfies Question)
    return answered(withHelp(outcome!, others), lists, digest).finally(() => noteDone(control))
  }

  /** Whether the team cleared it. */
  const rehearseOne = async ({ key, asked }: Prepared): Promise<boolean> => {
    const { rules, start } = asked
    const control = newControl()
    try {
      const went = askTeam<boolean>(control, asked, seat => ({ kind: 'rehearse', key, rules, start, seat }))
      return (await Promise.all(went)).every(Boolean)
    } finally {
      noteDone(control)
    }
  }

  /** One after the other, as a gate that comes meanwhile waits for the one in hand. */
  const rehearse = async (): Promise<void> => {
    if (isRehearsing) return
    isRehearsing = true
    try {
      while (rehearsals < rehearsalsMost && rehearsedMs < REHEARSE_MS_MOST) {
        const one = [...prepared.values()].findLast(({ isForTeam }) => isForTeam)
        if (!one) return
        const began = performance.now()
        if (!(await rehearseOne(one))) return
        rehearsals++
        rehearsedMs += performance.now() - began
      }
    } catch {
      // A clearing that fails in the same way is reported.
    } finally {
      isRehearsing = false
    }
  }

  return {
    async clear(asked) {
      return isTogether(asked) ? clearTogether(asked) : clearAlone(asked)
    },
    prepare(pom, asked) {
      const { book } = asked
      const earlier = prepared.get(pom)
      if (earlier?.asked.book === book) return
      if (earlier) forget(pom, earlier)
      else if (prepared.size >= PREPARED_MAX)
        for (const [oldest, one] of prepared) {
          forget(oldest, one)
          break
        }
      const isAll = isTogether(asked)
      const packed = packBook(book, isAll)
      prepared.set(pom, { key: ++lastKey, asked, isForTeam: isAll })
      const told: Told = { kind: 'prepare', key: lastKey, book: packed }
      for (const member of toldBy(isAll)) member.tell(told, isAll ? [] : buffersOf(packed))
      rehearse()
    },
    async close() {
      for (const control of controls) dismiss(control)
      await Promise.all(members.map(member => member.close()))
    }
  }
}

/** Where the thread of another ended the first one goes on alone; where it threw, no outcome is to be trusted. */
const withHelp = async (outcome: Promise<ClearedBook>, others: readonly Promise<unknown>[]): Promise<ClearedBook> => {
  const told = Promise.all(
    others.map(other =>
      other.catch((error: unknown) => {
        if (error instanceof BrokenInvariant) throw error
      })
    )
  )
  const [cleared] = await Promise.all([outcome, told])
  return cleared
}

/** Members that write lists. */
const WRITERS = 2

/** One member has them; another may fail. */
const listsOf = async (asked: readonly Promise<OutcomeLists | undefined>[]): Promise<OutcomeLists> => {
  let failure: unknown
  for (const answer of await Promise.allSettled(asked))
    if (answer.status === 'rejected') failure = answer.reason
    else if (answer.value) return answer.value
  throw failure ?? new Error('no thread has the lists of an outcome')
}

const answered = async (
  outcome: Promise<ClearedBook>,
  lists: Promise<OutcomeLists>,
  digest: Promise<string>
): Promise<Cleared> => {
  // Where there is no outcome, that is what is said.
  for (const later of [lists, digest]) later.catch(() => {})
  return { outcome: await outcome, lists, digest }
}
