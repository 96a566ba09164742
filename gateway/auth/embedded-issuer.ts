/**
 * The issuer of the embedded profile: OAuth 2.0 client credentials over a fixed list of development clients, so that a first
 * run needs no identity server. Everywhere else an issuer is configured by URL and this one does not start.
 *
 * Promises: tokens are JWTs signed with ES256 that live ten minutes, carry `role` and `actor`, and only scopes that the
 * client has. The signing key lives as long as the process: tokens of an earlier run are not valid in this one.
 */
import '@fastify/swagger'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTVerifyGetKey } from 'jose'
import Provider, { type ClientModel, errors, type TokenContext } from 'oidc-provider'
import type { Role, Scope } from './principal.ts'

export interface DevelopmentClient {
  readonly id: string
  readonly secret: string
  readonly role: Role
  /** The actor that the client speaks for. */
  readonly actor: string
  readonly scopes: readonly Scope[]
}

/** Short, because a token cannot be called back; long enough for a bulk upload and its retries. */
export const tokenSeconds = 600

export interface EmbeddedIssuer {
  readonly keys: JWTVerifyGetKey
  readonly routes: (app: FastifyInstance) => Promise<void>
}

export const embeddedIssuer = async (options: {
  readonly issuer: string
  readonly audience: string
  readonly clients: readonly DevelopmentClient[]
}): Promise<EmbeddedIssuer> => {
  const { issuer, audience, clients } = options
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const named = { kid: 'embedded', alg: 'ES256', use: 'sig' }
  // A resource indicator must be a URI (RFC 8707); an audience may be any name.
  const api = URL.canParse(audience) ? audience : `urn:flexledger:${encodeURIComponent(audience)}`
  const byId = new Map(clients.map(client => [client.id, client]))

  const provider = new Provider(issuer, {
    // Tokens are self-contained and clients are configuration: the issuer has nothing to remember.
    adapter: withoutStorage,
    clients: clients.map(({ id, secret, scopes }) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: scopes.join(' '),
      id_token_signed_response_alg: 'ES256',
      token_endpoint_auth_method: 'client_secret_basic'
    })),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), ...named }] },
    clientAuthMethods: ['client_secret_basic'],
    scopes: [...new Set(clients.flatMap(({ scopes }) => scopes))],
    responseTypes: [],
    routes: { token: '/oauth/token', jwks: '/oauth/jwks' },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => api,
        useGrantedResource: () => true,
        getResourceServerInfo: (context: TokenContext, resource: string, client: ClientModel) => {
          if (resource !== api) throw new errors.InvalidTarget()
          // Who names no scope gets all that the client has (RFC 6749, section 3.3).
          context.oidc.params.scope ??= client.scope
          return {
            scope: client.scope ?? '',
            audience,
            accessTokenTTL: tokenSeconds,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'ES256' } }
          }
        }
      }
    },
    ttl: { ClientCredentials: tokenSeconds },
    extraTokenClaims: (_context: TokenContext, token: { readonly clientId: string }) => {
      const client = byId.get(token.clientId)
      return client && { role: client.role, actor: client.actor }
    }
  })

  const answer = provider.callback()
  return {
    keys: createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), ...named }] }),
    async routes(app) {
      // The provider reads the form itself.
      app.removeAllContentTypeParsers()
      app.addContentTypeParser('application/x-www-form-urlencoded', (_request, _payload, done) => done(null, undefined))
      const forward = (request: { raw: IncomingMessage }, reply: { hijack(): unknown; raw: ServerResponse }): void => {
        reply.hijack()
        answer(request.raw, reply.raw)
      }
      app.post('/oauth/token', { schema: { hide: true } }, forward)
      app.get('/oauth/jwks', { schema: { hide: true } }, forward)
      app.get('/.well-known/openid-configuration', { schema: { hide: true } }, forward)
    }
  }
}

const withoutStorage = () => ({
  upsert: async () => undefined,
  find: async () => undefined,
  findByUserCode: async () => undefined,
  findByUid: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
  consume: async () => undefined
})
