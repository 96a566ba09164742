/**
 * A place on the log, named so that it can be found again for sure: the last complete cause, and a digest of its last
 * record. A snapshot that was made of another log (a restored backup, a data directory started afresh, a tail lost with
 * a disk) then does not fit, instead of being taken for the history that it is not.
 */
import { createHash } from 'node:crypto'
import type { ReaderPosition } from '../../infra/log/cause-reader.ts'
import { header } from '../../infra/log/envelope.ts'
import type { Log, LogRecord, Partition } from '../../infra/log/log.ts'

export interface LogPlace {
  /** Right after the last record of a complete cause. */
  readonly position: ReaderPosition
  readonly lastOffset: number
  readonly lastDigest: string
}

export const placeAfter = (cause: number, last: LogRecord & { readonly offset: number }): LogPlace => ({
  position: { nextOffset: last.offset + 1, epoch: Number(last.headers[header.epoch]), cause },
  lastOffset: last.offset,
  lastDigest: recordDigest(last)
})

/** Does the log still have the record that the place names? */
export const isOnLog = async (log: Log, { topic, partition }: Partition, place: LogPlace): Promise<boolean> => {
  for await (const [record] of log.read(topic, partition, place.lastOffset, { recordsMax: 1 }))
    return record?.offset === place.lastOffset && recordDigest(record) === place.lastDigest
  return false
}

export const isLogPlace = (value: unknown): value is LogPlace =>
  typeof value === 'object' &&
  value !== null &&
  'position' in value &&
  typeof value.position === 'object' &&
  'lastOffset' in value &&
  typeof value.lastOffset === 'number' &&
  'lastDigest' in value &&
  typeof value.lastDigest === 'string'

const recordDigest = ({ key, value, headers, timestamp }: LogRecord): string => {
  const hash = createHash('sha256').update(JSON.stringify([key, timestamp, Object.entries(headers).toSorted()]))
  return hash.update('\0').update(value).digest('hex')
}
