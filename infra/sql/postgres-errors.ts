/**
 * Which errors of PostgreSQL and its connection are the server's, and not the query's. `FLEX_SQL_REFUSED` is for people:
 * the server is there and does not let us in, so waiting will not mend it. `FLEX_SQL_UNAVAILABLE` is for whoever tries again.
 */
import { FlexError, isFlexError } from '../errors.ts'

/** Wrong user or password, no such database, no right to do this. */
const refusals = new Set(['28000', '28P01', '3D000', '42501'])

/**
 * Classes of SQLSTATE: connection (08), transaction in the way of another (40), resources (53), intervention and shutdown
 * (57), system (58), damage (XX); and single ones: no lock in time, a server that has become a replica, a session that the
 * server ended because its transaction stood still.
 */
const unavailable = /^(08|40|53|57|58|XX|55P03|25006|25P03)/

/** Errors of a socket, as Node.js names them. */
const ofTheSocket = /^(E[A-Z_]+|ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/

/** What `pg` itself throws has no code, only these texts. */
const ofTheDriver =
  /connection (terminated|error|timeout|ended)|timeout (exceeded|expired)|read timeout|not queryable|closed/i

/** After these the session is gone, or of no use to anybody. */
const endsSession = /^(08|57P|25006|25P03|58|XX)/

const sqlStateOf = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined

const isSqlState = (code: string | undefined): code is string => code !== undefined && /^[0-9A-Z]{5}$/.test(code)

/** The error that callers see; errors of a query stay what they are. */
export const postgresError = (error: unknown, server: string): unknown => {
  if (isFlexError(error) || !(error instanceof Error)) return error
  const code = sqlStateOf(error)
  const text = `${server}: ${messageOf(error)}`
  // A constraint, a syntax error, a value out of range: five characters too, but of the query.
  if (isSqlState(code) && 'severity' in error) {
    if (refusals.has(code)) return new FlexError('FLEX_SQL_REFUSED', text, { cause: error })
    return unavailable.test(code) ? new FlexError('FLEX_SQL_UNAVAILABLE', text, { cause: error }) : error
  }
  if (/client password must be/.test(error.message))
    return new FlexError('FLEX_SQL_REFUSED', `${server}: it asks for a password, and FLEX_DATABASE_URL has none`, {
      cause: error
    })
  if (isTls(error, code) || error.message.startsWith('SASL'))
    return new FlexError('FLEX_SQL_REFUSED', text, { cause: error })
  if ((code !== undefined && ofTheSocket.test(code)) || ofTheDriver.test(error.message))
    return new FlexError('FLEX_SQL_UNAVAILABLE', text, { cause: error })
  return error
}

/** The connection cannot be used again: everything but an answer of a server that goes on. */
export const isConnectionLost = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const code = sqlStateOf(error)
  if (isSqlState(code) && 'severity' in error) return endsSession.test(code)
  return (code !== undefined && ofTheSocket.test(code)) || ofTheDriver.test(error.message)
}

const isTls = (error: Error, code: string | undefined): boolean =>
  /does not support SSL|self-signed|certificate/i.test(error.message) ||
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(code ?? '')

/** A name with several addresses fails with one error for each, and says nothing itself. */
const messageOf = (error: Error): string =>
  error.message || (error instanceof AggregateError ? error.errors.map(String).join('; ') : error.name)
