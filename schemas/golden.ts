/**
 * Golden bytes: `golden/<full name>.v<n>.hex` is the example of a message as version n wrote it, schema id included. They
 * are the proof that a log of any age can be read: once written they never change, and a new version gets a new file.
 */
import { existsSync, readFileSync } from 'node:fs'
import { encode, schemaVersions } from './codec.ts'
import { examples } from './examples.ts'
import { fullName, type Message } from './generated.ts'
import type { SchemaVersion } from './schema-files.ts'

const BYTES_PER_LINE = 40

export const goldenPath = (version: SchemaVersion): string => `golden/${version.name}.v${version.version}.hex`

const hexText = (bytes: Buffer): string =>
  `${(bytes.toString('hex').match(new RegExp(`.{1,${BYTES_PER_LINE * 2}}`, 'g')) ?? []).join('\n')}\n`

export const readGolden = (version: SchemaVersion): Buffer =>
  Buffer.from(readFileSync(new URL(goldenPath(version), import.meta.url), 'utf8').replaceAll('\n', ''), 'hex')

/** The newest version of every message, which is the one that is written. */
export const newestVersions = (): ReadonlyMap<Message['type'], SchemaVersion> => {
  const newest = new Map<Message['type'], SchemaVersion>()
  for (const type of Object.keys(fullName) as Message['type'][])
    for (const version of schemaVersions)
      if (version.name === fullName[type] && version.version > (newest.get(type)?.version ?? 0))
        newest.set(type, version)
  return newest
}

/** Files that are missing, for the newest versions alone: what exists is never made again. */
export const goldenFiles = (): ReadonlyMap<string, string> => {
  const files = new Map<string, string>()
  for (const [type, version] of newestVersions()) {
    const path = goldenPath(version)
    if (!existsSync(new URL(path, import.meta.url))) files.set(`schemas/${path}`, hexText(encode(examples[type])))
  }
  return files
}
