/** What every event store must do, run by its `*.contract.test.ts`. */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { EventStore, StreamEvent } from './event-store.ts'

export const anEvent = (n: number): StreamEvent => ({
  id: randomUUID(),
  type: 'contract.Tried',
  data: { n, text: 'Straße', nested: [{ none: null }] },
  metadata: { source: `tried/0@${n}.0` }
})

export const newStream = (): string => `contract-${randomUUID()}`

export const testEventStoreContract = (name: string, open: () => EventStore): void => {
  t.test(name, async t => {
    const store = open()
    t.teardown(() => store.close())

    t.test('a stream that nobody wrote to is not there', async t => {
      t.equal(await store.endOf(newStream()), undefined)
    })

    t.test('an append to the end of a stream moves it, and its last event can be read', async t => {
      const stream = newStream()
      t.equal(await store.append(stream, [anEvent(0), anEvent(1)], undefined), 1)
      t.equal(await store.append(stream, [anEvent(2)], 1), 2)
      t.strictSame(await store.endOf(stream), { revision: 2, metadata: { source: 'tried/0@2.0' } })
    })

    t.test('an append to anywhere but the end appends nothing', async t => {
      const stream = newStream()
      t.equal(await store.append(stream, [anEvent(0)], 0), undefined)
      t.equal(await store.endOf(stream), undefined)
      await store.append(stream, [anEvent(0)], undefined)
      t.equal(await store.append(stream, [anEvent(1)], undefined), undefined)
      t.equal(await store.append(stream, [anEvent(1)], 5), undefined)
      t.match(await store.endOf(stream), { revision: 0 })
    })

    t.test('of two that append at once one comes first, and the other is told', async t => {
      const stream = newStream()
      const other = open()
      t.teardown(() => other.close())
      const both = await Promise.all([
        store.append(stream, [anEvent(0)], undefined),
        other.append(stream, [anEvent(0)], undefined)
      ])
      t.strictSame(
        both.filter(revision => revision !== undefined),
        [0]
      )
      t.match(await store.endOf(stream), { revision: 0 })
    })

    t.test('hundreds of events of one append stand together', async t => {
      const stream = newStream()
      const events = Array.from({ length: 400 }, (_, n) => anEvent(n))
      t.equal(await store.append(stream, events, undefined), 399)
      t.match(await store.endOf(stream), { revision: 399, metadata: { source: 'tried/0@399.0' } })
    })
  })
}
