/**
 * The thread of clearing.ts: answers each packed book with its outcome, and what of it is long as the log will have it, then clears away what the book needed, while nobody
 * waits, so that the next clearing is not held up by it.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort } from 'node:worker_threads'
import { buffersOf, unpackBook } from '../../domain/market/clearing/packed-book.ts'
import { clearSession } from '../../domain/market/sessions/clear-session.ts'
import { startsOfMtus } from '../../domain/market/sessions/close-session.ts'
import { outcomeDigestOfColumns } from '../../domain/market/sessions/outcome-digest.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import { writtenAllocations } from '../../schemas/allocation-lists.ts'
import type { Answered, Asked, Cleared } from './clearing-messages.ts'

const port = parentPort
if (!port) throw new Error('clearing-thread.ts is not a program: clearing.ts starts it as a thread')
const clear = clearSession(await loadSolver())

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')
const tidyUp = (): void => {
  if (typeof collect === 'function') collect()
}

const clearAndWrite = ({ book: packed, rules, start }: Asked): Cleared => {
  const book = unpackBook(packed)
  const outcome = clear(book, rules)
  const startOf = startsOfMtus(start, book.mtus)
  return {
    outcome: { ...outcome, digest: outcomeDigestOfColumns(book, outcome, startOf) },
    allocations: writtenAllocations(outcome.runs, book.requests, startOf)
  }
}

const buffersIn = ({ outcome, allocations }: Cleared): ArrayBuffer[] =>
  [outcome, outcome.runs, outcome.served, allocations].flatMap(buffersOf)

port.on('message', (asked: Asked) => {
  const { id } = asked
  let answered: Answered
  try {
    answered = { id, cleared: clearAndWrite(asked) }
  } catch (error) {
    answered = { id, broken: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  port.postMessage(answered, 'cleared' in answered ? buffersIn(answered.cleared) : [])
  setImmediate(tidyUp)
})
