/**
 * avsc, held to what the log needs: decoded records are plain objects (they are compared, spread and cloned like any other
 * data), and bytes that lie about the length of a list are refused at once, instead of filling memory until it ends.
 *
 * Both lean on avsc's inner workings (`_read`, `_skip`, `recordConstructor`), as its documentation of custom types does; the
 * codec's tests hold the two promises.
 */
import avro from 'avsc'
import { type AvroRecord, type AvroType, isUnion } from './avro-schema.ts'

interface Tap {
  readonly buf: Uint8Array
  pos: number
  readLong(): number
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

export const avroTypeOf = (schema: AvroRecord): avro.Type => {
  const type = avro.Type.forSchema(asAvsc(schema), {
    omitRecordMethods: true,
    wrapUnions: 'never',
    typeHook: (part, options) => {
      const node = part as unknown as AvroType
      if (typeof node === 'string' || isUnion(node) || node.type !== 'array') return undefined
      return new BoundedArrayType(asAvsc(node) as ConstructorParameters<typeof avro.types.ArrayType>[0], options)
    }
  })
  makePlain(type)
  return type
}
