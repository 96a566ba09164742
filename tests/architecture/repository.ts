/** The files of this repository as the checks read them: what version control would hold, nothing that was installed. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SourceFile } from './scan.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Installed, recorded by the test runner, or written by a run. */
const notOurs = new Set(['node_modules', 'data', '.git', '.tap'])

/** Names of the direct sub-folders of a folder ('' is the root), in order; no hidden ones. */
export const foldersIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !notOurs.has(entry.name) && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .toSorted()

/** Paths from the root of every file below a folder. */
export const filesBelow = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !notOurs.has(name))
    .flatMap(entry => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      return entry.isDirectory() ? filesBelow(path) : [path]
    })
    .toSorted()

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

export const sources = (): readonly SourceFile[] =>
  foldersIn('')
    .flatMap(filesBelow)
    .filter(path => /\.(?:ts|mjs)$/.test(path))
    .map(path => ({ path, text: textOf(path) }))
