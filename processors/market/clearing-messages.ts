/** What the clearing's thread is asked, and what it answers. */
import type { OutcomeColumns } from '../../domain/market/clearing/outcome.ts'
import type { PackedBook } from '../../domain/market/clearing/packed-book.ts'
import type { SessionRules } from '../../schemas/generated.ts'

export interface Asked {
  readonly id: number
  readonly book: PackedBook
  readonly rules: SessionRules
}

export type Answered =
  | { readonly id: number; readonly outcome: OutcomeColumns }
  /** The clearing threw: the same book would give the same. */
  | { readonly id: number; readonly broken: string }
