/**
 * Messages to bytes and back: Avro in the Confluent wire format (0x00, 4-byte schema id, body).
 *
 * Promises: what is encoded comes back equal, or is refused with its path; bytes of every version in history/ are read into
 * the current type; bytes that are no message give a SchemaError and cost no more than their length. Ids come from a table:
 * the built-in one (ids.json), plus what is learnt from a schema registry about versions that are newer than this one.
 */
import type { Resolver, Type } from 'avsc'
import { type AvroRecord, fullNameOf as nameOf } from './avro-schema.ts'
import { avroTypeOf } from './avro-types.ts'
import { incompatibilities } from './compatibility.ts'
import { compiledCheck } from './compiled-check.ts'
import { SchemaError } from './errors.ts'
import { fullName, type Message } from './generated.ts'
import { readFrozenSchema, readSchemaIds, type SchemaVersion } from './schema-files.ts'
import { misfitText, strictCheck } from './strict-value.ts'

export interface Codec {
  encode(message: Message): Buffer
  decode(bytes: Uint8Array): Message
  /** Id under which messages of this type are written. */
  schemaIdOf(type: Message['type']): number
  /** Whether messages under this id can be decoded. */
  knows(id: number): boolean
  /**
   * Messages under this id, which a newer version of the project writes, are read from now on. What is written stays the
   * same. False, and nothing changes, if the schema is no message known here, or one that today's cannot follow.
   */
  learn(id: number, schema: AvroRecord): boolean
}

const MAGIC = 0
const HEADER_BYTES = 5
/** First size of the buffer that messages are written into: above nearly all of them; it doubles when one is larger. */
const SCRATCH_BYTES = 16_384

interface Writer {
  readonly id: number
  readonly avro: Type
  readonly fits: ReturnType<typeof compiledCheck>
  /** Finds out what does not. */
  readonly misfitOf: ReturnType<typeof strictCheck>
}

interface Reader {
  readonly type: Message['type']
  readonly avro: Type
  /** Absent for the current version. */
  readonly resolver: Resolver | undefined
}

/** Every version that may stand on a log. A schema registry gets these, under these ids. */
export const schemaVersions: readonly SchemaVersion[] = readSchemaIds()

const messageTypes = Object.keys(fullName) as Message['type'][]

export const fullNameOf = (type: Message['type']): string => fullName[type]

/** `schemaOf` gives the schema of a version; by default its frozen copy. */
export const codecWith = (versions: readonly SchemaVersion[], schemaOf = readFrozenSchema): Codec => {
  const byId = new Map(versions.map(version => [version.id, version]))
  const learnt = new Map<number, AvroRecord>()
  if (byId.size !== versions.length) throw new Error('a schema id is given to two versions')
  const latest = new Map<string, SchemaVersion>()
  for (const version of versions) {
    const known = latest.get(version.name)
    if (known === undefined || known.version < version.version) latest.set(version.name, version)
  }
  const typeByName = new Map<string, Message['type']>(messageTypes.map(type => [fullName[type], type]))
  for (const name of typeByName.keys()) if (!latest.has(name)) throw new Error(`${name} has no schema id`)

  // Built when first needed: a process uses a part of the messages, and a start should not wait for the rest.
  const writers = new Map<string, Writer>()
  const writerOf = (type: Message['type']): Writer => {
    const found = writers.get(type)
    if (found !== undefined) return found
    const version = latest.get(fullName[type])
    if (version === undefined)
      throw new SchemaError('FLEX_SCHEMA_INVALID_VALUE', `there is no message ${shownType(type)}`)
    const schema = schemaOf(version)
    const writer = {
      id: version.id,
      avro: avroTypeOf(schema),
      fits: compiledCheck(schema),
      misfitOf: strictCheck(schema)
    }
    writers.set(type, writer)
    return writer
  }

  const readers = new Map<number, Reader>()
  const readerOf = (id: number): Reader => {
    const found = readers.get(id)
    if (found !== undefined) return found
    const version = byId.get(id)
    const schema = version === undefined ? learnt.get(id) : schemaOf(version)
    const type = schema && typeByName.get(nameOf(schema))
    if (schema === undefined || type === undefined)
      throw new SchemaError('FLEX_SCHEMA_UNKNOWN', `there is no schema with the id ${id}`)
    const { id: currentId, avro } = writerOf(type)
    const resolver = id === currentId ? undefined : avro.createResolver(avroTypeOf(schema))
    const reader = { type, avro, resolver }
    readers.set(id, reader)
    return reader
  }

  let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

  return {
    encode: message => {
      const { id, avro, fits, misfitOf } = writerOf(message.type)
      if (!fits(message)) {
        const misfit = misfitOf(message)
        const why = misfit === undefined ? 'it does not fit its schema' : misfitText(misfit)
        throw new SchemaError('FLEX_SCHEMA_INVALID_VALUE', `${message.type}: ${why}`)
      }
      let end = avro.encode(message, scratch, HEADER_BYTES)
      while (end < 0) {
        scratch = Buffer.allocUnsafeSlow(scratch.length * 2)
        end = avro.encode(message, scratch, HEADER_BYTES)
      }
      scratch[0] = MAGIC
      scratch.writeUInt32BE(id, 1)
      return Buffer.from(scratch.subarray(0, end))
    },
    decode: bytes => {
      const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if (buffer.length < HEADER_BYTES || buffer[0] !== MAGIC)
        throw new SchemaError(
          'FLEX_SCHEMA_MALFORMED',
          `${buffer.length} bytes that do not begin with 0x00 and a schema id`
        )
      const { type, avro, resolver } = readerOf(buffer.readUInt32BE(1))
      let read: { value: object; offset: number }
      try {
        read = avro.decode(buffer, HEADER_BYTES, resolver)
      } catch (error) {
        throw new SchemaError('FLEX_SCHEMA_MALFORMED', `no ${type}: ${String(error)}`, { cause: error })
      }
      if (read.offset !== buffer.length)
        throw new SchemaError(
          'FLEX_SCHEMA_MALFORMED',
          read.offset < 0
            ? `a ${type} that ends too early`
            : `${buffer.length - read.offset} bytes after the end of a ${type}`
        )
      return { type, ...read.value } as Message
    },
    schemaIdOf: type => writerOf(type).id,
    knows: id => byId.has(id) || learnt.has(id),
    learn: (id, schema) => {
      const type = typeByName.get(nameOf(schema))
      const version = type && latest.get(fullName[type])
      if (byId.has(id) || version === undefined || incompatibilities(schemaOf(version), schema).length > 0) return false
      learnt.set(id, schema)
      return true
    }
  }
}

const shownType = (type: unknown): string => (typeof type === 'string' ? type.slice(0, 80) : typeof type)

/** What the whole process writes and reads with. */
export const codec: Codec = codecWith(schemaVersions)
export const { encode, decode, schemaIdOf } = codec
