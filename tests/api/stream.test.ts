import t from 'tap'
import { storyOf, tellUntilCleared } from './story.ts'
import { type ActorId, type System, startSystem } from './system.ts'

const path = '/v1/validated-outcomes/stream'

interface Event {
  readonly id: string
  readonly event: string
  readonly data: { readonly id: string; readonly type: string; readonly [name: string]: unknown }
}

/** Reads a stream until `enough` is true of what came, then hangs up. */
const follow = async (
  system: System,
  actor: ActorId,
  { query = '', lastEventId }: { query?: string; lastEventId?: string },
  enough: (events: readonly Event[], text: string) => boolean
): Promise<readonly Event[]> => {
  const hangUp = new AbortController()
  const response = await fetch(`${system.address}${path}${query}`, {
    headers: {
      authorization: `Bearer ${await system.token(actor)}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId })
    },
    signal: hangUp.signal
  })
  if (!response.headers.get('content-type')?.startsWith('text/event-stream'))
    throw new Error(`${actor} got no stream but ${response.status}: ${await response.text()}`)
  let text = ''
  let events: readonly Event[] = []
  for await (const bytes of response.body!) {
    text += Buffer.from(bytes).toString('utf8')
    events = eventsOf(text)
    if (enough(events, text)) break
  }
  hangUp.abort()
  return events
}

const eventsOf = (text: string): readonly Event[] =>
  text.split('\n\n').flatMap(block => {
    const fields = new Map(block.split('\n').map(line => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]))
    const [id, event, data] = ['id', 'event', 'data'].map(name => fields.get(name))
    return id && event && data ? [{ id, event, data: JSON.parse(data) as Event['data'] }] : []
  })

t.test(
  'FR_MP_FS_5, FL-5, MP-ARCH-04: an actor follows its own final outcomes, from the start, live, and from where it left off',
  async t => {
    const system = await startSystem({ limits: { heartbeatMs: 20 }, listens: true })
    t.teardown(() => system.close())
    const story = await storyOf(system)
    await tellUntilCleared(system, story)
    t.equal((await system.call('ACEAE', 'GET', path)).status, 404, 'nothing was published yet')
    await story.tell('ARETI', 'sendTechnicalOutcome')
    await system.settle()

    const own = await follow(system, 'ACEAE', { query: '?from=start' }, events => events.length >= 1)
    t.match(own, [
      {
        event: 'OutcomeValidated',
        data: { offerId: 'OFFER-1', allocations: [{ start: '2025-03-29T17:00:00.000Z', quantity: 800 }] }
      }
    ])

    // The grid operator has sessions at other points of measure too; between those no order is promised.
    const here = (events: readonly Event[]) => events.filter(({ data }) => data['pom'] === 'POM-ROMA-NORD')
    const all = await follow(system, 'ARETI', { query: '?from=start' }, events => here(events).length >= 4)
    t.strictSame(
      here(all).map(({ event }) => event),
      ['SessionFinalised', 'OutcomeValidated', 'RequestValidated', 'SessionFinalised'],
      'an empty real-time session was final before'
    )
    const [first, ...later] = all
    const rest = await follow(system, 'ARETI', { lastEventId: first!.id }, events => events.length >= later.length)
    const names = (events: readonly Event[]) => events.map(({ data }) => data.id).sort()
    t.strictSame(
      here(rest).map(({ data }) => data.id),
      here(later).map(({ data }) => data.id),
      'in their order'
    )
    t.strictSame(names(rest), names(later), 'what came after the last id, and nothing else')

    // Live: a stream that is open when the next session is final.
    let isOpen = (): void => undefined
    const opened = new Promise<void>(resolve => {
      isOpen = resolve
    })
    const live = follow(system, 'ARETI', {}, (events, text) => {
      if (text.includes('still here')) isOpen()
      return events.some(({ event }) => event === 'SessionFinalised')
    })
    await opened
    for (const instant of ['2025-03-28T15:31:00Z', '2025-03-28T18:31:00Z']) await system.until(instant)
    t.match((await live).at(-1), { event: 'SessionFinalised' })
  }
)

t.test(
  'a stream is refused to whom no topic belongs, with an id of another stream, and beyond the number allowed',
  async t => {
    const system = await startSystem({ limits: { streamsPerActor: 1 }, listens: true })
    t.teardown(() => system.close())
    const story = await storyOf(system)
    await tellUntilCleared(system, story)
    await story.tell('ARETI', 'sendTechnicalOutcome')
    await system.settle()
    for (const actor of ['UNARETI', 'AMPRION', 'EGEOE'] as const)
      t.equal((await system.call(actor, 'GET', path)).status, 404, actor)
    t.equal((await system.call('OPERATIONS', 'GET', path)).status, 403)
    for (const id of ['1', 'x', '-1.0', `${'0.'.repeat(11)}0.0`])
      t.match((await system.call('ACEAE', 'GET', path, undefined, { 'last-event-id': id })).json(), {
        code: 'bad-event-id'
      })

    await follow(system, 'ACEAE', {}, () => true)
    const held = new AbortController()
    const authorization = `Bearer ${await system.token('ACEAE')}`
    const open = () => fetch(`${system.address}${path}`, { headers: { authorization }, signal: held.signal })
    // The end of the stream before may not have been noticed yet.
    let first = await open()
    while (first.status === 429) first = await open()
    const second = await open()
    t.equal(second.status, 429)
    t.match(await second.json(), { code: 'too-many-streams' })
    held.abort()
  }
)

t.test('a stopping gateway ends its streams and does not wait for them', async t => {
  const system = await startSystem({ listens: true })
  const story = await storyOf(system)
  await tellUntilCleared(system, story)
  await story.tell('ARETI', 'sendTechnicalOutcome')
  await system.settle()
  const response = await fetch(`${system.address}${path}`, {
    headers: { authorization: `Bearer ${await system.token('ACEAE')}` }
  })
  const text = response.text()
  await system.close()
  t.match(await text, /the server stops/)
})
