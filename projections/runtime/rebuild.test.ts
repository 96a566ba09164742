import t from 'tap'
import type { Log } from '../../infra/log/log.ts'
import { projections } from '../all.ts'
import {
  administrator,
  marketCleared,
  offerCleared,
  offerPlaced,
  offerWithdrawn,
  podNoted,
  requestCleared,
  requestPlaced,
  sessionOpened
} from '../fixtures/events.ts'
import { projected, rowsOf, run } from '../fixtures/projected.ts'
import { outcomesProjection } from '../outcomes/project.ts'
import { servicesProjection } from '../services/project.ts'
import { listOffers } from '../services/query.ts'
import type { BookkeepingTables } from './bookkeeping.ts'
import { beginGeneration } from './generations.ts'
import type { AnyProjection } from './projection.ts'
import { rebuildProjection } from './rebuild.ts'
import type { Sql } from './sql.ts'

const { sessionId } = sessionOpened()

const generations = (sql: Sql) =>
  sql
    .withTables<BookkeepingTables>()
    .selectFrom('projection_generations')
    .select(['projection', 'generation', 'status', 'version'])
    .orderBy('projection')
    .orderBy('generation')
    .execute()

const tableNames = async (sql: Sql): Promise<string[]> =>
  (await sql.introspection.getTables()).filter(({ isView }) => !isView).map(({ name }) => name)

/** Something is appended, and applied to the live tables, before each batch and after the end of each read. */
const busyLog = (log: Log, times: number, arrive: () => Promise<void>): Log => {
  let left = times
  const somethingArrives = async () => {
    if (left-- > 0) await arrive()
  }
  return {
    ...log,
    async *read(topic, partition, from) {
      for await (const batch of log.read(topic, partition, from, { recordsMax: 150 })) {
        await somethingArrives()
        yield batch
      }
      await somethingArrives()
    }
  }
}

t.test('a rebuild while events arrive ends with the rows of the live tables, in every table', async t => {
  await using it = await projected()
  await it.market.answer(0, [podNoted()])
  await it.market.answer(0, [sessionOpened()])
  await it.market.answerEach(
    0,
    Array.from({ length: 300 }, (_, n) => offerPlaced({ offerId: `offer-${n}` }))
  )
  await it.market.answerEach(
    1,
    Array.from({ length: 100 }, (_, n) => requestPlaced({ requestId: `request-${n}` }))
  )
  await it.catchUp()

  let round = 0
  const arrive = async (name: string) => {
    round++
    const offerId = `${name}-${round}`
    await it.market.answer(0, [offerPlaced({ offerId })])
    if (round % 3 === 0) await it.market.answer(0, [offerWithdrawn({ offerId })])
    const requestId = `request-${round}`
    await it.market.answer(0, [offerCleared({ offerId }), requestCleared({ requestId }), marketCleared()])
    await it.catchUp()
  }

  for (const projection of projections) {
    round = 0
    await rebuildProjection(projection, { db: it.sql, log: busyLog(it.log, 9, () => arrive(projection.name)) })
    t.ok(round >= 4, `${round} rounds of events arrived meanwhile`)
    // The live workers have moved over to the new tables; one more event goes there too.
    await it.market.answer(1, [offerPlaced({ offerId: `after-${projection.name}` })])
    await it.catchUp()
  }

  t.ok((await generations(it.sql)).every(({ generation, status }) => generation === 2 && status === 'live'))
  await using fresh = await projected({ log: it.log })
  await fresh.catchUp()
  for (const projection of projections)
    t.same(await rowsOf(it.sql, projection), await rowsOf(fresh.sql, projection), projection.name)
})

t.test('until the switch the old rows are served, and afterwards the old tables are gone', async t => {
  await using it = await projected({ projections: [servicesProjection] })
  await it.market.answerEach(0, [offerPlaced({ offerId: 'a' }), offerPlaced({ offerId: 'b' })])
  await it.catchUp()
  const seen: number[] = []
  const progress: number[] = []
  const watching: AnyProjection = { ...servicesProjection }
  const rebuilt = rebuildProjection(watching, {
    db: it.sql,
    log: it.log,
    onProgress: ({ nextOffset, endOffset }) => progress.push(endOffset - nextOffset)
  })
  let isBuilding = true
  const reading = (async () => {
    while (isBuilding)
      seen.push((await listOffers(it.sql, { visibleTo: administrator, sessionId, limit: 10 })).items.length)
  })()
  t.equal(await rebuilt, 2)
  isBuilding = false
  await reading
  t.ok(seen.length > 0)
  t.ok(seen.every(count => count === 2))
  t.equal(progress.at(-1), 0)
  const tables = await tableNames(it.sql)
  t.ok(tables.includes('offers_g2'))
  t.notOk(tables.some(name => name.endsWith('_g1')))
})

t.test('a new version is built beside the old tables and then served', async t => {
  await using it = await projected({ projections: [outcomesProjection] })
  await it.market.answer(0, [offerCleared(), requestCleared(), marketCleared()])
  await it.catchUp()
  const { outcome_verdicts: _, ...fewer } = outcomesProjection.tables
  const newer: AnyProjection = {
    ...outcomesProjection,
    version: 2,
    tables: fewer,
    handles: ['OfferCleared', 'RequestCleared']
  }
  await rebuildProjection(newer, { db: it.sql, log: it.log })
  t.match(await generations(it.sql), [{ generation: 2, version: 2, status: 'live' }])
  const catchUp = await run(it.log, it.sql, { projections: [newer] })
  await it.market.answer(0, [offerCleared({ offerId: 'second' }), requestCleared(), marketCleared()])
  await catchUp()
  t.equal((await rowsOf(it.sql, newer)).outcome_services?.length, 2)
  t.notOk((await it.sql.introspection.getTables()).some(({ name }) => name.startsWith('outcome_verdicts')))
})

t.test('what an unfinished rebuild left is taken away by the next one, and the first one fails', async t => {
  await using it = await projected({ projections: [servicesProjection] })
  await it.market.answer(0, [offerPlaced()])
  await it.catchUp()
  t.equal(await beginGeneration(it.sql, it.log, servicesProjection), 2)
  const first = rebuildProjection(servicesProjection, { db: it.sql, log: it.log })
  const second = rebuildProjection(servicesProjection, { db: it.sql, log: it.log })
  const results = await Promise.allSettled([first, second])
  t.same(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const left = await generations(it.sql)
  t.equal(left.length, 1)
  t.match(left, [{ status: 'live' }])
  t.equal((await rowsOf(it.sql, servicesProjection)).offers?.length, 1)
})

t.test('a rebuild that is called off leaves the live tables as they are', async t => {
  await using it = await projected({ projections: [servicesProjection] })
  await it.market.answer(0, [offerPlaced()])
  await it.catchUp()
  await t.rejects(
    rebuildProjection(servicesProjection, { db: it.sql, log: it.log, signal: AbortSignal.abort(new Error('stop')) }),
    { message: 'stop' }
  )
  t.match(await generations(it.sql), [
    { generation: 1, status: 'live' },
    { generation: 2, status: 'building' }
  ])
  t.equal((await rowsOf(it.sql, servicesProjection)).offers?.length, 1)
  await rebuildProjection(servicesProjection, { db: it.sql, log: it.log })
  t.match(await generations(it.sql), [{ generation: 3, status: 'live' }])
})
