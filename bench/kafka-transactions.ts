/**
 * What Kafka's transactions would cost beside our rules (docs/adr/0010): `node bench/kafka-transactions.ts [SECONDS]`. An
 * owner that reads a command, appends its events and keeps its place, on one broker and one partition at a time, and on
 * twelve at once:
 *
 *   transaction   kafkajs: the events and the offset of the command, committed together; one transactional id a partition
 *   idempotent    kafkajs: the events alone; its place follows from them
 *   port          infra/log/kafka: the same by our own encoder and sender
 *
 * Prints one line a measure to standard output.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { startEngine } from '../infra/engines/engines.ts'
import { openLog } from '../infra/log/open-log.ts'

const secondsEach = Number(process.argv[2] ?? 4)
const partitions = 12
const value = Buffer.alloc(300, 'v')

/** One append of `records` to a partition that is acknowledged when it resolves. */
type Append = (partition: number, records: number) => Promise<unknown>

const dir = await mkdtemp(join(tmpdir(), 'flexledger-bench-'))
const broker = await startEngine('kafka', { dir })
const topic = 'bench.events'
const log = await openLog(broker.url)
await log.ensureTopics([{ name: topic, partitions }])

const kafka = new kafkajs.Kafka({
  brokers: [...broker.addresses],
  logLevel: kafkajs.logLevel.NOTHING,
  // The coordinator refuses a new transaction until the last one's markers are written; these waits are the shortest that
  // do not make it busy with refusing.
  retry: { initialRetryTime: 4, multiplier: 1.5, retries: 20 }
})
const messages = (partition: number, records: number) =>
  Array.from({ length: records }, (_, n) => ({ key: String(n), value, partition }))

const transactional = await Promise.all(
  Array.from({ length: partitions }, async (_, partition) => {
    const producer = kafka.producer({
      transactionalId: `bench-${partition}`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner
    })
    await producer.connect()
    return producer
  })
)
let offset = 0
const transaction: Append = async (partition, records) => {
  const current = await transactional[partition]!.transaction()
  await current.send({ topic, acks: -1, messages: messages(partition, records) })
  const topics = [{ topic, partitions: [{ partition, offset: String(offset++) }] }]
  await current.sendOffsets({ consumerGroupId: `bench-${partition}`, topics })
  await current.commit()
}

const producer = kafka.producer({
  idempotent: true,
  maxInFlightRequests: 1,
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner
})
await producer.connect()
const idempotent: Append = (partition, records) =>
  producer.send({ topic, acks: -1, messages: messages(partition, records) })

const port: Append = (partition, records) =>
  log.append(
    topic,
    partition,
    Array.from({ length: records }, (_, n) => ({ key: String(n), value, headers: {}, timestamp: 0 }))
  )

const measure = async (append: Append, records: number, atOnce: number) => {
  const took: number[] = []
  const until = performance.now() + secondsEach * 1_000
  const began = performance.now()
  await Promise.all(
    Array.from({ length: atOnce }, async (_, partition) => {
      while (performance.now() < until) {
        const start = performance.now()
        await append(partition, records)
        took.push(performance.now() - start)
      }
    })
  )
  const seconds = (performance.now() - began) / 1_000
  took.sort((a, b) => a - b)
  const at = (share: number) => (took[Math.floor(took.length * share)] ?? 0).toFixed(1)
  return { p50: at(0.5), p99: at(0.99), perSecond: Math.round((took.length * records) / seconds) }
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${secondsEach} s each`)
console.log('way          records  partitions   p50 ms   p99 ms    records/s')
for (const [name, append] of Object.entries({ transaction, idempotent, port })) {
  await measure(append, 1, 1)
  for (const [records, atOnce] of [
    [1, 1],
    [100, 1],
    [1, partitions],
    [100, partitions]
  ] as const) {
    const { p50, p99, perSecond } = await measure(append, records, atOnce)
    console.log(
      `${name.padEnd(12)} ${String(records).padStart(7)} ${String(atOnce).padStart(11)} ${p50.padStart(8)} ${p99.padStart(8)} ${perSecond.toLocaleString('en').padStart(12)}`
    )
  }
}
await Promise.all([...transactional, producer].map(one => one.disconnect()))
await log.close()
await broker.remove()
await rm(dir, { recursive: true, force: true })
