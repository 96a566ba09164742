import t from 'tap'
import { testEventStoreContract } from './event-store.contract.ts'
import { eventStoreDb } from './eventstoredb.ts'
import { eventStoreDbDouble } from './eventstoredb-double.fixtures.ts'
import { memoryEventStore } from './memory-event-store.ts'

const memory = memoryEventStore()
testEventStoreContract('memory', () => memory)

for (const batches of [true, false]) {
  const double = await eventStoreDbDouble({ batches })
  t.teardown(() => double.stop())
  testEventStoreContract(`EventStoreDB's protocol (a double), ${batches ? 'batch' : 'single'} appends`, () =>
    eventStoreDb({ url: double.url })
  )
}

const url = process.env['FLEX_EVENTSTORE_URL']
if (url) testEventStoreContract('a live EventStoreDB', () => eventStoreDb({ url }))
else t.comment('no live event store: FLEX_EVENTSTORE_URL is not set')
