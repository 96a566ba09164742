/**
 * The embedded database: one SQLite file, or memory. What stands in it can be built again from the log, and rows commit with
 * the position that they are of; so a commit does not wait for the disk, and after a power cut the tables go on from an
 * earlier position.
 */
import { Kysely } from 'kysely'
import { openSqliteFile } from '../sqlite-file.ts'
import type { Database } from './database.ts'
import { sqliteDialect, unavailable } from './sqlite-dialect.ts'

export const sqliteDatabase = async <Schema>({ file }: { readonly file: string }): Promise<Database<Schema>> => {
  const connection = await openSqliteFile(file, { synchronous: 'normal' }).catch(error => {
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
