/**
 * Three brokers, two market processes, and one with everything else. While offers stream in, the broker that leads the
 * market's inbox is killed (SIGKILL); then the session clears. What must hold afterwards is counted by a reader of its own:
 * each acknowledged offer stands on the log and was decided once, the outcome is that of an undisturbed session, and feeds,
 * projections and actors' topics went on.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import kafkajs, { type Admin } from 'kafkajs'
import type { RunningEngine } from '../../infra/engines/engines.ts'
import type { Log } from '../../infra/log/log.ts'
import { openLog } from '../../infra/log/open-log.ts'
import type { Message } from '../../schemas/generated.ts'
import { actorTopic } from '../../schemas/topics.ts'
import { commandOfOffer, oneSession } from '../cluster/one-session.ts'
import { brokerEnvironment, type Served, serve } from '../cluster/served.ts'
import { readAll } from '../cluster/third-reader.ts'

export interface Stage {
  readonly engine: RunningEngine
  readonly log: Log
  /** Gateway, registry with its feed, projections, actors' topics. */
  readonly front: Served
  readonly markets: readonly Served[]
  close(): Promise<void>
}

export interface DrillResult {
  readonly pom: string
  readonly partition: number
  /** Undefined: nothing was killed. */
  readonly killedNode: number | undefined
  readonly offers: number
  readonly acknowledged: number
  readonly decided: number
  readonly doubled: number
  readonly lost: number
  /** Answers other than a decision that the parties met: 0 is a broken connection. */
  readonly metOnTheWay: Readonly<Record<string, number>>
  /** Between two decisions of the stream. */
  readonly longestPauseMs: number
  readonly changesOfOwner: number
  readonly uncounted: number
  readonly acceptedOffers: number
  readonly digest: string
  readonly finalDigest: string
  /** Outcomes for the aggregator: on its topic, and among the events that count. */
  readonly onActorTopic: number
  readonly outcomesOfActor: number
  /** As the projections say it over HTTP. */
  readonly projectedStatus: string
}

/** Calls under way at once, as several clients of an aggregator have. */
const STREAMS = 8
/** How long projections and copies may take to follow on a busy machine. */
const FOLLOW_MS = 60_000

export const openStage = async (engine: RunningEngine, folder: string): Promise<Stage> => {
  const env = { ...brokerEnvironment(engine), FLEX_DEV_CREDENTIALS: 'true' }
  // One first: it makes the topics.
  const front = await serve({ name: 'front', roles: 'gateway,registry,projections,actor-topics', folder, env })
  const markets = await Promise.all(['market-1', 'market-2'].map(name => serve({ name, roles: 'market', folder, env })))
  const { authorityFile, admin } = engine.certificates!
  const log = await openLog(engine.url, {
    instance: 'third-reader',
    kafka: { tlsCaFile: authorityFile, tlsCertFile: admin.certificateFile, tlsKeyFile: admin.keyFile }
  })
  return {
    engine,
    log,
    front,
    markets,
    async close() {
      await log.close()
      await Promise.all([front, ...markets].map(served => served.stop()))
    }
  }
}

export const playSession = async (
  stage: Stage,
  { pom, offers, kills }: { readonly pom: string; readonly offers: number; readonly kills: boolean }
): Promise<DrillResult> => {
  const { engine, log, front } = stage
  const session = oneSession({ log, url: front.url, pom, offers })
  await session.prepare()

  const acknowledged = new Set<number>()
  const met: Record<string, number> = {}
  let killedNode: number | undefined
  let killing: Promise<void> = Promise.resolve()
  let lastAt = performance.now()
  let longestPauseMs = 0
  let next = 0
  const stream = async (): Promise<void> => {
    for (let number = next++; number < offers; number = next++) {
      const { status, body, before } = await session.offer(number)
      for (const code of before) met[code] = (met[code] ?? 0) + 1
      if (status !== 201) throw new Error(`offer ${number}: ${status} ${JSON.stringify(body).slice(0, 500)}`)
      acknowledged.add(number)
      const now = performance.now()
      longestPauseMs = Math.max(longestPauseMs, now - lastAt)
      lastAt = now
      if (kills && killedNode === undefined && acknowledged.size >= offers / 3) {
        killedNode = 0
        killing = (async () => {
          killedNode = await leaderOf(engine, 'flex.market.commands', session.partition)
          await engine.kill(killedNode)
        })()
      }
    }
  }
  await Promise.all(Array.from({ length: STREAMS }, stream))
  await killing
  // What comes to the market by the feed still comes.
  await session.addPod(1_000_000)
  await session.close()

  const { events, uncounted } = await session.counted()
  const decisions = new Map<string, number>()
  for (const { message, correlation } of events)
    if (message.type === 'OfferPlaced' && message.pom === pom)
      decisions.set(correlation, (decisions.get(correlation) ?? 0) + 1)
  const asked = new Set(await session.commands())
  const ids = [...acknowledged].map(number => commandOfOffer(pom, number))
  const mine = events.map(({ message }) => message).filter(message => 'pom' in message && message.pom === pom)
  const cleared = mine.find(({ type }) => type === 'MarketCleared')
  const final = mine.find(({ type }) => type === 'SessionFinalised')
  if (cleared?.type !== 'MarketCleared' || final?.type !== 'SessionFinalised') throw new Error('no outcome')
  const outcomesOfActor = mine.filter(({ type }) => type === 'OutcomeValidated').length
  return {
    pom,
    partition: session.partition,
    killedNode,
    offers,
    acknowledged: acknowledged.size,
    decided: decisions.size,
    doubled: [...decisions.values()].filter(times => times > 1).length,
    lost: ids.filter(id => !asked.has(id) || !decisions.has(id)).length,
    metOnTheWay: met,
    longestPauseMs: Math.round(longestPauseMs),
    changesOfOwner: new Set(events.map(({ epoch }) => epoch)).size - 1,
    uncounted: uncounted.length,
    acceptedOffers: cleared.acceptedOffers,
    digest: digestOf(mine, 'OfferCleared'),
    finalDigest: digestOf(mine, 'OutcomeValidated'),
    outcomesOfActor,
    onActorTopic: await copiesOf(log, session.partition, pom, outcomesOfActor),
    projectedStatus: await statusOf(session.parties.aggregator, session.sessionId)
  }
}

/** What each offer got. In the order of offers: their own order on the log is that of their arrival. */
const digestOf = (messages: readonly Message[], type: 'OfferCleared' | 'OutcomeValidated'): string => {
  const lines = messages.flatMap(message =>
    message.type === type ? [JSON.stringify([message.offerId, message.rank, message.allocations])] : []
  )
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex')
}

/** Until all have been copied, or none comes any more: each id once, as a reader of the topic counts. */
const copiesOf = async (log: Log, partition: number, pom: string, expected: number): Promise<number> => {
  const giveUpAt = performance.now() + FOLLOW_MS
  for (;;) {
    const copies = await readAll(log, actorTopic({ role: 'aggregator', id: 'ACEAE' }).name, partition).catch(() => [])
    const ids = new Set(copies.filter(({ key }) => key === pom).map(({ headers }) => headers['ce_id']))
    if (ids.size >= expected || performance.now() > giveUpAt) return ids.size
    await delay(100)
  }
}

const statusOf = async (
  reader: { get(path: string): Promise<{ readonly status: number; readonly body: unknown }> },
  sessionId: string
): Promise<string> => {
  const giveUpAt = performance.now() + FOLLOW_MS
  for (;;) {
    const { body } = await reader.get(`/v1/sessions/${sessionId}`)
    const { status } = body as { status?: unknown }
    if (status === 'validated' || performance.now() > giveUpAt) return String(status)
    await delay(100)
  }
}

const withAdmin = async (engine: RunningEngine, work: (admin: Admin) => Promise<number>): Promise<number> => {
  const { authorityFile, admin: own } = engine.certificates!
  const [ca, cert, key] = await Promise.all(
    [authorityFile, own.certificateFile, own.keyFile].map(file => readFile(file, 'utf8'))
  )
  const kafka = new kafkajs.Kafka({
    clientId: 'drill',
    brokers: [...engine.addresses],
    ssl: { ca: ca!, cert: cert!, key: key! },
    logLevel: kafkajs.logLevel.NOTHING
  })
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

const leaderOf = (engine: RunningEngine, topic: string, partition: number): Promise<number> =>
  withAdmin(engine, async admin => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    const leader = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.leader
    if (leader === undefined) throw new Error(`${topic}/${partition} has no leader`)
    return leader
  })

/** Starts what was killed, and waits until every partition has its three replicas in sync again. */
export const restore = async ({ engine }: Stage): Promise<void> => {
  await engine.startAgain()
  const giveUpAt = performance.now() + 2 * FOLLOW_MS
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
