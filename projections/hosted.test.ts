/** All projections under the host, over a log on disk: what it hands over, and how it stops, is not up to the fixtures. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startHost } from '../infra/host/host.ts'
import { sqliteLog } from '../infra/log/sqlite-log.ts'
import { projectionNamed, projections } from './all.ts'
import { freshPlace } from './fixtures/databases.ts'
import { administrator, offerPlaced, podRegistered, sessionId, sessionOpened } from './fixtures/events.ts'
import { createTopics, outbox } from './fixtures/outbox.ts'
import { rowsOf } from './fixtures/projected.ts'
import { projectionComponent } from './runtime/component.ts'
import { rebuildProjection } from './runtime/rebuild.ts'
import { listOffers } from './services/query.ts'

t.test('under the host, with a restart and a rebuild in between, each event is in the tables once', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'flex-projections-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const place = await freshPlace(t)
  const log = await sqliteLog({ file: join(folder, 'log.sqlite') })
  await createTopics(log)
  const market = outbox(log, 'market')
  await outbox(log, 'registry').answer(0, [podRegistered()])
  await market.answer(0, [sessionOpened()])

  for (const round of [1, 2]) {
    const database = await place.open()
    const sql = database.query
    const components = projections.map(one => projectionComponent(one, sql, log))
    const host = await startHost({ log, components, mode: 'ordered', instance: `test-${round}` })
    await market.answerEach(1, [offerPlaced({ offerId: `a${round}` }), offerPlaced({ offerId: `b${round}` })])
    host.wake()
    await host.idle()
    const services = projectionNamed('services')!
    t.equal(await rebuildProjection(services, { db: sql, log }), round + 1)
    await market.answer(1, [offerPlaced({ offerId: `c${round}` })])
    host.wake()
    await host.idle()
    t.same(host.failures(), [])
    const { items } = await listOffers(sql, { sessionId, visibleTo: administrator, limit: 10 })
    t.equal(items.length, 3 * round)
    t.equal((await rowsOf(sql, projectionNamed('pods')!)).pods?.length, 1)
    await host.stop()
    await database.close()
  }
  await log.close()
})
