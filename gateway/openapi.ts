/** The frame of the OpenAPI 3.1 document; the operations describe themselves where they are. */
import type { SwaggerOptions } from '@fastify/swagger'
import type { scopes } from './auth/principal.ts'

const scopeDescriptions: Readonly<Record<(typeof scopes)[number], string>> = {
  'pods:write': 'Register and change points of delivery.',
  'pods:read': 'Read points of delivery.',
  'pom:write': 'Assign points of delivery to places in the grid.',
  'offers:write': 'Send offers and declare unavailability.',
  'requests:write': 'Send requests.',
  'technical-outcome:write': 'Send technical outcomes.',
  'market:read': 'Read sessions, services and outcomes.',
  'grid:write': 'Import and switch networks, tell measurements, decide proposed requests.',
  'grid:read': 'Read networks and the state of the grid.',
  'audit:read': 'Read what auditors read.'
}

export const openApiOptions = (publicUrl: string, version: string): SwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Flexledger',
      version,
      description:
        'A local electricity flexibility market between TSO and DSO. Times are RFC 3339 with offset; power is whole W (var), energy W·MTU (¼ Wh), prices whole µ€ per kWh (kvarh). Problems are RFC 9457.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
    },
    servers: [{ url: publicUrl }],
    components: {
      securitySchemes: {
        oauth: {
          type: 'oauth2',
          flows: { clientCredentials: { tokenUrl: `${publicUrl}/oauth/token`, scopes: scopeDescriptions } }
        }
      }
    }
  },
  refResolver: {
    buildLocalReference: (json, _baseUri, _fragment, i) =>
      typeof json['$id'] === 'string' ? json['$id'] : `schema-${i}`
  }
})
