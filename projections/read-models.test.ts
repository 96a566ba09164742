/** What the rows say, as the administrator sees them. Who sees which is in visibility.test.ts. */
import t from 'tap'
import { commandId } from '../infra/log/envelope.ts'
import { getCommand } from './commands/query.ts'
import {
  administrator,
  aggregator,
  allocation,
  aPlace,
  aPodRecord,
  blockOfferPlaced,
  marketCleared,
  offerCleared,
  offerPlaced,
  outcomeValidated,
  podRegistered,
  pomAssigned,
  requestCleared,
  requestPlaced,
  requestValidated,
  sessionFinalised,
  sessionId,
  sessionOpened,
  sessionStart,
  unavailabilityDeclared
} from './fixtures/events.ts'
import { startTime } from './fixtures/outbox.ts'
import { projected } from './fixtures/projected.ts'
import { listMarketOutcome, listRequestOutcomes, listValidatedOutcome } from './outcomes/query.ts'
import { listUnavailabilities } from './places/query.ts'
import { getPod, listPods, podHistory } from './pods/query.ts'
import { getOffer, getRequest, listOffers } from './services/query.ts'
import { getSession, listSessions } from './sessions/query.ts'

const visibleTo = administrator
const limit = 100

t.test('a PoD is what its last event says, and keeps when it was registered', async t => {
  await using it = await projected()
  await it.registry.answerEach(0, [
    podRegistered({ pod: 'A', registeredAt: 7 }),
    pomAssigned({ pod: 'A' }),
    { type: 'AgreementLinked', pod: 'A', by: aggregator, record: aPodRecord(), place: aPlace, smartContractId: 'abc' },
    {
      type: 'PodUpdated',
      pod: 'A',
      by: aggregator,
      record: aPodRecord({ contractualPower: 9000 }),
      place: aPlace,
      smartContractId: 'abc',
      changed: ['contractualPower']
    }
  ])
  await it.catchUp()
  t.match(await getPod(it.sql, 'A', visibleTo), {
    status: 'registered',
    registeredAt: 7,
    dsoId: aPlace.dsoId,
    pom: aPlace.pom,
    smartContractId: 'abc',
    record: { contractualPower: 9000, aggregatorId: aggregator.id },
    powerBaselineCurves: { workday: [{ p: 500, q: 0 }] },
    position: { topic: 'flex.registry.events', partition: 0, cause: 3 }
  })
  await it.registry.answer(0, [{ type: 'PodCeased', pod: 'A', by: aggregator, place: aPlace, ceasedAt: 9 }])
  await it.catchUp()
  t.match(await getPod(it.sql, 'A', visibleTo), { status: 'ceased', pom: aPlace.pom, position: { cause: 4 } })
  const ceased = await listPods(it.sql, { visibleTo, limit, status: 'ceased' })
  t.equal(ceased.items.length, 1)
  t.equal((await listPods(it.sql, { visibleTo, limit, assigned: false })).items.length, 0)
  t.equal(await getPod(it.sql, 'unknown', visibleTo), undefined)
})

t.test('T-51: every place that a PoD has had is kept, with the time from which it holds', async t => {
  await using it = await projected()
  await it.registry.answerEach(0, [
    podRegistered(),
    pomAssigned({ from: 10 }),
    pomAssigned({ from: 20, place: { ...aPlace, pom: 'PoM-2' }, previousPom: 'PoM-1' }),
    pomAssigned({ from: 20, place: { ...aPlace, pom: 'PoM-3' }, previousPom: 'PoM-2' })
  ])
  await it.catchUp()
  const history = await podHistory(it.sql, 'IT001E00000001', visibleTo)
  t.same(
    history?.map(place => [place.from, place.pom]),
    [
      [10, 'PoM-1'],
      [20, 'PoM-2'],
      [20, 'PoM-3']
    ]
  )
  t.equal(await podHistory(it.sql, 'unknown', visibleTo), undefined)
})

t.test(
  'FR_MP_I_1.c, FR_MP_FS_3.d: a session goes from open to cleared to how it ended, and keeps both totals',
  async t => {
    await using it = await projected()
    await it.market.answer(0, [sessionOpened()])
    await it.catchUp()
    t.match(await getSession(it.sql, sessionId, visibleTo), {
      status: 'open',
      type: 'dayAhead',
      cleared: null,
      rules: { pricing: 'uniform' }
    })

    const totals = { askedWattMtus: 9, servedWattMtus: 8, bidCostTicks: '99999999999999999999', paidMicroEur: 7 }
    await it.market.answer(0, [offerCleared(), marketCleared({ dso: totals, gap: 0.25 })])
    await it.catchUp()
    t.match(await getSession(it.sql, sessionId, visibleTo), {
      status: 'cleared',
      marketOutcomeId: `${sessionId}.MO`,
      cleared: { dso: totals, gap: 0.25, algorithm: 'merit-order' },
      clearedAt: startTime + 1000,
      finalised: null
    })

    await it.market.answer(0, [sessionFinalised({ status: 'notValidated', acceptedOffers: 0 })])
    await it.catchUp()
    t.match(await getSession(it.sql, sessionId, visibleTo), {
      status: 'notValidated',
      cleared: { dso: totals, acceptedOffers: 1 },
      finalised: { acceptedOffers: 0 },
      position: { cause: 2 }
    })
  }
)

t.test('T-19: what was declared unavailable is listed by PoD and time, in pages, and by each filter', async t => {
  await using it = await projected()
  const hour = 3_600_000
  const declared = ['B', 'A', 'B', 'A'].map((pod, n) =>
    unavailabilityDeclared({ pod, start: sessionStart + n * hour, end: sessionStart + (n + 2) * hour })
  )
  const twice = unavailabilityDeclared({ pod: 'B', start: sessionStart, end: sessionStart + 2 * hour, pom: 'PoM-2' })
  const longer = unavailabilityDeclared({ pod: 'A', start: sessionStart + hour, end: sessionStart + 9 * hour })
  await it.market.answerEach(0, [
    ...declared,
    longer,
    twice,
    unavailabilityDeclared({ pod: 'A', pom: 'PoM-2', reason: '' })
  ])
  await it.catchUp()
  const found: string[] = []
  let after: string | undefined
  do {
    const page = await listUnavailabilities(it.sql, { visibleTo, limit: 1, ...(after && { after }) })
    found.push(
      ...page.items.map(
        ({ pod, start, end }) => `${pod} ${(start - sessionStart) / hour}-${(end - sessionStart) / hour}`
      )
    )
    after = page.next
  } while (after)
  t.strictSame(found, ['A 0-1', 'A 1-3', 'A 1-9', 'A 3-5', 'B 0-2', 'B 0-2', 'B 2-4'])
  t.match((await listUnavailabilities(it.sql, { visibleTo, limit, pod: 'B' })).items, [
    { pod: 'B' },
    { pod: 'B' },
    { pod: 'B' }
  ])
  t.match((await listUnavailabilities(it.sql, { visibleTo, limit, pom: 'PoM-2' })).items, [
    {
      pom: 'PoM-2',
      pod: 'A',
      aggregatorId: aggregator.id,
      reason: '',
      position: { topic: 'flex.market.events', cause: 6 }
    },
    { pod: 'B' }
  ])
})

t.test('sessions are listed by day and id, in pages, and by each filter', async t => {
  await using it = await projected()
  const ids: string[] = []
  for (const [partition, pom] of ['PoM-1', 'PoM-2'].entries())
    for (const date of ['2026-03-03', '2026-03-02'])
      for (const number of [0, 1]) {
        const id = `${date}.${number === 0 ? 'DA' : 'RT1'}.${pom}`
        ids.push(id)
        await it.market.answer(partition, [
          sessionOpened({
            pom,
            sessionId: id,
            deliveryDate: date,
            number,
            marketType: number === 0 ? 'dayAhead' : 'realTime'
          })
        ])
      }
  await it.catchUp()
  const listed: string[] = []
  let after: string | undefined
  do {
    const page = await listSessions(it.sql, { visibleTo, limit: 3, ...(after === undefined ? {} : { after }) })
    listed.push(...page.items.map(item => item.sessionId))
    after = page.next
  } while (after !== undefined)
  t.same(listed, ids.toSorted())
  const count = async (filter: object) => (await listSessions(it.sql, { visibleTo, limit, ...filter })).items.length
  t.equal(await count({ date: '2026-03-02' }), 4)
  t.equal(await count({ pom: 'PoM-2' }), 4)
  t.equal(await count({ type: 'realTime', pom: 'PoM-1' }), 2)
  t.equal(await count({ status: 'cleared' }), 0)
  await t.rejects(listSessions(it.sql, { visibleTo, limit, after: 'x' }), { code: 'bad-cursor' })
  await t.rejects(listSessions(it.sql, { visibleTo, limit: 1001 }), { code: 'bad-limit' })
})

t.test('T-17: a block offer keeps its terms and never counts more than its energy', async t => {
  await using it = await projected()
  const block = blockOfferPlaced({ power: 1000, mtus: 8, maxEnergyWattMtus: 6000 })
  await it.market.answerEach(0, [block, offerPlaced()])
  await it.catchUp()
  t.match(await getOffer(it.sql, { sessionId, offerId: block.offerId }, visibleTo), {
    kind: 'block',
    offeredWattMtus: 6000,
    intervals: [],
    block: { power: 1000, mtus: 8, maxEnergyWattMtus: 6000, price: 60_000, minAcceptance: 100 }
  })
  t.match(await getOffer(it.sql, { sessionId, offerId: 'offer-1' }, visibleTo), {
    kind: 'single',
    offeredWattMtus: 4 * 1500,
    priceMin: 50_000,
    priceMax: 80_000,
    start: sessionStart,
    end: sessionStart + 3_600_000,
    intervals: offerPlaced().intervals,
    block: null
  })
  t.same((await listOffers(it.sql, { sessionId, visibleTo, limit, aggregatorId: 'nobody' })).items, [])
})

t.test('a request that is withdrawn stays in the list as withdrawn', async t => {
  await using it = await projected()
  const { requestId, pom, by } = requestPlaced()
  await it.market.answerEach(0, [
    requestPlaced({ priceLimit: 90_000 }),
    { type: 'RequestWithdrawn', pom, sessionId, requestId, by }
  ])
  await it.catchUp()
  t.match(await getRequest(it.sql, { sessionId, requestId }, visibleTo), {
    status: 'withdrawn',
    askedWattMtus: 2800,
    priceLimit: 90_000,
    profile: requestPlaced().profile,
    pods: requestPlaced().pods
  })
})

t.test('T-21: an outcome is listed by rank, what was not accepted last, in pages', async t => {
  await using it = await projected()
  const ranks = [3, 0, 1, 2, 0]
  await it.market.answer(0, [
    ...ranks.map((rank, n) =>
      offerCleared({ offerId: `o${n}`, rank, ...(rank === 0 ? { allocations: [], reason: 'not-needed' } : {}) })
    ),
    requestCleared(),
    marketCleared()
  ])
  await it.catchUp()
  const listed: (string | null)[][] = []
  let after: string | undefined
  do {
    const page = await listMarketOutcome(it.sql, {
      sessionId,
      visibleTo,
      limit: 2,
      ...(after === undefined ? {} : { after })
    })
    listed.push(...page.items.map(item => [item.offerId, item.reason]))
    after = page.next
  } while (after !== undefined)
  t.same(listed, [
    ['o2', null],
    ['o3', null],
    ['o0', null],
    ['o1', 'not-needed'],
    ['o4', 'not-needed']
  ])
})

t.test('an outcome shows the last verdict, and the final one what was taken away', async t => {
  await using it = await projected()
  await it.market.answer(0, [offerCleared(), requestCleared(), marketCleared()])
  const judge = (verdict: 'OK' | 'KO') =>
    ({
      type: 'ServiceJudged',
      pom: 'PoM-1',
      sessionId,
      marketOutcomeId: `${sessionId}.MO`,
      offerId: 'offer-1',
      by: { role: 'dso', id: 'edis' },
      verdicts: [{ start: sessionStart, mtus: 4, verdict, quantity: 0 }]
    }) as const
  await it.market.answerEach(0, [judge('OK'), judge('KO')])
  await it.market.answer(0, [
    outcomeValidated({ allocations: [allocation({ mtus: 1 })], curtailedWattMtus: 2100, definitive: false }),
    requestValidated(),
    sessionFinalised()
  ])
  await it.catchUp()
  const market = await listMarketOutcome(it.sql, { sessionId, visibleTo, limit })
  t.match(market.items, [{ acceptedWattMtus: 2800, verdicts: [{ verdict: 'KO', mtus: 4 }] }])
  const final = await listValidatedOutcome(it.sql, { sessionId, visibleTo, limit })
  t.match(final.items, [{ acceptedWattMtus: 700, curtailedWattMtus: 2100, definitive: false, position: { cause: 3 } }])
})

t.test('T-23: the outcome of a request names what was not served; without a stage, the last one is shown', async t => {
  await using it = await projected()
  const residual = [{ start: sessionStart, mtus: 2, quantity: 50 }]
  await it.market.answer(0, [sessionOpened()])
  t.same((await listRequestOutcomes(it.sql, { sessionId, visibleTo, limit })).items, [])
  await it.market.answer(0, [requestCleared(), marketCleared()])
  await it.catchUp()
  t.match((await listRequestOutcomes(it.sql, { sessionId, visibleTo, limit })).items, [
    { stage: 'market', residual: [] }
  ])
  await it.market.answer(0, [requestValidated({ residual }), sessionFinalised()])
  await it.catchUp()
  t.match((await listRequestOutcomes(it.sql, { sessionId, visibleTo, limit })).items, [
    { stage: 'validated', residual, residualWattMtus: 100, servedWattMtus: 2800, prices: requestCleared().prices }
  ])
})

t.test('a command shows its answer: decided, refused with all reasons, or asked again', async t => {
  await using it = await projected()
  const sentBy = { actorId: aggregator.id, idempotencyKey: 'k1' }
  const id = commandId(sentBy.actorId, sentBy.idempotencyKey)
  await it.market.answer(0, [offerPlaced()], { sentBy })
  await it.market.answer(0, [{ type: 'CommandRepeated', firstCause: 0, sameContent: true }], { sentBy })
  await it.market.answer(0, [{ type: 'CommandRepeated', firstCause: 0, sameContent: false }], { sentBy })
  await it.catchUp()
  t.match(await getCommand(it.sql, id, visibleTo), {
    id,
    status: 'decided',
    topic: 'flex.market.events',
    partition: 0,
    cause: 0,
    events: [{ type: 'OfferPlaced', subject: 'offer-1' }],
    eventCount: 1,
    reasons: [],
    repeats: 1,
    conflicts: 1
  })

  const refused = { actorId: aggregator.id, idempotencyKey: 'k2' }
  const reasons = [{ code: 'unknown-pod', path: '/unit', detail: 'There is no such PoD.' }]
  await it.market.answer(
    1,
    [
      {
        type: 'MarketCommandRefused',
        pom: 'PoM-2',
        sessionId,
        command: 'PlaceOffer',
        subject: 'offer-9',
        by: aggregator,
        reasons
      }
    ],
    { sentBy: refused }
  )
  await it.catchUp()
  t.match(await getCommand(it.sql, commandId(refused.actorId, refused.idempotencyKey), visibleTo), {
    status: 'refused',
    events: [{ type: 'MarketCommandRefused', subject: 'offer-9' }],
    reasons
  })
})

t.test(
  'a command with thousands of events lists the first 100 and counts all; what feeds and the clock wrote is not listed',
  async t => {
    await using it = await projected()
    const sentBy = { actorId: 'edis', idempotencyKey: 'outcome' }
    const services = Array.from({ length: 250 }, (_, n) => outcomeValidated({ offerId: `o${n}` }))
    await it.market.answer(0, [...services, requestValidated(), sessionFinalised()], { sentBy })
    await it.market.answer(0, [offerPlaced()], {
      sentBy: { ...sentBy, idempotencyKey: 'fed' },
      fedFrom: 'flex.x/0@1.0'
    })
    await it.catchUp()
    const command = await getCommand(it.sql, commandId(sentBy.actorId, sentBy.idempotencyKey), visibleTo)
    t.equal(command?.eventCount, 252)
    t.equal(command?.events.length, 100)
    t.equal(await getCommand(it.sql, commandId(sentBy.actorId, 'fed'), visibleTo), undefined)
  }
)
