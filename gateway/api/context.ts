/** What every operation gets. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify'
import type { Kysely } from 'kysely'
import type { Principal, Role, Scope } from '../auth/principal.ts'
import type { Submit } from '../commands/submit.ts'

export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** Who may call an operation: the scope, and the roles that it makes sense for. */
export interface Access {
  readonly scope: Scope
  readonly roles: readonly Role[]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
}

export interface ApiContext {
  readonly submit: Submit
  readonly db: Kysely<object>
  readonly publicUrl: string
  readonly newKey: () => string
}

const principals = new WeakMap<FastifyRequest, Principal>()

export const setPrincipal = (request: FastifyRequest, principal: Principal): void => {
  principals.set(request, principal)
}

/** Who asks. Every operation below /v1 has an access rule, so there is always one. */
export const principalOf = (request: FastifyRequest): Principal => {
  const principal = principals.get(request)
  if (!principal) throw new Error(`${request.url} was answered without asking who calls`)
  return principal
}
