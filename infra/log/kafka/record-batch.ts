/**
 * Record batches, Kafka's format 2, in which records are sent and stored: a header, then the records, each with its
 * distance to the first one. Written here and not with kafkajs, whose encoder makes several objects and copies of each
 * record (docs/adr/0010); the records of a batch go into one buffer, in one pass.
 *
 *   0 first offset i64 | 8 length i32 | 12 leader epoch i32 | 16 magic i8 | 17 CRC-32C u32 | 21 attributes i16
 *   23 last offset delta i32 | 27 first timestamp i64 | 35 largest timestamp i64 | 43 producer id i64
 *   51 producer epoch i16 | 53 first sequence i32 | 57 records i32 | 61 records
 */
import type { LogRecord } from '../log.ts'
import { type Compression, compressed, compressionCode } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { writeInt64 } from './protocol-bytes.ts'
import type { ProducerIdentity } from './requests.ts'

export const batchHeaderBytes = 61

export interface EncodedBatch {
  readonly bytes: Buffer
  readonly records: number
}

export interface BatchEncoder {
  readonly records: number
  /** Encoded bytes of the records so far. */
  readonly bytes: number
  /** False if the record must begin another batch: it would make this one larger than `bytesMax`. The first always fits. */
  add(record: LogRecord, bytesMax: number): boolean
  /** The batch without its producer (see `stamp`). */
  finish(compression: Compression): EncodedBatch
}

/** One for all batches: encoding is done at one go. Grows to the largest record. */
let scratch = Buffer.allocUnsafeSlow(2 * 1024 * 1024)

export const batchEncoder = (): BatchEncoder => {
  let end = batchHeaderBytes
  let records = 0
  let firstTimestamp = 0
  let lastTimestamp = 0

  return {
    get records() {
      return records
    },
    get bytes() {
      return end - batchHeaderBytes
    },
    add(record, bytesMax) {
      if (records === 0) {
        firstTimestamp = record.timestamp
        lastTimestamp = record.timestamp
      }
      const timestampDelta = record.timestamp - firstTimestamp
      // Too far from the first to be written exactly: another batch has another first.
      if (!Number.isSafeInteger(timestampDelta)) return false
      const keyBytes = Buffer.byteLength(record.key)
      let size = 1 + sizeOfLong(timestampDelta) + sizeOfVarint(records) + sizeOfVarint(keyBytes) + keyBytes
      size += sizeOfVarint(record.value.length) + record.value.length
      let headers = 0
      for (const name in record.headers) {
        headers++
        const valueBytes = Buffer.byteLength(record.headers[name]!)
        size += headerName(name).length + sizeOfVarint(valueBytes) + valueBytes
      }
      size += sizeOfVarint(headers)
      const whole = sizeOfVarint(size) + size
      if (records > 0 && end + whole > bytesMax) return false
      if (end + whole > scratch.length) enlargeScratch(end, end + whole)

      at = end
      writeVarint(size)
      scratch[at++] = 0
      writeLong(timestampDelta)
      writeVarint(records)
      writeVarint(keyBytes)
      writeText(record.key, keyBytes)
      writeVarint(record.value.length)
      scratch.set(record.value, at)
      at += record.value.length
      writeVarint(headers)
      for (const name in record.headers) {
        const encodedName = headerName(name)
        scratch.set(encodedName, at)
        at += encodedName.length
        const text = record.headers[name]!
        const bytes = Buffer.byteLength(text)
        writeVarint(bytes)
        writeText(text, bytes)
      }
      end = at
      if (record.timestamp > lastTimestamp) lastTimestamp = record.timestamp
      records++
      return true
    },
    finish(compression) {
      const plain = scratch.subarray(batchHeaderBytes, end)
      const content = compression === 'none' ? plain : compressed(plain, compression)
      const bytes = Buffer.allocUnsafe(batchHeaderBytes + content.length)
      bytes.set(content, batchHeaderBytes)
      writeInt64(bytes, 0, 0)
      bytes.writeInt32BE(bytes.length - 12, 8)
      bytes.writeInt32BE(-1, 12)
      bytes.writeInt8(2, 16)
      bytes.writeInt16BE(compressionCode[compression], 21)
      bytes.writeInt32BE(records - 1, 23)
      writeInt64(bytes, firstTimestamp, 27)
      writeInt64(bytes, lastTimestamp, 35)
      bytes.writeInt32BE(records, 57)
      return { bytes, records }
    }
  }
}

/** Writes who produced the batch, and the checksum, which covers that too. */
export const stamp = ({ bytes }: EncodedBatch, { producerId, producerEpoch }: ProducerIdentity, sequence: number) => {
  writeInt64(bytes, producerId, 43)
  bytes.writeInt16BE(producerEpoch, 51)
  bytes.writeInt32BE(sequence, 53)
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
}

const enlargeScratch = (used: number, needed: number) => {
  const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, needed))
  scratch.copy(larger, 0, 0, used)
  scratch = larger
}

/** Where the next byte of the scratch goes, while one record is written. */
let at = 0

const sizeOfVarint = (value: number): number => {
  const zigzag = value * 2
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x20_0000) return 3
  return zigzag < 0x1000_0000 ? 4 : 5
}

/** Of a count or length: never negative, below 2^31. */
const writeVarint = (value: number) => {
  let rest = value * 2
  while (rest >= 0x80) {
    scratch[at++] = (rest & 0x7f) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  scratch[at++] = rest
}

const isShort = (value: number): boolean => value >= 0 && value < 0x4000_0000

const zigzag64 = (value: number): bigint => BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))

const sizeOfLong = (value: number): number => {
  if (isShort(value)) return sizeOfVarint(value)
  let size = 1
  for (let rest = zigzag64(value); rest >= 0x80n; rest >>= 7n) size++
  return size
}

/** A difference of timestamps: mostly small, but any two may stand in one batch. */
const writeLong = (value: number) => {
  if (isShort(value)) return writeVarint(value)
  let rest = zigzag64(value)
  for (; rest >= 0x80n; rest >>= 7n) scratch[at++] = Number(rest & 0x7fn) | 0x80
  scratch[at++] = Number(rest)
}

/** Below this a loop is faster than a call into the runtime. */
const loopedTextMax = 40

const writeText = (text: string, bytes: number) => {
  if (bytes === text.length && bytes <= loopedTextMax)
    for (let n = 0; n < bytes; n++) scratch[at + n] = text.charCodeAt(n)
  else scratch.write(text, at)
  at += bytes
}

/** Names of headers as they are written, length first: the same dozen on every record. */
const headerNames = new Map<string, Buffer>()
/** Far above the names that we write; what a foreign writer invents must not fill the memory. */
const headerNamesMax = 1_000

const headerName = (name: string): Buffer => {
  const known = headerNames.get(name)
  if (known) return known
  const text = Buffer.from(name)
  const length: number[] = []
  let rest = text.length * 2
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) length.push((rest & 0x7f) | 0x80)
  const encoded = Buffer.concat([Buffer.from([...length, rest]), text])
  if (headerNames.size >= headerNamesMax) headerNames.clear()
  headerNames.set(name, encoded)
  return encoded
}
