/**
 * The headers of records that follow each other, as JSON. Most of them are the same: the answers to one command differ in an id,
 * a number and a salt. So a record's text is put together from pieces of the one before it where a header is the same, and
 * only the others are written.
 *
 * Promises: the bytes of `JSON.stringify(headers)` (a property test holds it); none for a record without headers.
 * Assumes that texts are written in one go: `beginHeaderTexts`, the records in order, a look at `headerTexts`.
 */
import type { Headers } from './log.ts'

/** First size of the buffer that all texts of the process go through: a thousand records of an outbox fit. */
const FIRST_BYTES = 512 * 1024
/** Bytes up to which a copy is made here: a call costs as much. */
const SHORT_COPY = 48
/** Most bytes of a code unit: an escape is a backslash, u and four digits. */
const UNIT_BYTES = 6

const separator = 0x2c
const opening = 0x7b
const closing = 0x7d
const quote = 0x22
const colon = 0x3a
const backslash = 0x5c

let buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
let at = 0

/** The headers of the last record, and the bytes of each with the separator before it; they end one byte before `at`. */
const names: string[] = []
const values: string[] = []
const lengths: number[] = []
let headersBefore = 0

export const beginHeaderTexts = (): void => {
  at = 0
  headersBefore = 0
}

/** What was written since the beginning, until something else is written. */
export const headerTexts = (): Uint8Array => buffer.subarray(0, at)

/** Says where it ends. */
export const writeHeaders = (headers: Headers): number => {
  let count = 0
  /** In the text of the record before: the end of what was looked at, and how much of it is the same and still to be copied. */
  let before = at
  for (let n = 0; n < headersBefore; n++) before -= lengths[n]!
  if (headersBefore > 0) before -= 1
  let same = 0
  for (const name in headers) {
    const value = headers[name]!
    const wasThere = count < headersBefore
    if (wasThere && values[count] === value && names[count] === name) {
      const length = lengths[count]!
      before += length
      same += length
    } else {
      if (same > 0) repeat(before, same)
      same = 0
      if (wasThere) before += lengths[count]!
      const start = at
      writeHeader(count === 0 ? opening : separator, name, value)
      names[count] = name
      values[count] = value
      lengths[count] = at - start
    }
    count++
  }
  if (same > 0) repeat(before, same)
  if (count > 0) {
    reserve(1)
    buffer[at++] = closing
  }
  headersBefore = count
  return at
}

/** The last `length` bytes before `end` once more. */
const repeat = (end: number, length: number): void => {
  reserve(length)
  const from = end - length
  if (length > SHORT_COPY) buffer.copyWithin(at, from, end)
  else for (let n = 0; n < length; n++) buffer[at + n] = buffer[from + n]!
  at += length
}

const writeHeader = (before: number, name: string, value: string): void => {
  reserve((name.length + value.length) * UNIT_BYTES + 6)
  buffer[at++] = before
  writeText(name)
  buffer[at++] = colon
  writeText(value)
}

/** There is room. */
const writeText = (text: string): void => {
  const bytes = buffer
  let end = at
  bytes[end++] = quote
  for (let n = 0; n < text.length; n++) {
    const unit = text.charCodeAt(n)
    if (unit < 0x20 || unit > 0x7e || unit === quote || unit === backslash) {
      at += bytes.write(JSON.stringify(text), at)
      return
    }
    bytes[end++] = unit
  }
  bytes[end++] = quote
  at = end
}

/** Leaves room for `bytes` more. */
const reserve = (bytes: number): void => {
  if (at + bytes <= buffer.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes))
  larger.set(buffer.subarray(0, at))
  buffer = larger
}
