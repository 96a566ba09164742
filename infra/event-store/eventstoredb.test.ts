import t from 'tap'
import { anEvent, newStream } from './event-store.contract.ts'
import { eventStoreDb } from './eventstoredb.ts'
import { eventStoreDbDouble } from './eventstoredb-double.fixtures.ts'

for (const batches of [true, false])
  t.test(batches ? 'with batch appends' : 'with single appends', async t => {
    const double = await eventStoreDbDouble({ batches })
    t.teardown(() => double.stop())

    t.test('events are JSON with their type, and the kind of append is the one that the server has', async t => {
      const store = eventStoreDb({ url: double.url })
      const stream = newStream()
      const event = anEvent(7)
      await store.append(stream, [event], undefined)
      await store.close()
      const [stored] = double.streams.get(stream) ?? []
      t.match(stored, { id: event.id, type: event.type, contentType: 'application/json' })
      t.strictSame(JSON.parse(new TextDecoder().decode(stored?.data)), event.data)
      t.strictSame(JSON.parse(new TextDecoder().decode(stored?.metadata)), event.metadata)
      t.ok(double.calls.includes(batches ? 'batchAppend' : 'append'))
      t.notOk(double.calls.includes(batches ? 'append' : 'batchAppend'))
    })

    t.test('a store that takes calls and answers none is an error within the bound', async t => {
      const store = eventStoreDb({ url: double.url, callMs: 300 })
      double.hang(true)
      await t.rejects(store.endOf('a'), { code: 'FLEX_EVENT_STORE_UNAVAILABLE', message: /within 300 ms/ })
      await t.rejects(store.append('a', [anEvent(0)], undefined), { code: 'FLEX_EVENT_STORE_UNAVAILABLE' })
      double.hang(false)
      await store.close()
    })

    t.test('an append whose answer was lost is an error, and has happened', async t => {
      const store = eventStoreDb({ url: double.url })
      const stream = newStream()
      double.loseNextAnswer()
      await t.rejects(store.append(stream, [anEvent(0)], undefined), { code: 'FLEX_EVENT_STORE_UNAVAILABLE' })
      t.match(await store.endOf(stream), { revision: 0 })
      await store.close()
    })
  })

t.test('a store that is not there is an error within the bound', async t => {
  const gone = await eventStoreDbDouble({ batches: true })
  await gone.stop()
  const store = eventStoreDb({ url: gone.url, callMs: 2_000 })
  await t.rejects(store.endOf('a'), { code: 'FLEX_EVENT_STORE_UNAVAILABLE' })
  await store.close()
})

t.test('a text that is no connection string is a problem of the configuration', async t => {
  t.throws(() => eventStoreDb({ url: 'http://127.0.0.1:2113' }), { code: 'FLEX_CONFIG_INVALID', message: /EVENTSTORE/ })
})
