import assert from 'node:assert'
import t from 'tap'
import type { Log, LogRecord, Partition, StoredRecord } from '../log/log.ts'
import { memoryLog, memoryStore } from '../log/memory-log.ts'
import { watchAppends } from '../log/watched-log.ts'
import { BrokenInvariant, type Component, type HostOptions, startHost, type Worker } from './host.ts'
import type { WorkerFailure } from './supervision.ts'

const record = (text: string, bytes = 0): LogRecord => ({
  key: text,
  value: new Uint8Array(bytes),
  headers: {},
  timestamp: 0
})

interface Handled {
  readonly worker: string
  readonly keys: readonly string[]
}

interface Fixture {
  readonly handled: Handled[]
  readonly component: Component
}

/** Notes what it is given; forwards it to another topic if there is one; `before` may throw. */
const noting = (
  name: string,
  input: string,
  { log, to, before = async () => {} }: { log: Log; to?: string; before?: (key: string) => Promise<void> }
): Fixture => {
  const handled: Handled[] = []
  const worker = (partition: Partition): Worker => {
    let next = 0
    const worker = `${name} ${partition.topic}/${partition.partition}`
    return {
      name: worker,
      input: partition,
      start: async () => next,
      async handle(batch: readonly StoredRecord[]) {
        for (const { key } of batch) await before(key)
        handled.push({ worker, keys: batch.map(({ key }) => key) })
        next = batch.at(-1)!.offset + 1
        if (to) await log.append(to, partition.partition, batch)
      }
    }
  }
  return { handled, component: { name, inputs: [input], worker } }
}

const aLog = async () => {
  const log = memoryLog(memoryStore(), { leaseMs: 60 })
  await log.ensureTopics(['a', 'b', 'c'].map(name => ({ name, partitions: 2 })))
  return log
}

const quick = { retryMsMin: 1, retryMsMax: 4, pollMs: 2 }

const hostOf = (options: Omit<HostOptions, 'instance'>) =>
  startHost({ instance: 'one', ...options, limits: { ...quick, ...options.limits } })

for (const mode of ['ordered', 'free'] as const) {
  t.test(`${mode}: idle waits for everything that the log leads to`, async t => {
    const log = await aLog()
    const first = noting('first', 'a', { log, to: 'b' })
    const second = noting('second', 'b', { log, to: 'c' })
    await log.append('a', 0, [record('x'), record('y')])
    const host = await hostOf({ log, mode, components: [first.component, second.component] })
    await log.append('a', 1, [record('z')])
    await host.idle()
    t.equal(await log.endOffset('c', 0), 2)
    t.equal(await log.endOffset('c', 1), 1)
    t.same(
      (await host.lag()).map(({ behind }) => behind),
      [0, 0, 0, 0]
    )
    await host.stop()
  })

  t.test(`${mode}: a worker that fails is started again, and reads on where it says`, async t => {
    const log = await aLog()
    let failuresLeft = 3
    const failures: WorkerFailure[] = []
    const { handled, component } = noting('shaky', 'a', {
      log,
      before: async key => {
        if (key === 'y' && failuresLeft-- > 0) throw new Error('not now')
      }
    })
    await log.append('a', 0, [record('x')])
    const host = await hostOf({ log, mode, components: [component], onError: failure => failures.push(failure) })
    await host.idle()
    await log.append('a', 0, [record('y'), record('z')])
    await host.idle()
    t.same(
      handled.flatMap(({ keys }) => keys),
      ['x', 'y', 'z']
    )
    t.same(
      failures.map(({ attempts, isStopped }) => [attempts, isStopped]),
      [
        [1, false],
        [2, false],
        [3, false]
      ]
    )
    t.same(host.failures(), [])
    await host.stop()
  })

  t.test(`${mode}: a worker that keeps failing is reported, and the others go on`, async t => {
    const log = await aLog()
    const bad = noting('bad', 'a', {
      log,
      before: async () => {
        throw new Error('the disk is full')
      }
    })
    const good = noting('good', 'a', { log })
    await log.append('a', 0, [record('x')])
    const host = await hostOf({ log, mode, components: [bad.component, good.component] })
    await t.rejects(host.idle(), { message: /bad a\/0 failed \d+ times/ })
    t.match(host.failures(), [{ component: 'bad', topic: 'a', partition: 0, error: { message: 'the disk is full' } }])
    await log.append('a', 1, [record('y')])
    await log.append('a', 0, [record('z')])
    while (good.handled.flatMap(({ keys }) => keys).length < 3) await new Promise(resolve => setTimeout(resolve, 1))
    t.pass()
    await host.stop()
  })

  for (const broken of [new BrokenInvariant('a rule threw'), new assert.AssertionError({ message: 'no' })])
    t.test(`${mode}: a worker that meets a ${broken.name} stops for good, and the others go on`, async t => {
      const log = await aLog()
      let attempts = 0
      const { component } = noting('broken', 'a', {
        log,
        before: async () => {
          attempts++
          throw broken
        }
      })
      const good = noting('good', 'b', { log })
      await log.append('a', 1, [record('x')])
      const host = await hostOf({ log, mode, components: [component, good.component] })
      await t.rejects(host.idle(), { message: 'broken a/1 has stopped' })
      await log.append('b', 0, [record('y')])
      while (good.handled.length === 0) await new Promise(resolve => setTimeout(resolve, 1))
      t.equal(attempts, 1)
      t.match(host.failures(), [{ isStopped: true, error: broken }])
      await host.stop()
    })

  t.test(`${mode}: a batch is bounded in records and bytes`, async t => {
    const log = await aLog()
    const { handled, component } = noting('careful', 'a', { log })
    await log.append(
      'a',
      0,
      [...Array(7).keys()].map(n => record(`${n}`, n === 6 ? 9_000 : 1_000))
    )
    const limits = { batchRecordsMax: 4, batchBytesMax: 5_000 }
    const host = await hostOf({ log, mode, components: [component], limits })
    await host.idle()
    t.same(
      handled.map(({ keys }) => keys.join('')),
      ['012', '3', '45', '6']
    )
    await host.stop()
  })

  t.test(`${mode}: stop waits for the batch in hand, then stops each worker and closes the component`, async t => {
    const log = await aLog()
    const order: string[] = []
    const begun = Promise.withResolvers<void>()
    const component: Component = {
      name: 'slow',
      inputs: ['a'],
      worker: input => ({
        name: `slow ${input.partition}`,
        input,
        start: async () => 0,
        async handle() {
          begun.resolve()
          await new Promise(resolve => setTimeout(resolve, 20))
          order.push('handled')
        },
        async stop() {
          order.push(`stopped ${input.partition}`)
        }
      }),
      async close() {
        order.push('closed')
      }
    }
    await log.append('a', 0, [record('x')])
    const host = await hostOf({ log, mode, components: [component] })
    await begun.promise
    await Promise.all([host.stop(), host.stop()])
    t.same(order.toSorted(), ['closed', 'handled', 'stopped 0', 'stopped 1'])
    t.ok(order.indexOf('handled') < order.indexOf('stopped 0'))
    t.equal(order.at(-1), 'closed')
    await t.rejects(host.idle(), { message: 'the host has stopped' })
  })

  t.test(`${mode}: stop gives up on a worker that hangs, and says so`, async t => {
    const log = await aLog()
    const { component } = noting('hanging', 'a', { log, before: () => new Promise(() => {}) })
    await log.append('a', 0, [record('x')])
    const host = await hostOf({ log, mode, components: [component], limits: { stopMs: 30 } })
    while ((await host.lag()).every(({ behind }) => behind === undefined)) await new Promise(setImmediate)
    await t.rejects(host.stop(), { message: /the workers did not stop within 30 ms/ })
  })

  t.test(`${mode}: no more than one batch is read ahead of a slow worker`, async t => {
    const log = await aLog()
    let yielded = 0
    let handled = 0
    let aheadMax = 0
    const counting: Log = {
      ...log,
      async *read(...parameters) {
        for await (const batch of log.read(...parameters)) {
          yielded += batch.length
          aheadMax = Math.max(aheadMax, yielded - handled)
          yield batch
        }
      }
    }
    const { component } = noting('slow', 'a', {
      log,
      before: async () => {
        await new Promise(setImmediate)
        handled++
      }
    })
    await log.append(
      'a',
      0,
      Array.from({ length: 500 }, (_, n) => record(`${n}`))
    )
    const host = await hostOf({ log: counting, mode, components: [component], limits: { batchRecordsMax: 20 } })
    await host.idle()
    t.equal(handled, 500)
    t.ok(aheadMax <= 20, `${aheadMax} records were ahead`)
    await host.stop()
  })
}

t.test('a component that reads a topic that is not there is refused at the start', async t => {
  const log = await aLog()
  const { component } = noting('lost', 'nowhere', { log })
  await t.rejects(hostOf({ log, mode: 'free', components: [component] }), { code: 'FLEX_LOG_UNKNOWN_TOPIC' })
})

t.test('ordered: the order of everything is the same each time', async t => {
  const run = async () => {
    const log = await aLog()
    const order: string[] = []
    const component = (name: string, input: string, to?: string): Component => ({
      name,
      inputs: [input],
      worker: partition => ({
        name: `${name}/${partition.partition}`,
        input: partition,
        start: async () => 0,
        async handle(batch) {
          order.push(`${name}/${partition.partition}:${batch.map(({ key }) => key)}`)
          if (to) await log.append(to, 1 - partition.partition, batch)
        }
      })
    })
    await log.append('a', 1, [record('1')])
    await log.append('a', 0, [record('2'), record('3')])
    await log.append('b', 0, [record('4')])
    const host = await hostOf({
      log,
      mode: 'ordered',
      components: [component('x', 'a', 'b'), component('y', 'b', 'c'), component('z', 'c')]
    })
    await host.idle()
    await host.stop()
    return order
  }
  const first = await run()
  t.same(first.slice(0, 4), ['x/0:2,3', 'x/1:1', 'y/0:4', 'y/0:1'])
  t.same(await run(), first)
})

t.test('ordered: a writer that never pauses does not starve the other workers', async t => {
  const log = await aLog()
  const endless = noting('endless', 'a', { log, to: 'a' })
  const other = noting('other', 'b', { log })
  await log.append('a', 0, [record('x')])
  const host = await hostOf({ log, mode: 'ordered', components: [endless.component, other.component] })
  await log.append('b', 0, [record('y')])
  while (other.handled.length === 0) await new Promise(setImmediate)
  t.pass()
  await host.stop()
})

t.test('ordered: readers wait while somebody waits for an answer, and writers do not', async t => {
  const log = await aLog()
  const writer = noting('writer', 'a', { log, to: 'b' })
  const reader = noting('reader', 'b', { log })
  let isAnswering = true
  const host = await hostOf({
    log,
    mode: 'ordered',
    components: [writer.component, { ...reader.component, isReader: true }],
    isAnswering: () => isAnswering,
    limits: { giveWayMsMax: 1_000_000 }
  })
  await log.append('a', 0, [record('x')])
  while (writer.handled.length === 0) await new Promise(setImmediate)
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
  t.same(reader.handled, [])
  isAnswering = false
  await host.idle()
  t.same(reader.handled, [{ worker: 'reader b/0', keys: ['x'] }])
  await host.stop()
})

for (const mode of ['ordered', 'free'] as const)
  t.test(`${mode}: it is quiet once all is handled and nobody waits, and only once`, async t => {
    const log = await aLog()
    const { handled, component } = noting('some', 'a', { log })
    let isAnswering = true
    const quiet: number[] = []
    const host = await hostOf({
      log,
      mode,
      components: [component],
      isAnswering: () => isAnswering,
      onQuiet: () => quiet.push(handled.length),
      limits: { quietLookMs: 2 }
    })
    const aWhile = () => new Promise(resolve => setTimeout(resolve, 20))
    await aWhile()
    t.same(quiet, [], 'nothing was done')
    await log.append('a', 0, [record('x')])
    await host.idle()
    await aWhile()
    t.same(quiet, [], 'somebody waits')
    isAnswering = false
    while (quiet.length === 0) await aWhile()
    await aWhile()
    t.same(quiet, [1])
    await host.stop()
  })

t.test('ordered: a call that comes in while readers are at work waits for one of them, not for all', async t => {
  const log = await aLog()
  let isAnswering = false
  let calls = 0
  const callComesIn = () => {
    if (calls++ === 0) setImmediate(() => (isAnswering = true))
  }
  const reader = noting('reader', 'b', { log, before: async () => callComesIn() })
  for (const partition of [0, 1]) await log.append('b', partition, [record('x')])
  const host = await hostOf({
    log,
    mode: 'ordered',
    components: [{ ...reader.component, isReader: true }],
    isAnswering: () => isAnswering,
    limits: { giveWayMsMax: 1_000_000 }
  })
  while (!isAnswering) await new Promise(setImmediate)
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
  t.equal(reader.handled.length, 1)
  isAnswering = false
  await host.idle()
  t.equal(reader.handled.length, 2)
  await host.stop()
})

t.test(
  'ordered: a reader that is behind ends its turn for a call after the batch in hand, and goes on later',
  async t => {
    const log = await aLog()
    let isAnswering = false
    let calls = 0
    const reader = noting('reader', 'b', {
      log,
      before: async () => {
        isAnswering ||= calls++ === 0
      }
    })
    await log.append('b', 0, ['x', 'y', 'z'].map(record))
    const host = await hostOf({
      log,
      mode: 'ordered',
      components: [{ ...reader.component, isReader: true }],
      isAnswering: () => isAnswering,
      limits: { giveWayMsMax: 1_000_000, batchRecordsMax: 2 }
    })
    while (!isAnswering) await new Promise(setImmediate)
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
    const keys = () => reader.handled.map(one => one.keys)
    t.same(keys(), [['x', 'y']])
    isAnswering = false
    await host.idle()
    t.same(keys(), [['x', 'y'], ['z']])
    await host.stop()
  }
)

t.test('ordered: readers do not give way for ever', async t => {
  const log = await aLog()
  const reader = noting('reader', 'b', { log })
  const component = { ...reader.component, isReader: true }
  const limits = { giveWayMsMax: 2 }
  const host = await hostOf({ log, mode: 'ordered', components: [component], isAnswering: () => true, limits })
  await log.append('b', 0, [record('x')])
  await host.idle()
  t.same(reader.handled, [{ worker: 'reader b/0', keys: ['x'] }])
  await host.stop()
})

t.test('ordered: an append of this process wakes the loop before the poll is due', async t => {
  const inner = await aLog()
  let wake = () => {}
  const log = watchAppends(inner, () => wake())
  const { handled, component } = noting('awake', 'a', { log })
  const host = await hostOf({ log, mode: 'ordered', components: [component], limits: { pollMs: 1_000_000 } })
  wake = host.wake
  await log.append('a', 0, [record('x')])
  while (handled.length === 0) await new Promise(setImmediate)
  t.pass()
  await host.stop()
})

t.test('free: two instances share the partitions, and one takes over what the other leaves', async t => {
  const store = memoryStore()
  const logs = ['one', 'two'].map(instance => memoryLog(store, { instance, leaseMs: 60 }))
  await logs[0]!.ensureTopics([{ name: 'a', partitions: 4 }])
  const fixtures = logs.map(log => noting('shared', 'a', { log }))
  const hosts = await Promise.all(
    logs.map((log, n) =>
      hostOf({ log, mode: 'free', instance: `${n}`, components: [fixtures[n]!.component] } as HostOptions)
    )
  )
  const owned = async (n: number) => (await hosts[n]!.lag()).map(({ partition }) => partition)
  while ((await owned(0)).length !== 2 || (await owned(1)).length !== 2) await new Promise(r => setTimeout(r, 5))
  t.same([...(await owned(0)), ...(await owned(1))].toSorted(), [0, 1, 2, 3])
  await hosts[0]!.stop()
  while ((await owned(1)).length !== 4) await new Promise(r => setTimeout(r, 5))
  for (const partition of [0, 1, 2, 3]) await logs[1]!.append('a', partition, [record(`${partition}`)])
  await hosts[1]!.idle()
  t.same(fixtures[1]!.handled.flatMap(({ keys }) => keys).toSorted(), ['0', '1', '2', '3'])
  await hosts[1]!.stop()
})
