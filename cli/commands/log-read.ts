/** `flexledger log read`. */
import { header } from '../../infra/log/envelope.ts'
import type { Log, StoredRecord } from '../../infra/log/log.ts'
import { decode, schemaVersions } from '../../schemas/codec.ts'
import { configOf, openExistingLog } from '../app/offline.ts'
import { UsageError } from '../output.ts'

interface Flags {
  readonly data?: string
  readonly partition?: number
  readonly from: number
  readonly limit: number
  readonly type?: string
  readonly key?: string
  readonly follow?: boolean
  readonly json?: boolean
}

export const logRead = async (topic: string, flags: Flags): Promise<void> => {
  if (flags.follow && flags.partition === undefined) throw new UsageError('--follow needs --partition')
  // A message of a newer version may be on the log; a type that no version here knows is a slip.
  if (flags.type !== undefined && !schemaVersions.some(({ name }) => name.endsWith(`.${flags.type}`)))
    throw new UsageError(`there is no message ${flags.type}; docs/reference/events has all of them`)
  const log = await openExistingLog(configOf(flags))
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  try {
    const spec = (await log.topics()).find(({ name }) => name === topic)
    if (!spec)
      throw new UsageError(
        `there is no topic ${topic}; there are ${(await log.topics()).map(({ name }) => name).join(', ')}`
      )
    if (flags.partition !== undefined && flags.partition >= spec.partitions)
      throw new UsageError(`${topic} has partitions 0 to ${spec.partitions - 1}`)
    const partitions =
      flags.partition === undefined ? Array.from({ length: spec.partitions }, (_, n) => n) : [flags.partition]
    let left = flags.limit
    for (const partition of partitions) left = await readPartition(log, topic, partition, flags, left, stop.signal)
  } finally {
    await log.close()
  }
}

/** Resolves with how many more records may be printed. */
const readPartition = async (
  log: Log,
  topic: string,
  partition: number,
  flags: Flags,
  most: number,
  signal: AbortSignal
): Promise<number> => {
  let left = most
  if (left === 0) return 0
  for await (const batch of log.read(topic, partition, flags.from, { follow: flags.follow ?? false, signal }))
    for (const record of batch) {
      const type = record.headers[header.type]?.split('.').at(-1)
      if ((flags.type && type !== flags.type) || (flags.key && record.key !== flags.key)) continue
      process.stdout.write(`${JSON.stringify(view(record, partition, flags.json ?? false))}\n`)
      if (--left === 0) return 0
    }
  return left
}

const view = (record: StoredRecord, partition: number, withEnvelope: boolean): object => {
  const { offset, key, timestamp, headers } = record
  let message: unknown
  try {
    message = decode(record.value)
  } catch (error) {
    message = { unreadable: error instanceof Error ? error.message : String(error) }
  }
  const position = { partition, offset }
  return withEnvelope
    ? { ...position, key, time: new Date(timestamp).toISOString(), headers, message }
    : { ...position, message }
}
