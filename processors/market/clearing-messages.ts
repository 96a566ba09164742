/** What the clearing's thread is asked, and what it answers. */
import type { PackedBook } from '../../domain/market/clearing/packed-book.ts'
import type { ClearedBook } from '../../domain/market/sessions/close-session.ts'
import type { WrittenLists } from '../../schemas/allocation-lists.ts'
import type { SessionRules } from '../../schemas/generated.ts'

export type Asked =
  /** A book that will perhaps be cleared. */
  | { readonly kind: 'prepare'; readonly key: number; readonly book: PackedBook }
  | { readonly kind: 'forget'; readonly key: number }
  | AskedToClear

export interface AskedToClear {
  readonly kind: 'clear'
  readonly id: number
  /** Or the key of one that was prepared. */
  readonly book: PackedBook | number
  readonly rules: SessionRules
  /** The instant at which the book's first MTU begins, ms. */
  readonly start: number
}

export interface Cleared {
  readonly outcome: ClearedBook
  /** By offer, as they stand in its record. */
  readonly allocations: WrittenLists
}

export type Answered =
  | { readonly id: number; readonly cleared: Cleared }
  /** The clearing threw: the same book would give the same. */
  | { readonly id: number; readonly broken: string }
