/**
 * What a confused, late, greedy or hostile client sends over a real socket: it is told precisely what is wrong, and what
 * was accepted before, or beside it in the same array, stays.
 */
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { type Actor, type Answer, anOffer, aPod, type Market, openDay, startMarket } from './market.ts'

const session = '/v1/sessions/2026-01-15.DA.ROMA01'
const opensAt = '2026-01-14T11:00:00Z'
const evening = { start: '2026-01-15T18:00:00+01:00', end: '2026-01-15T19:00:00+01:00' }

interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly instance: string
  readonly traceId: string
  readonly errors?: readonly { readonly code: string; readonly path: string; readonly detail: string }[]
}

interface Bulk {
  readonly items: readonly {
    readonly index: number
    readonly id: string
    readonly status: string
    readonly problem?: Problem
  }[]
}

/** RFC 9457 in full, and every error with its place. */
const isProblem = (
  t: Test,
  answer: Answer,
  status: number,
  code: string,
  errors?: readonly [string, string][]
): void => {
  const problem = answer.body as Problem
  t.equal(answer.status, status, `${code}: ${JSON.stringify(answer.body).slice(0, 300)}`)
  t.match(answer.headers.get('content-type'), /^application\/problem\+json/)
  t.match(problem, { status, code, title: /./, detail: /./, instance: /^\//, traceId: /./ })
  t.ok(problem.type.endsWith(`/problems/${code}`), 'the type leads to the description of the code')
  if (errors)
    t.strictSame(problem.errors?.map(({ path, code }) => [path, code]).sort(), [...errors].sort(), `errors of ${code}`)
}

const started = async (t: Test): Promise<Market> => {
  const market = await startMarket('2026-01-14T09:00:00Z')
  t.teardown(() => market.close())
  await openDay(market, opensAt)
  return market
}

const neverFailed = (t: Test, { statuses }: Market): void => {
  t.strictSame(
    statuses.filter(status => status >= 500),
    [],
    'whatever is sent, the server does not fail'
  )
}

const place = (market: Market, body: unknown, key?: string, actor: Actor = 'ACEAE') =>
  market.call(actor, 'POST', `${session}/offers`, body, key === undefined ? {} : { 'idempotency-key': key })

const offer = (offerId: string, over: { quantity?: unknown; price?: unknown; pod?: string } = {}) =>
  anOffer({ offerId, pod: 'POD-A', ...evening, ...over })

/** What the market holds of an actor. */
const held = async (market: Market, actor: Actor = 'ACEAE'): Promise<readonly string[]> => {
  await market.settled()
  const { body } = await market.call(actor, 'GET', `${session}/offers?limit=1000`)
  return (body as { items: { offerId: string }[] }).items.map(({ offerId }) => offerId).sort()
}

t.test('what is no request at all is refused before it reaches the market, and what was accepted stays', async t => {
  const market = await started(t)
  t.equal((await place(market, offer('FIRST'))).status, 201)
  for (const text of ['{', '[', 'null,', '{"offerId": NaN}', '{"offerId": Infinity}', "{'offerId': 1}", '\u0000'])
    isProblem(t, await place(market, text), 400, 'malformed-json')
  isProblem(t, await place(market, ' '.repeat(market.bodyBytesMax + 1)), 413, 'body-too-large')
  for (const type of ['text/plain', 'application/xml', 'application/octet-stream', 'multipart/form-data; boundary=x'])
    isProblem(
      t,
      await market.call('ACEAE', 'POST', `${session}/offers`, '[]', { 'content-type': type }),
      415,
      'unsupported-media-type'
    )
  const wrong = {
    ...offer('HALF', { quantity: 1_000.5, price: '120000' }),
    direction: 'up',
    units: 'kW',
    service: undefined
  }
  isProblem(t, await place(market, [offer('GOOD'), wrong]), 400, 'invalid-request', [
    ['/1/direction', 'bad-value'],
    ['/1/intervals/0/steps/0/price', 'bad-type'],
    ['/1/intervals/0/steps/0/quantity', 'bad-type'],
    ['/1/service', 'missing-field'],
    ['/1/units', 'unknown-field']
  ])
  for (const quantity of ['1000', null, true, [1_000], { W: 1_000 }])
    isProblem(t, await place(market, offer('TEXT', { quantity })), 400, 'invalid-request')
  t.strictSame(await held(market), ['FIRST'])
  neverFailed(t, market)
})

t.test('what the rules do not allow is refused with every reason', async t => {
  const market = await started(t)
  isProblem(t, await place(market, offer('STRANGE', { pod: 'NOBODY' })), 422, 'unknown-pod', [
    ['/unit/pods/0', 'unknown-pod']
  ])
  isProblem(t, await place(market, offer('GREEDY', { quantity: 3_001 })), 422, 'above-band', [
    ['/intervals/0/steps', 'above-band']
  ])
  // 3 kW said as 3: there is no way to see a unit in a number but by its size.
  isProblem(t, await place(market, offer('IN-KW', { quantity: 3 })), 422, 'below-minimum-bid')
  isProblem(t, await place(market, offer('FOREIGN'), undefined, 'EGEOE'), 403, 'foreign-actor')
  isProblem(
    t,
    await market.call('ACEAE', 'POST', '/v1/sessions/2026-01-15.DA.NOWHERE/offers', offer('LOST')),
    404,
    'unknown-session'
  )
  isProblem(
    t,
    await market.call('EGEOE', 'PUT', '/v1/pods/POD-A', withoutPod(aPod('POD-A', 'EGEOE'))),
    403,
    'foreign-actor'
  )
  t.strictSame(await held(market), [])
  neverFailed(t, market)
})

t.test(
  'A repeated call is answered as the first time, and the same key or id with another content is refused',
  async t => {
    const market = await started(t)
    const both = [offer('ONE'), offer('TWO')]
    const first = await place(market, both, 'key-1')
    const again = await place(market, both, 'key-1')
    t.equal(first.status, 201)
    t.strictSame([again.status, again.body], [first.status, first.body])
    t.equal(again.headers.get('idempotency-key'), 'key-1')

    const other = await place(market, offer('ONE', { quantity: 2_000 }), 'key-1')
    isProblem(t, other, 422, 'idempotency-key-reused')
    isProblem(t, await place(market, offer('ONE', { quantity: 2_000 }), 'key-2'), 409, 'duplicate-offer-id', [
      ['/offerId', 'duplicate-offer-id']
    ])
    const replayed = await place(market, both, 'key-3')
    isProblem(t, replayed, 422, 'all-refused')
    t.strictSame(
      (replayed.body as Bulk).items.map(({ problem }) => problem?.code),
      ['duplicate-offer-id', 'duplicate-offer-id']
    )
    t.strictSame(await held(market), ['ONE', 'TWO'])
  }
)

t.test('the good items of an array are accepted beside the bad ones, and each is told its own part', async t => {
  const market = await started(t)
  t.equal((await place(market, offer('THERE'))).status, 201)
  const mixed = await place(market, [
    offer('GOOD-1'),
    offer('THERE'),
    offer('GREEDY', { quantity: 3_001 }),
    offer('STRANGE', { pod: 'NOBODY' }),
    offer('GOOD-2')
  ])
  t.equal(mixed.status, 207)
  t.strictSame(
    (mixed.body as Bulk).items.map(({ index, id, status, problem }) => [index, id, status, problem?.code]),
    [
      [0, 'GOOD-1', 'accepted', undefined],
      [1, 'THERE', 'refused', 'duplicate-offer-id'],
      [2, 'GREEDY', 'refused', 'above-band'],
      [3, 'STRANGE', 'refused', 'unknown-pod'],
      [4, 'GOOD-2', 'accepted', undefined]
    ]
  )
  t.strictSame(await held(market), ['GOOD-1', 'GOOD-2', 'THERE'])
  neverFailed(t, market)
})

t.test('who is not who it says, or may not do what it asks, changes nothing', async t => {
  const market = await started(t)
  const token = await market.token('ACEAE')
  const [head, payload, signature] = token.split('.') as [string, string, string]
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>
  const forged = Buffer.from(JSON.stringify({ ...claims, actor: 'EGEOE' })).toString('base64url')
  const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url')
  const post = (caller: { token: string } | undefined) =>
    market.call(caller, 'POST', `${session}/offers`, offer('SNEAKED'))
  isProblem(t, await post(undefined), 401, 'token-missing')
  for (const made of [`${head}.${forged}.${signature}`, `${unsigned}.${payload}.`, `${token}x`, 'x', ''])
    isProblem(t, await post({ token: made }), 401, 'token-invalid')
  isProblem(t, await post({ token: await market.token('ACEAE', 'market:read') }), 403, 'insufficient-scope')
  isProblem(t, await place(market, offer('SNEAKED'), undefined, 'ARETI'), 403, 'role-not-allowed')
  mock.timers.enable({ apis: ['Date'], now: (Number(claims['exp']) + 60) * 1_000 })
  try {
    isProblem(t, await post({ token }), 401, 'token-expired')
  } finally {
    mock.timers.reset()
  }
  t.strictSame(await held(market), [])
  neverFailed(t, market)
})

t.test('T-05: an offer after the gate is refused, whatever time the client names, and the outcome stands', async t => {
  const market = await started(t)
  t.equal((await place(market, offer('IN-TIME'))).status, 201)
  await market.until('2026-01-14T15:00:00Z')
  const late = await market.call('ACEAE', 'POST', `${session}/offers`, offer('LATE'), {
    date: 'Wed, 14 Jan 2026 12:00:00 GMT'
  })
  isProblem(t, late, 409, 'session-not-open')
  isProblem(t, await market.call('ACEAE', 'DELETE', `${session}/offers/IN-TIME`), 409, 'session-not-open')
  t.strictSame(await held(market), ['IN-TIME'])
  neverFailed(t, market)
})

t.test('T-03: a client may count its hours from any offset; the quarter-hours are the same', async t => {
  const market = await started(t)
  const same = [
    ['2026-01-15T18:00:00+01:00', '2026-01-15T19:00:00+01:00'],
    ['2026-01-15T17:00:00Z', '2026-01-15T18:00:00Z'],
    ['2026-01-15T22:30:00+05:30', '2026-01-15T23:30:00+05:30'],
    ['2026-01-15T05:00:00-12:00', '2026-01-15T06:00:00-12:00']
  ] as const
  for (const [number, [start, end]] of same.entries())
    t.equal((await place(market, anOffer({ offerId: `O${number}`, pod: 'POD-A', start, end }))).status, 201, start)
  await market.settled()
  const { body } = await market.call('ACEAE', 'GET', `${session}/offers`)
  const spans = (body as { items: { start: string; end: string }[] }).items.map(({ start, end }) => `${start}/${end}`)
  t.strictSame([...new Set(spans)], ['2026-01-15T17:00:00.000Z/2026-01-15T18:00:00.000Z'])
  t.equal(spans.length, same.length)
  const off = { offerId: 'OFF', pod: 'POD-A', start: '2026-01-15T18:00:01+01:00', end: evening.end }
  isProblem(t, await place(market, anOffer(off)), 400, 'invalid-request')
})

t.test('T-03: in spring the hour that does not exist holds no offer, in autumn both hours of one name do', async t => {
  for (const { date, eve, mtus } of [
    { date: '2026-03-29', eve: '2026-03-28', mtus: 92 },
    { date: '2026-10-25', eve: '2026-10-24', mtus: 100 }
  ]) {
    const market = await startMarket(`${eve}T08:00:00Z`)
    t.teardown(() => market.close())
    await openDay(market, `${eve}T11:00:00Z`)
    const url = `/v1/sessions/${date}.DA.ROMA01`
    const opened = (await market.call('ACEAE', 'GET', url)).body as { start: string; end: string }
    t.equal((Date.parse(opened.end) - Date.parse(opened.start)) / 900_000, mtus, `${date} has ${mtus} quarter-hours`)
    const post = (offerId: string, start: string, end: string) =>
      market.call('ACEAE', 'POST', `${url}/offers`, anOffer({ offerId, pod: 'POD-A', start, end }))
    if (mtus === 92) {
      // 02:00+01:00 is 03:00+02:00: an interval "from two to three" by the wall clock is empty.
      isProblem(t, await post('GAP', `${date}T02:00:00+01:00`, `${date}T03:00:00+02:00`), 422, 'bad-interval')
      t.equal((await post('AROUND', `${date}T01:45:00+01:00`, `${date}T03:15:00+02:00`)).status, 201)
    } else {
      t.equal((await post('SUMMER', `${date}T02:00:00+02:00`, `${date}T02:00:00+01:00`)).status, 201)
      t.equal((await post('WINTER', `${date}T02:00:00+01:00`, `${date}T03:00:00+01:00`)).status, 201)
    }
    await market.settled()
    const { body } = await market.call('ACEAE', 'GET', `${url}/offers`)
    const { items } = body as { items: { start: string; end: string }[] }
    t.strictSame(
      items.map(({ start, end }) => (Date.parse(end) - Date.parse(start)) / 900_000),
      mtus === 92 ? [2] : [4, 4]
    )
    neverFailed(t, market)
  }
})

const withoutPod = ({ pod: _, ...rest }: ReturnType<typeof aPod>) => rest
