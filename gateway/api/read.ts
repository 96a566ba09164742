/** Answers of reading: the ETag is that of the bytes sent, so it changes exactly when what this caller sees changes. */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProblemError } from '../problem-reply.ts'

// Bytes at once, so that a long text is not made into them twice.
export const answerRead = (request: FastifyRequest, reply: FastifyReply, body: unknown): FastifyReply =>
  answerBytes(request, reply, Buffer.from(JSON.stringify(body)))

/** What is JSON already. */
export const answerBytes = (request: FastifyRequest, reply: FastifyReply, bytes: Buffer): FastifyReply => {
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`
  reply.headers({ etag, 'cache-control': 'private, no-cache', vary: 'Authorization' })
  if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.type('application/json; charset=utf-8').send(bytes)
}

/** What is not there and what is another's look the same. */
export const answerFound = (request: FastifyRequest, reply: FastifyReply, body: unknown): FastifyReply => {
  if (body === undefined) throw new ProblemError('not-found', 'It does not exist, or you may not see it.')
  return answerRead(request, reply, body)
}

const matches = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some(one => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)

/** A page of views, with the cursor of the next one. */
export const pageView = <Item, View>(
  { items, next }: { readonly items: readonly Item[]; readonly next?: string },
  view: (item: Item) => View
): { items: View[]; next?: string } => ({ items: items.map(view), ...(next === undefined ? {} : { next }) })

/** Only the filters that were given: an absent one must not read as `undefined`. */
export const given = <Filters extends object>(
  filters: Filters
): { [Name in keyof Filters]?: Exclude<Filters[Name], undefined> } =>
  Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Filters]?: Exclude<Filters[Name], undefined>
  }

/** Items in one page, unless asked otherwise. */
export const limitDefault = 100

export const pageRequest = ({
  limit = limitDefault,
  cursor
}: {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}) => ({
  limit,
  ...(cursor === undefined ? {} : { after: cursor })
})
