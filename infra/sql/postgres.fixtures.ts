/** Empty databases and schemas on one PostgreSQL server, as many as a test file asks for; they go with the test. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { postgresForTests, type Teardown } from '../engines/for-tests.ts'

export interface PostgresServer {
  /** False, or why there is no server. */
  readonly skip: false | string
  /** The URL of a database of its own; `sql` is what follows its name when it is made. */
  fresh(sql?: string): Promise<string>
  /** The same with a schema of its own in a database that the file shares: many times faster. */
  freshSchema(): Promise<string>
}

export const postgresServer = async (t: Teardown): Promise<PostgresServer> => {
  const server = await postgresForTests(t)
  if (server.skip !== false)
    return { skip: server.skip, fresh: async () => server.url, freshSchema: async () => server.url }
  const admin = new pg.Pool({ connectionString: server.url, max: 2, allowExitOnIdle: true })
  admin.on('error', () => {})
  const names: string[] = []
  t.teardown(async () => {
    for (const name of names) await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.end()
  })
  return {
    skip: false,
    async fresh(sql = '') {
      const name = `test_${randomBytes(6).toString('hex')}`
      await admin.query(`CREATE DATABASE ${name} ${sql}`)
      names.push(name)
      return Object.assign(new URL(server.url), { pathname: `/${name}` }).href
    },
    async freshSchema() {
      const name = `test_${randomBytes(6).toString('hex')}`
      await admin.query(`CREATE SCHEMA ${name}`)
      return Object.assign(new URL(server.url), { search: `?options=-c%20search_path%3D${name}` }).href
    }
  }
}
