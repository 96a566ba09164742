/**
 * What every adapter of the log must do, run by its `*.contract.test.ts`. It uses nothing beyond the port: offsets are
 * never taken to be dense or to begin at 0, and each test has topics of its own, so one running engine can serve them all.
 */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { assignmentContract } from './assignment.contract.ts'
import { aRecord, bytes, keysOf, type LogEngine, newTopic, readAll, records, type Tests } from './contract-fixtures.ts'
import type { LogRecord, StoredRecord } from './log.ts'
import { processContract } from './process.contract.ts'

const withoutOffset = ({ key, value, headers, timestamp }: StoredRecord) => ({
  key,
  value: Buffer.from(value).toString('hex'),
  headers: { ...headers },
  timestamp
})

export const logContract = (name: string, startEngine: () => Promise<LogEngine>): void => {
  t.test(`the ${name} log keeps the contract of the port`, async t => {
    const engine = await startEngine()
    t.teardown(() => engine.dispose())

    /** A log with one new topic, closed after the test. */
    const opened = async (t: Tests, partitions = 1) => {
      const log = await engine.open()
      t.teardown(() => log.close())
      const topic = newTopic()
      await log.ensureTopics([{ name: topic, partitions }])
      return { log, topic }
    }

    t.test('what is appended is read in the order of the appends, at growing offsets', async t => {
      const { log, topic } = await opened(t)
      const first = await log.append(topic, 0, records(0, 3))
      const second = await log.append(topic, 0, records(3, 2))
      const read = await readAll(log, topic)
      t.strictSame(keysOf(read), ['0', '1', '2', '3', '4'])
      t.equal(read[0]?.offset, first)
      t.equal(read[3]?.offset, second)
      for (let n = 1; n < read.length; n++) t.ok(read[n]!.offset > read[n - 1]!.offset)
      t.ok((await log.endOffset(topic, 0)) > read.at(-1)!.offset)
    })

    t.test('key, value, headers and timestamp come back as they were given', async t => {
      const { log, topic } = await opened(t)
      const given: readonly LogRecord[] = [
        aRecord(1, { value: new Uint8Array(0) }),
        aRecord(2, { headers: { ce_type: 'OfferPlaced', empty: '', città: 'Roma 🏛️ \u0000 "quoted"\n' } }),
        { key: '', value: Uint8Array.of(0, 255, 128), headers: {}, timestamp: 0 },
        { key: 'cabina primaria «Cinecittà» 東京 🔌', value: bytes('{}'), headers: {}, timestamp: 2 ** 50 },
        aRecord(3, { value: Uint8Array.from({ length: 256 * 1024 }, (_, n) => n % 251) })
      ]
      await log.append(topic, 0, given)
      const read = await readAll(log, topic)
      t.strictSame(
        read.map(withoutOffset),
        given.map(record => withoutOffset({ ...record, offset: 0 }))
      )
    })

    t.test('a value that its writer changes after the append stays on the log as it was', async t => {
      const { log, topic } = await opened(t)
      const value = Uint8Array.of(1, 2, 3)
      const appended = log.append(topic, 0, [aRecord(0, { value })])
      await appended
      value.fill(9)
      const [read] = await readAll(log, topic)
      t.strictSame([...(read?.value ?? [])], [1, 2, 3])
    })

    t.test('a batch of 50,000 records is read back whole, in batches no larger than asked for', async t => {
      const { log, topic } = await opened(t)
      await log.append(topic, 0, records(0, 50_000))
      let next = 0
      let largest = 0
      let isOrdered = true
      for await (const batch of log.read(topic, 0, 0, { recordsMax: 777 })) {
        largest = Math.max(largest, batch.length)
        for (const record of batch) isOrdered &&= record.key === String(next++)
      }
      t.equal(next, 50_000)
      t.ok(isOrdered)
      t.ok(largest > 0 && largest <= 777)
    })

    t.test('an append of many megabytes arrives whole and in order', async t => {
      const { log, topic } = await opened(t)
      const value = new Uint8Array(200 * 1024)
      const given = Array.from({ length: 120 }, (_, n) => aRecord(n, { value }))
      await log.append(topic, 0, given)
      const read = await readAll(log, topic)
      t.strictSame(keysOf(read), keysOf(given))
      t.ok(read.every(record => record.value.length === value.length))
    })

    t.test('reading from any offset gives what stands there and after it', async t => {
      const { log, topic } = await opened(t)
      for (let n = 0; n < 40; n += 10) await log.append(topic, 0, records(n, 10))
      const all = await readAll(log, topic)
      for (const [n, { offset }] of all.entries())
        t.strictSame(keysOf(await readAll(log, topic, 0, offset)), keysOf(all.slice(n)))
      t.strictSame(await readAll(log, topic, 0, await log.endOffset(topic, 0)), [])
      t.strictSame(await readAll(log, topic, 0, (await log.endOffset(topic, 0)) + 1_000), [])
    })

    t.test('partitions are apart from each other', async t => {
      const { log, topic } = await opened(t, 3)
      await Promise.all([0, 1, 2].map(partition => log.append(topic, partition, records(partition * 100, 5))))
      for (const partition of [0, 1, 2])
        t.strictSame(keysOf(await readAll(log, topic, partition)), keysOf(records(partition * 100, 5)))
    })

    t.test('an append of nothing writes nothing', async t => {
      const { log, topic } = await opened(t)
      await log.append(topic, 0, records(0, 2))
      await log.append(topic, 0, [])
      t.equal((await readAll(log, topic)).length, 2)
    })

    t.test('appends of one instance that are not awaited keep the order of their calls', async t => {
      const { log, topic } = await opened(t)
      await Promise.all(Array.from({ length: 200 }, (_, n) => log.append(topic, 0, [aRecord(n)])))
      t.strictSame(keysOf(await readAll(log, topic)), keysOf(records(0, 200)))
    })

    t.test(
      'a following reader gets what is appended later, by its own and by another instance, until the signal',
      async t => {
        const { log, topic } = await opened(t)
        const other = await engine.open()
        t.teardown(() => other.close())
        await log.append(topic, 0, records(0, 2))
        const stop = new AbortController()
        const read: StoredRecord[] = []
        for await (const batch of log.read(topic, 0, 0, { follow: true, signal: stop.signal })) {
          read.push(...batch)
          if (read.length === 2) await log.append(topic, 0, records(2, 1))
          if (read.length === 3) setTimeout(() => other.append(topic, 0, records(3, 1)), 30)
          if (read.length === 4) setTimeout(() => stop.abort(), 30)
        }
        t.strictSame(keysOf(read), ['0', '1', '2', '3'])
      }
    )

    t.test('a reader whose signal is aborted already reads nothing', async t => {
      const { log, topic } = await opened(t)
      await log.append(topic, 0, records(0, 2))
      const read: StoredRecord[] = []
      for await (const batch of log.read(topic, 0, 0, { follow: true, signal: AbortSignal.abort() }))
        read.push(...batch)
      t.equal(read.length, 0)
    })

    t.test('closing the log ends its following readers, and later use is a named error', async t => {
      const { topic } = await opened(t)
      const log = await engine.open()
      const reading = (async () => {
        for await (const _ of log.read(topic, 0, 0, { follow: true }));
      })()
      await delay(20)
      await log.close()
      await reading
      await t.rejects(log.append(topic, 0, records(0, 1)), { code: 'FLEX_LOG_CLOSED' })
      await log.close()
    })

    t.test('writers and readers of several instances at once lose, repeat and reorder nothing', async t => {
      const { log, topic } = await opened(t, 2)
      const writers = 3
      const batches = 20
      const expected = writers * batches * 10
      const reading = [0, 1].map(async partition => {
        const stop = new AbortController()
        const read: StoredRecord[] = []
        for await (const batch of log.read(topic, partition, 0, { follow: true, signal: stop.signal })) {
          read.push(...batch)
          if (read.length >= expected) stop.abort()
        }
        return read
      })
      await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          const instance = await engine.open()
          for (let n = 0; n < batches; n++)
            await Promise.all(
              [0, 1].map(partition => instance.append(topic, partition, records(writer * 1_000 + n * 10, 10)))
            )
          await instance.close()
        })
      )
      for (const read of await Promise.all(reading)) {
        t.equal(new Set(keysOf(read)).size, expected)
        t.ok(read.every((record, n) => n === 0 || record.offset > read[n - 1]!.offset))
        for (let writer = 0; writer < writers; writer++) {
          const own = read.map(({ key }) => Number(key)).filter(key => Math.floor(key / 1_000) === writer)
          t.ok(own.every((key, n) => n === 0 || key > own[n - 1]!))
        }
      }
    })

    t.test('asking for a topic twice changes nothing; with another partition count it is a named error', async t => {
      const { log, topic } = await opened(t, 2)
      await log.append(topic, 1, records(0, 1))
      await log.ensureTopics([{ name: topic, partitions: 2 }])
      const other = newTopic()
      await t.rejects(
        log.ensureTopics([
          { name: other, partitions: 1 },
          { name: topic, partitions: 3 }
        ]),
        { code: 'FLEX_LOG_TOPIC_MISMATCH' }
      )
      await t.rejects(log.ensureTopics([{ name: newTopic(), partitions: 0 }]), { code: 'FLEX_LOG_TOPIC_MISMATCH' })
      const existing = await log.topics()
      t.strictSame(
        existing.filter(({ name }) => name === topic || name === other),
        [{ name: topic, partitions: 2 }]
      )
      t.equal((await readAll(log, topic, 1)).length, 1)
    })

    t.test('an unknown topic or partition is a named error, and is not created by use', async t => {
      const { log, topic } = await opened(t)
      const unknown = newTopic()
      await t.rejects(log.append(unknown, 0, records(0, 1)), { code: 'FLEX_LOG_UNKNOWN_TOPIC' })
      await t.rejects(log.endOffset(unknown, 0), { code: 'FLEX_LOG_UNKNOWN_TOPIC' })
      await t.rejects(readAll(log, unknown), { code: 'FLEX_LOG_UNKNOWN_TOPIC' })
      await t.rejects(log.append(topic, 1, records(0, 1)), { code: 'FLEX_LOG_UNKNOWN_PARTITION' })
      await t.rejects(readAll(log, topic, -1), { code: 'FLEX_LOG_UNKNOWN_PARTITION' })
      t.notOk((await log.topics()).some(({ name }) => name === unknown))
    })

    t.test('a topic that another instance creates later is known', async t => {
      const { log } = await opened(t)
      const other = await engine.open()
      t.teardown(() => other.close())
      const topic = newTopic()
      await t.rejects(log.endOffset(topic, 0), { code: 'FLEX_LOG_UNKNOWN_TOPIC' })
      await other.ensureTopics([{ name: topic, partitions: 1 }])
      await log.append(topic, 0, records(0, 1))
      t.equal((await readAll(other, topic)).length, 1)
    })

    assignmentContract(t, engine)
    if (engine.url !== undefined) processContract(t, engine, engine.url)
  })
}
