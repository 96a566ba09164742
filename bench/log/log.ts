/**
 * The log: appends and reads of the port on Kafka beside Kafka's own tools on the same broker, and the time from an HTTP
 * command to its decided event on the embedded log and on Kafka. `npm run bench -- log [RECORDS]`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installEngine, startEngine } from '../../infra/engines/engines.ts'
import { openLog } from '../../infra/log/open-log.ts'
import { kafkaTools } from './kafka-tools.ts'
import { measureLatency } from './latency.ts'
import { measureThroughput } from './throughput.ts'

export const describe = 'appends and reads on Kafka beside its own tools; time from command to event on both logs'

const ROUNDS = 3

export const run = async (args: readonly string[], tell: (text: string) => void) => {
  const records = args.length > 0 ? Number(args[0]) : 500_000
  if (!Number.isSafeInteger(records) || records < 1) throw new Error('records are a whole number')
  const dir = await mkdtemp(join(tmpdir(), 'flexledger-bench-'))
  const home = await installEngine('kafka', { onProgress: tell })
  const broker = await startEngine('kafka', { dir, onProgress: tell })
  try {
    const log = await openLog(broker.url, { instance: 'bench' })
    const throughput = await measureThroughput({
      log,
      tools: kafkaTools(home, broker.addresses[0]!),
      records,
      rounds: ROUNDS,
      tell
    }).finally(() => log.close())
    tell('latency on the embedded log …')
    const embedded = await measureLatency(`sqlite:${join(dir, 'log.sqlite')}`, join(dir, 'embedded'))
    tell('latency on Kafka …')
    const kafka = await measureLatency(broker.url, join(dir, 'kafka'))
    return { throughput, latencyMs: { embedded, kafka } }
  } finally {
    await broker.remove()
    await rm(dir, { recursive: true, force: true })
  }
}

export const readable = ({ throughput: it, latencyMs }: Awaited<ReturnType<typeof run>>): string => {
  const number = (value: number): string => Math.round(value).toLocaleString('en').padStart(12)
  const lines = [
    `${it.records.toLocaleString('en')} records of ${it.recordBytes} bytes, ${it.partitions} partitions, median of ${it.rounds} rounds`,
    '',
    `appends/s   the port ${number(it.appendsPerSecond)}`,
    `            ProducerPerformance ${number(it.producerPerformancePerSecond)}   with large batches ${number(it.producerPerformanceLargeBatchesPerSecond)}   ratio to the better ${it.appendRatio}`,
    `reads/s     the port ${number(it.readsPerSecond)}`,
    `            ConsumerPerformance ${number(it.consumerPerformancePerSecond)}   ratio ${it.readRatio}`,
    '',
    'ms from the HTTP command to its decided event   alone p50 / p99    32 at once p50 / p99'
  ]
  for (const [log, { alone, crowded }] of Object.entries(latencyMs))
    lines.push(
      `  ${log.padEnd(44)}${`${alone.p50} / ${alone.p99}`.padStart(17)}${`${crowded.p50} / ${crowded.p99}`.padStart(24)}`
    )
  return lines.join('\n')
}
