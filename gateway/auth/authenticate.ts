/**
 * Before anything else of a call is looked at: how often this address calls, who calls, how often that actor calls, and
 * whether it may call this operation. An operation without an access rule cannot be added: the start fails.
 */
import '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Access, setPrincipal } from '../api/context.ts'
import type { GatewayLimits } from '../limits.ts'
import { ProblemError } from '../problem-reply.ts'
import { checkToken, type TokenChecks } from './access-token.ts'
import type { Principal } from './principal.ts'

/** A token with all scopes is below 1 kB. */
const tokenPattern = /^Bearer +([A-Za-z0-9_.-]{1,8192})$/i

export const authentication = (app: FastifyInstance, checks: TokenChecks, limits: GatewayLimits): void => {
  const timeWindow = 60_000
  const byAddress = app.createRateLimit({
    max: limits.callsPerMinuteOfAddress,
    timeWindow,
    keyGenerator: request => `address ${request.ip}`
  })
  const principals = new WeakMap<FastifyRequest, Principal>()
  const byActor = app.createRateLimit({
    max: limits.callsPerMinute,
    timeWindow,
    keyGenerator: request => {
      const { role, id } = principals.get(request)!.actor
      return `actor ${role}/${id}`
    }
  })

  app.addHook('onRoute', ({ config, url, method }) => {
    if (!config?.access) throw new Error(`${String(method)} ${url} has no access rule`)
  })

  app.addHook('onRequest', async request => {
    const { access } = request.routeOptions.config
    if (!access) throw new ProblemError('unknown-route', 'There is no such operation.')
    await within(byAddress, request)
    const principal = await authenticate(request, checks)
    principals.set(request, principal)
    await within(byActor, request)
    authorise(principal, access)
    setPrincipal(request, principal)
  })
}

const authenticate = async (request: FastifyRequest, checks: TokenChecks): Promise<Principal> => {
  const { authorization } = request.headers
  if (authorization === undefined)
    throw new ProblemError('token-missing', 'Send Authorization: Bearer <access token>.', {
      'www-authenticate': 'Bearer'
    })
  const token = tokenPattern.exec(authorization)?.[1]
  if (token === undefined)
    throw new ProblemError('token-invalid', 'The header Authorization is not Bearer <access token>.', challenge())
  const check = await checkToken(token, checks)
  switch (check.status) {
    case 'valid':
      return check.principal
    case 'expired':
      throw new ProblemError('token-expired', 'Get a new token and repeat the call.', challenge())
    case 'invalid':
      throw new ProblemError('token-invalid', check.detail, challenge())
    case 'unknown':
      request.log.error({ err: check.cause }, 'the keys of the issuer cannot be had')
      throw new ProblemError('identity-unavailable', 'The keys of the issuer cannot be had.')
  }
}

const challenge = () => ({ 'www-authenticate': 'Bearer error="invalid_token"' })

const authorise = ({ actor, scopes }: Principal, { scope, roles }: Access): void => {
  if (!roles.includes(actor.role))
    throw new ProblemError(
      'role-not-allowed',
      `This operation is for ${roles.join(', ')}; the token is of ${actor.role}.`
    )
  if (!scopes.has(scope))
    throw new ProblemError('insufficient-scope', `The token lacks the scope ${scope}.`, {
      'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"`
    })
}

export type RateLimit = ReturnType<FastifyInstance['createRateLimit']>

/** Refuses the call that is one too many. */
export const within = async (limit: RateLimit, request: FastifyRequest): Promise<void> => {
  const state = await limit(request)
  if (state.isAllowed || !state.isExceeded) return
  throw new ProblemError('too-many-requests', `At most ${state.max} calls in a minute.`, {
    'retry-after': String(Math.max(1, state.ttlInSeconds))
  })
}
