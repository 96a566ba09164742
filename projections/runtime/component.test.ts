import t from 'tap'
import { header } from '../../infra/log/envelope.ts'
import { memoryLog } from '../../infra/log/memory-log.ts'
import { freshPlace } from '../fixtures/databases.ts'
import {
  administrator,
  aggregator,
  marketCleared,
  offerCleared,
  offerPlaced,
  offerWithdrawn,
  podNoted,
  podRegistered,
  requestCleared,
  sessionOpened
} from '../fixtures/events.ts'
import { createTopics, outbox } from '../fixtures/outbox.ts'
import { projected, rowsOf, run } from '../fixtures/projected.ts'
import { outcomesProjection } from '../outcomes/project.ts'
import { listMarketOutcome } from '../outcomes/query.ts'
import { placesProjection } from '../places/project.ts'
import { podsProjection } from '../pods/project.ts'
import { servicesProjection } from '../services/project.ts'
import { getOffer, listOffers } from '../services/query.ts'
import type { BookkeepingTables } from './bookkeeping.ts'
import type { Problem } from './partition-applier.ts'
import { type AnyProjection, projection as defineProjection } from './projection.ts'
import { projectionPositions, projectionProblems } from './readiness.ts'

const page = { visibleTo: administrator, limit: 1000 } as const

t.test('a cause is in the tables only when all its events are on the log', async t => {
  await using it = await projected()
  const outcome = await it.market.records(0, [sessionOpened(), offerCleared(), requestCleared(), marketCleared()])
  await it.log.append('flex.market.events', 0, outcome.slice(0, 3))
  await it.catchUp()
  const { sessionId } = sessionOpened()
  t.same((await listMarketOutcome(it.sql, { ...page, sessionId })).items, [])

  await it.log.append('flex.market.events', 0, outcome.slice(3))
  await it.catchUp()
  t.match((await listMarketOutcome(it.sql, { ...page, sessionId })).items, [{ offerId: 'offer-1' }])
})

t.test('what a dead owner left unfinished is in no table', async t => {
  await using it = await projected()
  const lost = await it.market.records(0, [offerPlaced({ offerId: 'lost' }), offerPlaced({ offerId: 'never-written' })])
  await it.log.append('flex.market.events', 0, lost.slice(0, 1))
  await it.market.take(0)
  await it.market.answer(0, [offerPlaced({ offerId: 'kept' })])
  await it.catchUp()
  const { items } = await listOffers(it.sql, { ...page, sessionId: sessionOpened().sessionId })
  t.same(
    items.map(({ offerId }) => offerId),
    ['kept']
  )
})

t.test('a projection that starts again goes on where its rows end, and applies nothing twice', async t => {
  const place = await freshPlace(t)
  const log = memoryLog()
  await createTopics(log)
  const market = outbox(log, 'market')
  let applied = 0
  const counting: AnyProjection = {
    ...servicesProjection,
    apply(cause, write) {
      applied++
      return servicesProjection.apply(cause, write)
    }
  }
  for (const round of [1, 2, 3]) {
    const database = await place.open()
    const catchUp = await run(log, database.query, { projections: [counting] })
    await market.answerEach(round % 2, [
      offerPlaced({ offerId: `offer-${round}` }),
      offerPlaced({ offerId: `other-${round}` })
    ])
    await catchUp()
    const { offers } = await rowsOf(database.query, counting)
    t.equal(offers?.length, 2 * round)
    await database.close()
  }
  t.equal(applied, 6)
})

t.test('rows and checkpoint are one transaction: an apply that fails leaves neither', async t => {
  let isFailing = true
  const failing: AnyProjection = {
    ...servicesProjection,
    async apply(cause, write) {
      await servicesProjection.apply(cause, write)
      // The rows of this cause are written, and still must not stay.
      await write.statements()
      if (isFailing && cause.meta.cause === 2) throw new Error('no')
    }
  }
  await using it = await projected({ projections: [failing] })
  const offers = ['a', 'b', 'c', 'd'].map(offerId => offerPlaced({ offerId }))
  await it.market.answerEach(0, offers)
  await t.rejects(it.catchUp(), { message: 'no' })
  t.same((await rowsOf(it.sql, failing)).offers, [])
  const before = await projectionPositions(it.sql)
  t.ok(before.every(({ cause }) => cause === -1))

  isFailing = false
  const again = await run(it.log, it.sql, { projections: [failing] })
  await again()
  t.equal((await rowsOf(it.sql, failing)).offers?.length, 4)
})

t.test('puts and statements of one transaction take effect in the order of the events', async t => {
  await using it = await projected({ projections: [servicesProjection] })
  await it.market.answerEach(0, [
    offerPlaced({ offerId: 'a' }),
    offerWithdrawn({ offerId: 'a' }),
    offerPlaced({ offerId: 'b' }),
    offerWithdrawn({ offerId: 'b' }),
    offerPlaced({ offerId: 'b', placedAt: 99 })
  ])
  await it.catchUp()
  const { items } = await listOffers(it.sql, { ...page, sessionId: sessionOpened().sessionId })
  t.match(items, [
    { offerId: 'a', status: 'withdrawn', position: { cause: 1 } },
    { offerId: 'b', status: 'placed', placedAt: 99, position: { topic: 'flex.market.events', partition: 0, cause: 4 } }
  ])
})

t.test('a record that cannot be decoded is noted with its place, and the partition goes on', async t => {
  const problems: Problem[] = []
  await using it = await projected({ projections: [servicesProjection], onProblem: problem => problems.push(problem) })
  const [good] = await it.market.records(0, [offerPlaced({ offerId: 'before' })])
  const [broken] = await it.market.records(0, [offerPlaced({ offerId: 'broken' })])
  const [mislabelled] = await it.market.records(0, [offerPlaced({ offerId: 'mislabelled' })])
  await it.log.append('flex.market.events', 0, [
    good!,
    { ...broken!, value: new Uint8Array([0, 0, 0, 0, 1, 255]) },
    { ...mislabelled!, headers: { ...mislabelled!.headers, [header.type]: 'flex.market.MarketCleared' } }
  ])
  await it.market.answer(0, [offerPlaced({ offerId: 'later' })])
  await it.catchUp()

  const { items } = await listOffers(it.sql, { ...page, sessionId: sessionOpened().sessionId })
  t.same(
    items.map(({ offerId }) => offerId),
    ['before', 'later']
  )
  const noted = await projectionProblems(it.sql)
  t.match(noted, [
    {
      projection: 'services',
      topic: 'flex.market.events',
      partition: 0,
      record_offset: 2,
      type: 'flex.market.OfferPlaced'
    },
    { record_offset: 3, detail: /header says flex.market.MarketCleared, the schema OfferPlaced/ }
  ])
  t.same(problems.length, 2)
})

t.test('of two instances on one partition each cause is applied once', async t => {
  let applied = 0
  const counting: AnyProjection = {
    ...servicesProjection,
    apply(cause, write) {
      applied++
      return servicesProjection.apply(cause, write)
    }
  }
  await using it = await projected({ projections: [counting] })
  const other = await run(it.log, it.sql, { projections: [counting] })
  for (const round of [1, 2, 3, 4]) {
    await it.market.answerEach(0, [offerPlaced({ offerId: `a${round}` }), offerPlaced({ offerId: `b${round}` })])
    // Both have the same batch in hand.
    await Promise.all(round % 2 === 0 ? [it.catchUp(), other()] : [other(), it.catchUp()])
    t.equal((await rowsOf(it.sql, counting)).offers?.length, 2 * round)
  }
  t.equal(applied, 8)
})

t.test('rows do not depend on how the log is cut into batches', async t => {
  const log = memoryLog()
  await createTopics(log)
  const market = outbox(log, 'market')
  const registry = outbox(log, 'registry')
  await registry.answerEach(1, [podRegistered(), podRegistered({ pod: 'IT001E00000002' })])
  await market.answer(0, [podNoted()])
  await market.answer(0, [sessionOpened()])
  for (let n = 0; n < 40; n++) await market.answer(0, [offerPlaced({ offerId: `offer-${n}` })])
  await market.answer(0, [
    ...Array.from({ length: 40 }, (_, n) => offerCleared({ offerId: `offer-${n}` })),
    requestCleared(),
    marketCleared()
  ])
  const chosen = [podsProjection, placesProjection, servicesProjection, outcomesProjection]
  const all = async (batch: number) => {
    await using it = await projected({ log, batch, projections: chosen })
    await it.catchUp()
    return await Promise.all(chosen.map(one => rowsOf(it.sql, one)))
  }
  const whole = await all(1000)
  t.equal(whole[2]?.offers?.length, 40)
  for (const batch of [1, 7]) t.same(await all(batch), whole)
})

t.test('a projection of another version than its tables does not start', async t => {
  await using it = await projected({ projections: [servicesProjection] })
  const newer: AnyProjection = { ...servicesProjection, version: 2 }
  await t.rejects(run(it.log, it.sql, { projections: [newer] }), { code: 'FLEX_PROJECTION_OUTDATED' })
})

t.test('a statement holds at most what both databases take, however many rows there are', async t => {
  const wide = defineProjection<{ wide: Record<string, string> }, 'OfferPlaced'>({
    name: 'wide',
    version: 1,
    topics: ['flex.market.events'],
    handles: ['OfferPlaced'],
    tables: {
      wide: {
        columns: Object.fromEntries(
          ['id', ...Array.from({ length: 300 }, (_, n) => `c${n}`)].map(name => [name, 'text'])
        ),
        key: ['id']
      }
    },
    apply({ events }, write) {
      for (const { offerId } of events)
        write.put('wide', {
          id: offerId,
          ...Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`c${n}`, offerId]))
        })
    }
  })
  await using it = await projected({ projections: [wide] })
  await it.market.answerEach(
    0,
    Array.from({ length: 333 }, (_, n) => offerPlaced({ offerId: `o${n}` }))
  )
  await it.catchUp()
  t.equal((await rowsOf(it.sql, wide)).wide?.length, 333)
})

t.test('a row that lacks a column is refused', async t => {
  const lacking: AnyProjection = {
    ...servicesProjection,
    apply(_, write) {
      write.put('offers', { session_id: 's' })
    }
  }
  await using it = await projected({ projections: [lacking] })
  await it.market.answer(0, [offerPlaced()])
  await t.rejects(it.catchUp(), { message: /a row of offers has no offer_id/ })
  t.equal(await getOffer(it.sql, { sessionId: sessionOpened().sessionId, offerId: 'offer-1' }, aggregator), undefined)
})

t.test('positions name the last complete cause of each partition', async t => {
  await using it = await projected({ projections: [servicesProjection] })
  await it.market.answerEach(1, [offerPlaced(), offerPlaced({ offerId: 'x' })])
  await it.catchUp()
  t.match(await projectionPositions(it.sql), [
    { projection: 'services', generation: 1, topic: 'flex.market.events', partition: 0, cause: -1 },
    { partition: 1, cause: 1 }
  ])
  const saved = await it.sql.withTables<BookkeepingTables>().selectFrom('projection_checkpoints').selectAll().execute()
  t.match(
    saved.find(({ partition }) => partition === 1),
    { next_offset: 3, epoch: 0 }
  )
})
