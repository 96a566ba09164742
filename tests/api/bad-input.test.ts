import t, { type Test } from 'tap'
import { agreementLink, blockOffer, flexRequest, newPod, podDocument, singleOffer } from '../../gateway/api/examples.ts'
import { topics } from '../../schemas/topics.ts'
import { storyOf, tellUntilCleared, tellUntilOpen } from './story.ts'
import { type Answer, type System, startSystem } from './system.ts'

const session = '/v1/sessions/2025-03-29.DA.POM-ROMA-NORD'
const [interval] = singleOffer.intervals

interface ProblemBody {
  readonly type: string
  readonly status: number
  readonly code: string
  readonly errors?: readonly { readonly code: string; readonly path: string }[]
  readonly errorsTotal?: number
  readonly items?: readonly { readonly problem?: ProblemBody }[]
}

const problemOf = (t: Test, answer: Answer): ProblemBody => {
  t.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  const body = answer.json() as ProblemBody
  t.equal(body.status, answer.status, 'the body says the status too')
  t.equal(body.type, `http://localhost:8080/problems/${body.code}`)
  return body
}

/** The code and the paths of what is wrong. */
const isProblem = (t: Test, answer: Answer, status: number, code: string, paths?: readonly string[]): void => {
  t.equal(answer.status, status, `${code}: ${answer.text.slice(0, 200)}`)
  const body = problemOf(t, answer)
  t.equal(body.code, code)
  if (paths) t.strictSame(body.errors?.map(({ path }) => path).sort(), [...paths].sort(), code)
}

const written = async ({ log }: System): Promise<number> => {
  let records = 0
  for (const { name, partitions } of [topics['flex.registry.commands'], topics['flex.market.commands']])
    for (let partition = 0; partition < partitions; partition++) records += await log.endOffset(name, partition)
  return records
}

t.test('a request of another shape is refused with every error, and nothing reaches the log', async t => {
  const system = await startSystem()
  t.teardown(() => system.close())
  await tellUntilOpen(system, await storyOf(system))
  const before = await written(system)
  const offers = (body: unknown) => system.call('ACEAE', 'POST', `${session}/offers`, body)

  for (const text of ['{', '', '[{"a":NaN}]', '{"a":1}}', '\u0000', '{"__proto__":{}}', '"\\ud8'])
    isProblem(t, await offers(text === '' ? ' ' : text), 400, 'malformed-json')
  isProblem(t, await system.call('ACEAE', 'POST', `${session}/offers`, '', {}), 400, 'malformed-json')

  const wrong = {
    ...singleOffer,
    offerId: 'has space',
    direction: 'SIDEWAYS',
    quantity: 'W',
    extra: 1,
    intervals: [
      { ...interval, start: '2025-03-29T18:00:00', steps: [{ quantity: '1000', price: 1.5 }] },
      { ...interval, end: '2025-03-29T19:07:00+01:00', minAcceptance: null }
    ]
  }
  isProblem(t, await offers([singleOffer, wrong]), 400, 'invalid-request', [
    '/1/direction',
    '/1/extra',
    '/1/intervals/0/start',
    '/1/intervals/0/steps/0/price',
    '/1/intervals/0/steps/0/quantity',
    '/1/intervals/1/end',
    '/1/intervals/1/minAcceptance',
    '/1/offerId',
    '/1/quantity'
  ])
  isProblem(t, await offers([]), 400, 'invalid-request', [''])
  isProblem(t, await offers([{ ...singleOffer, type: 'triple' }]), 400, 'invalid-request', ['/0/type'])
  isProblem(t, await offers({}), 400, 'invalid-request', ['/type'])
  isProblem(t, await offers({ type: 1 }), 400, 'invalid-request', ['/type'])
  isProblem(t, await offers([{ ...blockOffer, mtus: 1e30 }]), 400, 'invalid-request', ['/0/mtus'])
  isProblem(t, await offers('[{"type":"block","power":1e999}]'), 400, 'invalid-request')
  for (const body of ['null', '1', '"a"', 'true', '[[]]', '[null]'])
    isProblem(t, await offers(body), 400, 'invalid-request')

  const many = Array.from({ length: 5_000 }, () => ({ type: 'single', offerId: 1 }))
  const answer = await offers(many)
  isProblem(t, answer, 400, 'invalid-request')
  const { errors, errorsTotal } = answer.json() as ProblemBody
  t.equal(errors?.length, 100, 'at most 100 are listed')
  t.ok(errorsTotal! > 1_000, 'and the rest is counted')
  isProblem(t, await offers([...many, {}]), 400, 'invalid-request', [''])
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  isProblem(t, await offers(deep), 400, 'invalid-request')
  const wide = [{ ...singleOffer, unit: { id: 'A', pods: Array.from({ length: 300_000 }, () => 1) } }]
  isProblem(t, await offers(wide), 400, 'invalid-request', ['/0/unit/pods'])

  const put = (body: unknown) => system.call('ACEAE', 'PUT', `${session}/offers/OFFER-1`, body)
  isProblem(t, await put({ ...singleOffer, offerId: 'OTHER' }), 400, 'invalid-request', ['/offerId'])
  isProblem(t, await put([singleOffer]), 400, 'invalid-request')
  isProblem(
    t,
    await system.call('ACEAE', 'PUT', '/v1/pods/IT1', { ...podDocument, pod: 'IT1' }),
    400,
    'invalid-request',
    ['/pod']
  )

  for (const url of ['/v1/pods?limit=0', '/v1/pods?limit=1001', '/v1/pods?limit=many', '/v1/pods?assigned=perhaps'])
    isProblem(t, await system.call('ACEAE', 'GET', url), 400, 'invalid-request')
  for (const url of ['/v1/pods?aggregator=ACEAE', '/v1/pods/IT1?aggregator=ACEAE', `${session}?aggregator=ACEAE`])
    isProblem(t, await system.call('ACEAE', 'GET', url), 400, 'invalid-request', ['/querystring/aggregator'])
  isProblem(t, await system.call('ACEAE', 'GET', '/v1/sessions?date=2025-02-30'), 400, 'invalid-request')
  isProblem(t, await system.call('ACEAE', 'GET', '/v1/pods?cursor=abc'), 400, 'bad-cursor')
  isProblem(t, await system.call('ACEAE', 'GET', '/v1/sessions/today'), 400, 'invalid-request', ['/params/sessionId'])
  isProblem(t, await system.call('ACEAE', 'GET', '/v1/sessions/2025-03-29.DA.%00'), 400, 'invalid-request')
  isProblem(t, await system.call('ACEAE', 'GET', '/v1/pods/%zz'), 404, 'unknown-route')
  isProblem(t, await system.call('ACEAE', 'GET', `/v1/pods/${'A'.repeat(5_000)}`), 404, 'unknown-route')
  isProblem(t, await system.call('ACEAE', 'DELETE', '/v1/sessions'), 404, 'unknown-route')

  const headers = { 'idempotency-key': 'with a space' }
  isProblem(t, await system.call('ACEAE', 'POST', '/v1/pods', newPod, headers), 400, 'invalid-request')
  for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded'])
    isProblem(
      t,
      await system.call('ACEAE', 'POST', '/v1/pods', 'a=1', { 'content-type': type }),
      415,
      'unsupported-media-type'
    )
  isProblem(t, await system.call('ACEAE', 'POST', '/v1/pods', `[${' '.repeat(10_000_000)}]`), 413, 'body-too-large')

  t.equal(await written(system), before, 'nothing was written')
})

t.test('what the market refuses is a problem with its reasons, one status each', async t => {
  const system = await startSystem()
  t.teardown(() => system.close())
  await tellUntilOpen(system, await storyOf(system))
  const offer = (over: object) =>
    system.call('ACEAE', 'POST', `${session}/offers`, { ...singleOffer, offerId: 'NEW', ...over })
  const steps = (quantity: number, price: number) => ({ intervals: [{ ...interval, steps: [{ quantity, price }] }] })

  isProblem(t, await offer({ unit: { id: 'NOBODY', pods: ['NOBODY'] } }), 422, 'unknown-pod', ['/unit/pods/0'])
  isProblem(t, await offer(steps(3_001, 1)), 422, 'above-band', ['/intervals/0/steps'])
  isProblem(t, await offer(steps(99, 1)), 422, 'below-minimum-bid')
  isProblem(t, await offer(steps(1_000, -1)), 422, 'above-price-limit-max', ['/intervals/0/steps/0/price'])
  isProblem(t, await offer({ offerId: 'OFFER-1' }), 409, 'duplicate-offer-id', ['/offerId'])
  isProblem(t, await offer({ intervals: [{ ...interval, end: interval!.start }] }), 422, 'bad-interval')
  const outside = { ...interval, start: '2025-03-30T00:00:00+01:00', end: '2025-03-30T01:00:00+01:00' }
  isProblem(t, await offer({ intervals: [outside] }), 422, 'outside-session', ['/intervals/0'])
  const both = await offer({ ...steps(3_001, -1), unit: { id: 'NOBODY', pods: ['NOBODY'] } })
  isProblem(t, both, 422, 'unknown-pod', ['/unit/pods/0', '/intervals/0/steps/0/price'])

  const elsewhere = '/v1/sessions/2031-01-01.DA.POM-ROMA-NORD'
  isProblem(t, await system.call('ACEAE', 'POST', `${elsewhere}/offers`, singleOffer), 404, 'unknown-session')
  isProblem(t, await system.call('ACEAE', 'DELETE', `${session}/offers/NONE`), 404, 'unknown-offer')
  isProblem(t, await system.call('ARETI', 'DELETE', `${session}/requests/NONE`), 404, 'unknown-request')
  isProblem(t, await system.call('ACEAE', 'PUT', '/v1/pods/NOBODY', podDocument), 404, 'unknown-pod')
  isProblem(t, await system.call('ACEAE', 'DELETE', '/v1/pods/NOBODY'), 404, 'unknown-pod')
  isProblem(t, await system.call('ACEAE', 'POST', '/v1/pods', newPod), 409, 'duplicate-pod')
  const agreement = { ...agreementLink, smartContractId: 'short' }
  isProblem(t, await system.call('ACEAE', 'PUT', '/v1/pods/IT002E1234567A/agreement', agreement), 422, 'bad-id')
  isProblem(
    t,
    await system.call('TERNA', 'POST', `${session}/requests`, { ...flexRequest, requestId: 'OF-TERNA' }),
    422,
    'bad-range'
  )

  const mixed = await system.call('ACEAE', 'POST', `${session}/offers`, [
    { ...blockOffer, offerId: 'GOOD' },
    singleOffer,
    { ...singleOffer, offerId: 'BAD', ...steps(3_001, 1) }
  ])
  t.equal(mixed.status, 207)
  t.match(mixed.json(), {
    items: [
      { index: 0, id: 'GOOD', status: 'accepted' },
      { index: 1, id: 'OFFER-1', status: 'refused', problem: { status: 409, code: 'duplicate-offer-id' } },
      { index: 2, id: 'BAD', status: 'refused', problem: { status: 422, code: 'above-band' } }
    ]
  })
  const all = await system.call('ACEAE', 'POST', `${session}/offers`, [singleOffer])
  isProblem(t, all, 422, 'all-refused')
  t.match(all.json(), { items: [{ status: 'refused', problem: { code: 'duplicate-offer-id' } }] })
})

t.test(
  'T-05: after the gate a session takes no offer, request or change, and a final one no technical outcome',
  async t => {
    const system = await startSystem()
    t.teardown(() => system.close())
    const story = await storyOf(system)
    await tellUntilCleared(system, story)
    for (const [actor, id] of [
      ['ACEAE', 'replaceOffer'],
      ['ACEAE', 'withdrawOffer'],
      ['ARETI', 'replaceRequest'],
      ['ARETI', 'withdrawRequest']
    ] as const)
      isProblem(t, await story.tell(actor, id), 409, 'session-not-open')
    t.match((await story.tell('ACEAE', 'placeOffers')).json(), {
      items: [{ problem: { code: 'session-not-open' } }, { problem: { code: 'session-not-open' } }]
    })
    const url = `${session}/technical-outcome`
    const outcome = { marketOutcomeId: 'ANOTHER', verdicts: [], unmentioned: 'OK', complete: true }
    t.match((await system.call('ARETI', 'POST', url, outcome)).json(), {
      items: [{ problem: { code: 'wrong-outcome' } }]
    })

    const verdicts = [{ offerId: 'NONE', intervals: [{ start: interval!.start, end: interval!.end, verdict: 'KO' }] }]
    const unknown = await system.call('ARETI', 'POST', url, {
      ...outcome,
      marketOutcomeId: '2025-03-29.DA.POM-ROMA-NORD.MO',
      verdicts
    })
    t.match(
      unknown.json(),
      { items: [{ status: 'refused' }, { status: 'not-sent' }] },
      'a refused verdict finalises nothing'
    )
    t.equal((await story.tell('ARETI', 'sendTechnicalOutcome')).status, 201)
    t.match((await story.tell('ARETI', 'sendTechnicalOutcome')).text, /"already-final"|"session-not-cleared"/)
  }
)

t.test('T-03: on the days of a clock change an interval is what its offsets say', async t => {
  for (const [start, date, hours] of [
    ['2025-03-29T10:00:00Z', '2025-03-30', 23],
    ['2025-10-25T09:00:00Z', '2025-10-26', 25]
  ] as const) {
    const system = await startSystem({ start })
    t.teardown(() => system.close())
    await system.call('ACEAE', 'POST', '/v1/pods', newPod)
    const place = { dsoId: 'ARETI', pom: 'POM-ROMA-NORD' }
    await system.call('ARETI', 'POST', '/v1/pom-assignments', [{ pod: newPod.pod, place }])
    await system.until(`${start.slice(0, 10)}T12:00:00Z`)
    const url = `/v1/sessions/${date}.DA.POM-ROMA-NORD`
    const opened = (await system.call('ACEAE', 'GET', url)).json() as { start: string; end: string }
    t.equal((Date.parse(opened.end) - Date.parse(opened.start)) / 3_600_000, hours, `${date} has ${hours} hours`)

    const offer = (from: string, to: string) =>
      system.call('ACEAE', 'POST', `${url}/offers`, {
        ...singleOffer,
        offerId: `${from.slice(11, 13)}${from.slice(20, 22)}${hours}`,
        intervals: [{ ...interval, start: from, end: to }]
      })
    if (hours === 25) {
      t.equal(
        (await offer(`${date}T02:15:00+02:00`, `${date}T02:15:00+01:00`)).status,
        201,
        'from one 02:15 to the other'
      )
      isProblem(t, await offer(`${date}T02:15:00`, `${date}T02:30:00`), 400, 'invalid-request', [
        '/intervals/0/start',
        '/intervals/0/end'
      ])
    } else {
      t.equal((await offer(`${date}T01:45:00+01:00`, `${date}T03:15:00+02:00`)).status, 201, 'over the missing hour')
      isProblem(t, await offer(`${date}T23:00:00+02:00`, `${date}T24:00:00+02:00`), 400, 'invalid-request')
      isProblem(t, await offer(`${date}T23:00:00+01:00`, `${date}T23:15:00+01:00`), 422, 'outside-session')
    }
  }
})
