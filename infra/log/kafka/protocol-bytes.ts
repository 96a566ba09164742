/**
 * The primitive types of Kafka's protocol, as bytes: a writer that grows and a reader over one response. Only the
 * non-flexible versions of requests are spoken (requests.ts), so there are no compact strings and no tagged fields.
 *
 * 64-bit numbers are read as JavaScript numbers: offsets, timestamps and producer ids stay far below 2^53.
 */

export interface ProtocolWriter {
  int8(value: number): ProtocolWriter
  int16(value: number): ProtocolWriter
  int32(value: number): ProtocolWriter
  int64(value: number): ProtocolWriter
  /** null is the protocol's "no text". */
  text(value: string | null): ProtocolWriter
  bytes(value: Uint8Array): ProtocolWriter
  array<Item>(items: readonly Item[], write: (item: Item) => void): ProtocolWriter
  /** Length and content of a large value, which is referred to and not copied. */
  reference(value: Uint8Array): ProtocolWriter
  /** All that was written, in order. */
  parts(): readonly Uint8Array[]
}

export const protocolWriter = (sizeFirst = 256): ProtocolWriter => {
  let buffer = Buffer.allocUnsafe(sizeFirst)
  let at = 0
  const done: Uint8Array[] = []

  const room = (size: number) => {
    if (at + size <= buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + size))
    buffer.copy(larger, 0, 0, at)
    buffer = larger
  }
  const flush = () => {
    if (at > 0) done.push(buffer.subarray(0, at))
    buffer = Buffer.allocUnsafe(sizeFirst)
    at = 0
  }

  const writer: ProtocolWriter = {
    int8(value) {
      room(1)
      at = buffer.writeInt8(value, at)
      return writer
    },
    int16(value) {
      room(2)
      at = buffer.writeInt16BE(value, at)
      return writer
    },
    int32(value) {
      room(4)
      at = buffer.writeInt32BE(value, at)
      return writer
    },
    int64(value) {
      room(8)
      at = writeInt64(buffer, value, at)
      return writer
    },
    text(value) {
      if (value === null) return writer.int16(-1)
      const size = Buffer.byteLength(value)
      writer.int16(size)
      room(size)
      at += buffer.write(value, at)
      return writer
    },
    bytes(value) {
      writer.int32(value.length)
      room(value.length)
      buffer.set(value, at)
      at += value.length
      return writer
    },
    array(items, write) {
      writer.int32(items.length)
      for (const item of items) write(item)
      return writer
    },
    reference(value) {
      writer.int32(value.length)
      flush()
      done.push(value)
      return writer
    },
    parts() {
      flush()
      return done
    }
  }
  return writer
}

const twoTo32 = 0x1_0000_0000

export const writeInt64 = (buffer: Buffer, value: number, at: number): number => {
  const high = Math.floor(value / twoTo32)
  buffer.writeInt32BE(high, at)
  return buffer.writeUInt32BE(value - high * twoTo32, at + 4)
}

export const readInt64 = (buffer: Buffer, at: number): number =>
  buffer.readInt32BE(at) * twoTo32 + buffer.readUInt32BE(at + 4)

export interface ProtocolReader {
  int8(): number
  int16(): number
  int32(): number
  int64(): number
  text(): string
  textOrNull(): string | null
  /** A view, not a copy; empty for null. */
  bytes(): Buffer
  array<Item>(read: () => Item): readonly Item[]
}

export const protocolReader = (buffer: Buffer): ProtocolReader => {
  let at = 0
  const advance = (size: number): number => {
    const from = at
    at += size
    return from
  }
  const reader: ProtocolReader = {
    int8: () => buffer.readInt8(advance(1)),
    int16: () => buffer.readInt16BE(advance(2)),
    int32: () => buffer.readInt32BE(advance(4)),
    int64: () => readInt64(buffer, advance(8)),
    text: () => reader.textOrNull() ?? '',
    textOrNull() {
      const size = reader.int16()
      return size < 0 ? null : buffer.toString('utf8', advance(size), at)
    },
    bytes() {
      const size = reader.int32()
      return size <= 0 ? buffer.subarray(0, 0) : buffer.subarray(advance(size), at)
    },
    array(read) {
      const size = reader.int32()
      const items: ReturnType<typeof read>[] = []
      for (let n = 0; n < size; n++) items.push(read())
      return items
    }
  }
  return reader
}
