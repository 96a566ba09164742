/**
 * Which clearing a session gets: the exact one, or, where its rules name objectives, the multi-objective mode with the
 * exact result as its yardstick (MP-CLR-01, T-12).
 */
import type { Book, ClearingOutcome } from '../clearing/book.ts'
import { clearBook } from '../clearing/clear-book.ts'
import type { Solver } from '../clearing/solver.ts'
import type { Clear } from './close-session.ts'

export const clearSession = (solver: Solver): Clear => {
  const clear = (book: Book): ClearingOutcome => clearBook(book, solver)
  return book => clear(book)
}
