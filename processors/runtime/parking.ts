/**
 * A record that cannot be read is a state, not an exception: it stays where it is, and `flex.<reader>.parked` names it with
 * cause, place and hash. The same message is its answer in the outbox, so that the partition goes on. It may be named
 * twice, with the same id, if the owner falls between the two.
 */
import { createHash } from 'node:crypto'
import { header, type SaltSource } from '../../infra/log/envelope.ts'
import type { Log, Partition, StoredRecord } from '../../infra/log/log.ts'
import { partitionOf } from '../../infra/log/partition-of.ts'
import { encode, fullNameOf } from '../../schemas/codec.ts'
import type { Message } from '../../schemas/generated.ts'
import type { ReadingProblem } from './own-messages.ts'

export interface Parking {
  readonly log: Log
  readonly salt: SaltSource
  /** The processor. */
  readonly reader: string
  readonly at: Partition
  readonly record: StoredRecord
  readonly problem: ReadingProblem
}

/** What an unreadable record says about itself is foreign text: not more of it than this. */
const detailCharactersMax = 500

export const parkRecord = async (parking: Parking): Promise<Extract<Message, { type: 'RecordParked' }>> => {
  const { log, salt, reader, at, record, problem } = parking
  const topic = `flex.${reader}.parked`
  const message: Extract<Message, { type: 'RecordParked' }> = {
    type: 'RecordParked',
    topic: at.topic,
    partition: at.partition,
    offset: record.offset,
    reader,
    code: problem.code,
    detail: problem.detail.slice(0, detailCharactersMax),
    valueSha256: createHash('sha256').update(record.value).digest('hex')
  }
  const key = `${at.topic}/${at.partition}@${record.offset}`
  const id = `${reader}/parked/${key}`
  const correlation = record.headers[header.correlation]
  const partitions = (await log.topics()).find(({ name }) => name === topic)?.partitions
  await log.append(topic, partitionOf(key, partitions ?? 1), [
    {
      key,
      value: encode(message),
      headers: {
        [header.specVersion]: '1.0',
        [header.id]: id,
        [header.type]: fullNameOf('RecordParked'),
        [header.source]: reader,
        [header.subject]: key,
        [header.time]: new Date(record.timestamp).toISOString(),
        [header.salt]: salt(id),
        ...(correlation === undefined ? {} : { [header.correlation]: correlation })
      },
      timestamp: record.timestamp
    }
  ])
  return message
}
