/** What those who run the market and those who live by it look at after a session: readiness, metrics, the own outcomes. */
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { topics } from '../../schemas/topics.ts'
import { type Actor, anOffer, aPod, type Market, openDay, startMarket } from './market.ts'

const session = '/v1/sessions/2026-01-15.DA.ROMA01'
const path = '/v1/validated-outcomes/stream'
const evening = { start: '2026-01-15T18:00:00+01:00', end: '2026-01-15T19:00:00+01:00' }

interface Event {
  readonly id: string
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

/** One session with offers of two aggregators, of which the DSO buys all, judged to its end. */
const playSession = async (market: Market): Promise<void> => {
  await openDay(market, '2026-01-14T11:00:00Z')
  const must = async (actor: Actor, url: string, body: unknown) => {
    const { status, body: answer } = await market.call(actor, 'POST', url, body)
    if (status !== 201) throw new Error(`${url}: ${status} ${JSON.stringify(answer)}`)
  }
  await must(
    'ACEAE',
    `${session}/offers`,
    [1, 2].map(n => anOffer({ offerId: `A-${n}`, pod: 'POD-A', ...evening }))
  )
  await must('EGEOE', `${session}/offers`, anOffer({ offerId: 'E-1', pod: 'POD-E', ...evening }))
  await must('ARETI', `${session}/requests`, {
    requestId: 'ASKED',
    level: 'feeder',
    location: 'FEEDER-1',
    pods: ['POD-A', 'POD-E'],
    quantity: 'P',
    direction: 'UP',
    service: 'congestion',
    profile: [{ ...evening, quantity: 3_000 }],
    priceLimit: null
  })
  await market.until('2026-01-14T15:00:00Z')
  await must('ARETI', `${session}/technical-outcome`, {
    marketOutcomeId: '2026-01-15.DA.ROMA01.MO',
    verdicts: [],
    unmentioned: 'OK',
    complete: true
  })
  await market.settled()
}

/** What stands on a stream from a place on, until it is enough. */
const streamed = async (
  market: Market,
  actor: Actor,
  isEnough: (events: readonly Event[]) => boolean,
  lastEventId?: string
): Promise<readonly Event[]> => {
  const hangUp = new AbortController()
  const response = await fetch(`${market.app.url}${path}?from=start`, {
    headers: {
      authorization: `Bearer ${await market.token(actor)}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId })
    },
    signal: hangUp.signal
  })
  if (response.status !== 200) throw new Error(`${actor} got ${response.status}: ${await response.text()}`)
  let text = ''
  let events: readonly Event[] = []
  for await (const bytes of response.body!) {
    text += Buffer.from(bytes).toString('utf8')
    events = eventsOf(text)
    if (isEnough(events)) break
  }
  hangUp.abort()
  return events
}

const eventsOf = (text: string): readonly Event[] =>
  text.split('\n\n').flatMap(block => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
    const [id, event, data] = [field('id'), field('event'), field('data')]
    return id && event && data ? [{ id, event, data: JSON.parse(data) as Event['data'] }] : []
  })

const market = await startMarket('2026-01-14T09:00:00Z')
t.teardown(() => market.close())
await playSession(market)

t.test('a market with all its workers is alive and ready, without a token', async t => {
  const live = await market.call(undefined, 'GET', '/livez')
  t.equal(live.status, 200)
  const ready = await market.call(undefined, 'GET', '/readyz')
  t.equal(ready.status, 200)
  t.match(ready.body, { status: 'ready', checks: [{ isReady: true }, { name: 'workers', isReady: true }] })
})

t.test('the metrics tell how often each route was called and with which answer, without a business id', async t => {
  const { status, body, headers } = await market.call(undefined, 'GET', '/metrics')
  t.equal(status, 200)
  t.match(headers.get('content-type'), /^text\/plain/)
  const page = String(body)
  t.match(
    page,
    /flex_http_request_seconds_count\{[^}]*route="\/v1\/sessions\/:sessionId\/offers"[^}]*status="201"[^}]*\} 2/
  )
  t.match(page, /^process_resident_memory_bytes \d+/m)
  t.notMatch(page, /ROMA01|POD-A/)
})

t.test('FR_MP_FS_5: each aggregator is told of its own validated offers and of nobody else’s', async t => {
  const own = { ACEAE: ['A-1', 'A-2'], EGEOE: ['E-1'] } as const
  for (const actor of ['ACEAE', 'EGEOE'] as const) {
    const events = await streamed(market, actor, ({ length }) => length >= own[actor].length)
    t.strictSame(events.map(({ data }) => data['offerId']).sort(), own[actor])
    t.ok(events.every(({ event }) => event === 'OutcomeValidated'))
  }
})

t.test('a stream goes on behind Last-Event-ID: nothing is missing and nothing comes twice', async t => {
  const isFinal = (events: readonly Event[]) =>
    events.some(({ event, data }) => event === 'SessionFinalised' && data['sessionId'] === '2026-01-15.DA.ROMA01')
  const all = await streamed(market, 'ARETI', isFinal)
  t.equal(new Set(all.map(({ id }) => id)).size, all.length, 'each has an id of its own')
  t.strictSame(
    all.map(({ event }) => event).filter(event => event !== 'SessionFinalised'),
    ['OutcomeValidated', 'OutcomeValidated', 'OutcomeValidated', 'RequestValidated']
  )
  for (const [n, { id }] of all.slice(0, -1).entries())
    t.strictSame(await streamed(market, 'ARETI', isFinal, id), all.slice(n + 1))
})

t.test(
  'a stopping market answers what was asked and waits for nobody who asks nothing',
  { timeout: 20_000 },
  async t => {
    const stopping = await startMarket('2026-01-14T09:00:00Z')
    const { hostname, port } = new URL(stopping.app.url)
    const silent = connect(Number(port), hostname)
    silent.on('error', () => undefined)
    await once(silent, 'connect')
    t.equal((await stopping.call(undefined, 'GET', '/livez')).status, 200)
    const cut = once(silent, 'close')
    const asked = stopping.call('ACEAE', 'POST', '/v1/pods', aPod('POD-A'))
    // The token is had and the call is on its way.
    while (!stopping.statuses.includes(201) && !(await hasInbox(stopping))) await new Promise(setImmediate)
    await stopping.close()
    await cut
    t.equal((await asked).status, 201)
  }
)

/** A registration has reached the log. */
const hasInbox = async ({ app: { log } }: Market): Promise<boolean> => {
  const { name, partitions } = topics['flex.registry.commands']
  for (let partition = 0; partition < partitions; partition++)
    if ((await log.endOffset(name, partition)) > 0) return true
  return false
}
