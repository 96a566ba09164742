import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Log, StoredRecord } from '../../infra/log/log.ts'
import { memoryLog } from '../../infra/log/memory-log.ts'
import {
  type Asked,
  answersOf,
  ask,
  countingProcessor,
  inbox,
  marketTopics,
  outbox,
  salt
} from './counting-processor.ts'
import { type ProcessorOptions, processorComponent } from './processor.ts'
import { directorySnapshots, memorySnapshots, type Snapshots } from './snapshots.ts'

const aLog = async () => {
  const log = memoryLog()
  await log.ensureTopics(marketTopics())
  return log
}

interface Running {
  readonly folded: () => number
  stop(): Promise<void>
}

/** An owner that answers all there is; counts the events that it folded while it started. */
const run = async (
  log: Log,
  snapshots: Snapshots,
  options: Partial<ProcessorOptions> & { version?: string } = {}
): Promise<Running> => {
  let folded = 0
  let isStarting = true
  const processor = {
    ...countingProcessor,
    stateVersion: options.version ?? '1',
    evolve: (state: Asked, event: Parameters<typeof countingProcessor.evolve>[1]) => {
      if (isStarting) folded++
      return countingProcessor.evolve(state, event, { now: 0 })
    }
  }
  const component = processorComponent(processor, { log, instance: 'one', snapshots, salt, ...options })
  const owner = component.worker({ topic: inbox, partition: 0 })
  const from = await owner.start()
  isStarting = false
  const commands: StoredRecord[] = []
  for await (const batch of log.read(inbox, 0, from)) commands.push(...batch)
  await owner.handle(commands)
  return { folded: () => folded, stop: () => owner.stop?.() ?? Promise.resolve() }
}

const put = (log: Log, ...pods: readonly string[]) =>
  log.append(
    inbox,
    0,
    pods.map(pod => ask(pod, { key: pod }))
  )

t.test('a start from a snapshot folds only what came after it, and remembers keys from before it', async t => {
  const log = await aLog()
  const snapshots = memorySnapshots()
  await put(log, 'a*2', 'b')
  await (await run(log, snapshots)).stop()
  await put(log, 'c')
  // Not stopped: it falls without a snapshot.
  t.equal((await run(log, snapshots)).folded(), 0)
  await put(log, 'd', 'a*2')
  t.equal((await run(log, snapshots)).folded(), 1)
  t.same((await answersOf(log)).flat().slice(3), ['c 0 after 3', 'd 0 after 4', 'CommandRepeated'])
})

t.test('a snapshot is taken every so many events', async t => {
  const log = await aLog()
  let saved = 0
  const inner = memorySnapshots()
  const snapshots: Snapshots = {
    ...inner,
    save(...what) {
      saved++
      return inner.save(...what)
    }
  }
  for (let n = 0; n < 10; n++) {
    await put(log, `a${n}`)
    await run(log, snapshots, { limits: { snapshotEveryEvents: 4, snapshotQuietMs: 0 } })
  }
  t.equal(saved, 2)
})

t.test('a snapshot that is due waits until nobody asks, but not for ever', async t => {
  const saves = async (limits: object) => {
    const log = await aLog()
    const saved = Promise.withResolvers<void>()
    let count = 0
    const inner = memorySnapshots()
    const snapshots: Snapshots = {
      ...inner,
      save(...what) {
        count++
        saved.resolve()
        return inner.save(...what)
      }
    }
    await put(log, 'a*4')
    await run(log, snapshots, { limits: { snapshotEveryEvents: 4, ...limits } })
    return { count: () => count, saved: saved.promise }
  }
  const busy = await saves({ snapshotQuietMs: 1_000_000 })
  t.equal(busy.count(), 0)
  const late = await saves({ snapshotQuietMs: 1_000_000, snapshotEventsMax: 4 })
  t.equal(late.count(), 1)
  const quiet = await saves({ snapshotQuietMs: 1 })
  // The timer does not keep a process alive; here something has to.
  const alive = setInterval(() => {}, 1_000)
  await quiet.saved
  clearInterval(alive)
  t.equal(quiet.count(), 1)
})

t.test('without its snapshots an owner decides the same', async t => {
  const log = await aLog()
  for (const pod of ['a*3', 'b', 'c*2']) {
    await put(log, pod, 'a*3')
    const running = await run(log, memorySnapshots())
    await running.stop()
  }
  t.same(
    (await answersOf(log)).map(([first]) => first),
    ['a*3 0 after 0', 'CommandRepeated', 'b 0 after 3', 'CommandRepeated', 'c*2 0 after 4', 'CommandRepeated']
  )
})

t.test('a snapshot of another version of the state is thrown away', async t => {
  const log = await aLog()
  const snapshots = memorySnapshots()
  await put(log, 'a*2')
  await (await run(log, snapshots)).stop()
  await put(log, 'b')
  t.equal((await run(log, snapshots, { version: '2' })).folded(), 2)
  t.same((await answersOf(log)).flat().at(-1), 'b 0 after 2')
})

t.test('a broken snapshot is ignored, and the owner decides the same', async t => {
  const log = await aLog()
  const directory = t.testdir()
  const warnings: string[] = []
  const snapshots = directorySnapshots(directory, { onWarning: message => warnings.push(message) })
  await put(log, 'a*2')
  await (await run(log, snapshots)).stop()
  for (const file of await readdir(directory)) await writeFile(join(directory, file), 'torn')
  await put(log, 'b')
  t.equal((await run(log, snapshots)).folded(), 2)
  t.equal(warnings.length, 1)
  t.same((await answersOf(log)).flat().at(-1), 'b 0 after 2')
})

t.test('a snapshot of another log is ignored, even if that log is longer', async t => {
  const snapshots = memorySnapshots()
  const old = await aLog()
  await put(old, 'a', 'b')
  await (await run(old, snapshots)).stop()
  for (const pods of [['x'], ['x', 'y', 'z']]) {
    const log = await aLog()
    const warnings: string[] = []
    await put(log, ...pods)
    await run(log, memorySnapshots())
    await put(log, 'last')
    const running = await run(log, snapshots, { onWarning: message => warnings.push(message) })
    t.equal(running.folded(), pods.length)
    t.match(warnings, [/of another log/])
    t.same((await answersOf(log)).flat().at(-1), `last 0 after ${pods.length}`)
  }
})

t.test('an owner whose mark is older than a snapshot has lost the partition, and says so', async t => {
  const log = await aLog()
  const snapshots = memorySnapshots()
  await put(log, 'a')
  let isFirst = true
  const sleepy: Snapshots = {
    ...snapshots,
    // Between its mark and the snapshot, another owner takes the partition, works and stops.
    async load(...where) {
      if (isFirst) {
        isFirst = false
        await (await run(log, snapshots)).stop()
      }
      return snapshots.load(...where)
    }
  }
  await t.rejects(run(log, sleepy), { message: /somebody else took the partition/ })
  await run(log, sleepy)
  t.same((await answersOf(log)).flat(), ['a 0 after 0'])
})

t.test('a snapshot that cannot be saved is a warning, not a failure', async t => {
  const log = await aLog()
  const warnings: string[] = []
  const snapshots: Snapshots = {
    load: async () => {
      throw new Error('no such disk')
    },
    save: async () => {
      throw new Error('the disk is full')
    }
  }
  await put(log, 'a')
  await (await run(log, snapshots, { onWarning: message => warnings.push(message) })).stop()
  t.match(warnings, [/could not be loaded/, /could not be saved/])
  t.equal(await log.endOffset(outbox, 0), 2)
})
