import t from 'tap'
import { scopesOfRole } from '../../gateway/auth/principal.ts'
import type { Operation } from './operations.ts'
import { type Story, storyOf, tellUntilCleared, tellUntilOpen } from './story.ts'
import { type ActorId, type Answer, actors, type System, startSystem } from './system.ts'

/** Whose example a write is; the administrator too, where the operation is for administrators. */
const rightful: Readonly<Record<string, readonly ActorId[]>> = {
  registerPods: ['ACEAE', 'OPERATIONS'],
  updatePod: ['ACEAE', 'OPERATIONS'],
  ceasePod: ['ACEAE', 'OPERATIONS'],
  linkAgreement: ['ACEAE', 'OPERATIONS'],
  assignPoms: ['ARETI', 'OPERATIONS'],
  placeOffers: ['ACEAE'],
  replaceOffer: ['ACEAE'],
  withdrawOffer: ['ACEAE'],
  placeRequests: ['ARETI'],
  replaceRequest: ['ARETI'],
  withdrawRequest: ['ARETI'],
  declareUnavailabilities: ['ACEAE'],
  sendTechnicalOutcome: ['ARETI'],
  importNetwork: ['ARETI'],
  switchNetwork: ['ARETI'],
  sendMeasurements: ['ARETI'],
  describePlants: ['ARETI'],
  tellWeather: ['ARETI'],
  approveProposals: ['ARETI'],
  rejectProposals: ['ARETI']
}

const isWrite = ({ method }: Operation): boolean => method !== 'GET'
const isStream = ({ id }: Operation): boolean => id === 'streamValidatedOutcomes'

/** Everything that there is to see, as the administrator sees it. */
const wholeWorld = async (system: System, { operations }: Story): Promise<string> => {
  await system.settle()
  const seen: string[] = []
  for (const one of operations)
    if (!isWrite(one) && !isStream(one) && one.id !== 'getCommand') {
      const { status, text } = await system.call('OPERATIONS', 'GET', one.url)
      // A trace id is new in each problem.
      seen.push(`${one.id} ${status} ${status === 200 ? text : ''}`)
    }
  return seen.join('\n')
}

const isRefused = ({ status }: Answer): boolean => [403, 404, 409, 422].includes(status)

t.test('an actor that is not the rightful one changes nothing with any operation', async t => {
  for (const [phase, tellUntil] of [
    ['while the session is open', tellUntilOpen],
    ['after clearing', tellUntilCleared]
  ] as const) {
    const system = await startSystem()
    t.teardown(() => system.close())
    const story = await storyOf(system)
    await tellUntil(system, story)
    const writes = story.operations.filter(isWrite)
    t.strictSame(writes.map(({ id }) => id).sort(), Object.keys(rightful).sort(), 'every write has its rightful actors')

    const before = await wholeWorld(system, story)
    for (const { id, method, url, body } of writes)
      for (const { id: actor } of actors)
        if (!rightful[id]!.includes(actor)) {
          const answer = await system.call(actor, method, url, body)
          t.ok(isRefused(answer), `${phase}, ${id} by ${actor} is refused: ${answer.status}`)
        }
    t.equal(await wholeWorld(system, story), before, `${phase}, nothing has changed`)
  }
})

t.test('a stranger of the same role is told that it is foreign', async t => {
  const system = await startSystem()
  t.teardown(() => system.close())
  const story = await storyOf(system)
  await tellUntilOpen(system, story)
  for (const [actor, id, status] of [
    ['EGEOE', 'registerPods', 422],
    ['EGEOE', 'updatePod', 403],
    ['EGEOE', 'ceasePod', 403],
    ['EGEOE', 'replaceOffer', 403],
    ['EGEOE', 'withdrawOffer', 403],
    ['UNARETI', 'assignPoms', 422],
    ['UNARETI', 'replaceRequest', 403],
    ['UNARETI', 'withdrawRequest', 403]
  ] as const) {
    const answer = await story.tell(actor, id)
    t.equal(answer.status, status, `${id} by ${actor}`)
    t.match(answer.text, /"foreign-actor"/, `${id} by ${actor}`)
  }
})

/** Text that only stands in what belongs to one actor, and who may see it when the session is final. */
const secrets: readonly { readonly text: string; readonly of: string; readonly seenBy: readonly ActorId[] }[] = [
  { text: '60b8d295f1a2c3d4e5f60718', of: 'the agreement of a PoD', seenBy: ['ACEAE', 'ARETI', 'OPERATIONS'] },
  { text: '"p":1200', of: 'the baseline of a PoD', seenBy: ['ACEAE', 'ARETI', 'OPERATIONS'] },
  { text: '180000', of: 'the second price of an offer', seenBy: ['ACEAE', 'ARETI', 'OPERATIONS'] },
  { text: '"OFFER-2"', of: 'an offer that was not accepted', seenBy: ['ACEAE', 'ARETI', 'OPERATIONS'] },
  { text: '"location":"FEEDER-7"', of: 'the place of a request', seenBy: ['ARETI', 'OPERATIONS'] },
  { text: '"REQUEST-1"', of: 'a request', seenBy: ['ACEAE', 'ARETI', 'OPERATIONS'] },
  { text: 'Maintenance of the inverter.', of: 'an unavailability', seenBy: ['ACEAE', 'ARETI', 'OPERATIONS'] },
  { text: '"CABLE-1"', of: 'the state of a grid', seenBy: ['ARETI', 'OPERATIONS'] },
  { text: '"allocations":[{', of: 'an accepted service', seenBy: ['ACEAE', 'ARETI', 'OPERATIONS'] }
]

t.test('T-87: an actor reads nothing of another through any operation', async t => {
  const system = await startSystem()
  t.teardown(() => system.close())
  const story = await storyOf(system)
  await tellUntilCleared(system, story)
  await story.tell('ARETI', 'sendTechnicalOutcome')
  await story.tell('ACEAE', 'declareUnavailabilities')
  await system.settle()
  const placed = story.told.find(({ id }) => id === 'placeOffers')!.answer.json() as { items: { command: string }[] }
  const commandUrl = `/v1/commands/${placed.items[0]!.command}`

  for (const { id: actor } of actors) {
    let seen = ''
    for (const one of story.operations)
      if (!isWrite(one) && !isStream(one)) {
        const url = one.id === 'getCommand' ? commandUrl : one.url
        const answer = await system.call(actor, 'GET', url)
        t.ok([200, 403, 404].includes(answer.status), `${one.id} by ${actor}: ${answer.status}`)
        if (answer.status === 200) seen += answer.text
      }
    for (const { text, of, seenBy } of secrets)
      t.equal(
        seen.includes(text),
        seenBy.some(one => one === actor),
        `${actor} and ${of}`
      )
    const command = await system.call(actor, 'GET', commandUrl)
    t.equal(command.status, actor === 'ACEAE' || actor === 'OPERATIONS' ? 200 : 404, `${actor} and a command of ACEAE`)
  }
})

t.test('a DSO sees no offer before the session is cleared', async t => {
  const system = await startSystem()
  t.teardown(() => system.close())
  const story = await storyOf(system)
  await tellUntilOpen(system, story)
  const { url } = story.operation('listOffers')
  t.strictSame((await system.call('ARETI', 'GET', url)).json(), { items: [] })
  t.equal((await system.call('ARETI', 'GET', story.operation('getOffer').url)).status, 404)
  await system.until('2025-03-28T15:01:00Z')
  t.match((await system.call('ARETI', 'GET', url)).text, /"OFFER-1"/)
})

t.test('S-MP-01: no operation is open without a token, with another scope, or to another role', async t => {
  const system = await startSystem()
  t.teardown(() => system.close())
  const { operations } = await storyOf(system)
  for (const { id, method, url, body, scopes } of operations) {
    t.equal((await system.call(undefined, method, url, body)).status, 401, `${id} without a token`)
    for (const { role, id: actor } of actors) {
      const others = scopesOfRole[role].filter(scope => !scopes.includes(scope))
      const authorization = `Bearer ${await system.token(actor, others)}`
      const answer = await system.call(undefined, method, url, body, { authorization })
      t.equal(answer.status, 403, `${id} by ${actor} with ${others.join(' ')}`)
    }
  }
})
