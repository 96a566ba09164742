/**
 * Engines for tests. A whole run starts one of each (tests/run.ts) and names them in the environment; a test file that is
 * run by itself starts its own. What a test shares with others it must not assume to be empty: a database of its own is
 * made for each call, topics and subjects need names of their own, and `{ own: true }` gives an engine to break.
 *
 * Where an engine cannot be had, `skip` says why, for the option of the same name of a test. In continuous integration
 * (`CI=true`) that is an error instead.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { isFlexError } from '../errors.ts'
import { type EngineName, installEngine, type RunningEngine, startEngine } from './engines.ts'

export interface TestEngine {
  /** For a test's option `skip`: false, or why there is no engine. */
  readonly skip: false | string
  /** Throws where there is no engine. */
  readonly url: string
  /** `host:port`, for clients that want no URL. */
  readonly addresses: readonly string[]
  /** To kill, pause and restart it; only with `own`. */
  readonly engine: RunningEngine
}

export interface TestEngineOptions {
  /** Not shared with another test file. */
  readonly own?: boolean
}

/** What a test of tap gives. */
export interface Teardown {
  teardown(work: () => Promise<void>): void
}

/** Where a whole run names what it has started. */
export const testEngineVariables = {
  kafka: 'FLEX_TEST_KAFKA_URL',
  registry: 'FLEX_TEST_REGISTRY_URL',
  postgres: 'FLEX_TEST_DATABASE_URL',
  mosquitto: 'FLEX_TEST_MQTT_URL'
} as const satisfies Partial<Record<EngineName, string>>

export type SharedEngine = keyof typeof testEngineVariables

export const kafkaForTests = (t: Teardown, options: TestEngineOptions = {}): Promise<TestEngine> =>
  forTests('kafka', t, options)

/** Three nodes with certificates, never shared: who wants three wants to break one. 15 s to start, 750 MB. */
export const kafka3ForTests = (t: Teardown): Promise<TestEngine> => ownForTests('kafka-3', t)

export const registryForTests = (t: Teardown, options: TestEngineOptions = {}): Promise<TestEngine> =>
  forTests('registry', t, options)

export const mosquittoForTests = (t: Teardown, options: TestEngineOptions = {}): Promise<TestEngine> =>
  forTests('mosquitto', t, options)

/** Its URL names an empty database that is dropped with the test. */
export const postgresForTests = async (t: Teardown, options: TestEngineOptions = {}): Promise<TestEngine> => {
  const server = await forTests('postgres', t, options)
  if (server.skip !== false) return server
  const name = `test_${randomBytes(6).toString('hex')}`
  await statement(server.url, `create database ${name}`)
  if (!options.own) t.teardown(() => statement(server.url, `drop database if exists ${name} with (force)`))
  return available(server.url.replace(/\/flex$/, `/${name}`), options.own ? server.engine : undefined)
}

const statement = async (url: string, sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

const forTests = async (name: SharedEngine, t: Teardown, { own = false }: TestEngineOptions): Promise<TestEngine> => {
  const shared = process.env[testEngineVariables[name]]
  if (shared && !own) return available(shared)
  return ownForTests(name, t)
}

const ownForTests = async (name: EngineName, t: Teardown): Promise<TestEngine> => {
  const began = await startForTests(name)
  if ('missing' in began) return missing(name, began.missing)
  t.teardown(began.end)
  return available(began.engine.url, began.engine)
}

export interface StartedForTests {
  readonly engine: RunningEngine
  /** Kills it and removes its folder. */
  readonly end: () => Promise<void>
}

/** In a temporary folder; ends with this process, however that ends. */
export const startForTests = async (name: EngineName): Promise<StartedForTests | { readonly missing: string }> => {
  // Not in a folder that only this user may enter: PostgreSQL may run as another one.
  const dir = await mkdtemp(join(tmpdir(), 'flexledger-engine-'))
  await chmod(dir, 0o755)
  try {
    const engine = await startEngine(name, { dir, durable: false, ...cacheOfTests() })
    return {
      engine,
      async end() {
        await engine.remove()
        await rm(dir, { recursive: true, force: true })
      }
    }
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    if (!isFlexError(error, 'FLEX_ENGINE_UNAVAILABLE') || process.env['CI'] === 'true') throw error
    return { missing: error.message }
  }
}

/** For the option `skip` of tests that start engines themselves. */
export const lacking = async (name: EngineName): Promise<string | false> => {
  try {
    await installEngine(name, cacheOfTests())
    return false
  } catch (error) {
    if (!isFlexError(error, 'FLEX_ENGINE_UNAVAILABLE') || process.env['CI'] === 'true') throw error
    return `no ${name}: ${error.message}`
  }
}

const cacheOfTests = (): { readonly enginesDir?: string } => {
  const enginesDir = process.env['FLEX_ENGINES_DIR']
  return enginesDir ? { enginesDir } : {}
}

const available = (url: string, engine?: RunningEngine): TestEngine => ({
  skip: false,
  url,
  addresses: [...url.matchAll(/[\d.]+:\d+/g)].map(([address]) => address),
  get engine() {
    if (!engine) throw new Error('this engine is shared with other tests; ask for one of your own')
    return engine
  }
})

const missing = (name: EngineName, why: string): TestEngine => {
  const none = (): never => {
    throw new Error(`there is no ${name}: ${why}`)
  }
  return {
    skip: `no ${name}: ${why}`,
    get url() {
      return none()
    },
    get addresses() {
      return none()
    },
    get engine() {
      return none()
    }
  }
}
