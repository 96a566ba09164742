/**
 * One process of Flexledger: the parts that its roles name, on the engines that its configuration names. Everything is put
 * together here and nowhere else; nothing below knows which engine it has.
 *
 * Stopping: new calls are refused first, then the workers finish their batch, then the files are closed. Killing is safe
 * too: what was acknowledged is on the log, and the next start goes on from there.
 */
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import type { DevelopmentClient } from '../../gateway/auth/embedded-issuer.ts'
import { createOperationsServer } from '../../gateway/operations-server.ts'
import type { ReadinessCheck } from '../../gateway/options.ts'
import { createGateway } from '../../gateway/server.ts'
import type { Clock } from '../../infra/clock/clock.ts'
import type { Config } from '../../infra/config/config.ts'
import { FlexError } from '../../infra/errors.ts'
import { eventStoreDb } from '../../infra/event-store/eventstoredb.ts'
import { keepCompiledCode } from '../../infra/host/compiled-code.ts'
import { type Component, type Host, startHost } from '../../infra/host/host.ts'
import { quietCollection } from '../../infra/host/quiet-collection.ts'
import type { SaltSource } from '../../infra/log/envelope.ts'
import type { Log } from '../../infra/log/log.ts'
import { openLog } from '../../infra/log/open-log.ts'
import { watchAppends } from '../../infra/log/watched-log.ts'
import { openRegistry } from '../../infra/schema-registry/open-registry.ts'
import { schemaAwareLog } from '../../infra/schema-registry/schema-aware-log.ts'
import { schemaLookup } from '../../infra/schema-registry/schema-lookup.ts'
import { ownVersions } from '../../infra/schema-registry/versions.ts'
import { openDatabase } from '../../infra/sql/open-database.ts'
import type { Logger } from '../../infra/telemetry/logger.ts'
import { type Metrics, metrics } from '../../infra/telemetry/metrics.ts'
import { actorTopics, actorTopicTypes } from '../../processors/actor-topics/actor-topics.ts'
import { type MarketClock, marketClock } from '../../processors/clock/clock.ts'
import { eventMirror, eventMirrorName } from '../../processors/event-mirror/event-mirror.ts'
import { mirroredTopics, streamOf } from '../../processors/event-mirror/streams.ts'
import { type Feed, gridFeeds } from '../../processors/feeds/grid-feeds.ts'
import { registryToMarket, registryToMarketTypes } from '../../processors/feeds/registry-to-market.ts'
import { gridOperatorProcessor } from '../../processors/grid-operator/grid-operator.ts'
import { marketProcessor } from '../../processors/market/market.ts'
import { registryProcessor } from '../../processors/registry/registry.ts'
import { feedComponent } from '../../processors/runtime/feed.ts'
import { filterComponent } from '../../processors/runtime/filter.ts'
import { processorComponent } from '../../processors/runtime/processor.ts'
import { directorySnapshots } from '../../processors/runtime/snapshots.ts'
import { projections } from '../../projections/all.ts'
import { projectionComponent } from '../../projections/runtime/component.ts'
import { prepareProjection } from '../../projections/runtime/generations.ts'
import { isProjectionError } from '../../projections/runtime/projection-error.ts'
import { rebuildProjection } from '../../projections/runtime/rebuild.ts'
import { codec } from '../../schemas/codec.ts'
import { actorTopic, topics } from '../../schemas/topics.ts'
import { sessionRules } from './session-rules.ts'

export interface AppOptions {
  readonly config: Config
  readonly clock: Clock
  readonly salt: SaltSource
  readonly logger: Logger
  /** Names this process on the log. */
  readonly instance: string
  /** 'ordered': one process, the same order each time. */
  readonly mode: 'ordered' | 'free'
  /** Clients of the embedded issuer; empty with an external one. */
  readonly clients: readonly DevelopmentClient[]
  /** Tables that were built from another log are built anew, instead of an error. */
  readonly replacesForeignTables?: boolean
  /** An Idempotency-Key for calls that bring none. */
  readonly newKey?: () => string
}

export interface App {
  /** Where the gateway listens; empty without that role. */
  readonly url: string
  /** Where a process without a gateway says how it is; empty if it does not. */
  readonly operationsUrl: string
  readonly log: Log
  readonly db: Kysely<object>
  readonly host: Host
  readonly marketClock: MarketClock
  readonly metrics: Metrics
  close(): Promise<void>
}

/** The operators that may read the two operator topics. */
export const operators = { dso: 'ARETI', tso: 'TERNA' } as const

export const startApp = async (options: AppOptions): Promise<App> => {
  const { config, clock, salt, logger, instance, mode } = options
  keepCompiledCode()
  await mkdir(config.dataDir, { recursive: true })
  let wake = (): void => {}
  let isAnswering = (): boolean => false
  // A start that fails half-way closes what it opened; otherwise its workers would keep the process alive.
  await using opening = new AsyncDisposableStack()
  const ownLog = watchAppends(await openLog(config.logUrl, { instance, kafka: config.kafka, logger }), () => wake())
  opening.defer(() => ownLog.close())
  // Registered before the first record is written, so that whoever reads one finds its schema.
  const registry = openRegistry(config.registryUrl)
  if (config.registryUrl !== undefined) await registry.register(ownVersions())
  const log = schemaAwareLog(
    ownLog,
    schemaLookup({
      registry,
      codec,
      onForeign: (schemaId, why) => logger.warn({ schemaId, why }, 'a record has a schema that is not read here')
    })
  )
  // An aggregator's topic is made with its first outcome; those of the operators are there from the beginning.
  await log.ensureTopics([...Object.values(topics), actorTopic({ role: 'dso' }), actorTopic({ role: 'tso' })])
  const database = await openDatabase<object>(config.databaseUrl)
  opening.defer(() => database.close())
  const db = database.query
  // Tables exist before anybody asks: an empty market answers with empty lists.
  for (const projection of projections)
    await prepareProjection(db, log, projection).catch(error => {
      if (!options.replacesForeignTables || !isProjectionError(error, 'FLEX_PROJECTION_FOREIGN')) throw error
      return rebuildProjection(projection, { db, log })
    })
  const measured = metrics()
  opening.defer(() => measured.close())
  const snapshots = directorySnapshots(join(config.dataDir, 'snapshots'), {
    onWarning: (message, error) => logger.warn({ err: error }, message)
  })
  const has = (role: Config['roles'][number]): boolean => config.roles.includes(role)
  const onWarning = (message: string, error: unknown): void => logger.warn({ err: error }, message)
  const runtime = { log, instance, snapshots, salt, onWarning, wallClock: () => clock.now() }
  const timer = marketClock({
    log,
    clock,
    salt,
    calendar: config.calendar,
    timeZone: config.timeZone,
    rules: sessionRules(config),
    onWarning
  })

  const eventStore =
    has('projections') && config.eventStoreUrl ? eventStoreDb({ url: config.eventStoreUrl }) : undefined
  if (eventStore) opening.defer(() => eventStore.close())

  const feed = (of: Feed): Component => feedComponent({ ...of, log, salt, checkpoints: snapshots, onWarning })

  const components: Component[] = [
    ...(has('registry')
      ? [
          processorComponent(registryProcessor, runtime),
          feed({
            name: 'feed/registry-to-market',
            from: 'flex.registry.events',
            to: 'flex.market.commands',
            rule: { ofOutline: registryToMarket },
            types: registryToMarketTypes
          })
        ]
      : []),
    ...(has('market') ? [processorComponent(marketProcessor(), runtime)] : []),
    // An operator's own platform plays its flows by REST where this role runs nowhere, or has no network.
    ...(has('grid-operator')
      ? [processorComponent(gridOperatorProcessor(), runtime), ...gridFeeds(config.gridRequests).map(feed)]
      : []),
    ...(has('actor-topics')
      ? [
          filterComponent({
            name: 'actor-topics',
            from: 'flex.market.events',
            rule: actorTopics,
            types: actorTopicTypes,
            log,
            salt,
            checkpoints: snapshots,
            onWarning
          })
        ]
      : []),
    ...(has('projections')
      ? projections.map(projection =>
          projectionComponent(projection, db, log, {
            onProblem: problem => logger.error({ problem }, 'a record could not be applied to a projection')
          })
        )
      : []),
    ...(eventStore
      ? mirroredTopics.map(from =>
          eventMirror({ store: eventStore, from, streamOf, log, checkpoints: snapshots, onWarning })
        )
      : []),
    ...(has('clock') ? [timer.component] : [])
  ]

  const host = await startHost({
    log,
    components,
    mode,
    instance,
    logger,
    isAnswering: () => isAnswering(),
    onQuiet: quietCollection(),
    onError: failure => logger.error({ failure }, 'a worker failed')
  })

  opening.defer(() => host.stop())
  wake = () => host.wake()

  let url = ''
  if (has('gateway')) {
    const port = config.httpPort === 0 ? await freePort(config.httpHost) : config.httpPort
    const publicUrl = config.httpPort === 0 ? `http://${config.httpHost}:${port}` : config.publicUrl
    const gateway = await createGateway({
      profile: config.profile === 'embedded' ? 'embedded' : 'server',
      identity:
        config.issuerUrl === undefined
          ? { kind: 'embedded', clients: options.clients }
          : { kind: 'external', issuer: config.issuerUrl, jwksUrl: await jwksUrlOf(config.issuerUrl) },
      publicUrl,
      audience: config.audience,
      log,
      db,
      clock,
      salt,
      operators,
      logger,
      metrics: measured,
      limits: { bodyBytesMax: config.bodyBytesMax, callsPerMinute: config.ratePerMinute },
      readiness: async () => [...(await readinessOf(host)), await databaseCheck(db)],
      ...(options.newKey ? { newKey: options.newKey } : {})
    })
    opening.defer(() => gateway.close())
    isAnswering = gateway.isAnswering
    await gateway.listen({ host: config.httpHost, port })
    url = publicUrl
  }

  let operationsUrl = ''
  if (config.operationsPort !== undefined) {
    const operations = createOperationsServer({ readiness: () => readinessOf(host), metrics: measured, logger })
    opening.defer(() => operations.close())
    operationsUrl = await operations.listen({ host: config.httpHost, port: config.operationsPort })
  }

  const opened = opening.move()
  return {
    url,
    operationsUrl,
    log,
    db,
    host,
    marketClock: timer,
    metrics: measured,
    close: () => opened.disposeAsync()
  }
}

/** Records by which the slowest worker may be behind: some seconds of a busy market. */
const BEHIND_MAX = 20_000

const readinessOf = async (host: Host): Promise<readonly ReadinessCheck[]> => {
  // A mirror may be away or behind: nobody's answers depend on it.
  const needed = ({ component }: { readonly component: string }): boolean => !component.startsWith(eventMirrorName)
  const failures = host.failures().filter(needed)
  const lags = (await host.lag()).filter(needed)
  const worst = lags.reduce((most, { behind }) => Math.max(most, behind ?? 0), 0)
  return [
    {
      name: 'workers',
      isReady: failures.length === 0,
      detail: failures.length === 0 ? 'all workers run' : failures.map(({ worker }) => `${worker} fails`).join('; ')
    },
    { name: 'lag', isReady: worst <= BEHIND_MAX, detail: `the slowest worker is ${worst} records behind` }
  ]
}

/** A probe asks every few seconds and wants an answer before it asks again. */
const DATABASE_ANSWER_MS = 2_000

const databaseCheck = async (db: Kysely<object>): Promise<ReadinessCheck> => {
  const late = AbortSignal.timeout(DATABASE_ANSWER_MS)
  const answered = sql`SELECT 1`.execute(db).then(
    () => 'it answers',
    (error: unknown) => (error instanceof Error ? error : new Error(String(error)))
  )
  const outcome = await Promise.race([
    answered,
    once(late, 'abort').then(() => new Error(`no answer in ${DATABASE_ANSWER_MS} ms`))
  ])
  const isReady = typeof outcome === 'string'
  return { name: 'database', isReady, detail: isReady ? outcome : outcome.message }
}

/** Where an external issuer keeps its keys, as OpenID Connect Discovery says. */
const jwksUrlOf = async (issuer: string): Promise<string> => {
  const url = `${issuer}/.well-known/openid-configuration`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
    const document = (await response.json()) as { jwks_uri?: unknown }
    if (!response.ok || typeof document.jwks_uri !== 'string') throw new Error(`status ${response.status}`)
    return document.jwks_uri
  } catch (error) {
    throw new FlexError('FLEX_CONFIG_INVALID', `${url} gives no keys`, { cause: error })
  }
}

const freePort = (host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))
      )
    })
  })
