/** The embedded database: one SQLite file, or memory. Commits are on the disk when they resolve. */
import { Kysely } from 'kysely'
import { openSqliteFile } from '../sqlite-file.ts'
import type { Database } from './database.ts'
import { sqliteDialect, unavailable } from './sqlite-dialect.ts'

export const sqliteDatabase = async <Schema>({ file }: { readonly file: string }): Promise<Database<Schema>> => {
  const connection = await openSqliteFile(file).catch(error => {
    throw unavailable(error, file)
  })
  const query = new Kysely<Schema>({ dialect: sqliteDialect(connection, file) })
  return {
    query,
    transaction: work => query.transaction().execute(work),
    async close() {
      await query.destroy()
      // Kysely closes what it has used; a database that was never asked anything is still open.
      if (connection.isOpen) connection.close()
    }
  }
}
