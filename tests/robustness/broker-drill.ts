/**
 * A session on a stage of three brokers. While offers stream in, the broker that leads the
 * market's inbox is killed (SIGKILL); then the session clears. What must hold afterwards is counted by a reader of its own:
 * each acknowledged offer stands on the log and was decided once, the outcome is that of an undisturbed session, and feeds,
 * projections and actors' topics went on.
 */
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../infra/log/log.ts'
import type { Message } from '../../schemas/generated.ts'
import { actorTopic } from '../../schemas/topics.ts'
import { commandOfOffer, oneSession } from '../cluster/one-session.ts'
import { leaderOf, type Stage } from '../cluster/stage.ts'
import { readAll } from '../cluster/third-reader.ts'

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
export const digestOf = (messages: readonly Message[], type: 'OfferCleared' | 'OutcomeValidated'): string => {
  const lines = messages.flatMap(message =>
    message.type === type ? [JSON.stringify([message.offerId, message.rank, message.allocations])] : []
  )
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex')
}

/** Until all have been copied, or none comes any more: each id once, as a reader of the topic counts. */
export const copiesOf = async (log: Log, partition: number, pom: string, expected: number): Promise<number> => {
  const giveUpAt = performance.now() + FOLLOW_MS
  for (;;) {
    const copies = await readAll(log, actorTopic({ role: 'aggregator', id: 'ACEAE' }).name, partition).catch(() => [])
    const ids = new Set(copies.filter(({ key }) => key === pom).map(({ headers }) => headers['ce_id']))
    if (ids.size >= expected || performance.now() > giveUpAt) return ids.size
    await delay(100)
  }
}

export const statusOf = async (
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
