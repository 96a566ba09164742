/**
 * The thread of clearing.ts: answers each packed book with its outcome, then clears away what the book needed, while nobody
 * waits, so that the next clearing is not held up by it.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort } from 'node:worker_threads'
import { buffersOf, unpackBook } from '../../domain/market/clearing/packed-book.ts'
import { clearSession } from '../../domain/market/sessions/clear-session.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import type { Answered, Asked } from './clearing-messages.ts'

const port = parentPort
if (!port) throw new Error('clearing-thread.ts is not a program: clearing.ts starts it as a thread')
const clear = clearSession(await loadSolver())

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')
const tidyUp = (): void => {
  if (typeof collect === 'function') collect()
}

port.on('message', ({ id, book, rules }: Asked) => {
  let answered: Answered
  try {
    answered = { id, outcome: clear(unpackBook(book), rules) }
  } catch (error) {
    answered = { id, broken: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  const columns = 'outcome' in answered ? [answered.outcome, answered.outcome.runs, answered.outcome.served] : []
  port.postMessage(answered, columns.flatMap(buffersOf))
  setImmediate(tidyUp)
})
