import t from 'tap'
import { memoryLog } from '../../infra/log/memory-log.ts'
import { administrator, offerPlaced, sessionOpened } from '../fixtures/events.ts'
import { createTopics, outbox } from '../fixtures/outbox.ts'
import { projected, rowsOf, run } from '../fixtures/projected.ts'
import { servicesProjection } from '../services/project.ts'
import { listOffers } from '../services/query.ts'
import { rebuildProjection } from './rebuild.ts'
import type { Sql } from './sql.ts'

const { sessionId } = sessionOpened()
const projections = [servicesProjection]
const offersIn = async (sql: Sql): Promise<string[]> =>
  (await listOffers(sql, { sessionId, visibleTo: administrator, limit: 100 })).items.map(({ offerId }) => offerId)

const logWith = async (...offerIds: readonly string[]) => {
  const log = memoryLog()
  await createTopics(log)
  await outbox(log, 'market').answerEach(
    0,
    offerIds.map(offerId => offerPlaced({ offerId }))
  )
  return log
}

t.test('tables of another log are refused, whether that log is shorter, as long or longer', async t => {
  await using it = await projected({ log: await logWith('a', 'b'), projections })
  await it.catchUp()
  for (const offerIds of [[], ['a'], ['a', 'x'], ['x', 'y', 'z']])
    await t.rejects(run(await logWith(...offerIds), it.sql, { projections }), {
      code: 'FLEX_PROJECTION_FOREIGN',
      message: /services: .* flex\.market\.events\/0 is not on this log/
    })
  t.same(await offersIn(it.sql), ['a', 'b'], 'and they are left as they are')
})

t.test('tables that are behind their log are not those of another one', async t => {
  await using it = await projected({ log: await logWith('a', 'b'), projections })
  await it.catchUp()
  const longer = await logWith('a', 'b', 'c')
  const catchUp = await run(longer, it.sql, { projections })
  await catchUp()
  t.same(await offersIn(it.sql), ['a', 'b', 'c'])
})

t.test('a rebuild from another log replaces the tables by those of that log', async t => {
  await using it = await projected({ log: await logWith('a', 'b', 'c'), projections })
  await it.catchUp()
  const other = await logWith('x')
  t.equal(await rebuildProjection(servicesProjection, { db: it.sql, log: other }), 2)
  t.same(await offersIn(it.sql), ['x'])
  await using fresh = await projected({ log: other, projections })
  await fresh.catchUp()
  t.same(await rowsOf(it.sql, servicesProjection), await rowsOf(fresh.sql, servicesProjection))
  await run(other, it.sql, { projections })
})

t.test('tables that were made before there were marks get them with the next record', async t => {
  const log = await logWith('a')
  await using it = await projected({ log, projections })
  const table = it.sql.schema.alterTable('projection_checkpoints')
  await table.dropColumn('mark').execute()
  await table.dropColumn('mark_offset').execute()
  const catchUp = await run(log, it.sql, { projections })
  await catchUp()
  t.same(await offersIn(it.sql), ['a'])
  await t.rejects(run(await logWith(), it.sql, { projections }), { code: 'FLEX_PROJECTION_FOREIGN' })
})
