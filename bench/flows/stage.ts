/**
 * One stage of the flow benchmark in a process of its own (so that peak memory is its own): the whole market on the
 * embedded engines with every fsync, the parties over HTTP on loopback. Prints one JSON line.
 *
 * The parties' own work is not the market's: their documents are JSON before the clock starts, and what they read is counted
 * until its last byte is there.
 *
 * flow 0  communication: POST of all PoDs until every decision is on the log and answered.
 * flow 3  execution: from the appended CloseSession to the last outcome record on the log; communication: the DSO reads the
 *         whole outcome by REST.
 * flow 5  execution: from the appended CompleteTechnicalOutcome to SessionFinalised on the log; communication: until every
 *         actor's own topic has its last record.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApp } from '../../cli/app/app.ts'
import { credentialsOf, developmentClients } from '../../cli/app/development-clients.ts'
import { calendars, planSessions } from '../../domain/market/sessions/calendar.ts'
import { piecesOf, restClient } from '../../examples/market-day/rest-client.ts'
import { steppedClock } from '../../infra/clock/stepped-clock.ts'
import { loadConfig } from '../../infra/config/config.ts'
import { header, seededSalt } from '../../infra/log/envelope.ts'
import type { Log } from '../../infra/log/log.ts'
import { partitionOf } from '../../infra/log/partition-of.ts'
import { logger } from '../../infra/telemetry/logger.ts'
import { decode } from '../../schemas/codec.ts'
import { topics } from '../../schemas/topics.ts'
import { POM, workload } from './workload.ts'

const count = Number(process.argv[2])
/** The last day is measured, the ones before warm the process up: a market runs all day and every day. */
const dates = ['2026-01-13', '2026-01-14', '2026-01-15'].slice(count > 5_000 ? 1 : 0)
const outbox = 'flex.market.events'
const partition = partitionOf(POM, topics[outbox].partitions)

interface Took {
  readonly ms: number
  /** Processor time of the whole process, which is the gateway, all processors, all tables and the parties too. */
  readonly cpuMs: number
}

const timed = async (work: () => Promise<unknown>): Promise<Took> => {
  const cpu = process.cpuUsage()
  const began = performance.now()
  await work()
  const ms = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  return { ms: round(ms), cpuMs: round((user + system) / 1_000) }
}

/** Resolves when a record of this type and session is on the topic at or after `from`. */
const seen = async (log: Log, topic: string, from: number, type: string, session: string): Promise<void> => {
  for await (const batch of log.read(topic, partition, from, { follow: true }))
    for (const record of batch) {
      if (record.headers[header.type] !== `flex.market.${type}`) continue
      const event = decode(record.value)
      if ('sessionId' in event && event.sessionId === session) return
    }
  throw new Error('the log has ended')
}

const dataDir = await mkdtemp(join(tmpdir(), 'flexledger-bench-'))
const config = loadConfig({
  FLEX_DATA_DIR: dataDir,
  FLEX_HTTP_PORT: '0',
  FLEX_LOG_LEVEL: 'error',
  FLEX_RATE_PER_MINUTE: '100000',
  FLEX_NODE_LIMIT: process.env['FLEX_NODE_LIMIT'] ?? ''
})
const dayAheadOf = (date: string) => {
  const [plan] = planSessions(calendars.platone, date, config.timeZone)
  if (!plan) throw new Error('a day has a session')
  return plan
}
const clock = steppedClock(dayAheadOf(dates[0]!).opensAt - 3_600_000)
const app = await startApp({
  config,
  clock,
  salt: seededSalt('bench'),
  logger: logger('error'),
  instance: 'bench',
  mode: 'ordered',
  clients: developmentClients
})
try {
  const { log, host } = app
  const client = (actor: string) => restClient(app.url, credentialsOf(actor))
  const [aggregator, dso, tso] = [client('ACEAE'), client('ARETI'), client('TERNA')]
  const advance = async (to: number) => {
    await clock.advanceTo(to)
    await app.marketClock.tick()
    await host.idle()
  }
  await host.idle()
  for (const warm of [aggregator, dso, tso]) await warm.list('/v1/pods')

  const { pods, places } = workload(count, 0)
  // The same documents under other codes first, so that registration too is measured in a warm process.
  const others = pods.map(pod => ({ ...pod, pod: `W${'pod' in pod ? pod.pod : ''}` }))
  for (const size of [100, others.length])
    await aggregator.sendPieces('/v1/pods', pieces(others.slice(size === 100 ? 0 : 100, size)), `warm-${size}`)
  await host.idle()
  const podPieces = pieces(pods)
  const flow0 = await timed(() => aggregator.sendPieces('/v1/pods', podPieces, 'pods'))
  await host.idle()
  await dso.sendAll('/v1/pom-assignments', places, 'places')
  await host.idle()

  const day = async (date: string) => {
    const plan = dayAheadOf(date)
    const id = `${date}.DA.${POM}`
    const load = documentsOf(plan.start)
    await advance(plan.opensAt)
    const collect = await timed(async () => {
      await dso.sendPieces(`/v1/sessions/${id}/requests`, load.dso, `${date}/dso`)
      await tso.sendPieces(`/v1/sessions/${id}/requests`, load.tso, `${date}/tso`)
      await aggregator.sendPieces(`/v1/sessions/${id}/offers`, load.offers, `${date}/offers`)
    })
    await host.idle()

    await clock.advanceTo(plan.closesAt)
    const from3 = await log.endOffset(outbox, partition)
    const flow3 = await timed(async () => {
      await app.marketClock.tick()
      await seen(log, outbox, from3, 'MarketCleared', id)
    })
    await host.idle()
    let pages: string[] = []
    const flow3communication = await timed(async () => {
      pages = await dso.pages(`/v1/sessions/${id}/market-outcome`)
    })
    const services = pages.flatMap(page => (JSON.parse(page) as { items: unknown[] }).items)

    const from5 = await log.endOffset(outbox, partition)
    const outcome = { marketOutcomeId: `${id}.MO`, verdicts: [], unmentioned: 'OK', complete: true }
    let answered: Promise<unknown> = Promise.resolve()
    const flow5 = await timed(async () => {
      answered = dso.send('POST', `/v1/sessions/${id}/technical-outcome`, outcome, `${date}/outcome`)
      await seen(log, outbox, from5, 'SessionFinalised', id)
    })
    const flow5communication = await timed(() => seen(log, 'validated_outcome_DSO', 0, 'SessionFinalised', id))
    await answered
    await host.idle()
    return {
      offers: load.offerCount,
      requests: load.requestCount,
      services: services.length,
      ...(await clearingOf(log, from3)),
      collectMs: collect.ms,
      collectCpuMs: collect.cpuMs,
      flow3ExecutionMs: flow3.ms,
      flow3ExecutionCpuMs: flow3.cpuMs,
      flow3CommunicationMs: flow3communication.ms,
      flow3CommunicationCpuMs: flow3communication.cpuMs,
      flow5ExecutionMs: flow5.ms,
      flow5ExecutionCpuMs: flow5.cpuMs,
      flow5CommunicationMs: flow5communication.ms
    }
  }
  for (const date of dates.slice(0, -1)) await day(date)
  const measured = await day(dates.at(-1)!)
  process.stdout.write(
    `${JSON.stringify({
      pods: count,
      flow0CommunicationMs: flow0.ms,
      flow0CommunicationCpuMs: flow0.cpuMs,
      ...measured,
      peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024)
    })}\n`
  )
} finally {
  await app.close()
  await rm(dataDir, { recursive: true, force: true })
}

/** Items in one call: as many as the gateway takes. */
function pieces(items: readonly object[], itemsMax = 5_000): string[] {
  return piecesOf(items, itemsMax, 7_000_000)
}

function documentsOf(start: number) {
  const { offers, requests } = workload(count, start)
  return {
    offerCount: offers.length,
    requestCount: requests.dso.length + requests.tso.length,
    offers: pieces(offers),
    dso: pieces(requests.dso, 1_000),
    tso: pieces(requests.tso, 1_000)
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

async function clearingOf(log: Log, from: number) {
  for await (const batch of log.read(outbox, partition, from))
    for (const record of batch) {
      if (record.headers[header.type] !== 'flex.market.MarketCleared') continue
      const event = decode(record.value)
      if (event.type !== 'MarketCleared') continue
      const { algorithm, gap, nodes, acceptedOffers } = event
      return { algorithm, gap, nodes, acceptedOffers }
    }
  throw new Error('the session was not cleared')
}
