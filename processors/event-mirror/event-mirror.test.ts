import t, { type Test } from 'tap'
import type { EventStore, StreamEvent } from '../../infra/event-store/event-store.ts'
import { type MemoryEventStore, memoryEventStore } from '../../infra/event-store/memory-event-store.ts'
import type { Log } from '../../infra/log/log.ts'
import { examples } from '../../schemas/examples.ts'
import type { Message } from '../../schemas/generated.ts'
import { topicsWithMessages } from '../../schemas/topic-messages.ts'
import { ask, countingProcessor, inbox, logs, marketTopics, outbox } from '../runtime/counting-processor.ts'
import { processorComponent } from '../runtime/processor.ts'
import { memorySnapshots } from '../runtime/snapshots.ts'
import { type EventMirrorOptions, eventMirror } from './event-mirror.ts'
import { mirroredTopics, streamOf } from './streams.ts'

/** `a1…` belongs to the stream a. */
const firstLetter = (_topic: string, _key: string, event: Message): string | undefined =>
  event.type === 'PodForgotten' ? event.pod[0] : undefined

const mirrorOf = (log: Log, store: EventStore, options: Partial<EventMirrorOptions> = {}) =>
  eventMirror({ log, store, from: outbox, streamOf: firstLetter, ...options }).worker({ topic: outbox, partition: 0 })

const mirrorAll = async (log: Log, mirror: ReturnType<typeof mirrorOf>, recordsMax = 1_000) => {
  const from = await mirror.start()
  for await (const batch of log.read(outbox, 0, from, { recordsMax })) await mirror.handle(batch)
}

const answer = async (log: Log, ...pods: readonly string[]) => {
  await log.append(
    inbox,
    0,
    pods.map(pod => ask(pod, { time: 7_000 }))
  )
  const runtime = { log, instance: 'one', snapshots: memorySnapshots(), salt: () => 'salt' }
  const owner = processorComponent(countingProcessor, runtime).worker({ topic: inbox, partition: 0 })
  const from = await owner.start()
  for await (const batch of log.read(inbox, 0, from)) await owner.handle(batch)
}

const podsIn = (store: MemoryEventStore, stream: string) =>
  (store.streams.get(stream) ?? []).map(({ data }) => String(data['pod']).split(' ')[0])

const withLog = (title: string, run: (t: Test, log: Log) => Promise<void>) =>
  t.test(title, async t => {
    const { log, dispose } = await logs[0]!.open()
    t.teardown(dispose)
    await log.ensureTopics(marketTopics())
    await run(t, log)
  })

withLog(
  'each event is in the stream of its aggregate, in the order of the log, and says where it stands',
  async (t, log) => {
    const store = memoryEventStore()
    await answer(log, 'a1', 'b1*2', 'a2')
    await mirrorAll(log, mirrorOf(log, store))
    t.strictSame(podsIn(store, 'a'), ['a1', 'a2'])
    t.strictSame(podsIn(store, 'b'), ['b1*2', 'b1*2'])
    t.match(store.streams.get('a')?.[0], {
      type: 'flex.market.PodForgotten',
      metadata: { source: `${outbox}/0@0.0`, time: '1970-01-01T00:00:07.000Z' }
    })
    const ids = [...store.streams.values()].flat().map(({ id }) => id)
    t.equal(new Set(ids).size, 4)
    for (const id of ids) t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  }
)

withLog(
  'a mirror that starts again, with a checkpoint or without, repeats nothing and leaves nothing out',
  async (t, log) => {
    const store = memoryEventStore()
    const checkpoints = memorySnapshots()
    for (let n = 0; n < 4; n++) {
      await answer(log, `a${n}`, `b${n}*3`)
      const mirror = mirrorOf(log, store, n % 2 === 0 ? { checkpoints } : {})
      await mirrorAll(log, mirror, 2)
      await mirror.stop?.()
    }
    t.strictSame(podsIn(store, 'a'), ['a0', 'a1', 'a2', 'a3'])
    t.equal(podsIn(store, 'b').length, 12)
  }
)

withLog(
  'each event is in its stream once when any call of the store fails, before or after it took effect',
  async (t, log) => {
    await answer(log, 'a1', 'b1*3', 'a2', 'b2')
    for (const fails of ['before', 'after'])
      for (let failing = 1; failing <= 4; failing++) {
        const store = memoryEventStore()
        let calls = 0
        const faulty: EventStore = {
          ...store,
          async append(stream: string, events: readonly StreamEvent[], after: number | undefined) {
            calls++
            if (calls === failing && fails === 'before') throw new Error('lost before it was written')
            const end = await store.append(stream, events, after)
            if (calls === failing) throw new Error('written, but the answer was lost')
            return end
          }
        }
        const mirror = mirrorOf(log, faulty)
        // Some have fewer calls than the failing one.
        await mirrorAll(log, mirror, 2).catch(() => {})
        await mirrorAll(log, mirror, 2)
        t.strictSame(podsIn(store, 'a'), ['a1', 'a2'])
        t.strictSame(podsIn(store, 'b'), ['b1*3', 'b1*3', 'b1*3', 'b2'])
      }
  }
)

withLog('two mirrors at once write each event once', async (t, log) => {
  const store = memoryEventStore()
  await answer(log, 'a1', 'a2')
  const [one, two] = [mirrorOf(log, store), mirrorOf(log, store)]
  await mirrorAll(log, one)
  await two.start()
  await answer(log, 'a3', 'a4')
  await Promise.all([mirrorAll(log, one, 1), mirrorAll(log, two, 1)])
  t.strictSame(podsIn(store, 'a'), ['a1', 'a2', 'a3', 'a4'])
})

withLog('a cause of thousands of events is mirrored in several appends', async (t, log) => {
  const store = memoryEventStore()
  await answer(log, 'a1*1200')
  await mirrorAll(log, mirrorOf(log, store))
  t.equal(podsIn(store, 'a').length, 1_200)
})

withLog('a stream that somebody else wrote to is an error, and is left alone', async (t, log) => {
  const store = memoryEventStore()
  const foreign: StreamEvent = { id: 'x', type: 'x', data: {}, metadata: {} }
  await store.append('a', [foreign], undefined)
  await answer(log, 'a1')
  await t.rejects(mirrorAll(log, mirrorOf(log, store)), {
    code: 'FLEX_EVENT_STORE_FOREIGN_STREAM',
    message: /^[^ ]+ a ends/
  })
  t.strictSame(store.streams.get('a'), [foreign])
})

t.test('every event of the mirrored outboxes has a stream, except what the runtime writes for itself', async t => {
  const without = new Set<string>()
  for (const topic of mirroredTopics)
    for (const type of topicsWithMessages.find(one => one.topic.name === topic)?.messages ?? []) {
      const stream = streamOf(topic, 'KEY', examples[type])
      if (stream === undefined) without.add(type)
      else t.match(stream, /^(pod|session|grid|substation)-[A-Za-z0-9._-]+$/, `${type} is in ${stream}`)
    }
  t.strictSame([...without].toSorted(), ['CommandRepeated', 'OwnershipTaken', 'RecordParked'])
  t.equal(streamOf('flex.market.events', 'ROMA01', examples.OfferCleared), `session-${examples.OfferCleared.sessionId}`)
})
