/** What the clearing's thread is asked, and what it answers. */
import type { PackedBook } from '../../domain/market/clearing/packed-book.ts'
import type { ClearedBook } from '../../domain/market/sessions/close-session.ts'
import type { WrittenLists } from '../../schemas/allocation-lists.ts'
import type { SessionRules } from '../../schemas/generated.ts'
import type { Seat } from './clearing-team.ts'

/** Books that wait in a thread: one of 1,500 offers takes about 20 MB. The one that was prepared first goes first. */
export const PREPARED_MAX = 8

export type Told =
  /** A book that will perhaps be cleared. */
  | { readonly kind: 'prepare'; readonly key: number; readonly book: PackedBook }
  | { readonly kind: 'forget'; readonly key: number }
  /**
   * Memory of the teams to come. Told once: each message makes a new object for the same memory, and V8 collects sooner for each.
   */
  | { readonly kind: 'columns'; readonly columns: SharedArrayBuffer }

export type Question =
  | ClearQuestion
  | RehearseQuestion
  /** About the outcome that was asked for last: what it takes longer to work out than to begin writing it down. */
  | { readonly kind: 'lists' | 'digest' }

export interface ClearQuestion {
  readonly kind: 'clear'
  /** Or the key of one that was prepared. */
  readonly book: PackedBook | number
  readonly rules: SessionRules
  /** The instant at which the book's first MTU begins, ms. */
  readonly start: number
  /** In which team; undefined: alone. Members but the first answer nothing. */
  readonly seat: Seat | undefined
}

/** Clears a prepared book for practice, with its lists and digest, and keeps it. The answer is whether the team cleared it. */
export interface RehearseQuestion extends Pick<ClearQuestion, 'rules' | 'start'> {
  readonly kind: 'rehearse'
  readonly key: number
  readonly seat: Seat
}

export type Asked = Told | (Question & { readonly id: number })

/** By offer and by request, as they stand in their records. */
export interface OutcomeLists {
  readonly allocations: WrittenLists
  readonly served: WrittenLists
  readonly residual: WrittenLists
  readonly prices: WrittenLists
}

/** An outcome, and what comes some time later. */
export interface Cleared {
  readonly outcome: ClearedBook
  readonly lists: Promise<OutcomeLists>
  /** Of the outcome's records (outcome-digest.ts). */
  readonly digest: Promise<string>
}
