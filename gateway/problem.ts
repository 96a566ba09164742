/**
 * Problems (RFC 9457): the one shape of every answer that is not a success, and the closed list of their codes.
 *
 * Two kinds share it: what the gateway itself finds (shape, identity, limits) and what the market refused, whose codes come
 * from the refusal event and keep their name. A refusal code that this list does not know yet is answered as 422, so a newer
 * rule never becomes a server error. docs/reference/problems.md describes the same list; a test holds both equal.
 */

export interface ProblemItem {
  readonly code: string
  /** JSON pointer into the submitted item or body; empty for the whole. */
  readonly path: string
  readonly detail: string
}

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly instance?: string
  /** Every problem found, at most 100. */
  readonly errors?: readonly ProblemItem[]
  /** How many were found, when more than are listed. */
  readonly errorsTotal?: number
  readonly traceId?: string
}

interface Entry {
  readonly status: number
  readonly title: string
}

/** What the gateway finds before anything reaches the log. */
export const gatewayProblems = {
  'malformed-json': { status: 400, title: 'The body is not JSON.' },
  'invalid-request': { status: 400, title: 'The request does not have the described shape.' },
  'bad-cursor': { status: 400, title: 'The cursor was not given out by this list.' },
  'bad-event-id': { status: 400, title: 'Last-Event-ID was not given out by this stream.' },
  'token-missing': { status: 401, title: 'The request carries no access token.' },
  'token-invalid': { status: 401, title: 'The access token is not valid here.' },
  'token-expired': { status: 401, title: 'The access token has expired.' },
  'role-not-allowed': { status: 403, title: 'This operation is not for actors of this role.' },
  'insufficient-scope': { status: 403, title: 'The access token lacks the scope of this operation.' },
  'not-found': { status: 404, title: 'There is nothing here that you may see.' },
  'unknown-route': { status: 404, title: 'There is no such operation.' },
  'body-too-large': { status: 413, title: 'The body is larger than allowed.' },
  'item-too-large': { status: 413, title: 'One item is too large for a record of the log.' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json in UTF-8.' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used for another content.' },
  'all-refused': { status: 422, title: 'Every item was refused.' },
  'too-many-requests': { status: 429, title: 'Too many requests.' },
  'too-many-streams': { status: 429, title: 'Too many open streams.' },
  internal: { status: 500, title: 'The server failed.' },
  overloaded: { status: 503, title: 'The server is busy; nothing was written.' },
  'log-unavailable': { status: 503, title: 'The log cannot be reached; whether the command was written is not known.' },
  'identity-unavailable': { status: 503, title: 'Access tokens cannot be checked now.' },
  'database-unavailable': { status: 503, title: 'The tables cannot be read now.' }
} as const satisfies Record<string, Entry>

export type GatewayProblemCode = keyof typeof gatewayProblems

/** What the market and the registry refuse. */
export const refusalProblems = {
  'above-band': { status: 422, title: 'More than the registered band of the unit.' },
  'above-price-limit-max': { status: 422, title: 'The price is negative or above the highest price that may be bid.' },
  'already-final': { status: 409, title: 'The session is final; its outcome does not change any more.' },
  'already-unavailable': { status: 409, title: 'The PoD is declared unavailable in these MTUs already.' },
  'bad-baseline': { status: 422, title: 'A baseline has 96 slots, or none, within what the connection can carry.' },
  'bad-cos-phi': { status: 422, title: 'A power factor is a number from 0 to 1 with suffix R or A.' },
  'bad-id': { status: 422, title: 'The id has characters or a length that are not allowed.' },
  'bad-interval': { status: 422, title: 'The interval is empty, off the quarter-hours, or overlaps another.' },
  'bad-min-acceptance': { status: 422, title: 'The minimum acceptance is negative or more than what is offered.' },
  'bad-network': { status: 422, title: 'The network cannot be calculated.' },
  'bad-quantity': { status: 422, title: 'A quantity is a whole number of W or var in the stated range.' },
  'bad-range': { status: 422, title: 'The value is outside of the range of its field.' },
  'bad-steps': { status: 422, title: 'A curve has 1 to 20 steps.' },
  'bad-verdict': { status: 422, title: 'The verdict names MTUs or a quantity that the service does not have.' },
  'below-minimum-bid': { status: 422, title: 'Less than the smallest quantity that may be offered or asked.' },
  'discrete-unit': { status: 422, title: 'A discrete PoD can only be accepted as a whole.' },
  'duplicate-offer-id': { status: 409, title: 'An offer of this id is in the session.' },
  'duplicate-pod': { status: 409, title: 'The PoD is registered.' },
  'duplicate-request-id': { status: 409, title: 'A request of this id is in the session.' },
  'duplicate-session': { status: 409, title: 'The session was opened before.' },
  empty: { status: 422, title: 'The list is empty.' },
  'foreign-actor': { status: 403, title: 'It belongs to another actor.' },
  'missing-parts': { status: 422, title: 'Not all parts of the upload were staged.' },
  'no-longer-registered': { status: 409, title: 'The registration of the PoD has ended.' },
  'not-later': { status: 409, title: 'Days are told in order, each once.' },
  'not-qualified': { status: 422, title: 'The unit is not declared able to perform the service.' },
  'outside-session': { status: 422, title: 'The interval is not inside the session.' },
  'pod-in-other-unit': { status: 422, title: 'The PoD is offered in this session by another unit.' },
  'pod-not-at-location': { status: 422, title: 'The PoD is not below the named substation or feeder.' },
  'session-not-cleared': { status: 409, title: 'The session has no outcome that awaits a technical outcome.' },
  'session-not-open': { status: 409, title: 'The session is not open: the gate has closed.' },
  'too-many': { status: 422, title: 'The list is longer than allowed.' },
  'unknown-network': { status: 404, title: 'There is no network of this PoM.' },
  'unknown-offer': { status: 404, title: 'There is no such offer in the session.' },
  'unknown-pod': { status: 422, title: 'There is no such PoD.' },
  'unknown-proposal': { status: 404, title: 'No such request waits for a decision.' },
  'unknown-request': { status: 404, title: 'There is no such request in the session.' },
  'unknown-series': { status: 404, title: 'The network has no such load, generator or storage.' },
  'unknown-session': { status: 404, title: 'There is no such session.' },
  'unknown-switch': { status: 422, title: 'The network has no such switch.' },
  'unknown-upload': { status: 422, title: 'No parts of such an upload were staged.' },
  'wrong-outcome': { status: 409, title: 'It names another market outcome than the one of the session.' },
  'wrong-role': { status: 403, title: 'An actor of this role may not do this.' }
} as const satisfies Record<string, Entry>

/** What is wrong with one field, in the `errors` of `invalid-request`. */
export const shapeErrors = {
  'missing-field': 'The field is missing.',
  'unknown-field': 'There is no such field.',
  'bad-type': 'The value is of another type: text where a number belongs, a fraction where a whole number does.',
  'bad-format': 'The text is not such a date or time.',
  'bad-value': 'The value is not one of those allowed, or outside of the bounds of the field.'
} as const

export type RefusalProblemCode = keyof typeof refusalProblems

const entries: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ...Object.entries(gatewayProblems),
  ...Object.entries(refusalProblems)
])

export const problemEntry = (code: string): Entry | undefined => entries.get(code)

/** Problems listed in one answer; the rest is only counted. */
export const ERRORS_MAX = 100

/** What a refusal says first, when its reasons differ: who may not look comes before what is not there. */
const precedence = [403, 404, 409] as const

export const problem = (
  base: string,
  code: GatewayProblemCode,
  detail: string,
  rest: Partial<Pick<Problem, 'instance' | 'errors' | 'errorsTotal' | 'traceId'>> = {}
): Problem => ({ type: typeUrl(base, code), ...gatewayProblems[code], code, detail, ...rest })

/** The problem of a refused command, from its reasons. */
export const refusalProblem = (base: string, reasons: readonly ProblemItem[]): Problem => {
  const statuses = reasons.map(refusalStatus)
  const status = precedence.find(one => statuses.includes(one)) ?? 422
  const first = reasons[Math.max(0, statuses.indexOf(status))]
  const code = first?.code ?? 'refused'
  return {
    type: typeUrl(base, code),
    title: entries.get(code)?.title ?? 'The command was refused.',
    status,
    code,
    detail: first?.detail ?? 'The command was refused.',
    errors: reasons.slice(0, ERRORS_MAX),
    ...(reasons.length > ERRORS_MAX ? { errorsTotal: reasons.length } : {})
  }
}

export const refusalStatus = ({ code, path }: ProblemItem): number => {
  // The PoD that the request addresses is a resource; one that an offer names is a wrong value.
  if (code === 'unknown-pod' && path === '/pod') return 404
  return entries.get(code)?.status ?? 422
}

/** Where the description of a code is served. */
export const typeUrl = (base: string, code: string): string => `${base}/problems/${encodeURIComponent(code)}`
