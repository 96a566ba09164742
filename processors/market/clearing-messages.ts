/** What the clearing's thread is asked, and what it answers. */
import type { PackedBook } from '../../domain/market/clearing/packed-book.ts'
import type { ClearedBook } from '../../domain/market/sessions/close-session.ts'
import type { WrittenLists } from '../../schemas/allocation-lists.ts'
import type { SessionRules } from '../../schemas/generated.ts'

export type Told =
  /** A book that will perhaps be cleared. */
  | { readonly kind: 'prepare'; readonly key: number; readonly book: PackedBook }
  | { readonly kind: 'forget'; readonly key: number }

export type Question =
  | ClearQuestion
  /** The digest of the outcome that was the last answer: it is worked out while that is written down. */
  | { readonly kind: 'digest' }

export interface ClearQuestion {
  readonly kind: 'clear'
  /** Or the key of one that was prepared. */
  readonly book: PackedBook | number
  readonly rules: SessionRules
  /** The instant at which the book's first MTU begins, ms. */
  readonly start: number
}

export type Asked = Told | (Question & { readonly id: number })

export interface OutcomeLists {
  readonly allocations: WrittenLists
  readonly served: WrittenLists
  readonly residual: WrittenLists
  readonly prices: WrittenLists
}

export interface ClearedLists {
  readonly outcome: ClearedBook
  /** By offer and by request, as they stand in their records. */
  readonly lists: OutcomeLists
}

export interface Cleared extends ClearedLists {
  /** Of the outcome's records (outcome-digest.ts), some time later. */
  readonly digest: Promise<string>
}
