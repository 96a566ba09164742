/**
 * The appends that wait for one partition, and the batches that are made of them: in the order of the calls, several small
 * appends in one batch, a large one in several. What is finished is always what was asked for first.
 */
import type { LogRecord } from '../log.ts'
import type { Compression } from './compression.ts'
import { batchEncoder, type EncodedBatch } from './record-batch.ts'
import type { ProducerIdentity } from './requests.ts'

export interface Append {
  readonly records: readonly LogRecord[]
  /** Records that are acknowledged or in the batch. */
  taken: number
  firstOffset: number | undefined
  readonly deadline: number
  readonly bytes: number
  readonly resolve: (offset: number) => void
  readonly reject: (error: unknown) => void
}

export interface Batch {
  readonly encoded: EncodedBatch
  /** Which records of the batch are whose, in order. */
  readonly parts: readonly { readonly append: Append; readonly records: number }[]
  /** A request with it may have reached the broker. */
  mayBeWritten: boolean
  attempts: number
  /** ms since the process began; undefined before the first failure. */
  failingSince: number | undefined
  isWarned: boolean
}

export interface PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly appends: Append[]
  /** In flight, or waiting to be sent again. */
  batch: Batch | undefined
  isBusy: boolean
  /** The next batch, encoded while the first is in flight. */
  ahead: Batch | undefined
  identity: ProducerIdentity | undefined
  /** An id of this partition was given up: the one that all share must not be used again here. */
  hasGivenUp: boolean
  sequence: number
}

export const partitionQueue = (topic: string, partition: number): PartitionQueue => ({
  topic,
  partition,
  appends: [],
  batch: undefined,
  isBusy: false,
  ahead: undefined,
  identity: undefined,
  hasGivenUp: false,
  sequence: 0
})

/** Of the records that wait, the first ones, up to a batch. */
export const nextBatch = (
  { appends }: PartitionQueue,
  batchBytesMax: number,
  compression: Compression
): Batch | undefined => {
  const encoder = batchEncoder()
  const parts: { append: Append; records: number }[] = []
  for (const append of appends) {
    const before = encoder.records
    while (append.taken < append.records.length && encoder.add(append.records[append.taken]!, batchBytesMax))
      append.taken++
    if (encoder.records > before) parts.push({ append, records: encoder.records - before })
    if (append.taken < append.records.length) break
  }
  if (encoder.records === 0) return undefined
  return {
    encoded: encoder.finish(compression),
    parts,
    mayBeWritten: false,
    attempts: 0,
    failingSince: undefined,
    isWarned: false
  }
}

/** While a full batch waits, its encoding need not wait for the answer to the one before. */
export const encodeAhead = (queue: PartitionQueue, batchBytesMax: number, compression: Compression): void => {
  const waitingBytes = queue.appends.reduce(
    (bytes, append) => bytes + (append.taken < append.records.length ? append.bytes : 0),
    0
  )
  if (!queue.ahead && waitingBytes >= batchBytesMax) queue.ahead = nextBatch(queue, batchBytesMax, compression)
}

/** What was encoded ahead may hold the rest of an append that has failed, which must not follow a gap: it waits again. */
export const forgetAhead = (queue: PartitionQueue): void => {
  for (const { append, records } of queue.ahead?.parts ?? []) append.taken -= records
  queue.ahead = undefined
}

/** Gives the appends of the batch their offsets; the result is how many of the first are whole now. */
export const acknowledge = (queue: PartitionQueue, batch: Batch, baseOffset: number): number => {
  const partly = queue.ahead?.parts[0]?.append
  let offset = baseOffset
  let whole = 0
  for (const { append, records } of batch.parts) {
    append.firstOffset ??= offset
    offset += records
    if (append.taken === append.records.length && append !== partly) whole++
  }
  return whole
}

/** How many of the first have waited beyond their deadline, with nothing of them sent. */
export const expiredAppends = ({ appends }: PartitionQueue, now: number): number => {
  const first = appends.findIndex(({ taken, deadline }) => taken > 0 || deadline >= now)
  return first < 0 ? appends.length : first
}
