/**
 * Where a message is read from, and the Avro primitives that come out of it. Numbers that would not be exact and text that
 * is not UTF-8 are refused (RangeError), as is a list that claims more items than bytes are left.
 *
 * Assumes that a message is read in one go: `beginInput`, the primitives, `endInput`. What reads past the end gets nonsense
 * and goes on, because the place tells in the end; a list that begins there is refused, so nothing costs more than the
 * length of the bytes.
 */
import { isUtf8 } from 'node:buffer'
import { LONG_BOUND } from './avro-types.ts'

const nothing = Buffer.alloc(0)
let buffer: Buffer = nothing
let at = 0

export const beginInput = (bytes: Buffer, from: number): void => {
  buffer = bytes
  at = from
}

/** The place after what was read; beyond the length if the bytes ended too early. */
export const endInput = (): number => {
  buffer = nothing
  return at
}

/** A zigzag number of any size; above 2^53 not exact. */
const whole = (): number => {
  let byte = buffer[at++]!
  if (byte < 0x80) return (byte >> 1) ^ -(byte & 1)
  let bits = byte & 0x7f
  let shift = 7
  do {
    byte = buffer[at++]!
    bits |= (byte & 0x7f) << shift
    shift += 7
  } while (byte & 0x80 && shift < 28)
  return byte & 0x80 ? largeWhole(bits) : (bits >> 1) ^ -(bits & 1)
}

const largeWhole = (lowest28: number): number => {
  let value = lowest28
  let weight = 2 ** 28
  let byte: number
  do {
    byte = buffer[at++]!
    value += (byte & 0x7f) * weight
    weight *= 128
  } while (byte & 0x80)
  return (value % 2 ? -(value + 1) : value) / 2
}

export const long = (): number => {
  const value = whole()
  if (value >= LONG_BOUND || value <= -LONG_BOUND) throw new RangeError('a long of 2^52 or more')
  return value
}

export const int = (): number => {
  const value = whole()
  if (value !== (value | 0)) throw new RangeError('an int of more than 32 bits')
  return value
}

export const double = (): number => {
  at += 8
  return at > buffer.length ? 0 : buffer.readDoubleLE(at - 8)
}

export const boolean = (): boolean => !!buffer[at++]

export const text = (): string => {
  const bytes = whole()
  const start = at
  at += bytes
  if (bytes < 0 || at > buffer.length) {
    at = buffer.length + 1
    return ''
  }
  const value = buffer.toString('utf8', start, at)
  // Only a text with a replacement character can have lost something; it may also just contain one.
  if (value.includes('\ufffd') && !isUtf8(buffer.subarray(start, at))) throw new RangeError('text that is not UTF-8')
  return value
}

/** What is left out: numbers of any kind but `double`, bytes of a fixed number, a text. */
export const passWholes = (count: number): void => {
  for (let left = count; left > 0; ) if (!(buffer[at++]! & 0x80)) left--
}

export const passBytes = (count: number): void => {
  at += count
}

export const passText = (): void => {
  const bytes = whole()
  at = bytes < 0 ? buffer.length + 1 : at + bytes
}

/** The symbol that a number stands for. */
export const symbol = (symbols: readonly string[]): string => {
  const index = whole()
  const found = symbols[index]
  if (found === undefined) throw new RangeError(`symbol ${index} of ${symbols.length}`)
  return found
}

/** Whether the second type of a union follows, not null. */
export const isPresent = (): boolean => {
  const branch = whole()
  if (branch !== 0 && branch !== 1) throw new RangeError(`branch ${branch} of a union of two`)
  return branch === 1
}

/** How many items follow; 0 ends a list. No item takes less than a byte, so there cannot be more than bytes are left. */
export const block = (): number => {
  let size = whole()
  if (size < 0) {
    size = -size
    whole()
  }
  if (size > buffer.length - at) throw new RangeError(`a list of ${size} items in ${buffer.length} bytes`)
  return size
}
