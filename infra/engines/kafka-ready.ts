/**
 * Whether a cluster serves clients: it has a controller, all brokers that should be there, and a coordinator for consumer
 * groups (a fresh broker answers everything else a second before it has one, and makes the topic for it upon the first
 * question, which is asked here).
 */
import type { TlsFiles } from '../log/kafka/connection.ts'
import { kafkajsClient } from '../log/kafka/kafkajs-client.ts'

export interface Cluster {
  readonly brokers: readonly string[]
  readonly nodes: number
  readonly tls?: TlsFiles
}

export const kafkaAnswers = async ({ brokers, nodes, tls }: Cluster): Promise<void> => {
  const admin = kafkajsClient({
    clientId: 'flex.engines',
    brokers,
    tls,
    connectMs: 2_000,
    requestMs: 10_000,
    retry: { retries: 0 }
  }).admin()
  try {
    await admin.connect()
    const cluster = await admin.describeCluster()
    if (cluster.controller === null) throw new Error('there is no controller yet')
    if (cluster.brokers.length < nodes) throw new Error(`${cluster.brokers.length} of ${nodes} brokers are there`)
    await admin.fetchOffsets({ groupId: 'flex.engines.ready', topics: [] })
  } finally {
    await admin.disconnect()
  }
}
