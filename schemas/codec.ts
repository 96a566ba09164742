/**
 * Messages to bytes and back: Avro in the Confluent wire format (0x00, 4-byte schema id, body). Types and resolvers are built
 * once; a message of an older schema version is read into the current one.
 */
import { readFileSync } from 'node:fs'
import avro from 'avsc'
import type { Message } from './generated.ts'

interface SchemaEntry {
  readonly name: string
  readonly version: number
  readonly file: string
}

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
const entries = read('ids.json') as Record<string, SchemaEntry>

interface Current {
  readonly id: number
  readonly fullName: string
  readonly type: avro.Type
}
const current = new Map<string, Current>()
const writers = new Map<number, { name: string; decode: (body: Buffer) => object }>()
for (const [id, { name, file }] of Object.entries(entries)) {
  const type = avro.Type.forSchema(read(file) as avro.Schema)
  const short = name.split('.').at(-1)!
  current.set(short, { id: Number(id), fullName: name, type })
  writers.set(Number(id), { name: short, decode: body => type.fromBuffer(body) as object })
}

export const fullNameOf = (type: Message['type']): string => current.get(type)!.fullName
export const schemaIdOf = (type: Message['type']): number => current.get(type)!.id

export const encode = (message: Message): Buffer => {
  const { id, type } = current.get(message.type)!
  const body = type.toBuffer(message)
  const out = Buffer.allocUnsafe(5 + body.length)
  out[0] = 0
  out.writeUInt32BE(id, 1)
  body.copy(out, 5)
  return out
}

export const decode = (bytes: Uint8Array): Message => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length < 5 || buffer[0] !== 0) throw new Error('not in the wire format')
  const writer = writers.get(buffer.readUInt32BE(1))
  if (!writer) throw new Error(`unknown schema id ${buffer.readUInt32BE(1)}`)
  return { type: writer.name, ...writer.decode(buffer.subarray(5)) } as Message
}
