/**
 * What this process knows of the cluster: its brokers, its topics, who leads each partition, and one connection per broker
 * and purpose. The knowledge is refreshed when somebody finds it old (an answer of a broker, a broken connection), never
 * by a timer.
 *
 * Assumes that at least one of the addresses given at the start answers; the others come from its metadata.
 */
import { unknownPartition, unknownTopic } from '../rules.ts'
import { BrokerError, ConnectionLost, isStale } from './broker-errors.ts'
import { type Connection, openConnection, type TlsFiles } from './connection.ts'
import type { KafkaLimits } from './limits.ts'
import { type ApiRequest, type BrokerNode, metadataRequest, type TopicMetadata } from './requests.ts'
import { persistently } from './retry.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

export const addressText = ({ host, port }: Address): string => `${host}:${port}`

/** What a connection is for: those that may wait do not stand in each other's way. */
export type Purpose = 'control' | `produce-${number}` | `catch-up-${number}` | 'poll' | 'join-poll' | `group-${string}`

export interface Cluster {
  readonly signal: AbortSignal
  /** Of what is known now; `undefined` if the topic is not known. */
  partitionsOf(topic: string): number | undefined
  topics(): readonly TopicMetadata[]
  /** Throws an unknown topic or partition, and a transient error where there is no leader now. */
  leaderOf(topic: string, partition: number): number
  send<Response>(nodeId: number, purpose: Purpose, request: ApiRequest<Response>, timeoutMs?: number): Promise<Response>
  /** To any broker. */
  ask<Response>(request: ApiRequest<Response>): Promise<Response>
  /** One at a time; who asks meanwhile waits for the next one. */
  refresh(): Promise<void>
  /** `attempt` again within the bounds, refreshing what is old between. */
  persistently<Result>(attempt: () => Promise<Result>, signal?: AbortSignal): Promise<Result>
  addresses(): readonly Address[]
  closeConnection(nodeId: number, purpose: Purpose): void
  close(): void
}

export interface ClusterOptions {
  readonly brokers: readonly Address[]
  readonly clientId: string
  readonly tls: TlsFiles | undefined
  readonly limits: KafkaLimits
}

export const openCluster = async ({ brokers, clientId, tls, limits }: ClusterOptions): Promise<Cluster> => {
  const closed = new AbortController()
  let nodes = new Map<number, BrokerNode>()
  let topics: readonly TopicMetadata[] = []
  /** All that were ever seen: a broker that has just started may not know the newest ones yet. */
  const known = new Map<string, TopicMetadata>()
  /** When an address last did not answer, so that one that is away is asked last. */
  const failedAt = new Map<string, number>()
  const connections = new Map<string, Promise<Connection>>()

  const connectionTo = (key: string, address: Address): Promise<Connection> => {
    if (closed.signal.aborted)
      return Promise.reject(new ConnectionLost(addressText(address), 'closed by this process', false))
    const present = connections.get(key)
    if (present) return present
    const opening = openConnection({ ...address, tls, clientId, connectMs: limits.connectMs })
    connections.set(key, opening)
    opening.then(
      connection => {
        if (closed.signal.aborted) connection.close()
      },
      () => forget(key, opening)
    )
    return opening
  }
  const forget = (key: string, opening: Promise<Connection>) => {
    if (connections.get(key) === opening) connections.delete(key)
  }

  const sendTo = async <Response>(
    key: string,
    address: Address,
    request: ApiRequest<Response>,
    timeoutMs: number
  ): Promise<Response> => {
    const opening = connectionTo(key, address)
    const connection = await opening
    try {
      return await connection.send(request, timeoutMs)
    } finally {
      if (!connection.isOpen) forget(key, opening)
    }
  }

  /** The brokers that are known, then the addresses of the start, until one answers. */
  const ask = async <Response>(request: ApiRequest<Response>): Promise<Response> => {
    const failures: string[] = []
    const candidates = [
      ...[...nodes.values()].map(node => ({ ...node, key: `${node.nodeId}/control` })),
      ...brokers.map(address => ({ ...address, key: addressText(address) }))
    ].toSorted((a, b) => (failedAt.get(a.key) ?? 0) - (failedAt.get(b.key) ?? 0))
    for (const { key, ...address } of candidates) {
      try {
        const answer = await sendTo(key, address, request, limits.requestMs)
        failedAt.delete(key)
        return answer
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        failedAt.set(key, performance.now())
        failures.push(error.message)
        if (closed.signal.aborted) break
      }
    }
    throw new ConnectionLost('no broker answers', [...new Set(failures)].join('; '), false)
  }

  const load = async () => {
    const metadata = await ask(metadataRequest())
    nodes = new Map(metadata.brokers.map(node => [node.nodeId, node]))
    // One with an error is not made yet, or not any more.
    topics = metadata.topics.filter(({ errorCode }) => errorCode === 0)
    for (const topic of topics) known.set(topic.name, topic)
  }
  let loading: Promise<void> | undefined
  let loadingNext: Promise<void> | undefined
  const refresh = (): Promise<void> => {
    if (!loading) {
      loading = load().finally(() => {
        loading = undefined
      })
      return loading
    }
    // The load under way may have begun before what the caller has seen.
    loadingNext ??= loading
      .catch(() => undefined)
      .then(() => {
        loadingNext = undefined
        return refresh()
      })
    return loadingNext
  }

  const cluster: Cluster = {
    signal: closed.signal,
    partitionsOf: topic => known.get(topic)?.partitions.length,
    topics: () => topics,
    leaderOf(topic, partition) {
      const metadata = known.get(topic)
      if (!metadata) throw unknownTopic(topic)
      const found = metadata.partitions.find(one => one.partition === partition)
      if (!found) throw unknownPartition(topic, partition, metadata.partitions.length)
      if (found.leader < 0 || !nodes.has(found.leader)) throw new BrokerError(5, `${topic}/${partition}`)
      return found.leader
    },
    send(nodeId, purpose, request, timeoutMs = limits.requestMs) {
      const node = nodes.get(nodeId)
      if (!node) return Promise.reject(new ConnectionLost(`broker ${nodeId}`, 'is not known', false))
      return sendTo(`${nodeId}/${purpose}`, node, request, timeoutMs)
    },
    ask,
    refresh,
    persistently: (attempt, signal) =>
      persistently(limits, signal ?? closed.signal, attempt, async error => {
        // What cannot be refreshed now is tried again with the attempt.
        if (isStale(error)) await refresh().catch(() => undefined)
      }),
    addresses: () => [...nodes.values()],
    closeConnection(nodeId, purpose) {
      const key = `${nodeId}/${purpose}`
      connections.get(key)?.then(
        connection => connection.close(),
        () => undefined
      )
      connections.delete(key)
    },
    close() {
      closed.abort()
      for (const opening of connections.values())
        opening.then(
          connection => connection.close(),
          () => undefined
        )
      connections.clear()
    }
  }
  try {
    await refresh()
  } catch (error) {
    cluster.close()
    throw error
  }
  return cluster
}
