/** Tables are a copy of the log: made anew from it they hold the same rows, and who looks sees the same. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { documentOf, flexledger } from './command-line.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'flexledger-rebuild-'))
t.teardown(() => rm(dataDir, { recursive: true, force: true }))

interface Row {
  readonly name: string
}

/** Rows of the read models, by the name of the table without its generation; their order does not count. */
const dump = (file: string): ReadonlyMap<string, readonly string[]> => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as unknown as Row[]
    return new Map(
      tables
        .filter(({ name }) => generation.test(name))
        .map(({ name }) => [
          name.replace(generation, ''),
          database
            .prepare(`SELECT * FROM "${name}"`)
            .all()
            .map(row => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
            .sort()
        ])
    )
  } finally {
    database.close()
  }
}
