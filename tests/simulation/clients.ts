/** What the clients of a history ask: new commands, repeats, other content under a used key, and rubbish. */
import { commandRecord, header } from '../../infra/log/envelope.ts'
import type { LogRecord } from '../../infra/log/log.ts'
import { encode, fullNameOf } from '../../schemas/codec.ts'
import type { Random } from './random.ts'
import { type SimulatedStore, storedRecords } from './simulated-log.ts'
import { ceasePod, forgetPod, partitions, salt } from './world.ts'

/** What the clients do, one after the other. */
export const clients = (store: SimulatedStore, random: Random): readonly ((now: number) => void)[] => {
  const sent: { topic: string; partition: number; record: LogRecord }[] = []
  const put = (topic: string, partition: number, record: LogRecord) => {
    const records = storedRecords(store, topic, partition)
    records.push({ ...record, offset: records.length })
  }
  return Array.from({ length: 5 + random.below(25) }, (_, n) => (now: number) => {
    const kind = random.pick(['registry', 'registry', 'market'] as const)
    const earlier = sent.length > 0 && random.chance(0.3) ? random.pick(sent) : undefined
    if (earlier && random.chance(0.7))
      return put(earlier.topic, earlier.partition, { ...earlier.record, timestamp: now })

    const pod = `asked ${n}`
    const message = kind === 'registry' ? ceasePod(pod) : forgetPod(pod)
    const key = `key ${n}`
    const record = commandRecord(
      {
        type: fullNameOf(message.type),
        writer: 'client',
        key: pod,
        value: random.chance(0.06) ? Buffer.from('rubbish') : encode(message),
        time: now,
        id: key,
        correlation: key,
        idempotencyKey: key
      },
      salt
    )
    const topic = `flex.${kind}.commands`
    const target = { topic, partition: random.below(partitions[kind]), record }
    if (earlier?.topic === topic && record.value[0] === 0) {
      // The same key for other content.
      const reused = earlier.record.headers[header.idempotencyKey] ?? ''
      return put(topic, earlier.partition, {
        ...record,
        headers: { ...record.headers, [header.idempotencyKey]: reused }
      })
    }
    sent.push(target)
    return put(topic, target.partition, record)
  })
}
