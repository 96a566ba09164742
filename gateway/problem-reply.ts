/**
 * Turns whatever went wrong into a problem. Only what nobody foresaw is a 500, logged with its cause and told without it.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isFlexError } from '../infra/errors.ts'
import { SubmitError } from './commands/submit.ts'
import { type GatewayProblemCode, type Problem, problem } from './problem.ts'
import { InvalidRequest } from './validation.ts'

/** Seconds that a caller should wait when the log or the tables are away: about as long as a restart. */
const retryAfterSeconds = 5

/** An answer that is decided in the middle of something else. */
export class ProblemError extends Error {
  readonly code: GatewayProblemCode
  readonly headers: Readonly<Record<string, string>>

  constructor(code: GatewayProblemCode, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail)
    this.name = 'ProblemError'
    this.code = code
    this.headers = headers
  }
}

export const sendProblem = (
  request: FastifyRequest,
  reply: FastifyReply,
  found: Problem,
  extension: Readonly<Record<string, unknown>> = {}
): FastifyReply => {
  if (found.status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', String(retryAfterSeconds))
  const body = { ...found, instance: request.url.slice(0, 500), traceId: traceIdOf(request), ...extension }
  return reply.code(found.status).type('application/problem+json; charset=utf-8').serializer(JSON.stringify).send(body)
}

const traceIdOf = ({ headers, id }: FastifyRequest): string => {
  const traceParent = headers['traceparent']
  return typeof traceParent === 'string' && /^00-[0-9a-f]{32}-/.test(traceParent) ? traceParent.slice(3, 35) : id
}

const frameworkCodes: Readonly<Record<string, GatewayProblemCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed-json',
  FST_ERR_BAD_URL: 'unknown-route',
  FST_ERR_MAX_PARAM_LENGTH: 'unknown-route',
  FST_UNDER_PRESSURE: 'overloaded'
}

export const problemHandler =
  (base: string) =>
  (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const found = problemOf(base, error, request)
    if (found.status >= 500) request.log.error({ err: error, code: found.code }, 'the call failed')
    if (error instanceof ProblemError) reply.headers(error.headers)
    return sendProblem(request, reply, found)
  }

const problemOf = (base: string, error: FastifyError, request: FastifyRequest): Problem => {
  if (error instanceof ProblemError) return problem(base, error.code, error.message)
  if (error instanceof InvalidRequest) {
    const { errors, errorsTotal } = error
    const detail = `${errorsTotal} ${errorsTotal === 1 ? 'error was' : 'errors were'} found, see errors.`
    return problem(base, 'invalid-request', detail, { errors, ...(errorsTotal > errors.length ? { errorsTotal } : {}) })
  }
  if (error instanceof SubmitError) {
    if (error.code === 'unreadable')
      return problem(base, 'internal', 'A processor could not read the command; it was parked.')
    const { code, index, message } = error
    const path = index === undefined ? '' : `/${index}`
    return problem(base, code, message, { errors: [{ code, path, detail: message }] })
  }
  if (isFlexError(error, 'FLEX_LOG_OVERLOADED')) return problem(base, 'overloaded', 'The log takes no more for now.')
  if (isFlexError(error) && error.code.startsWith('FLEX_LOG_'))
    return problem(base, 'log-unavailable', 'Repeat the call with the same Idempotency-Key: it takes effect once.')
  if (isFlexError(error) && error.code.startsWith('FLEX_SQL_'))
    return problem(base, 'database-unavailable', 'Writing works; reading does not, for now.')
  if (isTableMissing(error)) return problem(base, 'database-unavailable', 'The read models are not built yet.')
  if (error.code === 'bad-cursor') return problem(base, 'bad-cursor', error.message)
  const code = frameworkCodes[error.code]
  if (code !== undefined) return problem(base, code, frameworkDetail(code, error, request))
  const { statusCode } = error
  if (error instanceof SyntaxError && statusCode === 400) return problem(base, 'malformed-json', error.message)
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return problem(base, 'invalid-request', error.message)
  return problem(base, 'internal', 'The failure was logged under the trace id.')
}

const frameworkDetail = (
  code: GatewayProblemCode,
  { code: cause, message }: FastifyError,
  { headers, routeOptions }: FastifyRequest
): string => {
  if (code === 'body-too-large') return `A body has at most ${routeOptions.bodyLimit} bytes; send an array in parts.`
  if (code === 'unsupported-media-type')
    return `The Content-Type is ${headers['content-type']?.slice(0, 100) ?? 'missing'}; it must be application/json.`
  if (cause === 'FST_ERR_CTP_EMPTY_JSON_BODY') return 'The body is empty.'
  return message
}

/** A gateway may be up before the projections have made their tables; as SQLite and PostgreSQL say it. */
const isTableMissing = ({ code, message }: FastifyError): boolean =>
  code === '42P01' || (code === 'ERR_SQLITE_ERROR' && message.startsWith('no such table'))
