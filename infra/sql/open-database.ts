/** Opens the database that a URL names. The one place that knows all adapters. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FlexError } from '../errors.ts'
import type { Database } from './database.ts'
import { parseDatabaseUrl, withoutPasswords } from './database-url.ts'
import { sqliteDatabase } from './sqlite-database.ts'

/** Makes the file, and its folder, where they are not there; a database on a server must be there. */
export const openDatabase = async <Schema>(url: string): Promise<Database<Schema>> => {
  const parsed = parseDatabaseUrl(url)
  switch (parsed?.adapter) {
    case 'sqlite':
      if (parsed.file !== ':memory:') await mkdir(dirname(parsed.file), { recursive: true })
      return sqliteDatabase(parsed)
    case 'postgres': {
      // Its driver is loaded only where it is used: the embedded profile starts without it.
      const { postgresDatabase } = await import('./postgres-database.ts')
      return postgresDatabase(parsed)
    }
    case undefined:
      throw new FlexError(
        'FLEX_CONFIG_INVALID',
        `a database URL is sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE, not "${withoutPasswords(url)}"`
      )
  }
}
