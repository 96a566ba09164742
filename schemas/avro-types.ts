/**
 * avsc, held to what the log needs. Decoded records are plain objects: they are compared, spread and cloned like any other
 * data. Bytes that lie about the length of a list are refused at once, instead of filling memory until it ends. Numbers and
 * text that would come out other than they were written are refused: avsc reads and writes longs as doubles of twice their
 * value, so they are exact only below 2^52, and it replaces what is not UTF-8.
 *
 * All of this leans on avsc's inner workings (`_read`, `_skip`, `recordConstructor`); the codec's tests hold the promises.
 */
import { isUtf8 } from 'node:buffer'
import avro from 'avsc'
import { type AvroRecord, type AvroType, isUnion } from './avro-schema.ts'

interface Tap {
  readonly buf: Uint8Array
  pos: number
  readLong(): number
  readString(): string | undefined
}
interface ItemReader {
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}

/** No item of ours takes less than a byte, so a list cannot have more items than bytes are left. */
const blockSize = (tap: Tap): number => {
  let size = tap.readLong()
  if (size < 0) {
    size = -size
    tap.readLong()
  }
  if (size > tap.buf.length - tap.pos) throw new RangeError(`a list of ${size} items in ${tap.buf.length} bytes`)
  return size
}

class BoundedArrayType extends avro.types.ArrayType {
  declare readonly itemsType: avro.Type & ItemReader

  _read(tap: Tap): unknown[] {
    const items: unknown[] = []
    for (let size = blockSize(tap); size > 0; size = blockSize(tap))
      while (size-- > 0) items.push(this.itemsType._read(tap))
    return items
  }

  _skip(tap: Tap): void {
    for (let size = blockSize(tap); size > 0; size = blockSize(tap)) while (size-- > 0) this.itemsType._skip(tap)
  }
}

/** Exclusive bound of a long in both directions. */
export const LONG_BOUND = 2 ** 52

class ExactLongType extends avro.types.LongType {
  _read(tap: Tap): number {
    const value = tap.readLong()
    if (value >= LONG_BOUND || value <= -LONG_BOUND) throw new RangeError('a long of 2^52 or more')
    return value
  }
}

class ExactIntType extends avro.types.IntType {
  _read(tap: Tap): number {
    const value = tap.readLong()
    if (value !== (value | 0)) throw new RangeError('an int of more than 32 bits')
    return value
  }
}

class ExactStringType extends avro.types.StringType {
  _read(tap: Tap): string | undefined {
    const start = tap.pos
    const text = tap.readString()
    // Only a text with a replacement character can have lost something; it may also just contain one.
    if (text?.includes('\ufffd')) {
      const end = tap.pos
      tap.pos = start
      tap.readLong()
      if (!isUtf8(tap.buf.subarray(tap.pos, end))) throw new RangeError('text that is not UTF-8')
      tap.pos = end
    }
    return text
  }
}

const makePlain = (type: avro.Type): void => {
  if (type instanceof avro.types.RecordType) {
    const { recordConstructor } = type as unknown as { recordConstructor: { prototype: object } }
    recordConstructor.prototype = Object.prototype
    for (const field of type.fields) makePlain(field.type)
  } else if (type instanceof avro.types.ArrayType) makePlain(type.itemsType)
  else if (type instanceof avro.types.UnwrappedUnionType) for (const branch of type.types) makePlain(branch)
}

/** avsc holds a type of a schema in full; it wants mutable lists, and nothing here is changed. */
const asAvsc = (schema: AvroType): avro.Schema => schema as unknown as avro.Schema

const exactComplex = (
  node: Exclude<AvroType, string | readonly AvroType[]>,
  options: unknown
): avro.Type | undefined => {
  if (node.type === 'long') return new ExactLongType()
  return node.type === 'array' ? new BoundedArrayType(asAvsc(node), options) : undefined
}

export const avroTypeOf = (schema: AvroRecord): avro.Type => {
  const type = avro.Type.forSchema(asAvsc(schema), {
    omitRecordMethods: true,
    wrapUnions: 'never',
    typeHook: (part, options) => {
      const node = part as unknown as AvroType
      if (typeof node !== 'string')
        return typeof node === 'object' && !isUnion(node) ? exactComplex(node, options) : undefined
      if (node === 'long') return new ExactLongType()
      if (node === 'int') return new ExactIntType()
      return node === 'string' ? new ExactStringType() : undefined
    }
  })
  makePlain(type)
  return type
}
