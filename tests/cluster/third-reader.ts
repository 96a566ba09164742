/**
 * What an outside party makes of the log, by the rules of docs/explanation/log-and-processors.md and without a line of the
 * product's readers: everything is read first and judged afterwards.
 *
 *   - `OwnershipTaken` at offset o begins epoch o; what carries another epoch than the last one begun does not count.
 *   - A cause counts when all its `count` events are there, under one epoch, and only if it is above the last that counted.
 */
import type { Log, StoredRecord } from '../../infra/log/log.ts'
import { decode } from '../../schemas/codec.ts'
import type { Message } from '../../schemas/generated.ts'

export interface CountedEvent {
  readonly cause: number
  readonly epoch: number
  readonly correlation: string
  readonly offset: number
  readonly message: Message
}

export interface Counted {
  readonly events: readonly CountedEvent[]
  /** Events on the log that do not count: of replaced owners, of causes that are there already or unfinished. */
  readonly uncounted: readonly StoredRecord[]
  /** Offsets of `OwnershipTaken`. */
  readonly epochs: readonly number[]
}

export const readAll = async (log: Log, topic: string, partition: number): Promise<readonly StoredRecord[]> => {
  const all: StoredRecord[] = []
  for await (const batch of log.read(topic, partition, 0)) all.push(...batch)
  return all
}

export const count = (records: readonly StoredRecord[]): Counted => {
  const events: CountedEvent[] = []
  const epochs: number[] = []
  const counted = new Set<StoredRecord>()
  let last = -1
  let open: StoredRecord[] = []
  for (const record of records) {
    const { headers, offset, value } = record
    if (headers['ce_type'] === 'flex.runtime.OwnershipTaken') {
      epochs.push(offset)
      open = []
      counted.add(record)
      continue
    }
    const [cause, index, size, epoch] = ['cause', 'index', 'count', 'epoch'].map(name => Number(headers[name]))
    if (epoch !== epochs.at(-1) || !(cause! > last)) continue
    if (index === 0 || headers['cause'] !== open[0]?.headers['cause']) open = []
    if (index !== open.length) continue
    open.push(record)
    if (open.length < size!) continue
    for (const one of open) {
      counted.add(one)
      events.push({
        cause: cause!,
        epoch: epoch!,
        correlation: one.headers['correlationid'] ?? '',
        offset: one.offset,
        message: decode(one === record ? value : one.value)
      })
    }
    last = cause!
    open = []
  }
  return { events, epochs, uncounted: records.filter(record => !counted.has(record)) }
}

/** Counts again only when something new is there. */
export const partitionCounter = (log: Log, topic: string, partition: number): (() => Promise<Counted>) => {
  const records: StoredRecord[] = []
  let counted = count(records)
  return async () => {
    const before = records.length
    const next = (records.at(-1)?.offset ?? -1) + 1
    for await (const batch of log.read(topic, partition, next)) records.push(...batch)
    if (records.length > before) counted = count(records)
    return counted
  }
}

export const countPartition = async (log: Log, topic: string, partition: number): Promise<Counted> =>
  count(await readAll(log, topic, partition))
