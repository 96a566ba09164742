/**
 * The whole market in this process as it is served: processors, projections and gateway on a log and tables in files of a
 * temporary folder, a real socket, and a clock that moves by hand. Callers are the parties of the development credentials.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, startApp } from '../../cli/app/app.ts'
import { credentialsOf, developmentClients } from '../../cli/app/development-clients.ts'
import { steppedClock } from '../../infra/clock/stepped-clock.ts'
import { loadConfig } from '../../infra/config/config.ts'
import { seededSalt } from '../../infra/log/envelope.ts'
import { logger } from '../../infra/telemetry/logger.ts'

export type Actor = 'ACEAE' | 'EGEOE' | 'ARETI' | 'TERNA' | 'OPERATIONS'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

export interface Market {
  readonly app: App
  readonly bodyBytesMax: number
  token(actor: Actor, scope?: string): Promise<string>
  /** A body that is text or a stream goes out as it is; anything else as JSON. */
  call(caller: Caller, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Moves the clock by way of everything that is due, and lets it all happen. */
  until(instant: string): Promise<void>
  settled(): Promise<void>
  /** Every status that was answered, for what must never be among them. */
  readonly statuses: readonly number[]
  close(): Promise<void>
}

/** A party, or a token that somebody made up. */
export type Caller = Actor | { readonly token: string } | undefined

export interface MarketOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly mode?: 'ordered' | 'free'
}

export const startMarket = async (
  start: string,
  { env = {}, mode = 'ordered' }: MarketOptions = {}
): Promise<Market> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'flexledger-flows-'))
  const config = loadConfig({
    FLEX_DATA_DIR: dataDir,
    FLEX_HTTP_PORT: '0',
    FLEX_LOG_LEVEL: 'error',
    FLEX_RATE_PER_MINUTE: '100000',
    ...env
  })
  const clock = steppedClock(Date.parse(start))
  const app = await startApp({
    config,
    clock,
    salt: seededSalt('flows'),
    logger: logger(config.logLevel),
    instance: 'flows',
    mode,
    clients: developmentClients
  })
  await app.host.idle()

  const tokens = new Map<string, string>()
  const token = async (actor: Actor, scope?: string): Promise<string> => {
    const key = `${actor} ${scope ?? ''}`
    const kept = tokens.get(key)
    if (kept !== undefined) return kept
    const { clientId, clientSecret } = credentialsOf(actor)
    const response = await fetch(`${app.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) })
    })
    const { access_token: fresh } = (await response.json()) as { access_token?: string }
    if (fresh === undefined) throw new Error(`no token for ${actor}: ${response.status}`)
    tokens.set(key, fresh)
    return fresh
  }

  const statuses: number[] = []
  const call: Market['call'] = async (caller, method, path, body, headers = {}) => {
    const bearer = typeof caller === 'string' ? await token(caller) : caller?.token
    const response = await fetch(`${app.url}${path}`, {
      method,
      headers: {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) })
    })
    statuses.push(response.status)
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: isJson(response) ? JSON.parse(text) : text }
  }

  const due = async (): Promise<void> => {
    do await app.host.idle()
    while ((await app.marketClock.tick()) > 0)
  }

  return {
    app,
    bodyBytesMax: config.bodyBytesMax,
    token,
    call,
    statuses,
    settled: () => app.host.idle(),
    async until(instant) {
      const end = Date.parse(instant)
      await due()
      while (clock.now() < end) {
        await clock.advanceTo(Math.min(end, app.marketClock.next()))
        await due()
      }
    },
    async close() {
      await app.close()
      await rm(dataDir, { recursive: true, force: true })
    }
  }
}

const isJson = ({ headers }: Response): boolean => /[/+]json/.test(headers.get('content-type') ?? '')

const flat = (p: number) => Array.from({ length: 96 }, () => ({ p, q: 0 }))

/** A point of delivery as its aggregator registers it. */
export const aPod = (pod: string, aggregatorId: 'ACEAE' | 'EGEOE' = 'ACEAE') => ({
  pod,
  aggregatorId,
  zone: 'CSUD',
  flexibilityType: 'continuous',
  voltageLevel: 'LV',
  contractualPower: 6_000,
  pnp: 6_000,
  inp: 0,
  inq: 0,
  cnq: 0,
  cnp: 6_000,
  cosPhi: '0.9R',
  maxFlexibility: { upperP: 3_000, downP: -2_000, upperQ: 0, downQ: 0 },
  powerBaselineCurves: { workday: flat(1_200), saturday: flat(1_200), holiday: flat(1_200) },
  services: ['congestion', 'voltage']
})

export interface OfferParts {
  readonly offerId: string
  readonly pod: string
  readonly start: string
  readonly end: string
  readonly quantity?: unknown
  readonly price?: unknown
}

export const anOffer = ({ offerId, pod, start, end, quantity = 1_000, price = 120_000 }: OfferParts) => ({
  type: 'single',
  offerId,
  unit: { id: pod, pods: [pod] },
  quantity: 'P',
  direction: 'UP',
  service: 'congestion',
  intervals: [{ start, end, steps: [{ quantity, price }], minAcceptance: 0 }]
})

/** Two points of different aggregators below one substation, up to the opening of the day-ahead session. */
export const openDay = async (market: Market, opensAt: string): Promise<void> => {
  const place = { dsoId: 'ARETI', pom: 'ROMA01', feeder: 'FEEDER-1', secondarySubstation: null }
  for (const [actor, pod] of [
    ['ACEAE', 'POD-A'],
    ['EGEOE', 'POD-E']
  ] as const) {
    const registered = await market.call(actor, 'POST', '/v1/pods', aPod(pod, actor))
    if (registered.status !== 201) throw new Error(`${pod}: ${JSON.stringify(registered.body)}`)
    await market.settled()
    const placed = await market.call('ARETI', 'POST', '/v1/pom-assignments', [{ pod, place }])
    if (placed.status !== 201) throw new Error(`${pod}: ${JSON.stringify(placed.body)}`)
    await market.settled()
  }
  await market.until(opensAt)
}
