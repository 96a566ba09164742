/**
 * One stage of the flow benchmark in a process of its own (so that peak memory is its own): the whole market on the
 * embedded engines with every fsync, the parties over HTTP on loopback. Prints one JSON line.
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
import { restClient } from '../../examples/market-day/rest-client.ts'
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
const date = '2026-01-15'
const outbox = 'flex.market.events'
const partition = partitionOf(POM, topics[outbox].partitions)

const ms = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** Resolves with the time at which a record of this type is on the topic at or after `from`. */
const seen = async (log: Log, topic: string, from: number, type: string): Promise<number> => {
  for await (const batch of log.read(topic, partition, from, { follow: true }))
    if (batch.some(record => record.headers[header.type] === `flex.market.${type}`)) return performance.now()
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
const [dayAhead] = planSessions(calendars.platone, date, 'Europe/Rome')
if (!dayAhead) throw new Error('no session')
const clock = steppedClock(dayAhead.opensAt - 3_600_000)
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
  const load = workload(count, dayAhead.start)
  const client = (actor: string) => restClient(app.url, credentialsOf(actor))
  const [aggregator, dso, tso] = [client('ACEAE'), client('ARETI'), client('TERNA')]
  const advance = async (to: number) => {
    await clock.advanceTo(to)
    await app.marketClock.tick()
    await host.idle()
  }
  await host.idle()
  // Tokens and code paths are warm in a market that runs all day; the measured flows are of the first full session.
  for (const warm of [aggregator, dso, tso]) await warm.list('/v1/pods')

  const say = (text: string) =>
    process.env['FLEX_BENCH_VERBOSE'] && process.stderr.write(`${Math.round(performance.now())} ${text}\n`)
  say('start')
  const flow0 = await ms(() => aggregator.sendAll('/v1/pods', load.pods, 'pods'))
  await host.idle()
  await dso.sendAll('/v1/pom-assignments', load.places, 'places')
  await host.idle()
  await advance(dayAhead.opensAt)

  say('registered')
  const id = `${date}.DA.${POM}`
  const collect =
    (await ms(() => dso.sendAll(`/v1/sessions/${id}/requests`, load.requests.dso, 'dso'))) +
    (await ms(() => tso.sendAll(`/v1/sessions/${id}/requests`, load.requests.tso, 'tso'))) +
    (await ms(() => aggregator.sendAll(`/v1/sessions/${id}/offers`, load.offers, 'offers')))
  await host.idle()

  await clock.advanceTo(dayAhead.closesAt)
  say('collected')
  const from3 = await log.endOffset(outbox, partition)
  const began3 = performance.now()
  await app.marketClock.tick()
  const flow3 = (await seen(log, outbox, from3, 'MarketCleared')) - began3
  await host.idle()
  say('cleared')
  let services: { marketOutcomeId: string }[] = []
  const flow3communication = await ms(async () => {
    services = await dso.list(`/v1/sessions/${id}/market-outcome`)
  })

  const from5 = await log.endOffset(outbox, partition)
  const began5 = performance.now()
  const answered = dso.send(
    'POST',
    `/v1/sessions/${id}/technical-outcome`,
    { marketOutcomeId: `${id}.MO`, verdicts: [], unmentioned: 'OK', complete: true },
    'outcome'
  )
  const done5 = await seen(log, outbox, from5, 'SessionFinalised')
  const flow5 = done5 - began5
  const told = await seen(log, 'validated_outcome_DSO', 0, 'SessionFinalised')
  await answered

  let cleared: { algorithm: string; gap: number; nodes: number; acceptedOffers: number } | undefined
  for await (const batch of log.read(outbox, partition, from3))
    for (const record of batch) {
      if (record.headers[header.type] !== 'flex.market.MarketCleared') continue
      const event = decode(record.value)
      if (event.type === 'MarketCleared') {
        const { algorithm, gap, nodes, acceptedOffers } = event
        cleared = { algorithm, gap, nodes, acceptedOffers }
      }
    }
  process.stdout.write(
    `${JSON.stringify({
      pods: count,
      offers: load.offers.length,
      requests: load.requests.dso.length + load.requests.tso.length,
      services: services.length,
      ...cleared,
      flow0CommunicationMs: round(flow0),
      collectMs: round(collect),
      flow3ExecutionMs: round(flow3),
      flow3CommunicationMs: round(flow3communication),
      flow5ExecutionMs: round(flow5),
      flow5CommunicationMs: round(told - done5),
      peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024)
    })}\n`
  )
} finally {
  await app.close()
  await rm(dataDir, { recursive: true, force: true })
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
