/**
 * Messages to bytes and back: Avro in the Confluent wire format (0x00, 4-byte schema id, body).
 *
 * Promises: what is encoded comes back equal, or is refused with its path; bytes of every version in history/ are read into
 * the current type; bytes that are no message give a SchemaError and cost no more than their length. Ids come from a table:
 * the built-in one (ids.json), plus what is learnt from a schema registry about versions that are newer than this one.
 */
import { type AvroRecord, fullNameOf as nameOf } from './avro-schema.ts'
import { avroTypeOf } from './avro-types.ts'
import { incompatibilities } from './compatibility.ts'
import { compiledReader } from './compiled-reader.ts'
import { type CompiledWriter, compiledWriter } from './compiled-writer.ts'
import { SchemaError } from './errors.ts'
import { fullName, type Message } from './generated.ts'
import { leftOut, type Outline } from './outline.ts'
import { readFrozenSchema, readSchemaIds, type SchemaVersion } from './schema-files.ts'
import { misfitText, strictCheck } from './strict-value.ts'
import { beginInput, endInput } from './wire-input.ts'
import { beginOutput, outputBytes } from './wire-output.ts'

export interface Codec {
  encode(message: Message): Buffer
  /** Writes a message that somebody will ask `encode` for, once; until then it may not change. What does not fit is refused then. */
  encodeAhead(message: Message): void
  decode(bytes: Uint8Array): Message
  /** As `decode`; what an outline leaves out is not checked, and is not there unless another version wrote the message. */
  decodeOutline(bytes: Uint8Array): Outline
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

interface Writer {
  readonly id: number
  readonly schema: AvroRecord
  readonly write: CompiledWriter
  /** Finds out what does not fit. */
  readonly misfitOf: ReturnType<typeof strictCheck>
}

interface Reader {
  readonly type: Message['type']
  /** The place after it is beyond the length if the bytes end too early. */
  read(bytes: Buffer, from: number): { readonly message: object; readonly end: number }
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
    const writer = { id: version.id, schema, write: compiledWriter(schema), misfitOf: strictCheck(schema) }
    writers.set(type, writer)
    return writer
  }

  const wholeReaders = new Map<number, Reader>()
  const outlineReaders = new Map<number, Reader>()
  const readerOf = (id: number, readers: Map<number, Reader>): Reader => {
    const found = readers.get(id)
    if (found !== undefined) return found
    const version = byId.get(id)
    const schema = version === undefined ? learnt.get(id) : schemaOf(version)
    const type = schema && typeByName.get(nameOf(schema))
    if (schema === undefined || type === undefined)
      throw new SchemaError('FLEX_SCHEMA_UNKNOWN', `there is no schema with the id ${id}`)
    const current = writerOf(type)
    const passedOver = readers === outlineReaders ? leftOut : undefined
    const reader =
      id === current.id ? currentReader(type, schema, passedOver) : resolvingReader(type, current.schema, schema)
    readers.set(id, reader)
    return reader
  }

  /** Undefined if it does not fit. */
  const bytesOf = (message: Message): Buffer | undefined => {
    const { id, write } = writerOf(message.type)
    beginOutput(HEADER_BYTES)
    if (!write(message)) return undefined
    const bytes = outputBytes()
    bytes[0] = MAGIC
    bytes.writeUInt32BE(id, 1)
    return bytes
  }

  const ahead = new WeakMap<Message, Buffer>()

  const decodeBy = (bytes: Uint8Array, readers: Map<number, Reader>): object => {
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (buffer.length < HEADER_BYTES || buffer[0] !== MAGIC)
      throw new SchemaError(
        'FLEX_SCHEMA_MALFORMED',
        `${buffer.length} bytes that do not begin with 0x00 and a schema id`
      )
    const { type, read } = readerOf(buffer.readUInt32BE(1), readers)
    let found: ReturnType<Reader['read']>
    try {
      found = read(buffer, HEADER_BYTES)
    } catch (error) {
      throw new SchemaError('FLEX_SCHEMA_MALFORMED', `no ${type}: ${String(error)}`, { cause: error })
    }
    const { message, end } = found
    if (end !== buffer.length)
      throw new SchemaError(
        'FLEX_SCHEMA_MALFORMED',
        end > buffer.length
          ? `a ${type} that ends too early`
          : `${buffer.length - end} bytes after the end of a ${type}`
      )
    return message
  }

  return {
    encode: message => {
      const known = ahead.get(message)
      if (known !== undefined) {
        ahead.delete(message)
        return known
      }
      const bytes = bytesOf(message)
      if (bytes !== undefined) return bytes
      const misfit = writerOf(message.type).misfitOf(message)
      const why = misfit === undefined ? 'it does not fit its schema' : misfitText(misfit)
      throw new SchemaError('FLEX_SCHEMA_INVALID_VALUE', `${message.type}: ${why}`)
    },
    encodeAhead: message => {
      const bytes = bytesOf(message)
      if (bytes !== undefined) ahead.set(message, bytes)
    },
    decode: bytes => decodeBy(bytes, wholeReaders) as Message,
    decodeOutline: bytes => decodeBy(bytes, outlineReaders) as Outline,
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

const currentReader = (type: Message['type'], schema: AvroRecord, passedOver?: ReadonlySet<string>): Reader => {
  const readMessage = compiledReader(schema, type, passedOver)
  return {
    type,
    read(bytes, from) {
      beginInput(bytes, from)
      const message = readMessage()
      return { message, end: endInput() }
    }
  }
}

/** A message of another version, as today's. */
const resolvingReader = (type: Message['type'], current: AvroRecord, written: AvroRecord): Reader => {
  const avro = avroTypeOf(current)
  const resolver = avro.createResolver(avroTypeOf(written))
  return {
    type,
    read(bytes, from) {
      const { value, offset } = avro.decode(bytes, from, resolver)
      return { message: { type, ...value }, end: offset < 0 ? bytes.length + 1 : offset }
    }
  }
}

const shownType = (type: unknown): string => (typeof type === 'string' ? type.slice(0, 80) : typeof type)

/** What the whole process writes and reads with. */
export const codec: Codec = codecWith(schemaVersions)
export const { encode, encodeAhead, decode, decodeOutline, schemaIdOf } = codec
