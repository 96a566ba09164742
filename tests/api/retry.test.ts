import t from 'tap'
import { newPod, singleOffer } from '../../gateway/api/examples.ts'
import { FlexError } from '../../infra/errors.ts'
import { type AppendFault, faultyLog } from '../../infra/log/faulty-log.ts'
import { topics } from '../../schemas/topics.ts'
import { storyOf, tellUntilOpen } from './story.ts'
import { type System, startSystem } from './system.ts'

const session = '/v1/sessions/2025-03-29.DA.POM-ROMA-NORD'
const offer = { ...singleOffer, offerId: 'RETRIED' }

const placedOffers = async (system: System): Promise<readonly string[]> => {
  await system.settle()
  const { items } = (await system.call('ACEAE', 'GET', `${session}/offers`)).json() as { items: { offerId: string }[] }
  return items.map(({ offerId }) => offerId)
}

t.test('a call that is repeated with its key takes effect once and gets the first answer', async t => {
  const system = await startSystem()
  t.teardown(() => system.close())
  await tellUntilOpen(system, await storyOf(system))
  const headers = { 'idempotency-key': 'k-1' }
  const send = (body: unknown) => system.call('ACEAE', 'POST', `${session}/offers`, body, headers)

  const first = await send(offer)
  t.equal(first.status, 201)
  t.equal(first.headers['idempotency-key'], 'k-1')
  t.equal(first.headers['location'], `${session}/offers/RETRIED`)
  const again = await send(offer)
  t.equal(again.status, 201)
  t.strictSame(again.json(), first.json())

  const other = await send({ ...offer, direction: 'DOWN' })
  t.equal(other.status, 422)
  t.match(other.json(), { code: 'idempotency-key-reused' })

  const refused = await system.call('ACEAE', 'POST', '/v1/pods', newPod, { 'idempotency-key': 'k-2' })
  t.equal(refused.status, 409)
  t.match((await system.call('ACEAE', 'POST', '/v1/pods', newPod, { 'idempotency-key': 'k-2' })).json(), {
    code: 'duplicate-pod'
  })

  const made = await system.call('ACEAE', 'POST', `${session}/offers`, { ...offer, offerId: 'ANOTHER' })
  t.match(made.headers['idempotency-key'], /^[0-9a-f-]{36}$/, 'a key that was made up is told')
  const sameKeyElsewhere = await system.call(
    'EGEOE',
    'POST',
    '/v1/pods',
    { ...newPod, pod: 'IT9', aggregatorId: 'EGEOE' },
    headers
  )
  t.equal(sameKeyElsewhere.status, 201, 'keys of different actors do not meet')
  t.strictSame(await placedOffers(system), ['ANOTHER', 'OFFER-1', 'OFFER-2', 'RETRIED'])
})

t.test('another instance gives the first answer from the tables', async t => {
  const system = await startSystem({ limits: { answersKept: 0 } })
  t.teardown(() => system.close())
  await tellUntilOpen(system, await storyOf(system))
  const send = () => system.call('ACEAE', 'POST', `${session}/offers`, offer, { 'idempotency-key': 'k-1' })
  const first = await send()
  await system.settle()
  const again = await send()
  t.equal(again.status, 201)
  const { command, position } = first.json() as { command: string; position: unknown }
  t.match(again.json(), { command, position })
})

t.test('a command that is not decided in time is answered 202, and its page tells what became of it', async t => {
  const system = await startSystem({ limits: { decisionMs: 1 }, withProcessors: false })
  t.teardown(() => system.close())
  const one = await system.call('ACEAE', 'POST', '/v1/pods', newPod)
  t.equal(one.status, 202)
  const { command } = one.json() as { command: string }
  t.equal(one.headers['location'], `/v1/commands/${command}`)
  t.equal((await system.call('ACEAE', 'GET', `/v1/commands/${command}`)).status, 404)
  const many = await system.call('ACEAE', 'POST', '/v1/pods', [newPod, { ...newPod, pod: 'IT2' }])
  t.equal(many.status, 202)
  t.match(many.json(), { items: [{ status: 'pending' }, { status: 'pending' }] })
})

t.test('a log that fails is a 503 before or after the write, and the repetition takes effect once', async t => {
  for (const fault of ['not-persisted', 'persisted'] satisfies AppendFault[]) {
    let isFaulty = false
    const system = await startSystem({ wrapLog: log => faultyLog(log, () => (isFaulty ? fault : undefined)) })
    t.teardown(() => system.close())
    await tellUntilOpen(system, await storyOf(system))
    const send = () => system.call('ACEAE', 'POST', `${session}/offers`, offer, { 'idempotency-key': 'k-1' })
    isFaulty = true
    const failed = await send()
    t.equal(failed.status, 503)
    t.match(failed.json(), { code: 'log-unavailable' })
    t.ok(Number(failed.headers['retry-after']) > 0)
    isFaulty = false
    await system.settle()
    t.equal((await send()).status, 201, `${fault}: the repetition is answered like a first time`)
    t.strictSame(await placedOffers(system), ['OFFER-1', 'OFFER-2', 'RETRIED'])
  }
})

t.test('a log that takes no more, and too many waiting commands, are 503 with nothing written', async t => {
  const full = await startSystem({
    wrapLog: log => ({
      ...log,
      append: async () => {
        throw new FlexError('FLEX_LOG_OVERLOADED', 'full')
      }
    })
  })
  t.teardown(() => full.close())
  t.match((await full.call('ACEAE', 'POST', '/v1/pods', newPod)).json(), { status: 503, code: 'overloaded' })

  const busy = await startSystem({ limits: { waitingMax: 1 } })
  t.teardown(() => busy.close())
  const many = await busy.call('ACEAE', 'POST', '/v1/pods', [newPod, { ...newPod, pod: 'IT2' }])
  t.match(many.json(), { status: 503, code: 'overloaded' })
  for (let partition = 0; partition < topics['flex.registry.commands'].partitions; partition++)
    t.equal(await busy.log.endOffset('flex.registry.commands', partition), 0)
})

t.test('who calls too often waits; others do not', async t => {
  const system = await startSystem({ limits: { callsPerMinute: 3 } })
  t.teardown(() => system.close())
  const call = (actor: 'ACEAE' | 'EGEOE') => system.call(actor, 'GET', '/v1/pods')
  for (let n = 0; n < 3; n++) t.equal((await call('ACEAE')).status, 200)
  const refused = await call('ACEAE')
  t.match(refused.json(), { status: 429, code: 'too-many-requests' })
  t.ok(Number(refused.headers['retry-after']) > 0)
  t.equal((await call('EGEOE')).status, 200)

  const guarded = await startSystem({ limits: { callsPerMinuteOfAddress: 2 } })
  t.teardown(() => guarded.close())
  for (const status of [401, 401, 429]) t.equal((await guarded.call(undefined, 'GET', '/v1/pods')).status, status)
})

t.test('an answer that did not change is a 304, and another one has another ETag', async t => {
  const system = await startSystem()
  t.teardown(() => system.close())
  await system.call('ACEAE', 'POST', '/v1/pods', newPod)
  await system.settle()
  const url = '/v1/pods/IT002E1234567A'
  const first = await system.call('ACEAE', 'GET', url)
  const etag = String(first.headers['etag'])
  const again = await system.call('ACEAE', 'GET', url, undefined, { 'if-none-match': etag })
  t.equal(again.status, 304)
  t.equal(again.text, '')
  await system.call('ACEAE', 'PUT', `${url}/agreement`, { smartContractId: '60b8d295f1a2c3d4e5f60718' })
  await system.settle()
  t.equal((await system.call('ACEAE', 'GET', url, undefined, { 'if-none-match': etag })).status, 200)
  t.equal((await system.call('ACEAE', 'GET', url, undefined, { 'if-none-match': '*' })).status, 304)
})

t.test('pages follow each other without a gap or a repetition', async t => {
  const system = await startSystem()
  t.teardown(() => system.close())
  const pods = Array.from({ length: 25 }, (_, n) => `POD-${String(n).padStart(2, '0')}`)
  await system.call(
    'ACEAE',
    'POST',
    '/v1/pods',
    pods.map(pod => ({ ...newPod, pod }))
  )
  await system.settle()
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const url = `/v1/pods?limit=10${cursor === undefined ? '' : `&cursor=${cursor}`}`
    const page = (await system.call('ACEAE', 'GET', url)).json() as { items: { pod: string }[]; next?: string }
    seen.push(...page.items.map(({ pod }) => pod))
    cursor = page.next
  } while (cursor !== undefined)
  t.strictSame(seen, pods)
})
