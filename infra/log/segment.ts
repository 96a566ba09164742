/**
 * Segments: how the SQLite adapter stores records. A segment is up to `segmentRecordsMax` consecutive records of one
 * partition in one row, so that a row's cost is spread over many records. It knows no offsets: those are the row's place.
 *
 *   record = u32 key bytes | u32 headers bytes | u32 value bytes | f64 timestamp | key | headers (JSON) | value
 *
 * Permanent: files outlive versions. Another layout needs another format number in the file (sqlite-log.ts).
 */
import { beginHeaderTexts, headerTexts, writeHeaders } from './header-texts.ts'
import type { Headers, LogRecord, StoredRecord } from './log.ts'

/** A reader that starts inside a segment decodes the whole of it: keep that below a millisecond or two. */
const segmentRecordsMax = 1_000
/** Bytes after which a segment is closed (1 MiB): bounds what one read holds. */
const segmentBytesMax = 1024 * 1024

const fixedBytes = 20
const noHeaders: Headers = Object.freeze({})

export interface Segment {
  readonly records: number
  readonly bytes: Uint8Array
  /** The same as records, in memory that no writer can change any more. */
  readonly contents: readonly LogRecord[]
}

export const segmentsOf = (records: readonly LogRecord[]): readonly Segment[] => {
  const segments: Segment[] = []
  let from = 0
  while (from < records.length) {
    beginHeaderTexts()
    const ends: number[] = []
    let bytes = 0
    let headersEnd = 0
    let to = from
    while (to < records.length && to - from < segmentRecordsMax && bytes < segmentBytesMax) {
      const record = records[to++]!
      const headersFrom = headersEnd
      headersEnd = writeHeaders(record.headers)
      ends.push(headersEnd)
      bytes += fixedBytes + Buffer.byteLength(record.key) + (headersEnd - headersFrom) + record.value.length
    }
    segments.push({ records: to - from, ...encode(records, from, ends, bytes) })
    from = to
  }
  return segments
}

/** `ends`: where the text of each record's headers ends. */
const encode = (
  records: readonly LogRecord[],
  from: number,
  ends: readonly number[],
  size: number
): Pick<Segment, 'bytes' | 'contents'> => {
  const texts = headerTexts()
  const buffer = Buffer.allocUnsafe(size)
  const contents: LogRecord[] = []
  let at = 0
  let textFrom = 0
  for (let n = 0; n < ends.length; n++) {
    const { key, value, headers, timestamp } = records[from + n]!
    const textEnd = ends[n]!
    const keyBytes = buffer.write(key, at + fixedBytes)
    buffer.writeUInt32LE(keyBytes, at)
    buffer.writeUInt32LE(textEnd - textFrom, at + 4)
    buffer.writeUInt32LE(value.length, at + 8)
    buffer.writeDoubleLE(timestamp, at + 12)
    at += fixedBytes + keyBytes
    buffer.set(texts.subarray(textFrom, textEnd), at)
    at += textEnd - textFrom
    textFrom = textEnd
    buffer.set(value, at)
    contents.push({ key, value: buffer.subarray(at, at + value.length), headers: { ...headers }, timestamp })
    at += value.length
  }
  return { bytes: buffer, contents }
}

/** The records of a segment whose first has offset `first`, from offset `from` on. */
export const recordsOf = (bytes: Uint8Array, first: number, from: number): readonly StoredRecord[] => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records: StoredRecord[] = []
  let at = 0
  for (let offset = first; at < buffer.length; offset++) {
    const keyEnd = at + fixedBytes + buffer.readUInt32LE(at)
    const headersEnd = keyEnd + buffer.readUInt32LE(at + 4)
    const valueEnd = headersEnd + buffer.readUInt32LE(at + 8)
    if (offset >= from)
      records.push({
        offset,
        key: buffer.toString('utf8', at + fixedBytes, keyEnd),
        value: bytes.subarray(headersEnd, valueEnd),
        headers: headersEnd === keyEnd ? noHeaders : parseHeaders(buffer.toString('utf8', keyEnd, headersEnd)),
        timestamp: buffer.readDoubleLE(at + 12)
      })
    at = valueEnd
  }
  return records
}

const parseHeaders = (text: string): Headers => JSON.parse(text) as Headers
