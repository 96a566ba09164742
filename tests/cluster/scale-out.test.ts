/**
 * A market day on Kafka and PostgreSQL, in a process for each part: a gateway, two markets (one more comes, one is stopped,
 * one is killed while the day goes on), and one with registry, projections and actors' topics. Its sessions, prices and
 * outcomes are those of the embedded run with the same seed.
 *
 * The clock is in this process, because it is moved by hand; the others live in real time, which decides nothing.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startApp } from '../../cli/app/app.ts'
import { dayAccount } from '../../cli/app/day-account.ts'
import { credentialsOf } from '../../cli/app/development-clients.ts'
import { flexledger } from '../../cli/command-line.fixtures.ts'
import { dayTypeOf } from '../../domain/forecast/local-day.ts'
import { calendars, planSessions } from '../../domain/market/sessions/calendar.ts'
import { playMarketDay } from '../../examples/market-day/market-day.ts'
import { profilesOfDay } from '../../examples/market-day/profiles/day-profiles.ts'
import { steppedClock } from '../../infra/clock/stepped-clock.ts'
import { loadConfig } from '../../infra/config/config.ts'
import { kafkaForTests, postgresForTests } from '../../infra/engines/for-tests.ts'
import { seededSalt } from '../../infra/log/envelope.ts'
import type { Log } from '../../infra/log/log.ts'
import { openLog } from '../../infra/log/open-log.ts'
import { logger } from '../../infra/telemetry/logger.ts'
import { topics } from '../../schemas/topics.ts'
import { type Served, serve } from './served.ts'
import { settledCluster } from './settled.ts'
import { countPartition } from './third-reader.ts'

t.setTimeout(280_000)
const PODS = 12
const SEED = 1
const DATE = '2016-01-05'
const HOUR_MS = 3_600_000

const [kafka, postgres] = [await kafkaForTests(t, { own: true }), await postgresForTests(t)]

/** What each session decided, offer by offer: the digests that the market writes of its outcomes. */
const outcomesOn = async (log: Log): Promise<Readonly<Record<string, string>>> => {
  const digests: Record<string, string> = {}
  for (let partition = 0; partition < topics['flex.market.events'].partitions; partition++)
    for (const { message } of (await countPartition(log, 'flex.market.events', partition)).events)
      if (message.type === 'MarketCleared' || message.type === 'SessionFinalised')
        digests[`${message.type} ${message.sessionId}`] = message.digest
  return digests
}

t.test(
  'a market day in several processes, of which some come and go, has the outcome of the embedded run',
  { skip: kafka.skip || postgres.skip },
  async t => {
    const folder = await mkdtemp(join(tmpdir(), 'flexledger-scale-out-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    const env = { FLEX_LOG_URL: kafka.url, FLEX_DATABASE_URL: postgres.url }
    const begin = (name: string, roles: string, more: Record<string, string> = {}): Promise<Served> =>
      serve({ name, roles, folder, env: { ...env, ...more } })

    // All at once, as a cluster starts them: topics and tables are made by whoever comes first.
    const [gateway, first, second, back] = await Promise.all([
      begin('gateway', 'gateway', { FLEX_DEV_CREDENTIALS: 'true' }),
      begin('market-1', 'market'),
      begin('market-2', 'market'),
      begin('back', 'registry,projections,actor-topics')
    ])
    const all: Served[] = [gateway, first, second, back]
    t.teardown(() => Promise.all(all.map(served => served.stop())).then(() => undefined))

    const config = loadConfig({ ...env, FLEX_ROLES: 'clock', FLEX_DATA_DIR: join(folder, 'clock') })
    const sessions = planSessions(calendars[config.calendar], DATE, config.timeZone)
    const clock = steppedClock(sessions[0]!.opensAt - 24 * HOUR_MS)
    const app = await startApp({
      config,
      clock,
      salt: seededSalt(String(SEED)),
      logger: logger('warn'),
      instance: 'clock',
      mode: 'free',
      clients: []
    })
    t.teardown(() => app.close())
    const isSettled = settledCluster(app.log, app.db)

    // Some come and go, each at the beginning of a session; the next step waits for it.
    const changes = new Map<string, () => Promise<void>>([
      ['RT1', async () => void all.push(await begin('market-3', 'market'))],
      ['RT3', () => first.stop()],
      ['RT5', () => second.kill()]
    ])
    let change: Promise<void> = Promise.resolve()
    const settled = async (): Promise<void> => {
      await change
      do {
        await isSettled()
        await app.host.idle()
      } while ((await app.marketClock.tick()) > 0)
    }
    const advanceTo = async (instant: number): Promise<void> => {
      while (clock.now() < instant) {
        await clock.advanceTo(Math.min(instant, app.marketClock.next()))
        await settled()
      }
    }
    await settled()
    await playMarketDay({
      baseUrl: gateway.url,
      pods: PODS,
      seed: SEED,
      date: DATE,
      dayType: dayTypeOf(DATE),
      sessions,
      profiles: profilesOfDay(config.timeZone),
      credentials: credentialsOf,
      gridOperator: 'external',
      judges: true,
      world: { now: () => clock.now(), settled, advanceTo },
      onStep(step) {
        const session = /^(\w+): collecting/.exec(step)?.[1] ?? ''
        change = changes.get(session)?.() ?? change
        changes.delete(session)
      }
    })
    await advanceTo(Math.max(...sessions.map(({ validationEndsAt }) => validationEndsAt)) + 60_000)
    t.equal(changes.size, 0, 'one came, one was stopped, one was killed')

    const data = join(folder, 'embedded')
    const args = [
      'run',
      '--pods',
      String(PODS),
      '--seed',
      String(SEED),
      '--date',
      DATE,
      '--grid-operator',
      'external',
      '--exit',
      '--json',
      '--quiet'
    ]
    const embedded = await flexledger([...args, '--data', data])
    t.equal(embedded.code, 0, embedded.stderr)
    const expected = JSON.parse(embedded.stdout)
    const account = JSON.parse(JSON.stringify(await dayAccount(app.db, DATE)))
    t.strictSame(account.sessions, expected.sessions, 'volumes and prices of each session')
    t.strictSame(account.actors, expected.actors, 'what each actor earned and paid')
    const embeddedLog = await openLog(`sqlite:${join(data, 'log.sqlite')}`)
    t.teardown(() => embeddedLog.close())
    const outcomes = await outcomesOn(embeddedLog)
    t.ok(Object.keys(outcomes).length >= 2 * sessions.length)
    t.strictSame(await outcomesOn(app.log), outcomes, 'the outcome of each session, offer by offer')
  }
)
