/** What the contract does not ask for: wrong addresses, settings of topics, and a broker that dies and comes back. */
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { kafkaForTests } from '../../engines/for-tests.ts'
import { aRecord, keysOf, newTopic, readAll, records } from '../contract-fixtures.ts'
import type { Log, StoredRecord } from '../log.ts'
import { openLog } from '../open-log.ts'
import { kafkaLog } from './kafka-log.ts'
import { kafkajsClient } from './kafkajs-client.ts'

// A broker is started three times, up to ten seconds each on a busy machine.
t.setTimeout(300_000)

const kafka = await kafkaForTests(t, { own: true })
const { skip } = kafka
const broker = () => {
  const [host = '', port = ''] = kafka.addresses[0]!.split(':')
  return { host, port: Number(port) }
}

const opened = async (t: { teardown(work: () => Promise<void>): void }): Promise<{ log: Log; topic: string }> => {
  const log = await openLog(kafka.url)
  t.teardown(() => log.close())
  const topic = newTopic()
  await log.ensureTopics([{ name: topic, partitions: 2 }])
  return { log, topic }
}

t.test('an address where nobody answers is a named error that says which, and soon', async t => {
  await t.rejects(openLog('kafka:127.0.0.1:1,localhost:2'), {
    code: 'FLEX_LOG_UNAVAILABLE',
    message: /no broker answers.*127\.0\.0\.1:1.*ECONNREFUSED.*localhost:2/
  })
  await t.rejects(openLog('kafka:no-such-host.invalid:9092'), {
    code: 'FLEX_LOG_UNAVAILABLE',
    message: /no-such-host\.invalid/
  })
})

t.test('an address where something else answers is a named error too', async t => {
  const replies = [
    { name: 'nothing', reply: undefined, message: /no answer to ApiVersions within 200 ms/ },
    { name: 'HTTP', reply: 'HTTP/1.1 400 Bad Request\r\n\r\n', message: /no Kafka broker\?/ },
    { name: 'the end', reply: '', message: /closed the connection/ }
  ]
  for (const { name, reply, message } of replies) {
    const server = createServer(socket => {
      socket.on('error', () => {}).on('data', () => {})
      if (reply === '') socket.end()
      else if (reply) socket.write(reply)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await t.rejects(
      kafkaLog({ brokers: [{ host: '127.0.0.1', port }], limits: { connectMs: 200 } }),
      { code: 'FLEX_LOG_UNAVAILABLE', message },
      name
    )
    server.close()
  }
})

t.test('a certificate file that is not there is named', async t => {
  await t.rejects(openLog('kafka:127.0.0.1:1', { kafka: { tlsCaFile: '/nowhere/ca.pem' } }), {
    code: 'FLEX_CONFIG_INVALID',
    message: /\/nowhere\/ca\.pem/
  })
})

t.test('topics are made to keep history for ever and timestamps as they are', { skip }, async t => {
  const { topic } = await opened(t)
  const admin = kafkajsClient({ brokers: kafka.addresses, clientId: 'test', connectMs: 3_000 }).admin()
  await admin.connect()
  t.teardown(() => admin.disconnect())
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: topic }]
  })
  const settings = Object.fromEntries(
    (resources[0]?.configEntries ?? []).map(({ configName, configValue }) => [configName, configValue])
  )
  t.match(settings, {
    'cleanup.policy': 'delete',
    'retention.ms': '-1',
    'retention.bytes': '-1',
    'min.insync.replicas': '1',
    'compression.type': 'producer',
    'message.timestamp.type': 'CreateTime'
  })
})

t.test(
  'a topic that would lose history is refused at the start, with every setting that is wrong',
  { skip },
  async t => {
    const { log } = await opened(t)
    const topic = newTopic()
    const admin = kafkajsClient({ brokers: kafka.addresses, clientId: 'test', connectMs: 3_000 }).admin()
    await admin.connect()
    t.teardown(() => admin.disconnect())
    const configEntries = [
      { name: 'retention.ms', value: '604800000' },
      { name: 'cleanup.policy', value: 'compact' }
    ]
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1, configEntries }] })
    await t.rejects(log.ensureTopics([{ name: topic, partitions: 1 }]), {
      code: 'FLEX_LOG_TOPIC_SETTINGS',
      message: /cleanup\.policy is compact and must be delete; .*retention\.ms is 604800000 and must be -1/
    })
    const strict = await openLog(kafka.url, { kafka: { replication: 3, minInsync: 2 } })
    t.teardown(() => strict.close())
    const [good] = (await log.topics()).filter(({ name }) => name !== topic)
    await t.rejects(strict.ensureTopics([good!]), {
      code: 'FLEX_LOG_TOPIC_SETTINGS',
      message: /min\.insync\.replicas is 1 and must be at least 2; .*has 1 replicas and must have 3/
    })
    await t.rejects(strict.ensureTopics([{ name: newTopic(), partitions: 1 }]), { code: 'FLEX_LOG_UNAVAILABLE' })
  }
)

for (const compression of ['gzip', 'zstd'] as const)
  t.test(`what is written with ${compression} is read by whoever writes without`, { skip }, async t => {
    const { log, topic } = await opened(t)
    const other = await openLog(kafka.url, { kafka: { compression } })
    t.teardown(() => other.close())
    await log.append(topic, 0, records(0, 100))
    await other.append(topic, 0, records(100, 5_000))
    await log.append(topic, 0, records(5_100, 100))
    t.strictSame(keysOf(await readAll(log, topic)), keysOf(records(0, 5_200)))
  })

t.test('a hundred readers at the end get what is appended, each its own', { skip }, async t => {
  const { log } = await opened(t)
  const topic = newTopic()
  await log.ensureTopics([{ name: topic, partitions: 50 }])
  const stop = new AbortController()
  const partitions = Array.from({ length: 50 }, (_, n) => n)
  const reading = [...partitions, ...partitions].map(async partition => {
    const keys: string[] = []
    for await (const batch of log.read(topic, partition, 0, { follow: true, signal: stop.signal })) {
      keys.push(...keysOf(batch))
      if (keys.length === 20) break
    }
    return { partition, keys }
  })
  for (let n = 0; n < 20; n++)
    await Promise.all(partitions.map(partition => log.append(topic, partition, [aRecord(partition * 100 + n)])))
  for (const { partition, keys } of await Promise.all(reading)) t.strictSame(keys, keysOf(records(partition * 100, 20)))
})

t.test('a reader that takes its time loses nothing, and holds no one else up', { skip }, async t => {
  const { log, topic } = await opened(t)
  const slow: StoredRecord[] = []
  const value = new Uint8Array(100_000)
  const reading = (async () => {
    for await (const batch of log.read(topic, 0, 0, { follow: true, recordsMax: 7 })) {
      slow.push(...batch)
      if (slow.length === 300) return
      await delay(1)
    }
  })()
  const quick: StoredRecord[] = []
  const quickly = (async () => {
    for await (const batch of log.read(topic, 0, 0, { follow: true })) {
      quick.push(...batch)
      if (quick.length === 300) return
    }
  })()
  for (let n = 0; n < 300; n += 10)
    await log.append(
      topic,
      0,
      Array.from({ length: 10 }, (_, i) => aRecord(n + i, { value }))
    )
  await Promise.all([reading, quickly])
  t.strictSame(keysOf(slow), keysOf(records(0, 300)))
  t.strictSame(keysOf(quick), keysOf(records(0, 300)))
})

t.test(
  'a broker that is killed and started again interrupts appends, readers and groups, and ends none',
  { skip },
  async t => {
    // Longer than any machine takes to start a broker: the bound is the next test's.
    const log = await kafkaLog({ brokers: [broker()], limits: { unavailableMs: 150_000 } })
    t.teardown(() => log.close())
    const topic = newTopic()
    await log.ensureTopics([{ name: topic, partitions: 2 }])
    const stop = new AbortController()
    const read: StoredRecord[] = []
    const reading = (async () => {
      for await (const batch of log.read(topic, 0, 0, { follow: true, signal: stop.signal })) read.push(...batch)
    })()
    let assigned = 0
    const belonging = (async () => {
      for await (const partitions of log.assignments(`group-${topic}`, [topic], stop.signal))
        assigned = partitions.length
    })()
    const acknowledged: number[] = []
    let isWriting = true
    const writing = (async () => {
      for (let n = 0; isWriting; n++) {
        await log.append(topic, 0, [aRecord(n)])
        acknowledged.push(n)
        await delay(2)
      }
    })()
    while (acknowledged.length < 50 || assigned < 2) await delay(5)
    await kafka.engine.kill()
    await delay(300)
    await kafka.engine.startAgain()
    const before = acknowledged.length
    while (acknowledged.length < before + 50) await delay(5)
    isWriting = false
    await writing
    while (read.length < acknowledged.length) await delay(5)
    t.strictSame(keysOf(read), acknowledged.map(String), 'each once, in order, and nothing is missing')
    t.equal(await log.endOffset(topic, 0), acknowledged.length)
    stop.abort()
    await Promise.all([reading, belonging])
  }
)

t.test(
  'a broker that stays away ends appends and reads within their bound, and its return mends them',
  { skip },
  async t => {
    await kafka.engine.startAgain()
    const topic = newTopic()
    const log = await kafkaLog({ brokers: [broker()], limits: { unavailableMs: 500 } })
    t.teardown(() => log.close())
    await log.ensureTopics([{ name: topic, partitions: 1 }])
    await log.append(topic, 0, records(0, 2))
    await kafka.engine.kill()
    await t.rejects(log.append(topic, 0, records(2, 1)), { code: 'FLEX_LOG_UNAVAILABLE' })
    await t.rejects(readAll(log, topic), { code: 'FLEX_LOG_UNAVAILABLE' })
    await t.rejects(log.endOffset(topic, 0), { code: 'FLEX_LOG_UNAVAILABLE' })
    await t.rejects(
      log.assignments(`group-${topic}`, [topic], new AbortController().signal)[Symbol.asyncIterator]().next(),
      {
        code: 'FLEX_LOG_UNAVAILABLE'
      }
    )
    await kafka.engine.startAgain()
    await log.append(topic, 0, records(2, 1))
    const keys = keysOf(await readAll(log, topic))
    t.strictSame([keys[0], keys[1], keys.at(-1)], ['0', '1', '2'])
  }
)
