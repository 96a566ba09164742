import { deepStrictEqual } from 'node:assert'
import avro from 'avsc'
import fc from 'fast-check'
import t from 'tap'
import { type AvroRecord, type AvroType, definitionsOf, isPrimitive, isUnion } from './avro-schema.ts'
import { decode, encode } from './codec.ts'
import { isSchemaError } from './errors.ts'
import { examples } from './examples.ts'
import type { Message } from './generated.ts'
import { readCurrentSchemas } from './schema-files.ts'

const parameters = (runs: number) => ({
  numRuns: Number(process.env['FC_RUNS'] ?? runs),
  ...(process.env['FC_SEED'] === undefined ? {} : { seed: Number(process.env['FC_SEED']) })
})

const LONG_MAX = 2 ** 52 - 1

const primitives = {
  null: fc.constant(null),
  boolean: fc.boolean(),
  int: fc.integer(),
  long: fc.oneof(fc.integer({ min: -LONG_MAX, max: LONG_MAX }), fc.integer({ min: -70, max: 70 })),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  string: fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.string({ unit: 'binary-ascii', maxLength: 100, size: 'max' }),
    fc.string({ unit: 'binary', maxLength: 100, size: 'max' })
  )
}

const anyOf = (type: AvroType, schema: AvroRecord): fc.Arbitrary<unknown> => {
  if (isPrimitive(type)) return primitives[type]
  if (typeof type === 'string') return anyOf(definitionsOf(schema).get(type)!, schema)
  if (isUnion(type)) return fc.option(anyOf(type[1]!, schema), { nil: null })
  switch (type.type) {
    case 'record':
      return fc.record(Object.fromEntries(type.fields.map(field => [field.name, anyOf(field.type, schema)])), {
        noNullPrototype: true
      })
    case 'enum':
      return fc.constantFrom(...type.symbols)
    case 'array':
      return fc.array(anyOf(type.items, schema), { maxLength: 4 })
    case 'long':
      return primitives.long
  }
}

const schemas = readCurrentSchemas()

t.test('whatever a schema allows comes back equal', async () => {
  for (const { schema } of schemas)
    fc.assert(
      fc.property(anyOf(schema, schema), value => {
        const message = { type: schema.name, ...(value as object) } as Message
        deepStrictEqual(decode(encode(message)), message)
      }),
      parameters(30)
    )
})

t.test('the bytes after the schema id are those of any other Avro writer', async () => {
  for (const { schema, text } of schemas) {
    const plain = avro.Type.forSchema(JSON.parse(text) as avro.Schema)
    fc.assert(
      fc.property(anyOf(schema, schema), value => {
        const message = { type: schema.name, ...(value as object) } as Message
        deepStrictEqual(Buffer.compare(encode(message).subarray(5), plain.toBuffer(value)), 0)
      }),
      parameters(10)
    )
  }
})

t.test(
  'damaged bytes are read as some message or refused as malformed or unknown, and nothing else happens',
  async () => {
    const all = Object.values(examples).map(message => encode(message))
    fc.assert(
      fc.property(
        fc.constantFrom(...all),
        fc.array(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        (bytes, changes, cut) => {
          const damaged = Buffer.from(bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : bytes.length))
          if (damaged.length > 0) for (const { at, byte } of changes) damaged[at % damaged.length] = byte
          try {
            decode(damaged)
          } catch (error) {
            if (!isSchemaError(error, 'FLEX_SCHEMA_MALFORMED') && !isSchemaError(error, 'FLEX_SCHEMA_UNKNOWN'))
              throw error
          }
        }
      ),
      parameters(20_000)
    )
  }
)
