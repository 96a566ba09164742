/**
 * The owner of a market partition is paused (SIGSTOP) until another process has taken it and has decided everything: offers,
 * the clearing, the verdict. Then it goes on, and writes what it decides itself below the new epoch. Whoever reads the log
 * must not count that: the next owner, the gateway, the feed, the copies for actors, the tables, and a third party with
 * nothing but the program of docs/how-to/read-your-topic.md.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { StoredRecord } from '../../infra/log/log.ts'
import { partitionOf } from '../../infra/log/partition-of.ts'
import { registryToMarket } from '../../processors/feeds/registry-to-market.ts'
import { decode } from '../../schemas/codec.ts'
import type { MarketEvent } from '../../schemas/generated.ts'
import { actorTopic, topics } from '../../schemas/topics.ts'
import { commandOfOffer, type OneSession, oneSession } from '../cluster/one-session.ts'
import { type PrintedRecord, runPageProgram } from '../cluster/page-program.ts'
import type { Served } from '../cluster/served.ts'
import type { Stage } from '../cluster/stage.ts'
import { type Counted, count, readAll } from '../cluster/third-reader.ts'
import { copiesOf, digestOf, statusOf } from './broker-drill.ts'

export interface PausedResult {
  readonly pom: string
  readonly partition: number
  readonly pausedMs: number
  /** Records on the log that do not count, by type: of the market, and of the registry. */
  readonly lateInMarket: Readonly<Record<string, number>>
  readonly lateInRegistry: Readonly<Record<string, number>>
  readonly digest: string
  readonly faults: readonly string[]
}

const outbox = 'flex.market.events'
const registryOutbox = topics['flex.registry.events']
/** Points that come while the owner is paused. */
const LATE_PODS = 3
/** For what the paused one writes when it goes on, on a busy machine. */
const LATE_MS = 60_000
/** Its long poll has come back empty by then: it has read none of what follows, and reads all of it at once later. */
const IDLE_MS = 1_500

/** Who owns a partition: the process that last took it. */
const ownerOf = async ({ log, owners }: Stage, topic: string, partition: number): Promise<Served | undefined> => {
  const taken = (await readAll(log, topic, partition)).map(({ value }) => decode(value))
  const last = taken.findLast(message => message.type === 'OwnershipTaken')
  return owners.find(({ pid }) => last?.type === 'OwnershipTaken' && last.owner.endsWith(`-${pid}`))
}

export const pauseOwner = async (
  stage: Stage,
  folder: string,
  { pom, offers, digest }: { readonly pom: string; readonly offers: number; readonly digest: string }
): Promise<PausedResult> => {
  const { log, front } = stage
  const session = oneSession({ log, url: front.url, pom, offers })
  await session.prepare()
  const causes = new Map<string, number>()
  const send = async (from: number, to: number): Promise<void> => {
    for (let number = from; number < to; number++) {
      const { status, body } = await session.offer(number)
      if (status !== 201) throw new Error(`offer ${number}: ${status} ${JSON.stringify(body).slice(0, 500)}`)
      causes.set(commandOfOffer(pom, number), (body as { position: { cause: number } }).position.cause)
    }
  }
  await send(0, offers / 2)
  const owner = await ownerOf(stage, outbox, session.partition)
  if (!owner) throw new Error(`nobody owns ${outbox}/${session.partition}`)
  const pods = await podsOf(stage, session, owner)

  owner.pause()
  const pausedAt = performance.now()
  try {
    await delay(IDLE_MS)
    await send(offers / 2, offers)
    for (const pod of pods) await session.addPod(pod)
    await session.close()
  } finally {
    owner.resume()
  }
  const pausedMs = Math.round(performance.now() - pausedAt)
  const late = await lateRecords(stage, session)
  // Everything goes on after it.
  await session.addPod(2_000_000)

  const faults: string[] = []
  const expect = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault)
  }
  const counted = await session.counted()
  const mine = counted.events
    .map(({ message }) => message)
    .filter((message): message is MarketEvent => 'pom' in message && message.pom === pom)
  expect(Object.keys(late.market).length > 0, 'the paused owner wrote nothing late')
  expect(digestOf(mine, 'OfferCleared') === digest, 'owner: the clearing differs from an undisturbed one')
  checkOffers(counted, causes, expect)
  await checkFeed(stage, session, expect)
  const outcomes = mine.filter(({ type }) => type === 'OutcomeValidated').length
  const copies = await copiesOf(log, session.partition, pom, outcomes)
  const copied = (await readAll(log, actorTopic({ role: 'aggregator', id: 'ACEAE' }).name, session.partition)).filter(
    ({ key }) => key === pom
  )
  expect(copies === outcomes && copied.length === outcomes, `filter: ${copied.length} copies of ${outcomes} outcomes`)
  await checkTables(session, mine, offers, expect)
  await checkThirdParty(stage, folder, session, expect)
  return {
    pom,
    partition: session.partition,
    pausedMs,
    lateInMarket: late.market,
    lateInRegistry: late.registry,
    digest: digestOf(mine, 'OfferCleared'),
    faults
  }
}

type Expect = (holds: boolean, fault: string) => void

/** Numbers of points whose registration the same process would decide. */
const podsOf = async (stage: Stage, session: OneSession, owner: Served): Promise<readonly number[]> => {
  const found: number[] = []
  for (let number = 1_000_000; found.length < LATE_PODS && number < 1_002_000; number += 10) {
    const partition = partitionOf(session.podOf(number), registryOutbox.partitions)
    if ((await ownerOf(stage, registryOutbox.name, partition)) === owner) found.push(number)
  }
  return found
}

const typesOf = (records: readonly StoredRecord[]): Readonly<Record<string, number>> => {
  const types: Record<string, number> = {}
  for (const { value } of records) {
    const { type } = decode(value)
    types[type] = (types[type] ?? 0) + 1
  }
  return types
}

/** Below the newest epoch, and after it. */
const lateIn = ({ uncounted, epochs }: Counted): readonly StoredRecord[] =>
  uncounted.filter(({ offset, headers }) => epochs.some(epoch => epoch < offset && Number(headers['epoch']) < epoch))

const lateRecords = async ({ log }: Stage, session: OneSession) => {
  const giveUpAt = performance.now() + LATE_MS
  for (;;) {
    const here = lateIn(await session.counted()).filter(({ key }) => key === session.pom)
    if (here.length > 0 || performance.now() > giveUpAt) {
      const registry: StoredRecord[] = []
      for (let partition = 0; partition < registryOutbox.partitions; partition++)
        registry.push(
          ...lateIn(count(await readAll(log, registryOutbox.name, partition))).filter(({ key }) =>
            key.startsWith(`${session.pom}-`)
          )
        )
      return { market: typesOf(here), registry: typesOf(registry) }
    }
    await delay(100)
  }
}

/** Each offer is decided once, where the gateway said. */
const checkOffers = ({ events }: Counted, causes: ReadonlyMap<string, number>, expect: Expect): void => {
  for (const [command, cause] of causes) {
    const decided = events.filter(
      ({ correlation, message }) => correlation === command && message.type === 'OfferPlaced'
    )
    expect(decided.length === 1, `owner: the offer ${command} was decided ${decided.length} times`)
    expect(decided[0]?.cause === cause, `gateway: it named ${cause}, and ${decided[0]?.cause} counts`)
  }
}

/** What the market was fed is what the registry's events that count say, and the market has noted each fact once. */
const checkFeed = async ({ log }: Stage, { pom, partition, counted }: OneSession, expect: Expect): Promise<void> => {
  const wanted = new Set<string>()
  for (let from = 0; from < registryOutbox.partitions; from++) {
    const { events } = count(await readAll(log, registryOutbox.name, from))
    const indices = new Map<number, number>()
    for (const { cause, message } of events) {
      const index = indices.get(cause) ?? 0
      indices.set(cause, index + 1)
      for (const [part, { key }] of registryToMarket(message).entries())
        if (key === pom) wanted.add(`${registryOutbox.name}/${from}@${cause}.${index}${part === 0 ? '' : `.${part}`}`)
    }
  }
  const inbox = await readAll(log, 'flex.market.commands', partition)
  const fed = new Set(
    inbox.flatMap(({ key, headers }) => (key === pom && headers['source'] ? [headers['source']] : []))
  )
  expect(fed.size > 0 && fed.symmetricDifference(wanted).size === 0, `feed: ${fed.size} fed of ${wanted.size} facts`)
  const noted = (await counted()).events.flatMap(({ message }) =>
    message.type === 'PodNoted' && message.pom === pom ? [message.pod] : []
  )
  expect(noted.length === wanted.size, `feed: ${noted.length} points noted from ${wanted.size} facts`)
}

const checkTables = async (
  session: OneSession,
  mine: readonly MarketEvent[],
  offers: number,
  expect: Expect
): Promise<void> => {
  const { aggregator } = session.parties
  expect((await statusOf(aggregator, session.sessionId)) === 'validated', 'projections: the session is not validated')
  const rows = async (path: string): Promise<readonly unknown[]> => {
    const { body } = await aggregator.get(`/v1/sessions/${session.sessionId}/${path}?limit=1000`)
    return (body as { items: readonly unknown[] }).items
  }
  const placed = await rows('offers')
  expect(placed.length === offers, `projections: ${placed.length} of ${offers} offers`)
  const outcomes = mine.filter(({ type }) => type === 'OutcomeValidated').length
  const validated = await rows('validated-outcome')
  expect(validated.length === outcomes, `projections: ${validated.length} of ${outcomes} outcomes`)
}

/** It prints the events that count, each once and in their order, and none that does not. */
const checkThirdParty = async (
  { engine }: Stage,
  folder: string,
  { partition, pom, counted }: OneSession,
  expect: Expect
): Promise<void> => {
  const ids = async (): Promise<readonly string[]> => {
    const indices = new Map<number, number>()
    return (await counted()).events.map(({ cause }) => {
      const index = indices.get(cause) ?? 0
      indices.set(cause, index + 1)
      return `market/${partition}/${cause}/${index}`
    })
  }
  const here = (printed: readonly PrintedRecord[]) =>
    printed.filter(({ id }) => id.startsWith(`market/${partition}/`) && !id.includes('/ownership/'))
  const before = await ids()
  const me = `READER-${pom}`
  const printed = await runPageProgram(engine, { folder, topic: outbox, me }, all => here(all).length >= before.length)
  const found = here(printed).map(({ id }) => id)
  // Meanwhile a feed that has got another owner may have repeated what it had fed, and was answered.
  const after = await ids()
  const wanted = after.slice(0, found.length)
  expect(
    found.length >= before.length && found.join() === wanted.join(),
    `third party: of ${found.length} events it printed ${found.filter(id => !after.includes(id)).length} do not count`
  )
}
