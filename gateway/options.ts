/** What a gateway is made of: everything outside comes in here, so that a test gives its own. */

import type { Kysely } from 'kysely'
import type { SaltSource } from '../infra/log/envelope.ts'
import type { Log } from '../infra/log/log.ts'
import type { Logger } from '../infra/telemetry/logger.ts'
import type { Metrics } from '../infra/telemetry/metrics.ts'
import type { DevelopmentClient } from './auth/embedded-issuer.ts'
import type { GatewayLimits } from './limits.ts'

export interface ReadinessCheck {
  readonly name: string
  readonly isReady: boolean
  readonly detail: string
}

/** Who signs access tokens. The embedded issuer exists only in the embedded profile. */
export type IdentityOptions =
  | { readonly kind: 'embedded'; readonly clients: readonly DevelopmentClient[] }
  | { readonly kind: 'external'; readonly issuer: string; readonly jwksUrl: string }

export interface GatewayOptions {
  readonly profile: 'embedded' | 'server'
  readonly identity: IdentityOptions
  /** Where callers reach the gateway, without a path; issuer of the embedded profile, base of problem types. */
  readonly publicUrl: string
  /** `aud` of access tokens. */
  readonly audience: string
  readonly log: Log
  readonly db: Kysely<object>
  /** The time that is written into commands. Tokens are judged by the real time, whatever this says. */
  readonly clock: { now(): number }
  readonly salt: SaltSource
  /** The operators that may read the topics `validated_outcome_DSO` and `_TSO`. */
  readonly operators: { readonly dso: string; readonly tso: string }
  readonly logger?: Logger
  readonly metrics?: Metrics
  /** Further checks of /readyz, such as the lag of the projections. */
  readonly readiness?: () => Promise<readonly ReadinessCheck[]>
  readonly limits?: Partial<GatewayLimits>
  /** How many proxies in front may be believed about the caller's address. Default 0. */
  readonly trustedProxies?: number
  /** An Idempotency-Key for callers that give none; a scenario gives a seeded one. Default: random UUIDs. */
  readonly newKey?: () => string
}
