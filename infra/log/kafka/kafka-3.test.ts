/** Three brokers with certificates, access lists and two replicas that must have a record; the leader is killed. */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { kafka3ForTests } from '../../engines/for-tests.ts'
import { aRecord, keysOf, newTopic, readAll, records } from '../contract-fixtures.ts'
import type { StoredRecord } from '../log.ts'
import { type KafkaSettings, openLog } from '../open-log.ts'
import { kafkajsClient } from './kafkajs-client.ts'

// Three brokers start: a minute on a busy machine.
t.setTimeout(240_000)

const kafka = await kafka3ForTests(t)
const { skip } = kafka
const url = () => `kafka:${kafka.addresses.join(',')}`

const settings = (files: { readonly certificateFile: string; readonly keyFile: string }): KafkaSettings => ({
  tlsCaFile: kafka.engine.certificates!.authorityFile,
  tlsCertFile: files.certificateFile,
  tlsKeyFile: files.keyFile,
  replication: 3,
  minInsync: 2
})

const leaderOf = async (topic: string): Promise<number> => {
  const { admin: files, authorityFile } = kafka.engine.certificates!
  const { readFile } = await import('node:fs/promises')
  const [ca, cert, key] = await Promise.all(
    [authorityFile, files.certificateFile, files.keyFile].map(file => readFile(file, 'utf8'))
  )
  const admin = kafkajsClient({
    brokers: kafka.addresses,
    clientId: 'test',
    tls: { ca: ca!, cert: cert!, key: key! },
    connectMs: 3_000
  }).admin()
  await admin.connect()
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions[0]?.leader ?? 0
  } finally {
    await admin.disconnect()
  }
}

t.test(
  'without a certificate, or with one that nothing is allowed to, nothing is read or written',
  { skip },
  async t => {
    const { authorityFile, admin, issueClient } = kafka.engine.certificates!
    const log = await openLog(url(), { kafka: settings(admin) })
    t.teardown(() => log.close())
    const topic = newTopic()
    await log.ensureTopics([{ name: topic, partitions: 1 }])
    await log.append(topic, 0, records(0, 1))

    await t.rejects(openLog(url(), { kafka: { tlsCaFile: authorityFile } }), { code: 'FLEX_LOG_UNAVAILABLE' })
    await t.rejects(openLog(url()), { code: 'FLEX_LOG_UNAVAILABLE' })
    const stranger = await openLog(url(), { kafka: settings(await issueClient('stranger')) })
    t.teardown(() => stranger.close())
    t.strictSame(await stranger.topics(), [], 'a topic that one may not see is not there')
    await t.rejects(stranger.append(topic, 0, records(1, 1)), { code: 'FLEX_LOG_UNKNOWN_TOPIC' })
    await t.rejects(stranger.ensureTopics([{ name: newTopic(), partitions: 1 }]), {
      message: /authoriz/i
    })
    t.equal((await readAll(log, topic)).length, 1)
  }
)

t.test(
  'the leader is killed while records are appended and read: what is acknowledged is there once, and all goes on',
  { skip },
  async t => {
    const log = await openLog(url(), { kafka: settings(kafka.engine.certificates!.admin) })
    t.teardown(() => log.close())
    const topic = newTopic()
    await log.ensureTopics([{ name: topic, partitions: 1 }])
    const stop = new AbortController()
    const read: StoredRecord[] = []
    const reading = (async () => {
      for await (const batch of log.read(topic, 0, 0, { follow: true, signal: stop.signal })) read.push(...batch)
    })()
    const acknowledged: number[] = []
    let longestMs = 0
    let isWriting = true
    const writing = (async () => {
      for (let n = 0; isWriting; n += 20) {
        const began = performance.now()
        await log.append(
          topic,
          0,
          Array.from({ length: 20 }, (_, i) => aRecord(n + i))
        )
        longestMs = Math.max(longestMs, performance.now() - began)
        for (let i = 0; i < 20; i++) acknowledged.push(n + i)
        await delay(2)
      }
    })()
    while (acknowledged.length < 1_000) await delay(5)
    await kafka.engine.kill(await leaderOf(topic))
    const before = acknowledged.length
    while (acknowledged.length < before + 1_000) await delay(5)
    isWriting = false
    await writing
    while (read.length < acknowledged.length) await delay(5)
    stop.abort()
    await reading
    t.strictSame(keysOf(read), acknowledged.map(String), 'each once, in order, and nothing is missing')
    t.comment(`the longest append took ${Math.round(longestMs)} ms`)
  }
)
