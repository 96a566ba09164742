/** Every query, asked by every actor about a market in which each has something. */
import t, { type Test } from 'tap'
import { commandId } from '../infra/log/envelope.ts'
import { getCommand } from './commands/query.ts'
import {
  administrator,
  aggregator,
  allocation,
  aPlace,
  aPodRecord,
  blockOfferPlaced,
  dso,
  marketCleared,
  offerCleared,
  offerPlaced,
  otherAggregator,
  otherDso,
  otherTso,
  outcomeValidated,
  podNoted,
  podRegistered,
  pomAssigned,
  requestCleared,
  requestPlaced,
  requestValidated,
  sessionFinalised,
  sessionId,
  sessionOpened,
  tso,
  unavailabilityDeclared
} from './fixtures/events.ts'
import { type Projected, projected } from './fixtures/projected.ts'
import { listMarketOutcome, listRequestOutcomes, listValidatedOutcome } from './outcomes/query.ts'
import { listUnavailabilities } from './places/query.ts'
import { getPod, listPods, podHistory } from './pods/query.ts'
import type { Actor } from './runtime/actor.ts'
import { getOffer, getRequest, listOfferSummaries, listOffers, listRequests } from './services/query.ts'
import { getSession, listSessions } from './sessions/query.ts'

const actors = { aggregator, otherAggregator, dso, otherDso, tso, otherTso, administrator } as const
type Name = keyof typeof actors
const names = Object.keys(actors) as Name[]

/** What each actor is given; whoever is not named is given nothing. */
type Expected<Result> = Partial<Record<Name, Result>>

const see = async <Result>(
  t: Test,
  ask: (visibleTo: Actor) => Promise<readonly Result[]>,
  expected: Expected<readonly Result[]>
) => {
  for (const name of names) t.same(await ask(actors[name]), expected[name] ?? [], `what ${name} sees`)
}

const limit = 1000

/** acea: pod A at PoM-1 (edis), pod N not assigned yet; enelx: pod B at PoM-1 (edis), pod C at PoM-2 (areti). */
const registry = async (it: Projected) => {
  const otherRecord = aPodRecord({ aggregatorId: otherAggregator.id })
  await it.registry.answerEach(0, [
    podRegistered({ pod: 'A' }),
    podRegistered({ pod: 'N' }),
    podRegistered({ pod: 'B', by: otherAggregator, record: otherRecord }),
    podRegistered({ pod: 'C', by: otherAggregator, record: otherRecord }),
    pomAssigned({ pod: 'A', smartContractId: '0123456789abcdef01234567' }),
    pomAssigned({ pod: 'B', record: otherRecord }),
    pomAssigned({ pod: 'C', record: otherRecord, place: { ...aPlace, dsoId: otherDso.id, pom: 'PoM-2' }, by: otherDso })
  ])
}

const unit = (pod: string) => ({ id: pod, pods: [pod] })
const mine = { offerId: 'of-acea', unit: unit('A') }
const theirs = { offerId: 'of-enelx', unit: unit('B'), by: otherAggregator }
const lost = { offerId: 'of-lost', unit: unit('B'), by: otherAggregator }
const dsoRequest = { requestId: 'r-edis' }
const tsoRequest = { requestId: 'r-terna', by: tso, side: 'TSO', pods: [] } as const
const forDso = allocation({ requestId: 'r-edis', quantity: 700, price: 50_000 })
const forTso = allocation({ requestId: 'r-terna', side: 'TSO', quantity: 300, price: 70_000 })

const openBook = async (it: Projected) => {
  await it.market.answerEach(0, [
    podNoted({ pod: 'A' }),
    podNoted({ pod: 'B', aggregatorId: otherAggregator.id }),
    sessionOpened(),
    offerPlaced(mine),
    blockOfferPlaced(theirs),
    offerPlaced(lost),
    requestPlaced(dsoRequest),
    requestPlaced(tsoRequest)
  ])
}

const outcomes = [
  { offerId: mine.offerId, unit: mine.unit, aggregatorId: aggregator.id, allocations: [forDso, forTso], rank: 1 },
  { offerId: theirs.offerId, unit: theirs.unit, aggregatorId: otherAggregator.id, allocations: [forDso], rank: 2 },
  { offerId: lost.offerId, unit: lost.unit, aggregatorId: otherAggregator.id, allocations: [], rank: 0 }
]
const tsoOutcome = { requestId: 'r-terna', side: 'TSO', operator: tso.id } as const

const clear = (it: Projected) =>
  it.market.answer(0, [
    ...outcomes.map(one => offerCleared({ ...one, reason: one.rank === 0 ? 'not-needed' : null })),
    requestCleared({ requestId: 'r-edis' }),
    requestCleared(tsoOutcome),
    marketCleared()
  ])

const finalise = (it: Projected) =>
  it.market.answer(0, [
    ...outcomes.map(one => outcomeValidated(one)),
    requestValidated({ requestId: 'r-edis' }),
    requestValidated(tsoOutcome),
    sessionFinalised()
  ])

t.test(
  'a PoD is seen by its aggregator, its DSO (any DSO, if unassigned), the TSO once assigned, the administrator',
  async t => {
    await using it = await projected()
    await registry(it)
    await it.catchUp()
    const ids = async (visibleTo: Actor) => (await listPods(it.sql, { visibleTo, limit })).items.map(({ pod }) => pod)
    await see(t, ids, {
      aggregator: ['A', 'N'],
      otherAggregator: ['B', 'C'],
      dso: ['A', 'B', 'N'],
      otherDso: ['C', 'N'],
      tso: ['A', 'B', 'C'],
      otherTso: ['A', 'B', 'C'],
      administrator: ['A', 'B', 'C', 'N']
    })
    const curves = async (visibleTo: Actor) => {
      const pod = await getPod(it.sql, 'A', visibleTo)
      return pod ? [`${pod.powerBaselineCurves?.workday.length} ${pod.smartContractId?.slice(0, 4)}`] : []
    }
    await see(t, curves, {
      aggregator: ['1 0123'],
      dso: ['1 0123'],
      tso: ['undefined undefined'],
      otherTso: ['undefined undefined'],
      administrator: ['1 0123']
    })
    const places = async (visibleTo: Actor) =>
      ((await podHistory(it.sql, 'A', visibleTo)) ?? []).map(place => place.pom)
    await see(t, places, {
      aggregator: ['PoM-1'],
      dso: ['PoM-1'],
      tso: ['PoM-1'],
      otherTso: ['PoM-1'],
      administrator: ['PoM-1']
    })
  }
)

t.test(
  'T-19: an unavailability is seen by the aggregator that declared it, the DSO of the PoD, the administrator',
  async t => {
    await using it = await projected()
    await it.market.answerEach(0, [
      podNoted({ pod: 'A' }),
      podNoted({ pod: 'B', aggregatorId: otherAggregator.id }),
      podNoted({ pod: 'C', pom: 'PoM-2', dsoId: otherDso.id, aggregatorId: otherAggregator.id }),
      unavailabilityDeclared({ pod: 'A' }),
      unavailabilityDeclared({ pod: 'B', by: otherAggregator }),
      unavailabilityDeclared({ pod: 'C', pom: 'PoM-2', by: otherAggregator })
    ])
    await it.catchUp()
    const pods = async (visibleTo: Actor) =>
      (await listUnavailabilities(it.sql, { visibleTo, limit })).items.map(({ pod }) => pod)
    await see(t, pods, {
      aggregator: ['A'],
      otherAggregator: ['B', 'C'],
      dso: ['A', 'B'],
      otherDso: ['C'],
      administrator: ['A', 'B', 'C']
    })
  }
)

t.test('everybody sees the sessions', async t => {
  await using it = await projected()
  await openBook(it)
  await clear(it)
  await it.catchUp()
  const all: Expected<string[]> = Object.fromEntries(names.map(name => [name, ['cleared']]))
  await see(
    t,
    async visibleTo => (await listSessions(it.sql, { visibleTo, limit })).items.map(({ status }) => status),
    all
  )
  await see(t, async visibleTo => [(await getSession(it.sql, sessionId, visibleTo))?.status ?? ''], all)
})

t.test(
  'an offer is seen by its aggregator and, after clearing only, by the DSO of its PoDs; never by another',
  async t => {
    await using it = await projected()
    await openBook(it)
    await it.catchUp()
    const listed = async (visibleTo: Actor) =>
      (await listOffers(it.sql, { sessionId, visibleTo, limit })).items.map(({ offerId }) => offerId)
    const summaries = async (visibleTo: Actor) =>
      (await listOfferSummaries(it.sql, { sessionId, visibleTo, limit })).items.map(({ offerId }) => offerId)
    const got = async (visibleTo: Actor) => {
      const offer = await getOffer(it.sql, { sessionId, offerId: mine.offerId }, visibleTo)
      return offer ? [offer.offerId] : []
    }
    const all = [mine.offerId, theirs.offerId, lost.offerId].sort()
    const before = {
      aggregator: [mine.offerId],
      otherAggregator: [theirs.offerId, lost.offerId].sort(),
      administrator: all
    }
    for (const list of [listed, summaries]) await see(t, list, before)
    await see(t, got, { aggregator: [mine.offerId], administrator: [mine.offerId] })

    await clear(it)
    await it.catchUp()
    for (const list of [listed, summaries]) await see(t, list, { ...before, dso: all })
    await see(t, got, { aggregator: [mine.offerId], dso: [mine.offerId], administrator: [mine.offerId] })
  }
)

t.test('a request is seen by its operator and the administrator', async t => {
  await using it = await projected()
  await openBook(it)
  await it.catchUp()
  const listed = async (visibleTo: Actor) =>
    (await listRequests(it.sql, { sessionId, visibleTo, limit })).items.map(({ requestId }) => requestId)
  await see(t, listed, { dso: ['r-edis'], tso: ['r-terna'], administrator: ['r-edis', 'r-terna'] })
  const got = async (visibleTo: Actor) => {
    const request = await getRequest(it.sql, { sessionId, requestId: 'r-terna' }, visibleTo)
    return request ? [request.requestId] : []
  }
  await see(t, got, { tso: ['r-terna'], administrator: ['r-terna'] })
})

t.test(
  'FR_MP_FS_4, FR_MP_FS_5.c, FL-3, FR-MP-MOMV-04: of an outcome each sees its own part, with the sums of that part',
  async t => {
    await using it = await projected()
    await openBook(it)
    await clear(it)
    await finalise(it)
    await it.catchUp()
    // [offer, rank, requests served, W·MTU, µ€]: 700 W × 50,000 / 4000 = 8,750 µ€ in each of 4 MTUs; 300 W × 70,000 / 4000 = 5,250.
    const ofDso = [theirs.offerId, 2, 'r-edis', 2800, 35_000]
    const full = [mine.offerId, 1, 'r-edis r-terna', 4000, 56_000]
    const ofLost = [lost.offerId, 0, '', 0, 0]
    const ofTso = [mine.offerId, 1, 'r-terna', 1200, 21_000]
    for (const list of [listMarketOutcome, listValidatedOutcome])
      await see(
        t,
        async visibleTo =>
          (await list(it.sql, { sessionId, visibleTo, limit })).items.map(item => [
            item.offerId,
            item.rank,
            item.allocations.map(({ requestId }) => requestId).join(' '),
            item.acceptedWattMtus,
            item.paidMicroEur
          ]),
        {
          aggregator: [full],
          otherAggregator: [ofDso, ofLost],
          dso: [full, ofDso],
          tso: [ofTso],
          administrator: [full, ofDso, ofLost]
        }
      )
    for (const stage of ['market', 'validated'] as const)
      await see(
        t,
        async visibleTo =>
          (await listRequestOutcomes(it.sql, { sessionId, visibleTo, limit, stage })).items.map(item => item.requestId),
        { dso: ['r-edis'], tso: ['r-terna'], administrator: ['r-edis', 'r-terna'] }
      )
  }
)

t.test('a DSO that asks at another PoM sees only what serves it there', async t => {
  await using it = await projected()
  await openBook(it)
  const foreign = allocation({ requestId: 'r-areti', quantity: 100 })
  await it.market.answer(0, [
    offerCleared({ ...outcomes[0], allocations: [forDso, foreign] }),
    requestCleared({ requestId: 'r-edis' }),
    requestCleared({ requestId: 'r-areti', operator: otherDso.id }),
    marketCleared()
  ])
  await it.catchUp()
  const { items } = await listMarketOutcome(it.sql, { sessionId, visibleTo: otherDso, limit })
  t.match(items, [{ offerId: mine.offerId, allocations: [{ requestId: 'r-areti' }], acceptedWattMtus: 400 }])
  t.equal(items[0]?.allocations.length, 1)
})

t.test('the DSO of the time goes on seeing the outcome when the PoD has moved to another DSO', async t => {
  await using it = await projected()
  await openBook(it)
  await clear(it)
  await it.market.answer(0, [{ type: 'PodForgotten', pom: 'PoM-1', pod: 'A' }])
  await it.market.answer(1, [podNoted({ pom: 'PoM-2', pod: 'A', dsoId: otherDso.id })])
  await it.catchUp()
  t.equal((await listMarketOutcome(it.sql, { sessionId, visibleTo: dso, limit })).items.length, 2)
  t.equal((await listMarketOutcome(it.sql, { sessionId, visibleTo: otherDso, limit })).items.length, 0)
})

t.test(
  'what became of a command is seen by whoever sent it and the administrator, whether the answer names him or not',
  async t => {
    await using it = await projected()
    const keys = { offer: 'key-1', outcome: 'key-2' }
    await it.market.answer(0, [offerPlaced()], { sentBy: { actorId: aggregator.id, idempotencyKey: keys.offer } })
    await it.market.answer(0, [outcomeValidated(), requestValidated(), sessionFinalised()], {
      sentBy: { actorId: dso.id, idempotencyKey: keys.outcome }
    })
    await it.catchUp()
    const ask = (id: string) => async (visibleTo: Actor) => {
      const command = await getCommand(it.sql, id, visibleTo)
      return command ? [command.events.map(({ type }) => type).join(' ')] : []
    }
    const offer = commandId(aggregator.id, keys.offer)
    await see(t, ask(offer), { aggregator: ['OfferPlaced'], administrator: ['OfferPlaced'] })
    const events = 'OutcomeValidated RequestValidated SessionFinalised'
    await see(t, ask(commandId(dso.id, keys.outcome)), { dso: [events], administrator: [events] })
  }
)

t.test('an aggregator of the same id as a DSO sees nothing of the DSO', async t => {
  await using it = await projected()
  await openBook(it)
  await clear(it)
  await registry(it)
  await it.catchUp()
  const visibleTo: Actor = { role: 'aggregator', id: dso.id }
  t.same((await listPods(it.sql, { visibleTo, limit })).items, [])
  t.same((await listRequests(it.sql, { sessionId, visibleTo, limit })).items, [])
  t.same((await listMarketOutcome(it.sql, { sessionId, visibleTo, limit })).items, [])
  const asTso: Actor = { role: 'tso', id: dso.id }
  t.same((await listRequests(it.sql, { sessionId, visibleTo: asTso, limit })).items, [])
  t.same((await listMarketOutcome(it.sql, { sessionId, visibleTo: asTso, limit })).items, [])
  t.same((await listRequestOutcomes(it.sql, { sessionId, visibleTo: asTso, limit })).items, [])
})
