/**
 * Reads the record batches of a fetch. The last batch may be cut off, and is left for the next fetch; the first may begin
 * before the offset that was asked for. Control batches (marks of transactions, which nobody writes to our topics) are
 * passed over, so offsets may have gaps.
 *
 * Values are views into the answer's buffer, not copies. Checksums are verified: what a disk has spoilt must not become
 * history.
 */
import type { Headers, StoredRecord } from '../log.ts'
import { inflated } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { readInt64 } from './protocol-bytes.ts'
import { batchHeaderBytes } from './record-batch.ts'

export interface ReadBatches {
  readonly records: StoredRecord[]
  /** The offset to fetch next. */
  readonly next: number
}

const isControl = 0x20
const isLogAppendTime = 0x08
const compressionMask = 0x07

export const readBatches = (bytes: Buffer, from: number): ReadBatches => {
  const records: StoredRecord[] = []
  let next = from
  for (let start = 0; start + 12 <= bytes.length; ) {
    const end = start + 12 + bytes.readInt32BE(start + 8)
    if (end > bytes.length) break
    if (end - start < batchHeaderBytes || bytes[start + 16] !== 2)
      throw new Error(`a record batch of format ${bytes[start + 16]} at offset ${readInt64(bytes, start)}`)
    const firstOffset = readInt64(bytes, start)
    // First of all: whether a batch may be passed over stands in what the checksum covers.
    if (crc32c(bytes, start + 21, end) !== bytes.readUInt32BE(start + 17))
      throw new Error(`the record batch at offset ${firstOffset} does not match its checksum`)
    const afterLast = firstOffset + bytes.readInt32BE(start + 23) + 1
    if (afterLast > from) {
      const attributes = bytes.readInt16BE(start + 21)
      if ((attributes & isControl) === 0)
        readRecords(inflated(bytes.subarray(start + batchHeaderBytes, end), attributes & compressionMask), {
          firstOffset,
          count: bytes.readInt32BE(start + 57),
          firstTimestamp: readInt64(bytes, start + 27),
          appendTimestamp: (attributes & isLogAppendTime) === 0 ? undefined : readInt64(bytes, start + 35),
          from,
          into: records
        })
      next = afterLast
    }
    start = end
  }
  return { records, next }
}

interface Reading {
  readonly firstOffset: number
  readonly count: number
  readonly firstTimestamp: number
  /** Of all records, where the broker gave it. */
  readonly appendTimestamp: number | undefined
  readonly from: number
  readonly into: StoredRecord[]
}

/** The bytes that are read now, and where: reading is done at one go. */
let bytes: Buffer = Buffer.alloc(0)
let at = 0

const readRecords = (content: Buffer, reading: Reading) => {
  const { firstOffset, count, firstTimestamp, appendTimestamp, from, into } = reading
  bytes = content
  at = 0
  for (let n = 0; n < count; n++) {
    const size = readVarint()
    const end = at + size
    if (end > bytes.length) throw new Error(`a record of the batch at offset ${firstOffset} is cut off`)
    at++
    const timestampDelta = readLong()
    const offset = firstOffset + readVarint()
    if (offset >= from) {
      const keyBytes = readVarint()
      const key = readText(keyBytes)
      const valueBytes = Math.max(0, readVarint())
      const value = bytes.subarray(at, at + valueBytes)
      at += valueBytes
      const headers = readHeaders(readVarint())
      into.push({ offset, key, value, headers, timestamp: appendTimestamp ?? firstTimestamp + timestampDelta })
    }
    at = end
  }
  bytes = empty
}
const empty = Buffer.alloc(0)

const readVarint = (): number => {
  let byte = bytes[at++]!
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
  let value = byte & 0x7f
  let shift = 7
  do {
    byte = bytes[at++]!
    value |= (byte & 0x7f) << shift
    shift += 7
  } while (byte >= 0x80 && shift < 35)
  return (value >>> 1) ^ -(value & 1)
}

const readLong = (): number => {
  const start = at
  while (bytes[at]! >= 0x80) at++
  at++
  if (at - start <= 4) {
    at = start
    return readVarint()
  }
  let value = 0n
  for (let n = start, shift = 0n; n < at; n++, shift += 7n) value |= BigInt(bytes[n]! & 0x7f) << shift
  return Number((value >> 1n) ^ -(value & 1n))
}

const readText = (size: number): string => {
  if (size <= 0) return ''
  const text = bytes.toString('utf8', at, at + size)
  at += size
  return text
}

const noHeaders: Headers = Object.freeze({})

const readHeaders = (count: number): Headers => {
  if (count <= 0) return noHeaders
  const headers: Record<string, string> = {}
  for (let n = 0; n < count; n++) {
    const name = readHeaderName(n)
    const value = readText(readVarint())
    if (name === '__proto__') Object.defineProperty(headers, name, { value, enumerable: true })
    else headers[name] = value
  }
  return headers
}

/** Names in the place where they stood last: the records of a partition carry the same ones in the same order. */
const lastNames: { readonly bytes: Buffer; readonly text: string }[] = []
const lastNamesMax = 64

const readHeaderName = (place: number): string => {
  const size = readVarint()
  const last = lastNames[place]
  if (last && last.bytes.length === size && isAt(last.bytes)) {
    at += size
    return last.text
  }
  const start = at
  const text = readText(size)
  if (place < lastNamesMax) lastNames[place] = { bytes: Buffer.from(bytes.subarray(start, at)), text }
  return text
}

const isAt = (name: Buffer): boolean => {
  for (let n = 0; n < name.length; n++) if (bytes[at + n] !== name[n]) return false
  return true
}
