/**
 * The schema registry port: which schema stands under an id, and putting ours there before anybody writes them.
 *
 * An adapter promises: a version stands under the id that `ids.json` gives it, or nothing is registered and the error says
 * what stands in the way; so the bytes of a record are the same whatever log and registry are used. What is registered can
 * be registered again, by several processes at once. "There is no such id" and "nobody could be asked" are told apart.
 */
import type { SchemaVersion } from '../../schemas/schema-files.ts'

export interface VersionToRegister extends SchemaVersion {
  /** The schema as JSON. */
  readonly text: string
}

export interface RegisteredVersion {
  readonly id: number
  readonly subject: string
  readonly version: number
  /** 'added' by this call; 'present': it was there already. */
  readonly status: 'added' | 'present'
}

export interface SchemaRegistry {
  /** For people: what is asked. */
  readonly name: string
  /** The schema under an id, as JSON; undefined: there is none. Rejects with FLEX_REGISTRY_UNAVAILABLE if nobody answers. */
  schemaTextOf(id: number): Promise<string | undefined>
  /** In the order of ids. A subject's compatibility is FULL_TRANSITIVE from then on. */
  register(versions: readonly VersionToRegister[]): Promise<readonly RegisteredVersion[]>
}
