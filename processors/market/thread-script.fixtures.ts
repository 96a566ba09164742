import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Test } from 'tap'

/** A script for threads; `mark` in its text is a path of its own, where it may note that something has happened. */
export const threadScript = async (t: Test, text: string): Promise<URL> => {
  const directory = await mkdtemp(join(tmpdir(), 'flexledger-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const file = join(directory, 'thread.mjs')
  await writeFile(
    file,
    `import { existsSync, writeFileSync } from 'node:fs'
     import { parentPort } from 'node:worker_threads'
     const mark = ${JSON.stringify(join(directory, 'mark'))}
     ${text}`
  )
  return pathToFileURL(file)
}
