/**
 * One stage of the flow benchmark in a process of its own (so that peak memory is its own): the whole market on the
 * embedded engines with every fsync, the parties over HTTP on loopback. Prints one JSON line.
 *
 * The parties are another process (party.ts), with documents that are JSON before the clock starts; what they read is
 * counted until its last byte is there.
 *
 * flow 0  communication: POST of all PoDs until every decision is on the log and answered.
 * flow 3  execution: from the clock's look at the time of the gate to the last outcome record on the log, some time after the
 *         last offer and, as another figure, right after the TSO's request; communication: the DSO reads the whole outcome by REST.
 * flow 5  execution: from the appended CompleteTechnicalOutcome to SessionFinalised on the log; communication: until every
 *         actor's own topic has its last record.
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startApp } from '../../cli/app/app.ts'
import { developmentClients } from '../../cli/app/development-clients.ts'
import { calendars, planSessions } from '../../domain/market/sessions/calendar.ts'
import { addDays } from '../../domain/units/time.ts'
import { steppedClock } from '../../infra/clock/stepped-clock.ts'
import { loadConfig } from '../../infra/config/config.ts'
import { header, seededSalt } from '../../infra/log/envelope.ts'
import type { Log } from '../../infra/log/log.ts'
import { partitionOf } from '../../infra/log/partition-of.ts'
import { logger } from '../../infra/telemetry/logger.ts'
import { decode } from '../../schemas/codec.ts'
import { topics } from '../../schemas/topics.ts'
import type { Answered, Asked, Order } from './party-messages.ts'
import { POM } from './workload.ts'

const count = Number(process.argv[2])
/**
 * The last days are measured, the ones before warm the process up: a market runs every day and clears seven sessions on each. The
 * clearing rehearses with the first book; the rest of the process is compiled with what it does.
 */
const isLarge = count > 5_000
const WARM_DAYS = isLarge ? 1 : 15
/** A flow's figure is the median of so many days; a large stage registers once. */
const MEASURED_DAYS = isLarge ? 3 : 5
/** After these, some in which the TSO's request comes right before the gate. */
const LAST_MINUTE_DAYS = isLarge ? 1 : 5
const DAYS = WARM_DAYS + MEASURED_DAYS + LAST_MINUTE_DAYS
const dates = Array.from({ length: DAYS }, (_, n) => addDays('2026-01-12', n))
/** Between the last offer and the gate, where nothing comes at the last moment; and on the first day, until it has rehearsed. */
const PAUSE_MS = isLarge ? 3_000 : 1_000
const FIRST_PAUSE_MS = 8_000
const outbox = 'flex.market.events'
const partition = partitionOf(POM, topics[outbox].partitions)

const timesOfDay = [
  'collectMs',
  'collectCpuMs',
  'flow3ExecutionMs',
  'flow3ExecutionCpuMs',
  'flow3CommunicationMs',
  'flow3CommunicationCpuMs',
  'flow5ExecutionMs',
  'flow5ExecutionCpuMs',
  'flow5CommunicationMs'
] as const

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

interface Took {
  readonly ms: number
  /** Processor time of the whole process, which is the gateway, all processors and all tables. */
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
  // The grid operator of the workload is an outside party.
  FLEX_ROLES: 'gateway,registry,clock,market,projections,actor-topics',
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
const { ask, leave } = parties(app.url)
try {
  const { log, host } = app
  const advance = async (to: number) => {
    await clock.advanceTo(to)
    await app.marketClock.tick()
    await host.idle()
  }
  await host.idle()
  for (const actor of ['ACEAE', 'ARETI', 'TERNA'] as const) await ask({ do: 'read', actor, path: '/v1/pods' })

  await ask({ do: 'prepare-pods' })
  const register = (documents: string) =>
    ask({ do: 'post', actor: 'ACEAE', documents, path: '/v1/pods', key: documents.replaceAll(' ', '-') })
  await register('few warm pods')
  await register('warm pods')
  await host.idle()
  const registrations: Took[] = []
  for (const documents of isLarge ? ['pods'] : ['second pods', 'third pods', 'pods']) {
    registrations.push(await timed(() => register(documents)))
    await host.idle()
  }
  await ask({ do: 'post', actor: 'ARETI', documents: 'places', path: '/v1/pom-assignments', key: 'places' })
  await host.idle()

  const day = async (date: string, isLastMinute: boolean) => {
    const isFirst = date === dates[0]
    const plan = dayAheadOf(date)
    const id = `${date}.DA.${POM}`
    const requests = await ask({ do: 'prepare-day', start: plan.start })
    const post = (actor: 'ACEAE' | 'ARETI' | 'TERNA', documents: string, path: string, key: string) =>
      ask({ do: 'post', actor, documents, path: `/v1/sessions/${id}/${path}`, key: `${date}/${key}` })
    await advance(plan.opensAt)
    const collect = await timed(async () => {
      await post('ARETI', 'dso requests', 'requests', 'dso')
      if (!isLastMinute) await post('TERNA', 'tso requests', 'requests', 'tso')
      await post('ACEAE', 'offers', 'offers', 'offers')
    })
    await host.idle()
    await pause(isFirst ? FIRST_PAUSE_MS : PAUSE_MS)
    if (isLastMinute) {
      await post('TERNA', 'tso requests', 'requests', 'tso')
      await host.idle()
    }

    await clock.advanceTo(plan.closesAt)
    const from3 = await log.endOffset(outbox, partition)
    const flow3 = await timed(async () => {
      await app.marketClock.tick()
      await seen(log, outbox, from3, 'MarketCleared', id)
    })
    await host.idle()
    const outcomePath = `/v1/sessions/${id}/market-outcome`
    const flow3communication = await timed(() => ask({ do: 'read', actor: 'ARETI', path: outcomePath }))
    const services = await ask({ do: 'count' })

    const from5 = await log.endOffset(outbox, partition)
    const body = { marketOutcomeId: `${id}.MO`, verdicts: [], unmentioned: 'OK', complete: true }
    let answered: Promise<unknown> = Promise.resolve()
    const flow5 = await timed(async () => {
      const path = `/v1/sessions/${id}/technical-outcome`
      answered = ask({ do: 'send', actor: 'ARETI', path, body, key: `${date}/outcome` })
      await seen(log, outbox, from5, 'SessionFinalised', id)
    })
    const flow5communication = await timed(() => seen(log, 'validated_outcome_DSO', 0, 'SessionFinalised', id))
    await answered
    await host.idle()
    return {
      offers: count,
      requests,
      services,
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
  const days: Awaited<ReturnType<typeof day>>[] = []
  for (const [n, date] of dates.entries()) days.push(await day(date, n >= WARM_DAYS + MEASURED_DAYS))
  const measured = days.slice(WARM_DAYS, WARM_DAYS + MEASURED_DAYS)
  const lastMinute = days.slice(WARM_DAYS + MEASURED_DAYS)
  const times = {
    flow0CommunicationMs: registrations.map(({ ms }) => ms),
    flow0CommunicationCpuMs: registrations.map(({ cpuMs }) => cpuMs),
    flow3LastMinuteMs: lastMinute.map(one => one.flow3ExecutionMs),
    ...Object.fromEntries(timesOfDay.map(name => [name, measured.map(one => one[name])]))
  }
  process.stdout.write(
    `${JSON.stringify({
      pods: count,
      ...measured.at(-1),
      ...Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)])),
      worst: Object.fromEntries(
        Object.entries(times).flatMap(([name, values]) => (name.endsWith('CpuMs') ? [] : [[name, Math.max(...values)]]))
      ),
      peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024)
    })}\n`
  )
} finally {
  leave()
  await app.close()
  await rm(dataDir, { recursive: true, force: true })
}

/** The process of the parties: what is asked of it is answered when it is done. */
function parties(url: string) {
  const child = fork(fileURLToPath(new URL('party.ts', import.meta.url)), [url, String(count)])
  const asked = new Map<number, { resolve: (result: number) => void; reject: (error: Error) => void }>()
  child.on('message', (answer: Answered) => {
    const waiting = asked.get(answer.id)
    asked.delete(answer.id)
    if ('error' in answer) waiting?.reject(new Error(answer.error))
    else waiting?.resolve(answer.result)
  })
  child.on('exit', code => {
    for (const { reject } of asked.values()) reject(new Error(`the parties' process ended with ${code}`))
  })
  let id = 0
  return {
    ask: (order: Order): Promise<number> =>
      new Promise((resolve, reject) => {
        asked.set(++id, { resolve, reject })
        child.send({ id, order } satisfies Asked)
      }),
    leave: () => child.disconnect()
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
