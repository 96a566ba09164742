/**
 * PostgreSQL from the Debian package, with a cluster of its own: not the one that the package starts on port 5432. Anyone
 * on this machine may connect as `flex` without a password: a development engine.
 *
 * PostgreSQL refuses to run as root; then it runs as the package's user `postgres`, which must be able to reach the folder.
 */
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { FlexError } from '../errors.ts'
import { runCommand } from './command.ts'
import type { Place, Recipe } from './engine.ts'
import { debianProgram, onPath } from './installation.ts'

const INIT_MS = 120_000
const CONNECT_MS = 5_000
const database = 'flex'

const byVersion = '/usr/lib/postgresql'

/** The newest that Debian's packages have put there; elsewhere, what stands on the path. */
const findInitdb = (): string | undefined => {
  const installed = existsSync(byVersion) ? readdirSync(byVersion).map(Number).filter(Number.isFinite) : []
  const newest = installed
    .toSorted((a, b) => b - a)
    .map(version => join(byVersion, String(version), 'bin', 'initdb'))
    .find(existsSync)
  return newest ?? onPath('initdb')
}

const userToBe = async (): Promise<{ uid: number; gid: number } | undefined> => {
  if (process.getuid?.() !== 0) return undefined
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find(entry => entry.startsWith('postgres:'))
  const [, , uid, gid] = line?.split(':') ?? []
  if (uid === undefined || gid === undefined)
    throw new FlexError('FLEX_ENGINE_UNAVAILABLE', 'PostgreSQL does not run as root, and there is no user postgres')
  return { uid: Number(uid), gid: Number(gid) }
}

const urlOf = (place: Place, name: string): string => `postgres://flex@127.0.0.1:${place.ports[0]?.[0]}/${name}`

const connected = async (url: string, work: (client: pg.Client) => Promise<void>): Promise<void> => {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS
  })
  // Without a listener a connection that breaks later would end the process; the query that waits rejects anyway.
  client.on('error', () => {})
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

export const postgres: Recipe = {
  name: 'postgres',
  version: 'of the system',
  nodes: 1,
  portsPerNode: 1,
  // A fast shutdown: clients are disconnected, everything is written.
  stopSignal: 'SIGINT',
  install: async (_, progress) => dirname(await debianProgram(findInitdb, ['postgresql'], progress)),
  async prepare(place) {
    const data = join(place.dir, 'data')
    if (existsSync(data)) return
    const user = await userToBe()
    const making = join(place.dir, 'data.making')
    await rm(making, { recursive: true, force: true })
    await mkdir(making, { mode: 0o700 })
    if (user) {
      await chown(place.dir, user.uid, user.gid)
      await chown(making, user.uid, user.gid)
    }
    await runCommand(
      join(place.home, 'initdb'),
      ['-D', making, '-U', 'flex', '-A', 'trust', '-E', 'UTF8', '--locale', 'C.UTF-8', '--no-instructions'],
      { timeoutMs: INIT_MS, cwd: '/', ...(user ? { user } : {}) }
    ).catch(error => {
      if (!user || !/Permission denied/.test(String(error))) throw error
      throw new FlexError(
        'FLEX_ENGINE_UNAVAILABLE',
        `the user postgres cannot reach ${place.dir}; choose a folder whose parents everybody may pass`,
        { cause: error }
      )
    })
    await rename(making, data)
  },
  async program(place, _, { durable }) {
    const user = await userToBe()
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `fsync=${durable ? 'on' : 'off'}`]
    return {
      command: join(place.home, 'postgres'),
      args: [
        '-D',
        join(place.dir, 'data'),
        '-p',
        String(place.ports[0]?.[0]),
        ...settings.flatMap(setting => ['-c', setting])
      ],
      ...(user ? { user } : {})
    }
  },
  url: place => urlOf(place, database),
  async ready(place) {
    await connected(urlOf(place, 'postgres'), async client => {
      const found = await client.query('select 1 from pg_database where datname = $1', [database])
      if (found.rowCount === 0) await client.query(`create database ${database}`)
    })
    await connected(urlOf(place, database), async client => {
      await client.query('select 1')
    })
  }
}
