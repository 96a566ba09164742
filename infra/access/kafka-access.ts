/**
 * Who outside may read what on a Kafka cluster that asks for certificates: the name in a certificate is a principal, and a
 * reader gets its topics and its consumer groups by access lists, nothing else.
 *
 * Promises: granting is repeatable, and adds only. A reader's groups begin with its name and a dot; names have no dot, so
 * no reader's groups are another's. Assumes a cluster without "everyone may, if no list is found", and credentials that
 * may alter its lists.
 */
import { setTimeout as pause } from 'node:timers/promises'
import kafkajs, { type AclEntry } from 'kafkajs'
import { FlexError } from '../errors.ts'
import { kafkajsClient } from '../log/kafka/kafkajs-client.ts'

export interface Reader {
  /** The common name of its certificate. */
  readonly name: string
  /** By full name. */
  readonly topics: readonly string[]
}

export interface KafkaAccess {
  /** What the reader may read from now on, beside what it could before. Listed when it resolves; every broker applies it within about a second. */
  grant(reader: Reader): Promise<void>
  /** Everybody that was granted a topic, by name. */
  readers(): Promise<readonly Reader[]>
  close(): Promise<void>
}

export interface KafkaAccessOptions {
  /** `host:port` */
  readonly brokers: readonly string[]
  /** PEM. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
}

/** A cluster that is there answers within some ms; the whole call ends after about 15 s. */
const CONNECT_MS = 3_000
const REQUEST_MS = 10_000
const RETRIES = 4
/** The brokers hear of a new list from their controller, within some 10 ms when they have time. */
const LISTED_EVERY_MS = 100
const LISTED_ATTEMPTS = 100

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/

/** Whether a name can be that of a reader: also part of a topic's name, and of a certificate's. */
export const isReaderName = (name: string): boolean => namePattern.test(name)

/** What all consumer groups of a reader begin with. */
export const groupPrefixOf = (name: string): string => `${name}.`

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs

const principalOf = (name: string): string => `User:${name}`

const entriesOf = ({ name, topics }: Reader): AclEntry[] => {
  const entry = { principal: principalOf(name), host: '*', permissionType: AclPermissionTypes.ALLOW }
  return [
    ...topics.map(topic => ({
      ...entry,
      resourceType: AclResourceTypes.TOPIC,
      resourceName: topic,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      // Includes describing it.
      operation: AclOperationTypes.READ
    })),
    {
      ...entry,
      resourceType: AclResourceTypes.GROUP,
      resourceName: groupPrefixOf(name),
      resourcePatternType: ResourcePatternTypes.PREFIXED,
      operation: AclOperationTypes.READ
    }
  ]
}

export const kafkaAccess = async ({ brokers, tls }: KafkaAccessOptions): Promise<KafkaAccess> => {
  const admin = kafkajsClient({
    clientId: 'flexledger-access',
    brokers,
    tls,
    connectMs: CONNECT_MS,
    requestMs: REQUEST_MS,
    retry: { retries: RETRIES, initialRetryTime: 200 }
  }).admin()
  await reaching(brokers, () => admin.connect())
  return {
    async grant(reader) {
      if (!isReaderName(reader.name)) throw new RangeError(`"${reader.name}" is no name of a reader`)
      await reaching(brokers, async () => {
        await admin.createAcls({ acl: entriesOf(reader) })
        for (let attempt = 0; !isListed(reader, await readers()); attempt++) {
          if (attempt === LISTED_ATTEMPTS) throw new Error(`${reader.name} is not on them after it was granted`)
          await pause(LISTED_EVERY_MS)
        }
      })
    },
    readers: () => reaching(brokers, readers),
    close: () => admin.disconnect()
  }

  async function readers(): Promise<readonly Reader[]> {
    const { resources } = await admin.describeAcls({
      resourceType: AclResourceTypes.TOPIC,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      operation: AclOperationTypes.READ,
      permissionType: AclPermissionTypes.ALLOW
    })
    const topicsOf = new Map<string, string[]>()
    for (const { resourceName, acls } of resources)
      for (const { principal } of acls) {
        const name = principal.replace(/^User:/, '')
        topicsOf.set(name, [...(topicsOf.get(name) ?? []), resourceName])
      }
    return [...topicsOf]
      .map(([name, topics]) => ({ name, topics: topics.toSorted() }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }
}

const isListed = ({ name, topics }: Reader, readers: readonly Reader[]): boolean => {
  const listed = readers.find(reader => reader.name === name)
  return listed !== undefined && topics.every(topic => listed.topics.includes(topic))
}

const reaching = async <Result>(brokers: readonly string[], act: () => Promise<Result>): Promise<Result> => {
  try {
    return await act()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new FlexError('FLEX_LOG_UNAVAILABLE', `access lists of ${brokers.join(',')}: ${why}`, { cause: error })
  }
}
