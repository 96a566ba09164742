/**
 * Pages by key: a cursor names the last row that was given out, so a page costs the same wherever it is, and rows that
 * come or go meanwhile shift nothing. Cursors are opaque and bound to their list; a wrong one is a named error.
 */
import type { Position } from './projection.ts'

/** Rows in one page; 1,500 offers are two pages. */
export const PAGE_LIMIT_MAX = 1000

export interface PageRequest {
  /** 1 … 1,000. */
  readonly limit: number
  /** `next` of the page before. */
  readonly after?: string
}

export interface Page<Item> {
  readonly items: readonly Item[]
  /** Absent on the last page. */
  readonly next?: string
}

export class PageError extends Error {
  readonly code: 'bad-cursor' | 'bad-limit'

  constructor(code: 'bad-cursor' | 'bad-limit', message: string) {
    super(message)
    this.name = 'PageError'
    this.code = code
  }
}

export type CursorKind = 'text' | 'number'
type CursorValues<Kinds extends readonly CursorKind[]> = {
  readonly [At in keyof Kinds]: Kinds[At] extends 'number' ? number : string
}

/** Reads `after`, if there is one, as the key of the list `name`. */
export const readCursor = <const Kinds extends readonly CursorKind[]>(
  name: string,
  kinds: Kinds,
  after: string | undefined
): CursorValues<Kinds> | undefined => {
  if (after === undefined) return undefined
  const values = parse(after)
  const isRight =
    Array.isArray(values) &&
    values.length === kinds.length + 1 &&
    values[0] === name &&
    kinds.every((kind, at) => hasKind(values[at + 1], kind))
  if (!isRight) throw new PageError('bad-cursor', `The cursor is not one of the list ${name}.`)
  return values.slice(1) as unknown as CursorValues<Kinds>
}

/** Rows are fetched with one more than the limit: whether there is a next page is known without a count. */
export const fetchLimit = (limit: number): number => {
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_LIMIT_MAX)
    throw new PageError('bad-limit', `A limit is a whole number from 1 to ${PAGE_LIMIT_MAX}, not ${limit}.`)
  return limit + 1
}

export const page = <Row, Item>(
  name: string,
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => readonly (string | number)[],
  itemOf: (row: Row) => Item
): Page<Item> => {
  const items = rows.slice(0, limit).map(itemOf)
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return last === undefined ? { items } : { items, next: writeCursor(name, keyOf(last)) }
}

/** The position that a row was last changed at, for its ETag. */
export const positionOf = (topic: string, row: { readonly partition: number; readonly cause: number }): Position => ({
  topic,
  partition: row.partition,
  cause: row.cause
})

const writeCursor = (name: string, key: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify([name, ...key])).toString('base64url')

const parse = (text: string): unknown => {
  if (!/^[A-Za-z0-9_-]{1,512}$/.test(text)) return undefined
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

const hasKind = (value: unknown, kind: CursorKind): boolean =>
  kind === 'text' ? typeof value === 'string' : Number.isSafeInteger(value)
