import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlContract } from './sql.contract.ts'
import { sqliteDatabase } from './sqlite-database.ts'

sqlContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'flex-sql-'))
  let databases = 0
  return {
    fresh<Tables>() {
      databases++
      return sqliteDatabase<Tables>({ file: join(folder, `${databases}.sqlite`) })
    },
    again: <Tables>() => sqliteDatabase<Tables>({ file: join(folder, `${databases}.sqlite`) }),
    dispose: () => rm(folder, { recursive: true })
  }
})

sqlContract('sqlite in memory', async () => ({
  fresh: <Tables>() => sqliteDatabase<Tables>({ file: ':memory:' }),
  dispose: async () => {}
}))
