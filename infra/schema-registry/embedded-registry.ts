/**
 * The registry of the embedded log: the schemas and ids that come with the project. Whoever reads the log with this version
 * has them; nothing is asked over a network.
 *
 * Promises: the same ids as every other adapter, hence the same bytes on the log.
 */
import { FlexError } from '../errors.ts'
import type { SchemaRegistry, VersionToRegister } from './schema-registry.ts'
import { ownVersions, sameShape } from './versions.ts'

export const embeddedRegistry = (): SchemaRegistry => {
  // Read when first asked: an embedded process that meets only its own ids never does.
  let read: ReadonlyMap<number, VersionToRegister> | undefined
  const byId = (): ReadonlyMap<number, VersionToRegister> => {
    read ??= new Map(ownVersions().map(version => [version.id, version]))
    return read
  }
  return {
    name: 'embedded',
    schemaTextOf: async id => byId().get(id)?.text,
    register: async versions =>
      versions.map(({ id, name, version, text }) => {
        const known = byId().get(id)
        if (known === undefined || known.name !== name || !sameShape(text, known.text))
          throw new FlexError('FLEX_REGISTRY_ID_TAKEN', `the id ${id} is not that of version ${version} of ${name}`)
        return { id, subject: name, version, status: 'present' as const }
      })
  }
}
