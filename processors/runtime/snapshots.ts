/**
 * Snapshots shorten a start and nothing else: each can be thrown away at any time, and a broken one, or one of another
 * version, is as good as none. Contents are what the structured clone algorithm takes: plain data, Map, Set, typed arrays.
 *
 * The directory adapter keeps one file for each name and partition, replaced in one step: a crash leaves the old or the
 * new one. The SHA-256 finds what a disk or a hand has changed.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'

export interface Snapshots {
  /** The last content saved under this name, partition and version; undefined if there is none that can be used. */
  load(name: string, partition: number, version: string): Promise<unknown>
  /** Serialises before it returns: the caller may go on changing what it gave. */
  save(name: string, partition: number, version: string, content: unknown): Promise<void>
}

export const memorySnapshots = (): Snapshots => {
  const stored = new Map<string, { version: string; bytes: Uint8Array }>()
  return {
    async load(name, partition, version) {
      const found = stored.get(`${name}/${partition}`)
      return found?.version === version ? deserialize(found.bytes) : undefined
    },
    async save(name, partition, version, content) {
      stored.set(`${name}/${partition}`, { version, bytes: serialize(content) })
    }
  }
}

export interface DirectorySnapshotsOptions {
  /** A file could not be used and is ignored. */
  readonly onWarning?: (message: string, error: unknown) => void
}

const magic = 'flexledger snapshot 1'

export const directorySnapshots = (
  directory: string,
  { onWarning = () => {} }: DirectorySnapshotsOptions = {}
): Snapshots => {
  const fileOf = (name: string, partition: number) =>
    join(directory, `${name.replaceAll(/[^A-Za-z0-9-]/g, '_')}-${partition}.snapshot`)
  let saves = 0

  return {
    async load(name, partition, version) {
      const file = fileOf(name, partition)
      try {
        const found = read(await readFile(file))
        return found.name === name && found.version === version ? deserialize(found.content) : undefined
      } catch (error) {
        if (!isMissing(error)) onWarning(`the snapshot ${file} is ignored`, error)
        return undefined
      }
    },

    async save(name, partition, version, content) {
      const bytes = serialize(content)
      const head = `${magic}\n${JSON.stringify({ name, version, sha256: sha256(bytes) })}\n`
      const file = fileOf(name, partition)
      const temporary = `${file}.${process.pid}.${saves++}`
      await mkdir(directory, { recursive: true })
      try {
        const handle = await open(temporary, 'wx')
        try {
          await handle.writeFile(head)
          await handle.writeFile(bytes)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(temporary, file)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
    }
  }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const read = (bytes: Buffer): { name: unknown; version: unknown; content: Buffer } => {
  const first = bytes.indexOf('\n')
  const second = bytes.indexOf('\n', first + 1)
  if (second < 0 || bytes.toString('utf8', 0, first) !== magic) throw new Error('it is no snapshot')
  const head: unknown = JSON.parse(bytes.toString('utf8', first + 1, second))
  const content = bytes.subarray(second + 1)
  if (typeof head !== 'object' || head === null || !('sha256' in head) || !('version' in head) || !('name' in head))
    throw new Error('its head is incomplete')
  if (head.sha256 !== sha256(content)) throw new Error('its content is not what was written')
  return { name: head.name, version: head.version, content }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'
