/**
 * The log on Apache Kafka. An append resolves when all replicas in sync have it: replicated, not necessarily on a disk
 * (on one broker a power cut may take the last moments). Offsets have gaps only where somebody writes transactions.
 *
 * Appends, reads and groups speak the protocol directly over a few connections per broker (cluster.ts); kafkajs does the
 * administration. Why, and what was measured: docs/adr/0010-kafka-without-transactions.md.
 */
import { FlexError } from '../../errors.ts'
import type { Log, Partition, TopicSpec } from '../log.ts'
import { recordsMaxDefault, requireRecords, topicsToCreate, unknownPartition, unknownTopic } from '../rules.ts'
import { asFlexError } from './broker-errors.ts'
import { type Address, addressText, openCluster } from './cluster.ts'
import type { Compression } from './compression.ts'
import type { TlsFiles } from './connection.ts'
import { endOffsets } from './end-offsets.ts'
import { fetcher } from './fetcher.ts'
import { groupAssignments } from './group-assignments.ts'
import { kafkajsClient } from './kafkajs-client.ts'
import { type KafkaLimits, kafkaLimitsDefault } from './limits.ts'
import { readPartition } from './partition-reader.ts'
import { producer } from './producer.ts'
import { createAndCheckTopics } from './topic-settings.ts'

export interface KafkaLogOptions {
  /** At least one that answers; the others are found. */
  readonly brokers: readonly Address[]
  /** As brokers and their logs call this process. */
  readonly clientId?: string
  /** With it, connections are TLS; a certificate and its key make it mutual. */
  readonly tls?: TlsFiles | undefined
  /** Of topics that are made, and of those that exist at least. */
  readonly replicationFactor?: number
  readonly minInsync?: number
  readonly compression?: Compression
  readonly limits?: Partial<KafkaLimits>
  /** What is mended by trying again, after a few attempts. */
  readonly onWarning?: (message: string, error: unknown) => void
  /** The lines of kafkajs. */
  readonly onDebug?: (message: string, fields: object) => void
}

export const kafkaLog = async ({
  brokers,
  clientId = 'flexledger',
  tls,
  replicationFactor = 1,
  minInsync = 1,
  compression = 'none',
  onWarning = () => {},
  onDebug,
  ...options
}: KafkaLogOptions): Promise<Log> => {
  const limits: KafkaLimits = { ...kafkaLimitsDefault, ...options.limits }
  const where = `kafka:${brokers.map(addressText).join(',')}`
  const cluster = await openCluster({ brokers, clientId, tls, limits }).catch(error => {
    throw asFlexError(error, where)
  })
  const closed = new AbortController()
  const writes = producer({ cluster, limits, compression, onWarning })
  const reads = fetcher(cluster, limits)
  const endOffset = endOffsets(cluster)
  const memberships = new Set<Promise<void>>()

  const requireOpen = () => {
    if (closed.signal.aborted) throw new FlexError('FLEX_LOG_CLOSED', `${where} is closed`)
  }

  const attempt = async <Result>(access: () => Promise<Result>): Promise<Result> => {
    requireOpen()
    try {
      return await access()
    } catch (error) {
      requireOpen()
      throw asFlexError(error, where)
    }
  }

  /** Topics that are looked for: whoever comes meanwhile waits in line, so that appends keep the order of their calls. */
  const lookingFor = new Map<string, Promise<void>>()
  const isKnown = (topic: string): boolean => !lookingFor.has(topic) && cluster.partitionsOf(topic) !== undefined
  const lookFor = (topic: string): Promise<void> => {
    let looking = lookingFor.get(topic)
    if (!looking) {
      looking = cluster.persistently(() => cluster.refresh())
      lookingFor.set(topic, looking)
      // Not before those that wait have gone on.
      looking.then(
        () => setImmediate(() => lookingFor.delete(topic)),
        () => lookingFor.delete(topic)
      )
    }
    return looking
  }
  const requirePartition = (topic: string, partition: number) => {
    const partitions = cluster.partitionsOf(topic)
    if (partitions === undefined) throw unknownTopic(topic)
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
      throw unknownPartition(topic, partition, partitions)
  }

  const existingTopics = async (): Promise<readonly TopicSpec[]> => {
    await cluster.persistently(() => cluster.refresh())
    return cluster
      .topics()
      .filter(({ isInternal, name }) => !isInternal && !name.startsWith('__'))
      .map(({ name, partitions }) => ({ name, partitions: partitions.length }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Topics that were made or checked by this instance. Their settings are looked at once, not at each use. */
  const ensured = new Map<string, number>()
  const ensureTopics = async (topics: readonly TopicSpec[]): Promise<void> => {
    const unsure = topics.filter(({ name, partitions }) => ensured.get(name) !== partitions)
    if (unsure.length === 0) return
    const missing = topicsToCreate(await existingTopics(), unsure)
    const names = new Set(missing.map(({ name }) => name))
    await createAndCheckTopics(
      {
        cluster,
        kafka: kafkajsClient({
          brokers: cluster.addresses().map(addressText),
          clientId,
          tls,
          connectMs: limits.connectMs,
          onDebug
        }),
        durability: { replicationFactor, minInsync },
        batchBytesMax: limits.batchBytesMax,
        timeoutMs: limits.requestMs
      },
      missing,
      unsure.filter(({ name }) => !names.has(name))
    )
    // Another instance may have made one of them meanwhile, with another partition count.
    topicsToCreate(await existingTopics(), unsure)
    for (const { name, partitions } of unsure) ensured.set(name, partitions)
  }
  let ensuring: Promise<unknown> = Promise.resolve()
  /** One after another: twelve owners that need the same new topic make it once. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = ensuring.then(work)
    ensuring = mine.catch(() => undefined)
    return mine
  }

  return {
    ensureTopics: topics => attempt(() => inTurn(() => ensureTopics(topics))),

    topics: () => attempt(existingTopics),

    append(topic, partition, records) {
      // Not asynchronous before the queue, so that appends are in the order of their calls.
      const enqueue = async () => {
        requirePartition(topic, partition)
        requireRecords(records)
        return records.length === 0 ? endOffset(topic, partition) : writes.append(topic, partition, records)
      }
      return attempt(isKnown(topic) ? enqueue : () => lookFor(topic).then(enqueue))
    },

    async *read(topic, partition, from, { follow = false, signal, recordsMax = recordsMaxDefault } = {}) {
      await attempt(async () => {
        if (!isKnown(topic)) await lookFor(topic)
        requirePartition(topic, partition)
      })
      const ends = signal ? AbortSignal.any([signal, closed.signal]) : closed.signal
      try {
        yield* readPartition({
          fetcher: reads,
          limits,
          topic,
          partition,
          from,
          follow,
          recordsMax,
          signal: ends,
          endOffset: () => endOffset(topic, partition)
        })
      } catch (error) {
        throw asFlexError(error, `${where} ${topic}/${partition}`)
      }
    },

    endOffset: (topic, partition) =>
      attempt(async () => {
        if (!isKnown(topic)) await lookFor(topic)
        requirePartition(topic, partition)
        return endOffset(topic, partition)
      }),

    async *assignments(group, topics, signal): AsyncGenerator<readonly Partition[]> {
      requireOpen()
      const left = Promise.withResolvers<void>()
      memberships.add(left.promise)
      try {
        yield* groupAssignments({
          cluster,
          limits,
          group,
          topics,
          signal: AbortSignal.any([signal, closed.signal]),
          onWarning
        })
      } catch (error) {
        throw asFlexError(error, `${where} group ${group}`)
      } finally {
        memberships.delete(left.promise)
        left.resolve()
      }
    },

    async close() {
      if (closed.signal.aborted) return
      closed.abort()
      await writes.drained()
      // Each leaves its group within a second.
      await Promise.race([Promise.all(memberships), new Promise(resolve => setTimeout(resolve, 2_000).unref())])
      cluster.close()
    }
  }
}
