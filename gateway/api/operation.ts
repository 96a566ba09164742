/** The parts of an operation's description that repeat: who may call it and what it may answer. */
import Type, { type TSchema } from 'typebox'
import type { Access } from './context.ts'
import { Accepted, BulkAnswer, ProblemAnswer, WriteHeaders } from './schemas.ts'

interface Description {
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

const problems = (...statuses: readonly number[]): Record<number, TSchema> =>
  Object.fromEntries([...statuses, 400, 401, 403, 429, 503].map(status => [status, ProblemAnswer]))

/** One command, answered when it is decided. */
export const writesOne = (operation: Description, accepted: 200 | 201) => ({
  ...described(operation),
  headers: WriteHeaders,
  response: { [accepted]: Accepted, 202: Accepted, ...problems(404, 409, 413, 415, 422) }
})

/** An item or an array of items. */
export const writesMany = (operation: Description) => ({
  ...described(operation),
  headers: WriteHeaders,
  response: {
    201: Type.Union([Accepted, BulkAnswer]),
    202: Type.Union([Accepted, BulkAnswer]),
    207: BulkAnswer,
    ...problems(404, 409, 413, 415, 422)
  }
})

export const reads = <S extends TSchema>(operation: Description, answer: S) => ({
  ...described(operation),
  headers: Type.Object({ 'if-none-match': Type.Optional(Type.String({ maxLength: 200 })) }),
  response: { 200: answer, 304: Type.Null({ description: 'Unchanged since the ETag.' }), ...problems(404) }
})

export const oneOrMany = <S extends TSchema>(item: S, maxItems: number, examples: readonly unknown[]) =>
  Type.Union([item, Type.Array(item, { minItems: 1, maxItems })], { examples: [...examples] })
