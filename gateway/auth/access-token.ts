/**
 * Access tokens: signed JWTs (RFC 9068) of the one issuer that is configured, for this audience, with the claims `role` and
 * `actor`. Only asymmetric algorithms are accepted, so neither `none` nor a public key misused as a secret passes.
 */
import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { isRole, isScope, type Principal, scopesOfRole } from './principal.ts'

const algorithms = ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA', 'Ed25519']

/** Clocks of issuer and gateway may differ by so much. */
const clockToleranceSeconds = 5

const actorPattern = /^[A-Za-z0-9_-]{1,40}$/

export type TokenCheck =
  | { readonly status: 'valid'; readonly principal: Principal }
  | { readonly status: 'expired' }
  | { readonly status: 'invalid'; readonly detail: string }
  /** The issuer's keys could not be fetched: not the caller's fault. */
  | { readonly status: 'unknown'; readonly cause: unknown }

export interface TokenChecks {
  readonly issuer: string
  readonly audience: string
  readonly keys: JWTVerifyGetKey
  /** Milliseconds. */
  readonly now: () => number
}

export const checkToken = async (token: string, { issuer, audience, keys, now }: TokenChecks): Promise<TokenCheck> => {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms,
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(now()),
      requiredClaims: ['exp', 'iat', 'sub']
    })
    const { role, actor, scope, exp } = payload
    if (!isRole(role)) return { status: 'invalid', detail: 'The claim `role` names no role of this market.' }
    if (typeof actor !== 'string' || !actorPattern.test(actor))
      return { status: 'invalid', detail: 'The claim `actor` is not the id of an actor.' }
    const granted = typeof scope === 'string' ? scope.split(' ').filter(isScope) : []
    return {
      status: 'valid',
      principal: {
        actor: { role, id: actor },
        scopes: new Set(granted.filter(one => scopesOfRole[role].includes(one))),
        expiresAt: (exp ?? 0) * 1_000
      }
    }
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { status: 'expired' }
    if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError))
      return { status: 'unknown', cause: error }
    return { status: 'invalid', detail: `The access token was not accepted: ${error.message}.` }
  }
}
