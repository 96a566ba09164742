import t, { type Test } from 'tap'
import { BrokenInvariant, startHost } from '../../infra/host/host.ts'
import { ownershipTakenType } from '../../infra/log/cause-reader.ts'
import { header } from '../../infra/log/envelope.ts'
import { type AppendFault, faultyLog } from '../../infra/log/faulty-log.ts'
import type { Log, LogRecord, StoredRecord } from '../../infra/log/log.ts'
import { decode, encode } from '../../schemas/codec.ts'
import {
  answersOf,
  ask,
  causesOf,
  countingProcessor,
  inbox,
  logs,
  marketTopics,
  outbox,
  recordsOf,
  salt
} from './counting-processor.ts'
import { type Processor, type ProcessorOptions, processorComponent } from './processor.ts'
import { memorySnapshots } from './snapshots.ts'

const ownerOf = (log: Log, options: Partial<ProcessorOptions> = {}, processor = countingProcessor) =>
  processorComponent(processor, {
    log,
    instance: 'one',
    snapshots: memorySnapshots(),
    salt,
    wallClock: () => 0,
    ...options
  }).worker({
    topic: inbox,
    partition: 0
  })

/** Starts an owner and lets it answer what the inbox holds. */
const answerAll = async (owner: ReturnType<typeof ownerOf>, log: Log) => {
  const from = await owner.start()
  const commands: StoredRecord[] = []
  for await (const batch of log.read(inbox, 0, from)) commands.push(...batch)
  await owner.handle(commands)
  return from
}

const put = (log: Log, ...records: readonly LogRecord[]) => log.append(inbox, 0, records)

for (const { name, open } of logs) {
  const withLog = (title: string, run: (t: Test, log: Log) => Promise<void>) =>
    t.test(`${name}: ${title}`, async t => {
      const { log, dispose } = await open()
      t.teardown(dispose)
      await log.ensureTopics(marketTopics())
      await run(t, log)
    })

  withLog('commands are answered in order, each on the state before it', async (t, log) => {
    await put(log, ask('a'), ask('b*3'), ask('c'))
    await answerAll(ownerOf(log), log)
    t.same(await answersOf(log), [
      ['a 0 after 0'],
      ['b*3 0 after 1', 'b*3 1 after 1', 'b*3 2 after 1'],
      ['c 0 after 4']
    ])
  })

  withLog("events carry the command's time and correlation, and their own place", async (t, log) => {
    const command = ask('a*2', { key: 'k', time: 5_000 })
    await put(log, command)
    await answerAll(ownerOf(log), log)
    const [first, second] = (await causesOf(log))[0]!.events
    t.match(first, { key: 'PoM-1', timestamp: 5_000, headers: { [header.id]: 'market/0/0/0', idempotencykey: 'k' } })
    t.equal(first?.headers[header.correlation], command.headers[header.correlation])
    t.match(second?.headers, { [header.id]: 'market/0/0/1', cause: '0', index: '1', count: '2', epoch: '0' })
    t.notOk(second?.headers[header.idempotencyKey])
  })

  withLog('a batch torn at any place is answered once after a restart', async (t, log) => {
    await put(log, ask('a*2'), ask('b*3'), ask('c'))
    for (let persisted = 0; persisted <= 6; persisted++) {
      // Its own partition's worth of history each time: everything so far, then one more round of three commands.
      const before = await answersOf(log)
      const torn = faultyLog(log, append => (append === 2 ? { persisted } : undefined))
      await t.rejects(answerAll(ownerOf(torn), log), { code: 'FLEX_LOG_UNAVAILABLE' })
      await answerAll(ownerOf(log), log)
      const answers = await answersOf(log)
      t.same(
        answers.slice(before.length).map(events => events.length),
        [2, 3, 1],
        `${persisted} persisted`
      )
      await put(log, ask('a*2'), ask('b*3'), ask('c'))
    }
  })

  for (const fault of ['not-persisted', 'persisted'] satisfies AppendFault[])
    withLog(`each command is answered once when any append fails, ${fault}`, async (t, log) => {
      for (let n = 1; n <= 6; n++) {
        await put(log, ask(`a${n}*3`), ask(`b${n}*2`))
        const faulty = faultyLog(log, append => (append === n ? fault : undefined))
        const owner = ownerOf(faulty, { limits: { appendRecordsMax: 2 } })
        // The n-th append of an owner may belong to its first start or to the one after.
        await answerAll(owner, log).catch(() => {})
        await answerAll(owner, log).catch(() => answerAll(owner, log))
      }
      const answers = await answersOf(log)
      t.same(
        answers.map(events => events.map(event => event.split(' ')[0])),
        [1, 2, 3, 4, 5, 6].flatMap(n => [Array(3).fill(`a${n}*3`), Array(2).fill(`b${n}*2`)])
      )
      t.same(
        answers.map(([first]) => Number(first?.split(' ').at(-1))),
        [0, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25, 28],
        'each on the state before it'
      )
    })

  withLog('a repeated command is answered by the place of the first answer', async (t, log) => {
    const command = ask('a', { key: 'k' })
    await put(log, command, command)
    await answerAll(ownerOf(log), log)
    await put(log, command, ask('other', { key: 'k' }), ask('b', { key: 'other' }))
    await answerAll(ownerOf(log), log)
    const events = (await causesOf(log)).map(({ events }) => decode(events[0]!.value))
    t.match(events, [
      { type: 'PodForgotten' },
      { type: 'CommandRepeated', firstCause: 0, sameContent: true },
      { type: 'CommandRepeated', firstCause: 0, sameContent: true },
      { type: 'CommandRepeated', firstCause: 0, sameContent: false },
      { type: 'PodForgotten', pod: 'b 0 after 1' }
    ])
  })

  withLog('a fact that is fed again is not applied again', async (t, log) => {
    const fed = (pod: string, at: string, partition = 3) =>
      ask(pod, { fedFrom: `flex.registry.events/${partition}@${at}` })
    await put(log, fed('a', '7.0'), fed('b', '7.1'), fed('b2', '7.1.1'), fed('c', '12.0'))
    await answerAll(ownerOf(log), log)
    await put(log, fed('b', '7.1'), fed('c', '12.0'), fed('d', '12.1'), fed('other', '1.0', 4))
    await answerAll(ownerOf(log), log)
    t.same((await answersOf(log)).flat(), [
      'a 0 after 0',
      'b 0 after 1',
      'b2 0 after 2',
      'c 0 after 3',
      'CommandRepeated',
      'CommandRepeated',
      'd 0 after 4',
      'other 0 after 5'
    ])
  })

  withLog('a record that cannot be read is parked and answered, and the partition goes on', async (t, log) => {
    const rubbish = ask('', { value: Buffer.from('rubbish'), key: 'k' })
    await put(log, ask('a'), rubbish, ask('b'))
    await answerAll(ownerOf(log), log)
    t.same((await answersOf(log)).flat(), ['a 0 after 0', 'RecordParked', 'b 0 after 1'])
    const [parked] = await recordsOf(log, 'flex.market.parked')
    t.match(decode(parked!.value), {
      topic: inbox,
      partition: 0,
      offset: 1,
      reader: 'market',
      code: 'FLEX_SCHEMA_MALFORMED'
    })
    t.equal(parked?.headers[header.correlation], rubbish.headers[header.correlation])
    t.same(decode((await causesOf(log))[1]!.events[0]!.value), decode(parked!.value))
  })

  withLog('a message that is no command of the inbox is parked', async (t, log) => {
    const event = encode({ type: 'PodForgotten', pom: 'PoM-1', pod: 'a' })
    await put(log, ask('a', { value: event }), ask('b', { value: encode({ type: 'OwnershipTaken', owner: 'x' }) }))
    await answerAll(ownerOf(log), log)
    t.same((await answersOf(log)).flat(), ['RecordParked', 'RecordParked'])
    t.match(decode((await recordsOf(log, 'flex.market.parked'))[0]!.value), { code: 'FLEX_RECORD_MISPLACED' })
  })

  withLog('a parked command is new when it comes again and can be read', async (t, log) => {
    await put(log, ask('', { value: Buffer.from('rubbish'), key: 'k' }), ask('a', { key: 'k' }), ask('a', { key: 'k' }))
    await answerAll(ownerOf(log), log)
    t.same((await answersOf(log)).flat(), ['RecordParked', 'a 0 after 0', 'CommandRepeated'])
  })

  withLog('a cause larger than an append is split over several, and stays whole for readers', async (t, log) => {
    const sizes: number[] = []
    const counting: Log = {
      ...log,
      append: (topic, partition, records) => {
        if (topic === outbox) sizes.push(records.length)
        return log.append(topic, partition, records)
      }
    }
    await put(log, ask('a*25'), ask('b'))
    await answerAll(ownerOf(counting, { limits: { appendRecordsMax: 10 } }), log)
    t.same(sizes, [1, 10, 10, 5, 1])
    t.same(await answersOf(log), [Array.from({ length: 25 }, (_, n) => `a*25 ${n} after 0`), ['b 0 after 25']])
  })

  withLog('what waits for the log is bounded, however many commands come at once', async (t, log) => {
    let recordsMax = 0
    const counting: Log = {
      ...log,
      append: (topic, partition, records) => {
        if (topic === outbox) recordsMax = Math.max(recordsMax, records.length)
        return log.append(topic, partition, records)
      }
    }
    await put(log, ...Array.from({ length: 500 }, (_, n) => ask(`a${n}`)))
    await answerAll(ownerOf(counting, { limits: { appendRecordsMax: 50 } }), log)
    t.equal(recordsMax, 50)
    t.equal((await causesOf(log)).length, 500)
  })

  withLog('an owner that another has replaced takes ownership again before it is heard', async (t, log) => {
    const [one, two] = [ownerOf(log), ownerOf(log, { instance: 'two' })]
    await put(log, ask('a'), ask('b'))
    await one.start()
    await two.start()
    const commands = await recordsOf(log, inbox)
    await t.rejects(one.handle(commands), { message: /somebody else wrote there/ })
    t.same(await answersOf(log), [], 'nobody listens to it')
    await t.rejects(one.handle(commands), { message: /not started/ })
    // What `one` wrote shifts the offsets of `two`, which then makes sure as well.
    await t.rejects(two.handle(commands), { message: /somebody else wrote there/ })
    await answerAll(two, log)
    t.same((await answersOf(log)).flat(), ['a 0 after 0', 'b 0 after 1'])
    const owners = (await recordsOf(log, outbox)).filter(({ headers }) => headers[header.type] === ownershipTakenType)
    t.same(new Set(owners.map(({ headers }) => headers[header.id])).size, owners.length, 'each with its own id')
  })

  withLog('others that write into an append are noticed at once', async (t, log) => {
    await put(log, ask('a*3'))
    const two = ownerOf(log, { instance: 'two' })
    const interleaved: Log = {
      ...log,
      async append(topic, partition, records) {
        if (topic !== outbox || records.length === 1) return log.append(topic, partition, records)
        const first = await log.append(topic, partition, records.slice(0, 1))
        await two.start()
        await log.append(topic, partition, records.slice(1))
        return first
      }
    }
    await t.rejects(answerAll(ownerOf(interleaved), log), { message: /somebody else wrote there/ })
    await answerAll(ownerOf(log), log)
    t.same(
      (await answersOf(log)).map(events => events.length),
      [3]
    )
  })

  withLog(
    'the partition stops where a rule throws, nothing of it is on the log, and the others go on',
    async (t, log) => {
      const rules: [string, Processor<never, never, unknown> | typeof countingProcessor][] = [
        ['a!', countingProcessor],
        ['a?', countingProcessor],
        ['a*0', countingProcessor],
        [`${'x'.repeat(262_200)}`, countingProcessor]
      ]
      for (const [pod] of rules) {
        const end = await log.endOffset(outbox, 0)
        const owner = ownerOf(log)
        await owner.start()
        const record: StoredRecord = { ...ask(pod), offset: 1_000 }
        await t.rejects(owner.handle([record]), BrokenInvariant, pod.slice(0, 5))
        t.equal(await log.endOffset(outbox, 0), end + 1, 'only its ownership')
      }
    }
  )

  withLog('what is decided elsewhere is answered in order, each on the state before it', async (t, log) => {
    const { decide } = countingProcessor
    const elsewhere = {
      ...countingProcessor,
      decide: (...asked: Parameters<typeof decide>) =>
        asked[0].pod.startsWith('slow')
          ? new Promise<Awaited<ReturnType<typeof decide>>>(resolve => setTimeout(() => resolve(decide(...asked)), 5))
          : decide(...asked)
    }
    await put(log, ask('a'), ask('slow*2'), ask('b'))
    await answerAll(ownerOf(log, {}, elsewhere), log)
    t.same(await answersOf(log), [['a 0 after 0'], ['slow*2 0 after 1', 'slow*2 1 after 1'], ['b 0 after 3']])
  })

  withLog('a decision elsewhere that fails leaves nothing behind, and is made after a restart', async (t, log) => {
    let failures = 1
    const elsewhere = {
      ...countingProcessor,
      decide: async (...asked: Parameters<typeof countingProcessor.decide>) => {
        if (asked[0].pod === 'b' && failures-- > 0) throw new Error('the other thread is gone')
        return countingProcessor.decide(...asked)
      }
    }
    const owner = ownerOf(log, {}, elsewhere)
    await put(log, ask('a'), ask('b'))
    await t.rejects(answerAll(owner, log), { message: 'the other thread is gone' })
    t.same(await answersOf(log), [], 'what was decided before it in the batch is not on the log either')
    await answerAll(owner, log)
    t.same(await answersOf(log), [['a 0 after 0'], ['b 0 after 1']])
  })

  withLog('in a host, a broken rule stops its partition, and the other partitions go on', async (t, log) => {
    const topics = marketTopics(1).map(topic => ({ ...topic, name: topic.name.replace('market', 'registry') }))
    await log.ensureTopics(topics)
    const other = { ...countingProcessor, name: 'registry' }
    const options = { log, instance: 'one', snapshots: memorySnapshots(), salt }
    const components = [processorComponent(countingProcessor, options), processorComponent(other, options)]
    const host = await startHost({ log, components, mode: 'ordered', instance: 'one' })
    await put(log, ask('a'), ask('b!'), ask('c'))
    await t.rejects(host.idle(), { message: /market .* has stopped/ })
    await log.append('flex.registry.commands', 0, [ask('', { value: Buffer.from('rubbish') })])
    await t.rejects(host.idle())
    t.equal((await causesOf(log, 'flex.registry.events')).length, 1)
    t.match(host.failures(), [
      { component: 'market', isStopped: true, error: { message: /ForgetPod at 1 cannot be decided/ } }
    ])
    await host.stop()
  })

  for (const mode of ['ordered', 'free'] as const)
    withLog(`${mode}: a host that stops in the middle of a long inbox is continued by the next`, async (t, log) => {
      await put(log, ...Array.from({ length: 300 }, (_, n) => ask(`a${n}`)))
      const snapshots = memorySnapshots()
      const host = () => {
        const components = [processorComponent(countingProcessor, { log, instance: 'one', snapshots, salt })]
        return startHost({ log, components, mode, instance: 'one', limits: { batchRecordsMax: 7 } })
      }
      const first = await host()
      while ((await log.endOffset(outbox, 0)) < 50) await new Promise(setImmediate)
      await first.stop()
      const answered = (await causesOf(log)).length
      t.ok(answered < 300, `${answered} answered`)
      const second = await host()
      await second.idle()
      await second.stop()
      t.same(
        (await answersOf(log)).flat(),
        Array.from({ length: 300 }, (_, n) => `a${n} 0 after ${n}`)
      )
    })
}
