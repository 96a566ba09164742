/** The parts of an operation's description that repeat: who may call it and what it may answer. */
import Type, { type Static, type TSchema } from 'typebox'
import type { Access } from './context.ts'
import { Accepted, BulkAnswer, ProblemAnswer, WriteHeaders } from './schemas.ts'

export interface Description {
  readonly id: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly access: Access
}

const described = ({ id, tag, summary, description, access }: Description) => ({
  operationId: id,
  tags: [tag],
  summary,
  description: [description, `Scope \`${access.scope}\`; for ${access.roles.join(', ')}.`].filter(Boolean).join('\n\n'),
  security: [{ oauth: [access.scope] }]
})

const answer = (description: string, schema: TSchema, mediaType = 'application/json') => ({
  description,
  content: { [mediaType]: { schema } }
})

const problemMeanings = {
  400: 'The request has another shape; every error is named.',
  401: 'No token, or one that is not valid.',
  403: 'Not for this role, scope or actor.',
  404: 'Not there, or not yours to see.',
  409: 'In conflict with what is there: a duplicate, a closed gate.',
  413: 'Larger than allowed.',
  415: 'Not application/json.',
  422: 'Refused by the rules, with all reasons; of an array, every item.',
  429: 'Too often; Retry-After tells when.',
  503: 'Not now; Retry-After tells when. Repeat with the same Idempotency-Key.'
} as const

type ProblemStatus = keyof typeof problemMeanings

const problems = (...statuses: readonly ProblemStatus[]) =>
  Object.fromEntries(
    ([...statuses, 400, 401, 403, 429, 503] as const).map(status => [
      status,
      answer(problemMeanings[status], ProblemAnswer, 'application/problem+json')
    ])
  )

const undecided = 'Written, not decided yet; Location tells where to look.'

/** One command, answered when it is decided. */
export const writesOne = (operation: Description) => ({
  ...described(operation),
  headers: WriteHeaders,
  response: {
    200: answer('Decided.', Accepted),
    202: answer(undecided, Accepted),
    ...problems(404, 409, 413, 415, 422)
  }
})

/** An item or an array of items. */
export const writesMany = (operation: Description) => ({
  ...described(operation),
  headers: WriteHeaders,
  response: {
    201: answer('Decided: all are accepted.', Type.Union([Accepted, BulkAnswer])),
    202: answer(undecided, Type.Union([Accepted, BulkAnswer])),
    207: answer('Some were accepted and some refused, see items.', BulkAnswer),
    ...problems(404, 409, 413, 415, 422)
  }
})

export const reads = (operation: Description, schema: TSchema) => ({
  ...described(operation),
  headers: Type.Object({ 'if-none-match': Type.Optional(Type.String({ maxLength: 200 })) }),
  response: {
    200: {
      ...answer('With an ETag of what you see.', schema),
      headers: { etag: { type: 'string', description: 'For If-None-Match.' } }
    },
    304: Type.Null({ description: 'Unchanged since the ETag.' }),
    ...problems(404)
  }
})

export const streams = (operation: Description) => ({
  ...described(operation),
  response: { 200: answer('Events without end.', Type.String(), 'text/event-stream'), ...problems(404) }
})

export const oneOrMany = <S extends TSchema>(item: S, maxItems: number, examples: readonly unknown[]) =>
  Type.Union([item, Type.Array(item, { minItems: 1, maxItems })], { examples: [...examples] })

/** A body that is described elsewhere, with an example of its own. */
export const withExample = <S extends TSchema>(schema: S, example: unknown) =>
  Type.Unsafe<Static<S>>({ allOf: [schema], examples: [example] })
