import t, { type Test } from 'tap'
import { header } from '../../infra/log/envelope.ts'
import { faultyLog } from '../../infra/log/faulty-log.ts'
import type { Log } from '../../infra/log/log.ts'
import { decode } from '../../schemas/codec.ts'
import { ask, countingProcessor, inbox, logs, marketTopics, outbox, recordsOf, salt } from './counting-processor.ts'
import { type FilterOptions, type FilterRule, filterComponent } from './filter.ts'
import { processorComponent } from './processor.ts'
import { memorySnapshots } from './snapshots.ts'

/** `x… ` is for X, `y…` for Y, `xy…` for both; X must not see the end of the text. */
const rule: FilterRule = event => {
  if (event.type !== 'PodForgotten') return []
  const actors = ['x', 'y'].filter(actor => event.pod.split('*')[0]?.includes(actor))
  return actors.map(actor => ({
    topic: { name: `only_${actor}`, partitions: 1 },
    event: actor === 'x' ? { ...event, pod: event.pod.split(' after')[0]! } : event
  }))
}

const filterOf = (log: Log, options: Partial<FilterOptions> = {}) =>
  filterComponent({ name: 'actors', from: outbox, rule, log, salt, ...options }).worker({ topic: outbox, partition: 0 })

const filterAll = async (log: Log, filter: ReturnType<typeof filterOf>, recordsMax = 1_000) => {
  const from = await filter.start()
  for await (const batch of log.read(outbox, 0, from, { recordsMax })) await filter.handle(batch)
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

const textOf = async (log: Log, topic: string) =>
  (await recordsOf(log, topic)).map(({ value }) => {
    const event = decode(value)
    return 'pod' in event ? event.pod : event.type
  })

for (const { name, open } of logs) {
  const withLog = (title: string, run: (t: Test, log: Log) => Promise<void>) =>
    t.test(`${name}: ${title}`, async t => {
      const { log, dispose } = await open()
      t.teardown(dispose)
      await log.ensureTopics(marketTopics())
      await run(t, log)
    })

  withLog("MP-KAF-01: each actor's topic is created and holds what the rule chose for it, in order", async (t, log) => {
    await answer(log, 'x', 'y', 'z', 'xy*2')
    await filterAll(log, filterOf(log))
    t.same(await textOf(log, 'only_x'), ['x 0', 'xy*2 0', 'xy*2 1'])
    t.same(await textOf(log, 'only_y'), ['y 0 after 1', 'xy*2 0 after 3', 'xy*2 1 after 3'])
    const [first] = await recordsOf(log, 'only_x')
    t.match(first, { key: 'PoM-1', timestamp: 7_000, headers: { [header.fedFrom]: `${outbox}/0@0.0` } })
    t.notOk(first?.headers[header.cause])
  })

  withLog('what is on a target already is not written again after a restart', async (t, log) => {
    await answer(log, 'x', 'xy')
    await filterAll(log, filterOf(log))
    await answer(log, 'x2')
    for (let n = 0; n < 3; n++) await filterAll(log, filterOf(log))
    t.same(await textOf(log, 'only_x'), ['x 0', 'xy 0', 'x2 0'])
    t.equal((await textOf(log, 'only_y')).length, 1)
  })

  withLog('each event is on its topic once when any append fails in any way', async (t, log) => {
    let pods = 0
    for (const fault of ['not-persisted', 'persisted', { persisted: 1 }] as const)
      for (let n = 1; n <= 4; n++) {
        await answer(log, `xy${pods}*3`, `x ${pods}`, `y ${pods}`)
        pods++
        const faulty = faultyLog(log, append => (append === n ? fault : undefined))
        const filter = filterOf(faulty, { limits: { appendRecordsMax: 2 } })
        await t.rejects(filterAll(log, filter))
        await filterAll(log, filter)
        for (const topic of ['only_x', 'only_y']) {
          const sources = (await recordsOf(log, topic)).map(({ headers }) => headers[header.fedFrom])
          t.equal(sources.length, 4 * pods)
          t.equal(new Set(sources).size, sources.length)
        }
      }
  })

  withLog('a filter that resumes from a checkpoint writes the same', async (t, log) => {
    const checkpoints = memorySnapshots()
    await answer(log, 'x', 'xy')
    const first = filterOf(log, { checkpoints })
    await filterAll(log, first)
    await first.stop?.()
    await answer(log, 'x2')
    const second = filterOf(log, { checkpoints })
    t.ok((await second.start()) > 2)
    await filterAll(log, second)
    t.same(await textOf(log, 'only_x'), ['x 0', 'xy 0', 'x2 0'])
  })

  withLog(
    'when two owners write at once, repeats have the same id, and a restart repeats nothing more',
    async (t, log) => {
      await answer(log, 'x1', 'x2', 'x3')
      const [one, two] = [filterOf(log), filterOf(log)]
      await one.start()
      await two.start()
      const records = await recordsOf(log, outbox)
      await one.handle(records.slice(0, 2))
      await two.handle(records)
      await t.rejects(one.handle(records.slice(2)), { message: /appended to only_x/ })
      await filterAll(log, one)
      await filterAll(log, filterOf(log))
      const ids = (await recordsOf(log, 'only_x')).map(({ headers }) => headers[header.id])
      t.equal(new Set(ids).size, 3)
      t.equal(ids.length, 5)
    }
  )
}
