/**
 * The whole system behind the API in one process, on a log and a database in memory: what a call is answered is decided by
 * the real processors and read from the real projections. Time stands at noon before the delivery day and moves by hand.
 */
import type { DevelopmentClient } from '../../gateway/auth/embedded-issuer.ts'
import { type Role, type Scope, scopesOfRole } from '../../gateway/auth/principal.ts'
import type { GatewayLimits } from '../../gateway/limits.ts'
import { createGateway, type Gateway } from '../../gateway/server.ts'
import { type SteppedClock, steppedClock } from '../../infra/clock/stepped-clock.ts'
import { type Host, startHost } from '../../infra/host/host.ts'
import { seededSalt } from '../../infra/log/envelope.ts'
import type { Log } from '../../infra/log/log.ts'
import { memoryLog } from '../../infra/log/memory-log.ts'
import { watchAppends } from '../../infra/log/watched-log.ts'
import { sqliteDatabase } from '../../infra/sql/sqlite-database.ts'
import { metrics } from '../../infra/telemetry/metrics.ts'
import { actorTopics, actorTopicTypes } from '../../processors/actor-topics/actor-topics.ts'
import { type MarketClock, marketClock } from '../../processors/clock/clock.ts'
import { gridFeeds } from '../../processors/feeds/grid-feeds.ts'
import { registryToMarket, registryToMarketTypes } from '../../processors/feeds/registry-to-market.ts'
import { gridOperatorProcessor } from '../../processors/grid-operator/grid-operator.ts'
import { marketProcessor } from '../../processors/market/market.ts'
import { registryProcessor } from '../../processors/registry/registry.ts'
import { feedComponent } from '../../processors/runtime/feed.ts'
import { filterComponent } from '../../processors/runtime/filter.ts'
import { processorComponent } from '../../processors/runtime/processor.ts'
import { memorySnapshots } from '../../processors/runtime/snapshots.ts'
import { projections } from '../../projections/all.ts'
import { projectionComponent } from '../../projections/runtime/component.ts'
import { topics } from '../../schemas/topics.ts'

/** Two of each role that can be told apart, so that each has a stranger of its own kind. */
export const actors = [
  { role: 'aggregator', id: 'ACEAE' },
  { role: 'aggregator', id: 'EGEOE' },
  { role: 'dso', id: 'ARETI' },
  { role: 'dso', id: 'UNARETI' },
  { role: 'tso', id: 'TERNA' },
  { role: 'tso', id: 'AMPRION' },
  { role: 'administrator', id: 'OPERATIONS' }
] as const satisfies readonly { role: Role; id: string }[]

export type ActorId = (typeof actors)[number]['id']

const clients: readonly DevelopmentClient[] = actors.map(({ role, id }) => ({
  id: id.toLowerCase(),
  secret: `secret-of-${id}`,
  role,
  actor: id,
  scopes: scopesOfRole[role]
}))

export interface System {
  readonly gateway: Gateway
  readonly address: string
  readonly log: Log
  readonly host: Host
  readonly clock: SteppedClock
  readonly marketClock: MarketClock
  token(actor: ActorId, scopes?: readonly Scope[]): Promise<string>
  call(
    actor: ActorId | undefined,
    method: Method,
    url: string,
    body?: unknown,
    headers?: Record<string, string>
  ): Promise<Answer>
  /** Moves the clock, lets everything that is due happen and be projected. */
  until(instant: string): Promise<void>
  settle(): Promise<void>
  close(): Promise<void>
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  json(): unknown
}

const publicUrl = 'http://localhost:8080'

export interface SystemOptions {
  readonly start?: string
  readonly limits?: Partial<GatewayLimits>
  readonly wrapLog?: (log: Log) => Log
  readonly withProcessors?: boolean
  /** With a real socket, for what `inject` cannot do. */
  readonly listens?: boolean
}

export const startSystem = async (options: SystemOptions = {}): Promise<System> => {
  const {
    start = '2025-03-28T11:00:00Z',
    limits = {},
    wrapLog = log => log,
    withProcessors = true,
    listens = false
  } = options
  const store = memoryLog()
  await store.ensureTopics(Object.values(topics))
  let wake = (): void => undefined
  const log = watchAppends(store, () => wake())
  const database = await sqliteDatabase<object>({ file: ':memory:' })
  const clock = steppedClock(Date.parse(start))
  const salt = seededSalt('api')
  const runtime = { log, instance: 'test', snapshots: memorySnapshots(), salt, wallClock: () => clock.now() }
  const timer = marketClock({
    log,
    clock,
    salt,
    calendar: 'platone',
    timeZone: 'Europe/Rome',
    rules: {
      pricing: 'uniform',
      exclusivePerPod: false,
      minimumBid: 100,
      nodeLimit: 1_000,
      gapAccepted: 0.001,
      priceLimitMax: 50_000_000,
      objectives: [],
      objectiveWeights: [],
      seed: 0
    }
  })
  const feed = { name: 'feed/registry-to-market', from: 'flex.registry.events', to: 'flex.market.commands' }
  const components = withProcessors
    ? [
        processorComponent(registryProcessor, runtime),
        feedComponent({ ...feed, rule: registryToMarket, types: registryToMarketTypes, log, salt }),
        processorComponent(marketProcessor(), runtime),
        processorComponent(gridOperatorProcessor(), runtime),
        ...gridFeeds('approval').map(one => feedComponent({ ...one, log, salt })),
        filterComponent({
          name: 'actor-topics',
          from: 'flex.market.events',
          rule: actorTopics,
          types: actorTopicTypes,
          log,
          salt
        }),
        timer.component
      ]
    : []
  const host = await startHost({
    log,
    components: [...components, ...projections.map(projection => projectionComponent(projection, database.query, log))],
    mode: 'ordered',
    instance: 'test'
  })
  wake = () => host.wake()
  await host.idle()

  const measured = metrics()
  const gateway = await createGateway({
    profile: 'embedded',
    identity: { kind: 'embedded', clients },
    publicUrl,
    audience: 'flexledger',
    log: wrapLog(log),
    db: database.query,
    clock,
    salt,
    operators: { dso: 'ARETI', tso: 'TERNA' },
    metrics: measured,
    limits: { callsPerMinute: 100_000, callsPerMinuteOfAddress: 1_000_000, ...limits }
  })

  const address = listens ? await gateway.listen({ host: '127.0.0.1', port: 0 }) : publicUrl

  const tokens = new Map<string, string>()
  const token = async (actor: ActorId, scopes?: readonly Scope[]): Promise<string> => {
    const scope = scopes?.join(' ')
    const kept = tokens.get(`${actor} ${scope}`)
    if (kept !== undefined) return kept
    const answer = await gateway.app.inject({
      method: 'POST',
      url: '/oauth/token',
      headers: {
        authorization: `Basic ${Buffer.from(`${actor.toLowerCase()}:secret-of-${actor}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded'
      },
      payload: new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) }).toString()
    })
    const { access_token: fresh } = answer.json<{ access_token?: string }>()
    if (fresh === undefined) throw new Error(`no token for ${actor}: ${answer.body}`)
    tokens.set(`${actor} ${scope}`, fresh)
    return fresh
  }

  const call: System['call'] = async (actor, method, url, body, headers = {}) => {
    const answer = await gateway.app.inject({
      method,
      url,
      headers: {
        ...(actor === undefined ? {} : { authorization: `Bearer ${await token(actor)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) })
    })
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.body,
      json: () => JSON.parse(answer.body)
    }
  }

  const until = async (instant: string): Promise<void> => {
    await clock.advanceTo(Date.parse(instant))
    await host.idle()
    while ((await timer.tick()) > 0) await host.idle()
  }

  return {
    gateway,
    address,
    log,
    host,
    clock,
    marketClock: timer,
    token,
    call,
    until,
    settle: () => host.idle(),
    async close() {
      await gateway.close()
      await host.stop()
      measured.close()
      await database.close()
      await store.close()
    }
  }
}
