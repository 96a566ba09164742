/**
 * Which version files and ids there should be. A schema whose shape differs from its newest frozen copy needs a new version,
 * which is only made on purpose (`--new-version`) and only if it is compatible with every earlier one; a change of words
 * alone needs none. `--reset` freezes everything anew as version 1, possible until the first release.
 */
import { type AvroRecord, shapeOf } from './avro-schema.ts'
import { incompatibilities } from './compatibility.ts'
import { type CurrentSchema, type SchemaVersion, versionFile } from './schema-files.ts'

export interface FrozenVersion extends SchemaVersion {
  readonly schema: AvroRecord
}

export interface VersionPlan {
  readonly versions: readonly SchemaVersion[]
  /** Content of the files to write, by path under schemas/. */
  readonly newFiles: ReadonlyMap<string, string>
  /** What stands in the way; when not empty, nothing is written. */
  readonly problems: readonly string[]
}

const newestOf = (frozen: readonly FrozenVersion[], name: string): FrozenVersion | undefined =>
  frozen
    .filter(version => version.name === name)
    .reduce<FrozenVersion | undefined>(
      (newest, version) => (version.version > (newest?.version ?? 0) ? version : newest),
      undefined
    )

export const planVersions = (
  current: readonly CurrentSchema[],
  frozen: readonly FrozenVersion[],
  options: { readonly newVersion: boolean }
): VersionPlan => {
  const versions: SchemaVersion[] = frozen.map(({ id, name, version, file }) => ({ id, name, version, file }))
  const newFiles = new Map<string, string>()
  const problems: string[] = []
  let nextId = Math.max(0, ...frozen.map(version => version.id)) + 1

  for (const name of new Set(frozen.map(version => version.name)))
    if (!current.some(schema => schema.fullName === name))
      problems.push(`${name} was removed, but may stand on a log: a message stays for ever`)

  for (const { fullName, schema, text } of current) {
    const newest = newestOf(frozen, fullName)
    if (newest !== undefined && shapeOf(newest.schema) === shapeOf(schema)) continue
    if (!options.newVersion) {
      problems.push(
        newest === undefined
          ? `${fullName} is new: run with --new-version to give it an id`
          : `${fullName} differs from version ${newest.version}: run with --new-version to make version ${newest.version + 1}`
      )
      continue
    }
    const earlier = frozen.filter(version => version.name === fullName)
    const breaks = earlier.flatMap(version =>
      incompatibilities(version.schema, schema).map(
        problem => `${fullName}, against version ${version.version}: ${problem}`
      )
    )
    problems.push(...breaks)
    const version = (newest?.version ?? 0) + 1
    const file = versionFile(fullName, version)
    versions.push({ id: nextId, name: fullName, version, file })
    nextId += 1
    newFiles.set(file, text)
  }
  return { versions, newFiles, problems }
}

/** Every message as version 1, ids from 1 in the order of the full names. */
export const resetVersions = (current: readonly CurrentSchema[]): VersionPlan => {
  const inOrder = [...current].sort((a, b) => (a.fullName < b.fullName ? -1 : 1))
  const versions = inOrder.map(({ fullName }, i) => ({
    id: i + 1,
    name: fullName,
    version: 1,
    file: versionFile(fullName, 1)
  }))
  return {
    versions,
    newFiles: new Map(inOrder.map(({ fullName, text }) => [versionFile(fullName, 1), text])),
    problems: []
  }
}

export const idsText = (versions: readonly SchemaVersion[]): string =>
  `${JSON.stringify(Object.fromEntries(versions.map(({ id, name, version, file }) => [id, { name, version, file }])), null, 2)}\n`
