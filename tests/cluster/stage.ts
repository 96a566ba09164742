/**
 * Three brokers with certificates and access lists, two processes that own partitions of registry and market, and one with
 * gateway, projections and actors' topics: the smallest installation in which anything may be taken away.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import type { RunningEngine } from '../../infra/engines/engines.ts'
import { kafkajsClient } from '../../infra/log/kafka/kafkajs-client.ts'
import type { Log } from '../../infra/log/log.ts'
import { openLog } from '../../infra/log/open-log.ts'
import { brokerEnvironment, type Served, serve } from './served.ts'

export interface Stage {
  readonly engine: RunningEngine
  readonly log: Log
  /** Gateway, projections, actors' topics. */
  readonly front: Served
  /** Registry with its feed, and market. */
  readonly owners: readonly Served[]
  close(): Promise<void>
}

export const openStage = async (engine: RunningEngine, folder: string): Promise<Stage> => {
  const env = { ...brokerEnvironment(engine), FLEX_DEV_CREDENTIALS: 'true' }
  // One first: it makes the topics.
  const front = await serve({ name: 'front', roles: 'gateway,projections,actor-topics', folder, env })
  const owners = await Promise.all(
    ['owner-1', 'owner-2'].map(name => serve({ name, roles: 'registry,market', folder, env }))
  )
  const { authorityFile, admin } = engine.certificates!
  const log = await openLog(engine.url, {
    instance: 'third-reader',
    kafka: { tlsCaFile: authorityFile, tlsCertFile: admin.certificateFile, tlsKeyFile: admin.keyFile }
  })
  return {
    engine,
    log,
    front,
    owners,
    async close() {
      await log.close()
      await Promise.all([front, ...owners].map(served => served.stop()))
    }
  }
}

/** A node that comes back copies what it missed: little, on a machine that may be busy. */
const IN_SYNC_MS = 120_000

const withAdmin = async (engine: RunningEngine, work: (admin: Admin) => Promise<number>): Promise<number> => {
  const { authorityFile, admin: own } = engine.certificates!
  const [ca, cert, key] = await Promise.all(
    [authorityFile, own.certificateFile, own.keyFile].map(file => readFile(file, 'utf8'))
  )
  const admin = kafkajsClient({
    clientId: 'drill',
    brokers: engine.addresses,
    tls: { ca: ca!, cert: cert!, key: key! },
    connectMs: 1_000,
    // kafkajs' own: a drill has just killed a broker, and its clients look for the others.
    retry: { retries: 5, initialRetryTime: 300 }
  }).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** The number of the node that leads a partition. */
export const leaderOf = (engine: RunningEngine, topic: string, partition: number): Promise<number> =>
  withAdmin(engine, async admin => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    const leader = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.leader
    if (leader === undefined) throw new Error(`${topic}/${partition} has no leader`)
    return leader
  })

/** Starts what was killed, and waits until every partition has its three replicas in sync again. */
export const restore = async ({ engine }: Stage): Promise<void> => {
  await engine.startAgain()
  const giveUpAt = performance.now() + IN_SYNC_MS
  for (;;) {
    const behind = await withAdmin(engine, async admin => {
      const { topics } = await admin.fetchTopicMetadata({ topics: await admin.listTopics() })
      return topics.flatMap(({ partitions }) => partitions.filter(({ isr, replicas }) => isr.length < replicas.length))
        .length
    })
    if (behind === 0) return
    if (performance.now() > giveUpAt) throw new Error(`${behind} partitions lack a replica`)
    await delay(250)
  }
}
