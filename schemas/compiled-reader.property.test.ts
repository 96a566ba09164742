import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { avroTypeOf } from './avro-types.ts'
import { encode, fullNameOf } from './codec.ts'
import { compiledReader } from './compiled-reader.ts'
import { examples } from './examples.ts'
import { readCurrentSchemas } from './schema-files.ts'
import { beginInput, endInput } from './wire-input.ts'

const parameters = {
  numRuns: Number(process.env['FC_RUNS'] ?? 20_000),
  ...(process.env['FC_SEED'] === undefined ? {} : { seed: Number(process.env['FC_SEED']) })
}

const HEADER_BYTES = 5
const schemas = new Map(readCurrentSchemas().map(({ fullName, schema }) => [fullName, schema]))
const messages = Object.values(examples).map(message => {
  const schema = schemas.get(fullNameOf(message.type))!
  const read = compiledReader(schema, message.type)
  return { type: message.type, bytes: encode(message).subarray(HEADER_BYTES), avro: avroTypeOf(schema), read }
})

const orRefusal = (read: () => { readonly value: unknown; readonly end: number }) => {
  try {
    return read()
  } catch {
    return 'refused'
  }
}

t.test('bytes of other writers and damaged ones are read as avsc reads them, or refused as it does', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...messages),
      fc.array(fc.record({ at: fc.nat(), bytes: fc.uint8Array({ maxLength: 9 }), isMore: fc.boolean() }), {
        maxLength: 4
      }),
      fc.nat(),
      ({ type, bytes, avro, read }, changes, cut) => {
        let damaged = bytes.subarray(0, cut % 3 === 0 ? cut % (bytes.length + 1) : bytes.length)
        for (const { at, bytes: other, isMore } of changes) {
          const from = at % (damaged.length + 1)
          const rest = damaged.subarray(isMore ? from : from + other.length)
          damaged = Buffer.concat([damaged.subarray(0, from), other, rest])
        }
        const { length } = damaged
        const byAvsc = orRefusal(() => {
          const { value, offset } = avro.decode(damaged, 0)
          return offset < 0 ? { value: undefined, end: -1 } : { value: { type, ...value }, end: offset }
        })
        const compiled = orRefusal(() => {
          beginInput(damaged, 0)
          const value = read()
          const end = endInput()
          return end > length ? { value: undefined, end: -1 } : { value, end }
        })
        deepStrictEqual(compiled, byAvsc)
      }
    ),
    parameters
  )
})
