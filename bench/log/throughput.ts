/**
 * Appends and reads of the port beside Kafka's own tools, in turns on one broker, so that what else the machine does falls
 * on both. Records of 200 bytes; one topic for each measure and round, with as many partitions as the market has. Nothing is
 * warmed up first, as the tools aren't either; unlike them, this process stays warm from the second round on.
 */
import { randomBytes } from 'node:crypto'
import type { Log, LogRecord } from '../../infra/log/log.ts'
import { type KafkaTools, largeBatches } from './kafka-tools.ts'

export interface ThroughputOptions {
  readonly log: Log
  readonly tools: KafkaTools
  readonly records: number
  readonly rounds: number
  readonly tell: (text: string) => void
}

const RECORD_BYTES = 200
const PARTITIONS = 12
/** Records of one append: what an owner writes at once under load. */
const APPEND_RECORDS = 1_000
/** Appends of one partition that wait at the same time: the next is ready when one is acknowledged. */
const APPENDS_AHEAD = 4

export const measureThroughput = async ({ log, tools, records, rounds, tell }: ThroughputOptions) => {
  const appends: number[] = []
  const producer: number[] = []
  const producerLarge: number[] = []
  const reads: number[] = []
  const consumer: number[] = []
  const values = Array.from({ length: APPEND_RECORDS }, () => letters(RECORD_BYTES))
  for (let round = 0; round < rounds; round++) {
    tell(`log: round ${round + 1} of ${rounds} …`)
    const ours = await newTopic(log, `ours-${round}`)
    appends.push(await perSecond(records, () => appendAll(log, ours, records, values)))
    const theirs = await newTopic(log, `theirs-${round}`)
    producer.push(await tools.produce(theirs, records, RECORD_BYTES))
    const theirsLarge = await newTopic(log, `theirs-large-${round}`)
    producerLarge.push(await tools.produce(theirsLarge, records, RECORD_BYTES, largeBatches))
    reads.push(await perSecond(records, () => readAll(log, theirsLarge, records)))
    consumer.push(await tools.consume(theirsLarge, records))
  }
  const best = Math.max(median(producer), median(producerLarge))
  return {
    recordBytes: RECORD_BYTES,
    partitions: PARTITIONS,
    records,
    rounds,
    appendsPerSecond: median(appends),
    producerPerformancePerSecond: median(producer),
    producerPerformanceLargeBatchesPerSecond: median(producerLarge),
    appendRatio: ratio(median(appends), best),
    readsPerSecond: median(reads),
    consumerPerformancePerSecond: median(consumer),
    readRatio: ratio(median(reads), median(consumer)),
    each: { appends, producer, producerLarge, reads, consumer }
  }
}

const newTopic = async (log: Log, name: string): Promise<string> => {
  const topic = `bench.${process.pid}-${Date.now().toString(36)}.${name}`
  await log.ensureTopics([{ name: topic, partitions: PARTITIONS }])
  return topic
}

/** Random letters, as ProducerPerformance writes. */
const letters = (bytes: number): Uint8Array => randomBytes(bytes).map(byte => 65 + (byte % 26))

const appendAll = async (log: Log, topic: string, records: number, values: readonly Uint8Array[]): Promise<void> => {
  let next = 0
  const write = async (partition: number) => {
    while (next < records) {
      const first = next
      next += APPEND_RECORDS
      await log.append(topic, partition, batch(first, Math.min(APPEND_RECORDS, records - first), values))
    }
  }
  await Promise.all(Array.from({ length: PARTITIONS * APPENDS_AHEAD }, (_, n) => write(n % PARTITIONS)))
}

const noHeaders = {}

const batch = (first: number, count: number, values: readonly Uint8Array[]): readonly LogRecord[] => {
  const timestamp = Date.now()
  return Array.from({ length: count }, (_, n) => ({
    key: String(first + n),
    value: values[n]!,
    headers: noHeaders,
    timestamp
  }))
}

const readAll = async (log: Log, topic: string, records: number): Promise<void> => {
  let read = 0
  await Promise.all(
    Array.from({ length: PARTITIONS }, async (_, partition) => {
      for await (const one of log.read(topic, partition, 0)) read += one.length
    })
  )
  if (read !== records) throw new Error(`${read} records were read, not ${records}`)
}

const perSecond = async (records: number, work: () => Promise<void>): Promise<number> => {
  const began = performance.now()
  await work()
  return Math.round(records / ((performance.now() - began) / 1_000))
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const ratio = (ours: number, theirs: number): number => Math.round((ours / theirs) * 100) / 100
