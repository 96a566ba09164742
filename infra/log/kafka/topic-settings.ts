/**
 * Creates topics with the settings that the log rests on, and checks that those that exist have them: history is kept for
 * ever, writers' timestamps are taken as they are (a scenario writes tomorrow's), and an acknowledged record is on enough
 * replicas. A topic with other settings is an error at the start that names each of them; it is never altered here.
 */
import kafkajs, { type Kafka } from 'kafkajs'
import { FlexError } from '../../errors.ts'
import type { TopicSpec } from '../log.ts'
import { asFlexError, BrokerError } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'

export interface Durability {
  readonly replicationFactor: number
  /** Replicas that must have a record before it is acknowledged. */
  readonly minInsync: number
}

/** Kafka's "without bound" for a number of milliseconds. */
const longMax = '9223372036854775807'

interface Setting {
  readonly value: string
  readonly holds?: (actual: string) => boolean
  readonly meaning?: string
}

const atLeast = (value: number): Setting => ({
  value: String(value),
  holds: actual => Number(actual) >= value,
  meaning: `at least ${value}`
})

const settingsOf = ({ minInsync }: Durability, batchBytesMax: number): Readonly<Record<string, Setting>> => ({
  'cleanup.policy': { value: 'delete' },
  'retention.ms': { value: '-1' },
  'retention.bytes': { value: '-1' },
  'min.insync.replicas': atLeast(minInsync),
  'compression.type': { value: 'producer' },
  'message.timestamp.type': { value: 'CreateTime' },
  'message.timestamp.before.max.ms': { value: longMax },
  'message.timestamp.after.max.ms': { value: longMax },
  // By size alone: the time between two records may be anything.
  'segment.ms': { value: longMax, holds: () => true },
  'max.message.bytes': atLeast(Math.max(1_048_588, batchBytesMax))
})

export interface TopicAdministration {
  readonly cluster: Cluster
  readonly kafka: Kafka
  readonly durability: Durability
  readonly batchBytesMax: number
  readonly timeoutMs: number
}

/** `missing` is created, `existing` is checked. */
export const createAndCheckTopics = async (
  { cluster, kafka, durability, batchBytesMax, timeoutMs }: TopicAdministration,
  missing: readonly TopicSpec[],
  existing: readonly TopicSpec[]
): Promise<void> => {
  const settings = settingsOf(durability, batchBytesMax)
  const admin = kafka.admin()
  try {
    await admin.connect()
    if (missing.length > 0)
      await admin.createTopics({
        waitForLeaders: false,
        timeout: timeoutMs,
        topics: missing.map(({ name, partitions }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor: durability.replicationFactor,
          configEntries: Object.entries(settings).map(([setting, { value }]) => ({ name: setting, value }))
        }))
      })
    await requireLeaders(cluster, [...missing, ...existing])
    if (existing.length === 0) return
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: existing.map(({ name }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name }))
    })
    const problems = [
      ...resources.flatMap(({ resourceName, configEntries }) =>
        differences(
          resourceName,
          settings,
          new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]))
        )
      ),
      ...tooFewReplicas(cluster, existing, durability)
    ]
    if (problems.length > 0) throw new FlexError('FLEX_LOG_TOPIC_SETTINGS', problems.join('; '))
  } catch (error) {
    throw asFlexError(withReasons(error), 'topics could not be made or checked')
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}

const differences = (
  topic: string,
  settings: Readonly<Record<string, Setting>>,
  actual: ReadonlyMap<string, string>
): readonly string[] =>
  Object.entries(settings).flatMap(([name, { value, holds, meaning }]) => {
    const found = actual.get(name)
    // An older broker does not know every setting.
    if (found === undefined || found === value || holds?.(found)) return []
    return [`${topic}: ${name} is ${found} and must be ${meaning ?? value}`]
  })

const tooFewReplicas = (
  cluster: Cluster,
  existing: readonly TopicSpec[],
  { replicationFactor }: Durability
): readonly string[] => {
  const wanted = new Set(existing.map(({ name }) => name))
  return cluster.topics().flatMap(({ name, partitions }) => {
    const least = Math.min(...partitions.map(({ replicas }) => replicas))
    return wanted.has(name) && least < replicationFactor
      ? [`${name}: has ${least} replicas and must have ${replicationFactor}`]
      : []
  })
}

const requireLeaders = (cluster: Cluster, topics: readonly TopicSpec[]): Promise<void> =>
  cluster.persistently(async () => {
    await cluster.refresh()
    for (const { name, partitions } of topics) {
      // Made by the controller, and not yet known to the broker that was asked.
      if (cluster.partitionsOf(name) === undefined) throw new BrokerError(3, name)
      for (let partition = 0; partition < partitions; partition++) cluster.leaderOf(name, partition)
    }
  })

/** kafkajs puts the reasons of several topics into one error whose message says nothing. */
const withReasons = (error: unknown): unknown => {
  if (!(error instanceof kafkajs.KafkaJSAggregateError)) return error
  const reasons = error.errors.map(one => (one instanceof Error ? one.message : String(one)))
  return new Error([...new Set(reasons)].join('; '), { cause: error })
}
