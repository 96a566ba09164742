/**
 * Published credentials for trying out: they exist only in the embedded profile, and a gateway of another profile refuses to
 * start with them. One client per party of the example, and one for the administrator.
 */
import type { DevelopmentClient } from '../../gateway/auth/embedded-issuer.ts'
import { type Role, scopesOfRole } from '../../gateway/auth/principal.ts'

const client = (role: Role, actor: string): DevelopmentClient => ({
  id: `${role}-${actor.toLowerCase()}`,
  secret: `development-${actor.toLowerCase()}`,
  role,
  actor,
  scopes: scopesOfRole[role]
})

export const developmentClients: readonly DevelopmentClient[] = [
  client('aggregator', 'ACEAE'),
  client('aggregator', 'EGEOE'),
  client('dso', 'ARETI'),
  client('tso', 'TERNA'),
  client('administrator', 'OPERATIONS')
]

export const credentialsOf = (actor: string): { clientId: string; clientSecret: string } => {
  const found = developmentClients.find(candidate => candidate.actor === actor)
  if (!found) throw new Error(`no development client speaks for ${actor}`)
  return { clientId: found.id, clientSecret: found.secret }
}
