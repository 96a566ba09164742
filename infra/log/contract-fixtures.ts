/**
 * What the parts of the log contract share: what an adapter gives to be tested, and records and topics to test with.
 */
import type t from 'tap'
import type { Log, LogRecord, StoredRecord } from './log.ts'

/** As much of a test as the parts of the contract need. */
export type Tests = Pick<typeof t, 'test' | 'teardown'>

export interface LogEngine {
  /** One more instance on the same log. The contract closes it. */
  open(): Promise<Log>
  /** A member of a group that can be made to fall silent without leaving. */
  member(group: string, topic: string): Promise<{ crash(): Promise<void> }>
  /** For `openLog` in another process. Absent where the log dies with its process. */
  readonly url?: string
  dispose(): Promise<void>
}

let topics = 0
/** A topic name that no other test uses, on an engine that keeps what earlier runs left. */
export const newTopic = (): string => `contract.${process.pid}-${Date.now().toString(36)}-${++topics}`

export const aRecord = (
  n: number,
  { value = bytes(`value ${n}`), headers = {} }: Partial<LogRecord> = {}
): LogRecord => ({
  key: String(n),
  value,
  headers,
  timestamp: 1_700_000_000_000 + n
})

export const records = (from: number, count: number): readonly LogRecord[] =>
  Array.from({ length: count }, (_, n) => aRecord(from + n))

export const readAll = async (log: Log, topic: string, partition = 0, from = 0): Promise<readonly StoredRecord[]> => {
  const read: StoredRecord[] = []
  for await (const batch of log.read(topic, partition, from)) read.push(...batch)
  return read
}

export const keysOf = (read: readonly LogRecord[]): readonly string[] => read.map(({ key }) => key)

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
