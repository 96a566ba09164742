/** What there is to register, and whether what a registry holds under an id is that. */
import { isDeepStrictEqual } from 'node:util'
import { frozenSchemaText, readSchemaIds } from '../../schemas/schema-files.ts'
import type { VersionToRegister } from './schema-registry.ts'

/** Every version that may stand on a log, in the order of ids. */
export const ownVersions = (): readonly VersionToRegister[] =>
  readSchemaIds()
    .map(version => ({ ...version, text: frozenSchemaText(version) }))
    .toSorted((a, b) => a.id - b.id)

/** Words and the order of keys may differ: a registry may normalise what it was given. */
export const sameShape = (a: string, b: string): boolean => isDeepStrictEqual(withoutDocs(a), withoutDocs(b))

const withoutDocs = (text: string): unknown => {
  try {
    return JSON.parse(text, (key, value: unknown) => (key === 'doc' ? undefined : value))
  } catch {
    return Symbol('no JSON')
  }
}
