/**
 * Apicurio Registry with the interface of the Confluent registry, storing in a file of its own. Development engine: one
 * node, no authentication.
 */
import { join } from 'node:path'
import type { Place, Recipe } from './engine.ts'
import { installRegistry, javaProgram, versions } from './installation.ts'

/** An answer to a small GET of a server that is up. */
const ANSWER_MS = 5_000

const urlOf = (place: Place): string => `http://127.0.0.1:${place.ports[0]?.[0]}/apis/ccompat/v7`

export const registry: Recipe = {
  name: 'registry',
  version: versions.registry,
  nodes: 1,
  portsPerNode: 1,
  stopSignal: 'SIGTERM',
  install: installRegistry,
  prepare: async () => {},
  async program(place) {
    const database = `jdbc:h2:file:${join(place.dir, 'registry')}`
    return {
      command: await javaProgram(),
      args: [
        '-Xmx256m',
        '-XX:+UseSerialGC',
        '-jar',
        join(place.home, `apicurio-registry-app-${versions.registry}-runner.jar`)
      ],
      env: {
        QUARKUS_HTTP_HOST: '127.0.0.1',
        QUARKUS_HTTP_PORT: String(place.ports[0]?.[0]),
        QUARKUS_LOG_LEVEL: 'WARN',
        LOG_LEVEL: 'WARN',
        REGISTRY_LOG_LEVEL: 'WARN',
        REGISTRY_DATASOURCE_URL: database,
        QUARKUS_DATASOURCE_JDBC_URL: database
      }
    }
  },
  url: urlOf,
  async ready(place) {
    const answer = await fetch(`${urlOf(place)}/subjects`, { signal: AbortSignal.timeout(ANSWER_MS) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`GET /subjects answers ${answer.status}: ${text}`)
  }
}
