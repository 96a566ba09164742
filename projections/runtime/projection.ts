/**
 * What a read model is: which events it handles, which tables it has, and how a cause changes them. Everything else
 * (decoding, transactions, checkpoints, generations, rebuilds) is the runtime's, and is the same for all of them.
 *
 * A projection promises that its rows follow from the events alone, in the order of their partition: no clock, no read of
 * another table than its own. It may rely on having each cause once, wholly, in order, and on rows and checkpoint being
 * one transaction.
 */

import type { Transaction } from 'kysely'
import type { Message } from '../../schemas/generated.ts'
import type { Outline } from '../../schemas/outline.ts'
import type { AnyTables } from './sql.ts'
import type { TableDefinitions } from './table.ts'

export interface Position {
  readonly topic: string
  readonly partition: number
  /** Offset of the command that the events answer. */
  readonly cause: number
}

/** What the records of a cause say beside their messages. */
export interface CauseMeta extends Position {
  /** When the command was given, ms: the `now` of the decision. */
  readonly time: number
  /** Id of the command, or of the one that it was fed from. */
  readonly correlation: string
  /** Only of commands that came by HTTP. */
  readonly idempotencyKey?: string
  /** Where a fed command came from; such a command is not the answer that its sender waits for. */
  readonly fedFrom?: string
  /** Events of the cause, with those that the projection does not handle. */
  readonly count: number
}

export interface DecodedCause<Handled extends Message['type'], Read = Message> {
  readonly meta: CauseMeta
  /** The handled ones, in order. */
  readonly events: readonly Extract<Read, { readonly type: Handled }>[]
}

export interface RowWriter<Tables> {
  /** Inserts the row, or replaces the one of the same key, wholly. Cheap: rows are written in bulk. */
  put<Table extends keyof Tables & string>(table: Table, row: Tables[Table]): void
  /** For what `put` cannot do. Everything put before is visible in it. */
  statements(): Promise<Transaction<Tables>>
}

/** `Read` is what its events are read as: whole, or as outlines. */
export interface Projection<Tables, Handled extends Message['type'], Read = Message> {
  /** Letters, digits and `-`. */
  readonly name: string
  /** Another version = other rows from the same events: needs a rebuild. */
  readonly version: number
  readonly topics: readonly string[]
  readonly handles: readonly Handled[]
  /** False: the cause is passed over, and its records are not even decoded. Default: every cause. */
  concerns?(meta: CauseMeta): boolean
  /** Table names are unique among all projections. */
  readonly tables: TableDefinitions<Tables>
  apply(cause: DecodedCause<Handled, Read>, write: RowWriter<Tables>): void | Promise<void>
}

/** A projection whose tables and events the runtime need not know. */
export type AnyProjection = Projection<AnyTables, Message['type']> & { readonly readsOutlines?: boolean }

/**
 * Forgets the types of a projection. It is right because the runtime calls `apply` with nothing but events of `handles`
 * and a writer of `tables`.
 */
export const projection = <Tables, Handled extends Message['type']>(
  definition: Projection<Tables, Handled>
): AnyProjection => definition as unknown as AnyProjection

/** The same of a projection for which outlines are enough: they are much quicker to read. */
export const outlineProjection = <Tables, Handled extends Message['type']>(
  definition: Projection<Tables, Handled, Outline>
): AnyProjection => ({ ...(definition as unknown as AnyProjection), readsOutlines: true })
