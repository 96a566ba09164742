/**
 * Two processes on one PostgreSQL, both applying every partition, while the server is restarted again and again: the tables
 * end as those of one process that nothing happened to.
 */
import t from 'tap'
import { postgresForTests } from '../infra/engines/for-tests.ts'
import { startHost } from '../infra/host/host.ts'
import { memoryLog } from '../infra/log/memory-log.ts'
import { postgresDatabase } from '../infra/sql/postgres-database.ts'
import { projections } from './all.ts'
import {
  marketCleared,
  offerCleared,
  offerPlaced,
  podNoted,
  podRegistered,
  requestCleared,
  requestPlaced,
  sessionOpened
} from './fixtures/events.ts'
import { createTopics, outbox } from './fixtures/outbox.ts'
import { projected, rowsOf } from './fixtures/projected.ts'
import { projectionComponent } from './runtime/component.ts'
import { rebuildProjection } from './runtime/rebuild.ts'

const server = await postgresForTests(t, { own: true })

t.test(
  'two processes and a server that restarts four times in the middle: each event is in the tables once',
  { skip: server.skip },
  async t => {
    const log = memoryLog()
    await createTopics(log)
    const market = outbox(log, 'market')
    await outbox(log, 'registry').answerEach(0, [podRegistered(), podRegistered({ pod: 'IT001E00000002' })])
    await market.answerEach(0, [podNoted(), sessionOpened()])

    const process = async (instance: string) => {
      const database = await postgresDatabase<object>({ url: server.url })
      const components = projections.map(one => projectionComponent(one, database.query, log))
      const host = await startHost({ log, components, mode: 'ordered', instance, limits: { retryMsMax: 200 } })
      t.teardown(async () => {
        await host.stop()
        await database.close()
      })
      return { host, database }
    }
    const processes = [await process('first'), await process('second')]
    const { database } = processes[0]!

    const ids = (round: number) => Array.from({ length: 150 }, (_, n) => `offer-${round}-${n}`)
    for (const round of [1, 2, 3, 4]) {
      const arriving = (async () => {
        await market.answerEach(0, [requestPlaced(), ...ids(round).map(offerId => offerPlaced({ offerId }))])
        await market.answer(0, [
          ...ids(round).map(offerId => offerCleared({ offerId })),
          requestCleared(),
          marketCleared()
        ])
      })()
      // Somewhere in the middle of it: the workers poll by themselves.
      await new Promise(resolve => setTimeout(resolve, 20 * round))
      if (round % 2 === 1) await server.engine.stop()
      else await server.engine.kill()
      await arriving
      await server.engine.startAgain()
    }
    await Promise.all(processes.map(({ host }) => host.idle()))
    t.same(
      processes.flatMap(({ host }) => host.failures()),
      []
    )

    await using undisturbed = await projected({ log })
    await undisturbed.catchUp()
    for (const projection of projections) {
      const rows = await rowsOf(database.query, projection)
      t.same(rows, await rowsOf(undisturbed.sql, projection), projection.name)
      await rebuildProjection(projection, { db: database.query, log })
      t.same(await rowsOf(database.query, projection), rows, `${projection.name}, built again`)
    }
  }
)
