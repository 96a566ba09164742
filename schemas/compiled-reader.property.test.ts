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

const without = (value: unknown, names: ReadonlySet<string>): unknown => {
  if (Array.isArray(value)) return value.map(item => without(item, names))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([name]) => !names.has(name))
  return Object.fromEntries(kept.map(([name, part]) => [name, without(part, names)]))
}

const namesOf = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(namesOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => [name, ...namesOf(part)])
}

t.test('whatever is left out, the rest of a message is read as from the whole', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(examples)),
      fc.array(fc.nat(), { maxLength: 4 }),
      (message, chosen) => {
        const { type, ...fields } = message
        const names = namesOf(fields)
        const passedOver = new Set(chosen.map(n => names[n % names.length]!))
        const bytes = encode(message)
        beginInput(bytes, HEADER_BYTES)
        const read = compiledReader(schemas.get(fullNameOf(type))!, type, passedOver)()
        deepStrictEqual(endInput(), bytes.length)
        deepStrictEqual(read, { type, ...(without(fields, passedOver) as object) })
      }
    ),
    { ...parameters, numRuns: Math.ceil(parameters.numRuns / 10) }
  )
})
