import t, { type Test } from 'tap'
import { header } from '../../infra/log/envelope.ts'
import { faultyLog } from '../../infra/log/faulty-log.ts'
import type { Log } from '../../infra/log/log.ts'
import { partitionOf } from '../../infra/log/partition-of.ts'
import { decode } from '../../schemas/codec.ts'
import type { Message } from '../../schemas/generated.ts'
import { ask, countingProcessor, inbox, logs, marketTopics, outbox, recordsOf, salt } from './counting-processor.ts'
import { type FeedOptions, type FeedRule, feedComponent, type OutlineRule } from './feed.ts'
import { processorComponent } from './processor.ts'
import { memorySnapshots, type Snapshots } from './snapshots.ts'

const target = 'flex.registry.commands'
const by = { role: 'system', id: 'test' } as const
const cease = (pod: string): Message => ({ type: 'CeasePod', pod, by })

/** Each event gives one command; an event of a PoD `twin…` gives two for the same key. */
const rule: FeedRule = event => {
  if (event.type !== 'PodForgotten') return []
  const { pod } = event
  const one = { command: cease(pod), key: pod }
  return pod.startsWith('twin') ? [one, { command: cease(`${pod} again`), key: pod }] : [one]
}

const feedOf = (log: Log, options: Partial<FeedOptions> = {}) =>
  feedComponent({ name: 'feed/test', from: outbox, to: target, rule, log, salt, ...options }).worker({
    topic: outbox,
    partition: 0
  })

const feedAll = async (log: Log, feed: ReturnType<typeof feedOf>, batchSize = 1_000) => {
  const from = await feed.start()
  let handled = 0
  for await (const batch of log.read(outbox, 0, from, { recordsMax: batchSize })) {
    handled += batch.length
    await feed.handle(batch)
  }
  return handled
}

const answer = async (log: Log, ...pods: readonly string[]) => {
  await log.append(
    inbox,
    0,
    pods.map(pod => ask(pod, { time: 7_000 }))
  )
  const owner = processorComponent(countingProcessor, {
    log,
    instance: 'one',
    snapshots: memorySnapshots(),
    salt
  }).worker({
    topic: inbox,
    partition: 0
  })
  const from = await owner.start()
  for await (const batch of log.read(inbox, 0, from)) await owner.handle(batch)
}

const fed = async (log: Log, partitions = 2) => {
  const all = await Promise.all(Array.from({ length: partitions }, (_, partition) => recordsOf(log, target, partition)))
  return all.flat()
}
const sourcesOf = async (log: Log) =>
  (await fed(log)).map(({ headers }) => headers[header.fedFrom]?.split('@')[1]).toSorted()

for (const { name, open } of logs) {
  const withLog = (title: string, run: (t: Test, log: Log) => Promise<void>) =>
    t.test(`${name}: ${title}`, async t => {
      const { log, dispose } = await open()
      t.teardown(dispose)
      await log.ensureTopics([...marketTopics(), { name: target, partitions: 2 }])
      await run(t, log)
    })

  withLog('a fed command names its source, and takes over time and correlation of the event', async (t, log) => {
    await answer(log, 'a', 'b*2')
    await feedAll(log, feedOf(log))
    t.same(await sourcesOf(log), ['0.0', '1.0', '1.1'])
    const [event] = (await recordsOf(log, outbox)).slice(1)
    const first = (await fed(log)).find(({ headers }) => headers[header.fedFrom] === `${outbox}/0@0.0`)
    t.equal(first?.headers[header.correlation], event?.headers[header.correlation])
    t.equal(first?.timestamp, 7_000)
    t.match(first?.headers, { [header.source]: 'feed/test', [header.type]: 'flex.registry.CeasePod' })
    t.match(decode(first!.value), { type: 'CeasePod', pod: 'a 0 after 0' })
  })

  withLog('a command goes to the partition of its key', async (t, log) => {
    await answer(log, 'a', 'b', 'c', 'd')
    await feedAll(log, feedOf(log))
    for (const partition of [0, 1])
      for (const { key } of await recordsOf(log, target, partition)) t.equal(partitionOf(key, 2), partition)
  })

  withLog('several commands of one event are told apart', async (t, log) => {
    await answer(log, 'twin')
    await feedAll(log, feedOf(log))
    t.same(await sourcesOf(log), ['0.0', '0.0.1'])
    t.equal(new Set((await fed(log)).map(({ headers }) => headers[header.id])).size, 2)
  })

  withLog('a rule for which outlines are enough feeds the same', async (t, log) => {
    await answer(log, 'a', 'twin')
    const ofOutline: OutlineRule['ofOutline'] = event =>
      event.type === 'PodForgotten' ? [{ command: cease(event.pod), key: event.pod }] : []
    await feedAll(log, feedOf(log, { rule: { ofOutline } }))
    t.same(await sourcesOf(log), ['0.0', '1.0'])
    t.same(
      (await fed(log))
        .map(({ value }) => decode(value))
        .map(command => 'pod' in command && command.pod)
        .toSorted(),
      ['a 0 after 0', 'twin 0 after 1']
    )
  })

  withLog('an unfinished cause is not fed', async (t, log) => {
    const torn = faultyLog(log, append => (append === 3 ? { persisted: 2 } : undefined))
    await t.rejects(answer(torn, 'a*3'))
    await feedAll(log, feedOf(log))
    t.same(await fed(log), [])
  })

  withLog('nothing is left out when any append fails in any way', async (t, log) => {
    await answer(log, 'a*3', 'twin', 'b', 'c*2')
    for (const fault of ['not-persisted', 'persisted', { persisted: 1 }] as const)
      for (let n = 1; n <= 3; n++) {
        const faulty = faultyLog(log, append => (append === n ? fault : undefined))
        const feed = feedOf(faulty, { limits: { appendRecordsMax: 2 } })
        const before = (await fed(log)).length
        await t.rejects(feedAll(log, feed, 3))
        await feedAll(log, feed, 3)
        const sources = (await fed(log)).slice(before).map(({ headers }) => headers[header.fedFrom])
        t.ok(sources.length > 0)
        t.equal(new Set(await sourcesOf(log)).size, 8)
      }
  })

  withLog('a restart resumes from the checkpoint, and without one repeats with the same ids', async (t, log) => {
    const checkpoints = memorySnapshots()
    await answer(log, 'a', 'b')
    const first = feedOf(log, { checkpoints })
    await feedAll(log, first)
    await first.stop?.()
    await answer(log, 'c')
    await feedAll(log, feedOf(log, { checkpoints }))
    t.same(await sourcesOf(log), ['0.0', '1.0', '2.0'])
    await feedAll(log, feedOf(log))
    t.same(await sourcesOf(log), ['0.0', '0.0', '1.0', '1.0', '2.0', '2.0'])
    t.equal(new Set((await fed(log)).map(({ headers }) => headers[header.id])).size, 3)
  })

  withLog('a checkpoint of another log is ignored', async (t, log) => {
    const other = await logs[0]!.open()
    await other.log.ensureTopics([...marketTopics(), { name: target, partitions: 2 }])
    const checkpoints: Snapshots = memorySnapshots()
    await answer(other.log, 'x', 'y', 'z')
    const elsewhere = feedOf(other.log, { checkpoints })
    await feedAll(other.log, elsewhere)
    await elsewhere.stop?.()
    await answer(log, 'a', 'b', 'c', 'd')
    await feedAll(log, feedOf(log, { checkpoints }))
    t.equal((await fed(log)).length, 4)
    await other.dispose()
  })
}
