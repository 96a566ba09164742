/**
 * Who asks, and what each role may ask at most. A token's scopes are cut down to those of its role, whatever the issuer
 * wrote into it, so that a mistake there does not open what belongs to another role.
 */
export const roles = ['aggregator', 'dso', 'tso', 'administrator'] as const
export type Role = (typeof roles)[number]

export const scopes = [
  'pods:write',
  'pods:read',
  'pom:write',
  'offers:write',
  'requests:write',
  'technical-outcome:write',
  'market:read',
  'grid:write',
  'grid:read',
  'audit:read'
] as const
export type Scope = (typeof scopes)[number]

export const scopesOfRole: Readonly<Record<Role, readonly Scope[]>> = {
  aggregator: ['pods:write', 'pods:read', 'offers:write', 'market:read'],
  dso: [
    'pods:read',
    'pom:write',
    'requests:write',
    'technical-outcome:write',
    'market:read',
    'grid:write',
    'grid:read'
  ],
  tso: ['pods:read', 'requests:write', 'market:read'],
  administrator: ['pods:write', 'pods:read', 'pom:write', 'market:read', 'grid:read', 'audit:read']
}

/** The actor of a call, as commands carry it. */
export interface CallingActor {
  readonly role: Role
  readonly id: string
}

export interface Principal {
  readonly actor: CallingActor
  readonly scopes: ReadonlySet<Scope>
  /** Milliseconds; a stream ends with its token. */
  readonly expiresAt: number
}

export const isRole = (text: unknown): text is Role => roles.some(role => role === text)
export const isScope = (text: string): text is Scope => scopes.some(scope => scope === text)
