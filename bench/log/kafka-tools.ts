/**
 * Kafka's own performance tools on the same broker: what a well-made client in another language reaches there. They are run
 * with their defaults and with batches as large as ours, and the better figure counts.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** A minute at 10,000 records/s; more is a broker that hangs. */
const TOOL_MS = 180_000

export interface KafkaTools {
  /** Records/s, as the tool reports them. */
  produce(topic: string, records: number, recordBytes: number, props?: readonly string[]): Promise<number>
  /** Records/s, without the time to join a group. */
  consume(topic: string, records: number): Promise<number>
}

export const largeBatches = ['batch.size=1000000', 'linger.ms=5', 'buffer.memory=67108864', 'max.request.size=8388608']

export const kafkaTools = (home: string, address: string): KafkaTools => {
  const tool = async (name: string, args: readonly string[]): Promise<string> => {
    const { stdout } = await run(
      'java',
      ['-Xmx512m', '-cp', join(home, 'libs', '*'), `org.apache.kafka.tools.${name}`, ...args],
      { timeout: TOOL_MS, maxBuffer: 16 * 1024 * 1024 }
    )
    return stdout
  }
  return {
    async produce(topic, records, recordBytes, props = []) {
      const output = await tool('ProducerPerformance', [
        ...['--topic', topic, '--num-records', String(records), '--record-size', String(recordBytes)],
        ...['--throughput', '-1', '--producer-props', `bootstrap.servers=${address}`, 'acks=all', ...props]
      ])
      // The last line is the whole; those before it are its parts.
      const whole = output.split('\n').findLast(line => line.includes('99.9th'))
      const rate = /([\d.]+) records\/sec/.exec(whole ?? '')?.[1]
      if (rate === undefined) throw new Error(`ProducerPerformance said ${output.slice(-500)}`)
      return Math.round(Number(rate))
    },
    async consume(topic, records) {
      const output = await tool('ConsumerPerformance', [
        ...['--bootstrap-server', address, '--topic', topic, '--messages', String(records), '--timeout', '60000']
      ])
      const [names, values] = output
        .trim()
        .split('\n')
        .slice(-2)
        .map(line => line.split(',').map(cell => cell.trim()))
      const rate = values?.[names?.indexOf('fetch.nMsg.sec') ?? -1]
      if (rate === undefined || !(Number(rate) > 0)) throw new Error(`ConsumerPerformance said ${output.slice(-500)}`)
      return Math.round(Number(rate))
    }
  }
}
