/**
 * Where messages are written: one after the other into one piece of memory, and then the next, and the Avro primitives that go
 * into it. Each checks what it is given as strict-value.ts does, and says false for what does not fit.
 *
 * Assumes that a message is written in one go: `beginOutput`, the primitives, `outputBytes`; what stands there after a false
 * is worth nothing.
 */
import { LONG_BOUND } from './avro-types.ts'

/**
 * Bytes of one piece of memory, which holds the messages that were written one after the other: memory of its own costs a
 * message as much as its fields do.
 */
const SLAB_BYTES = 262_144
/** With less left than this, a message begins in new memory: it is above nearly all messages. */
const ROOM_BYTES = 16_384
/** Most that a number takes. */
export const NUMBER_BYTES = 10
/** Code units up to which a text is written here: a call of the buffer's own writer costs as much as some forty. */
const SHORT_TEXT = 40

let buffer = Buffer.allocUnsafeSlow(SLAB_BYTES)
/** Where the message begins; what stands before belongs to others. */
let start = 0
let at = 0

/** Leaves room for `bytes` more. */
const reserve = (bytes: number): void => {
  if (at + bytes <= buffer.length) return
  const begun = buffer.subarray(start, at)
  buffer = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, 2 * (begun.length + bytes)))
  buffer.set(begun)
  start = 0
  at = begun.length
}

/** Begins anew, after so many bytes that somebody else fills. */
export const beginOutput = (headBytes: number): void => {
  if (buffer.length - start < ROOM_BYTES) {
    buffer = Buffer.allocUnsafeSlow(SLAB_BYTES)
    start = 0
  }
  at = start + headBytes
}

/** What was written since the beginning; nobody writes there again. */
export const outputBytes = (): Buffer => {
  const bytes = buffer.subarray(start, at)
  start = at
  return bytes
}

/** Writes a whole number as Avro does, seven bits a byte, zigzag; says where it ends. There must be NUMBER_BYTES of room. */
export const putLong = (bytes: Uint8Array, from: number, value: number): number =>
  // Twice the value still has 31 bits.
  value === (value | 0) && value < 0x40000000 && value >= -0x40000000
    ? putUnsigned(bytes, from, (value << 1) ^ (value >> 31))
    : putLarge(bytes, from, value)

/** Seven bits at a time of what has more than 32: the lowest four bytes as one whole number, the others as another. */
const putLarge = (bytes: Uint8Array, from: number, value: number): number => {
  const whole = value < 0 ? -2 * value - 1 : 2 * value
  const above = Math.floor(whole / FOUR_BYTES)
  let rest = whole - above * FOUR_BYTES
  if (above === 0) return putUnsigned(bytes, from, rest)
  for (let n = 0; n < 4; n++) {
    bytes[from + n] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  return putUnsigned(bytes, from + 4, above)
}

/** Of four bytes of seven bits each. */
const FOUR_BYTES = 2 ** 28

/** Below 2^31. */
const putUnsigned = (bytes: Uint8Array, from: number, value: number): number => {
  let end = from
  let rest = value
  while (rest > 0x7f) {
    bytes[end++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[end++] = rest
  return end
}

/** A number that is one for sure: a length, the place of a symbol. */
export const count = (value: number): void => {
  reserve(NUMBER_BYTES)
  at = putLong(buffer, at, value)
}

/** Bytes that were written before. */
export const written = (bytes: Uint8Array): void => {
  reserve(bytes.length)
  buffer.set(bytes, at)
  at += bytes.length
}

export const long = (value: unknown): boolean => {
  if (typeof value !== 'number') return false
  if (!(Number.isInteger(value) && value < LONG_BOUND && value > -LONG_BOUND)) return false
  if (at + NUMBER_BYTES > buffer.length) reserve(NUMBER_BYTES)
  at = putLong(buffer, at, value)
  return true
}

export const int = (value: unknown): boolean => typeof value === 'number' && value === (value | 0) && long(value)

export const double = (value: unknown): boolean => {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false
  reserve(8)
  at = buffer.writeDoubleLE(value, at)
  return true
}

export const boolean = (value: unknown): boolean => {
  if (typeof value !== 'boolean') return false
  reserve(1)
  buffer[at++] = value ? 1 : 0
  return true
}

export const text = (value: unknown): boolean => {
  if (typeof value !== 'string') return false
  const { length } = value
  if (length > SHORT_TEXT) return longText(value)
  reserve(1 + length)
  const start = at
  buffer[at++] = length << 1
  for (let n = 0; n < length; n++) {
    const unit = value.charCodeAt(n)
    if (unit > 0x7f) {
      at = start
      return longText(value)
    }
    buffer[at++] = unit
  }
  return true
}

const longText = (value: string): boolean => {
  if (!value.isWellFormed()) return false
  const bytes = Buffer.byteLength(value)
  reserve(NUMBER_BYTES + bytes)
  at = putLong(buffer, at, bytes)
  at += buffer.write(value, at)
  return true
}
