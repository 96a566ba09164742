/**
 * A registry with Confluent's REST interface (Apicurio's ccompat, Confluent's own). Subjects are full names of messages,
 * because a topic has many kinds of them. Ordinary registrations go through @kafkajs/confluent-schema-registry, which checks
 * a schema and a subject's compatibility first; decoding never does (schemas/codec.ts is the one codec).
 *
 * Promises: nothing is registered while an id of ours stands for something else; a registration that ended in the middle
 * is completed by the next one. Assumes a registry, or a part of one with its own ids, that is ours alone.
 */
import { SchemaRegistry as Client, COMPATIBILITY, SchemaType } from '@kafkajs/confluent-schema-registry'
import { FlexError } from '../errors.ts'
import { type GivenIds, givenIdsOf, incompatible, refused } from './given-ids.ts'
import { fieldOf, patiently, type RegistryLimits, reasonOf, registryCalls, registryLimits } from './registry-calls.ts'
import type { RegisteredVersion, SchemaRegistry, VersionToRegister } from './schema-registry.ts'
import { sameShape } from './versions.ts'

/** Requests at once: enough that a start is not waiting for round trips, few for a registry. */
const REQUESTS_AT_ONCE = 8
const NOT_FOUND = 404
/** What Confluent's interface answers for a schema that is not there. */
const SCHEMA_NOT_FOUND = 40403

export interface ConfluentRegistryOptions {
  /** Where the interface begins, e.g. `http://127.0.0.1:8081` or `http://127.0.0.1:8081/apis/ccompat/v7`. */
  readonly url: string
  readonly limits?: Partial<RegistryLimits>
}

export const confluentRegistry = (options: ConfluentRegistryOptions): SchemaRegistry => {
  const url = options.url.replace(/\/+$/, '')
  const limits = { ...registryLimits, ...options.limits }
  const call = registryCalls(limits)
  // The client's own retries are for calls of its decoder; `patiently` has the bound here.
  const client = new Client({ host: url, retry: { retries: 0 } })

  const schemaTextOf = async (id: number): Promise<string | undefined> => {
    const answer = await call(`${url}/schemas/ids/${id}`)
    const text = fieldOf(answer.body, 'schema')
    if (answer.status === 200 && typeof text === 'string') return text
    if (answer.status === NOT_FOUND && fieldOf(answer.body, 'error_code') === SCHEMA_NOT_FOUND) return undefined
    throw notARegistry(url, `status ${answer.status} for a schema id`)
  }

  const stateOf = async (version: VersionToRegister): Promise<'present' | 'missing' | string> => {
    const { id, name, text } = version
    const known = await call(`${url}/subjects/${encodeURIComponent(name)}`, { method: 'POST', json: { schema: text } })
    if (known.status === 200) {
      const other = Number(fieldOf(known.body, 'id'))
      return other === id ? 'present' : `${name} version ${version.version} has the id ${other} there, not ${id}`
    }
    if (known.status !== NOT_FOUND) throw refused(`a look-up of ${name}`, known)
    const there = await schemaTextOf(id)
    return there === undefined || sameShape(there, text)
      ? 'missing'
      : `the id ${id} of ${name} version ${version.version} is ${nameIn(there)} there`
  }

  const ensureCompatibility = async (name: string): Promise<void> => {
    const config = `${url}/config/${encodeURIComponent(name)}`
    const answer = await call(config)
    if (answer.status === 200 && fieldOf(answer.body, 'compatibilityLevel') === COMPATIBILITY.FULL_TRANSITIVE) return
    const set = await call(config, { method: 'PUT', json: { compatibility: COMPATIBILITY.FULL_TRANSITIVE } })
    // A subject that is not there yet: the registration sets it.
    if (set.status !== 200 && set.status !== NOT_FOUND) throw refused(`compatibility of ${name}`, set)
  }

  const registerOne = async (version: VersionToRegister, ids: GivenIds): Promise<void> => {
    await ensureCompatibility(version.name)
    const id = await (ids.register?.(version) ??
      patiently(limits, `registering ${version.name}`, () => registerByClient(client, version, limits)))
    await ensureCompatibility(version.name)
    if (id !== version.id)
      throw new FlexError(
        'FLEX_REGISTRY_ID_TAKEN',
        `${url} gave ${version.name} version ${version.version} the id ${id} instead of ${version.id}`
      )
  }

  return {
    name: url,
    schemaTextOf,
    async register(versions) {
      const inOrder = versions.toSorted((a, b) => a.id - b.id)
      const subjects = await call(`${url}/subjects`)
      if (subjects.status !== 200 || !Array.isArray(subjects.body))
        throw notARegistry(url, `status ${subjects.status} for /subjects`)
      const states = await severalAtOnce(inOrder, stateOf)
      const taken = states.filter(state => state !== 'present' && state !== 'missing')
      if (taken.length > 0) throw new FlexError('FLEX_REGISTRY_ID_TAKEN', `${url}: ${taken.join('; ')}`)
      const missing = inOrder.filter((_, n) => states[n] === 'missing')
      const ids = await givenIdsOf(call, url)
      await ids.reserve(missing)
      const registerAll = async (some: readonly VersionToRegister[]): Promise<void> => {
        for (const version of some) await registerOne(version, ids)
      }
      if (ids.anyOrder) await severalAtOnce([...Map.groupBy(missing, ({ name }) => name).values()], registerAll)
      else await registerAll(missing)
      const present = new Set(inOrder.filter((_, n) => states[n] === 'present').map(({ name }) => name))
      await severalAtOnce([...present], ensureCompatibility)
      return inOrder.map(
        ({ id, name, version }, n): RegisteredVersion => ({
          id,
          subject: name,
          version,
          status: states[n] === 'present' ? 'present' : 'added'
        })
      )
    }
  }
}

const registerByClient = async (
  client: Client,
  version: VersionToRegister,
  { requestMs }: RegistryLimits
): Promise<number> => {
  try {
    const { id } = await withinTime(
      client.register(
        { type: SchemaType.AVRO, schema: version.text },
        { subject: version.name, compatibility: COMPATIBILITY.FULL_TRANSITIVE }
      ),
      requestMs
    )
    return id
  } catch (error) {
    const status = fieldOf(error, 'status')
    if (status === 409 || status === 422) throw incompatible(version, reasonOf(error))
    throw error
  }
}

/** The client has no time-out of its own. */
const withinTime = async <Result>(work: Promise<Result>, ms: number): Promise<Result> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms} ms`)), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

const severalAtOnce = async <Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>
): Promise<readonly Result[]> => {
  const results: Result[] = []
  for (let from = 0; from < items.length; from += REQUESTS_AT_ONCE)
    results.push(...(await Promise.all(items.slice(from, from + REQUESTS_AT_ONCE).map(act))))
  return results
}

const notARegistry = (url: string, why: string): FlexError =>
  new FlexError('FLEX_REGISTRY_UNAVAILABLE', `${url} does not answer as a schema registry: ${why}`)

const nameIn = (text: string): string => {
  const { namespace, name } = (JSON.parse(text) ?? {}) as { namespace?: unknown; name?: unknown }
  return typeof namespace === 'string' ? `${namespace}.${String(name)}` : String(name ?? 'something without a name')
}
