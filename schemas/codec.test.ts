import { deepStrictEqual } from 'node:assert'
import t, { type Test } from 'tap'
import type { AvroRecord } from './avro-schema.ts'
import {
  codecWith,
  decode,
  decodeOutline,
  encode,
  encodeAhead,
  fullNameOf,
  schemaIdOf,
  schemaVersions
} from './codec.ts'
import { isSchemaError, type SchemaErrorCode } from './errors.ts'
import { examples } from './examples.ts'
import type { Message } from './generated.ts'
import { newestVersions, readGolden } from './golden.ts'
import { readFrozenSchema } from './schema-files.ts'

const throwsWith = (test: Test, code: SchemaErrorCode, pattern: RegExp, act: () => unknown): void => {
  try {
    act()
    test.fail(`expected ${code}`)
  } catch (error) {
    test.ok(isSchemaError(error, code), String(error))
    test.match(String(error), pattern)
  }
}

t.test('the example of every message is written as its golden bytes', async test => {
  for (const [type, version] of newestVersions())
    test.equal(encode(examples[type]).toString('hex'), readGolden(version).toString('hex'), type)
})

t.test('the golden bytes of every newest version are read as the example', async test => {
  for (const [type, version] of newestVersions()) {
    const message = decode(readGolden(version))
    // Strict about prototypes and absent fields, which tap's comparisons are not.
    deepStrictEqual(message, examples[type])
    test.equal(message.type, type)
  }
})

t.test('the golden bytes of every version that may stand on a log are read', async test => {
  for (const version of schemaVersions) {
    const message = decode(readGolden(version))
    test.equal(fullNameOf(message.type), version.name)
    test.doesNotThrow(() => encode(message))
  }
})

t.test('the outline of a document is the document without its baselines; of what has none, the whole', async () => {
  const { record, ...rest } = examples.PodRegistered
  const { powerBaselineCurves, ...document } = record
  deepStrictEqual(powerBaselineCurves.workday.length > 0, true)
  deepStrictEqual(decodeOutline(encode(examples.PodRegistered)), { ...rest, record: document })
  deepStrictEqual(decodeOutline(encode(examples.OfferPlaced)), examples.OfferPlaced)
})

t.test('an outline is refused where its bytes end too early or too late', async test => {
  const bytes = encode(examples.PodRegistered)
  for (let length = 0; length < bytes.length; length++)
    throwsWith(test, 'FLEX_SCHEMA_MALFORMED', /./, () => decodeOutline(bytes.subarray(0, length)))
  throwsWith(test, 'FLEX_SCHEMA_MALFORMED', /1 bytes after/, () =>
    decodeOutline(Buffer.concat([bytes, Buffer.alloc(1)]))
  )
})

t.test('bytes begin with 0x00 and the id of the schema', async test => {
  const bytes = encode(examples.OfferPlaced)
  test.equal(bytes[0], 0)
  test.equal(bytes.readUInt32BE(1), schemaIdOf('OfferPlaced'))
})

t.test('bytes are read wherever they stand in a larger buffer', async test => {
  const bytes = encode(examples.OfferPlaced)
  const larger = new Uint8Array(bytes.length + 20).fill(255)
  larger.set(bytes, 7)
  test.strictSame(decode(larger.subarray(7, 7 + bytes.length)), examples.OfferPlaced)
})

t.test('a message larger than the first buffer is written whole', async test => {
  const pods = Array.from({ length: 5_000 }, (_, n) => `IT002E${String(n).padStart(8, '0')}`)
  const message: Message = { ...examples.PlaceRequest, pods }
  test.strictSame(decode(encode(message)), message)
  test.strictSame(decode(encode(examples.PlaceRequest)), examples.PlaceRequest)
})

const wrong: readonly (readonly [what: string, path: RegExp, message: object])[] = [
  [
    'a missing field',
    /\/sessionId: expected a well-formed string, got nothing/,
    { ...examples.OfferWithdrawn, sessionId: undefined }
  ],
  [
    'a missing field that has a default',
    /\/replaces: expected a boolean, got nothing/,
    { ...examples.PlaceOffer, replaces: undefined }
  ],
  ['an unknown field', /\/sesionId: expected no such field/, { ...examples.OfferWithdrawn, sesionId: 'x' }],
  [
    'an unknown nested field',
    /\/by\/name: expected no such field/,
    { ...examples.OfferWithdrawn, by: { role: 'dso', id: 'A', name: 'x' } }
  ],
  [
    'a fraction of a watt',
    /\/power: expected a whole number below 2\^52, got 0.5/,
    { ...examples.PlaceBlockOffer, power: 0.5 }
  ],
  ['a long of 2^52', /\/price: expected a whole number below 2\^52/, { ...examples.PlaceBlockOffer, price: 2 ** 52 }],
  [
    'an int beyond 32 bits',
    /\/mtus: expected a whole number of 32 bits/,
    { ...examples.PlaceBlockOffer, mtus: 2 ** 31 }
  ],
  ['no number at all', /\/gap: expected a finite number, got NaN/, { ...examples.MarketCleared, gap: Number.NaN }],
  [
    'a Date for a time',
    /\/earliestStart: expected a time in whole milliseconds/,
    { ...examples.PlaceBlockOffer, earliestStart: new Date(0) }
  ],
  [
    'a symbol that is not in the enum',
    /\/direction: expected one of UP, DOWN, got "up"/,
    { ...examples.PlaceBlockOffer, direction: 'up' }
  ],
  [
    'text for an optional number',
    /\/priceLimit: expected null or a whole number below 2\^52, got "3"/,
    { ...examples.PlaceRequest, priceLimit: '3' }
  ],
  [
    'half a surrogate pair',
    /\/reason: expected a well-formed string/,
    { ...examples.DeclareUnavailability, reason: 'a\ud800' }
  ],
  ['an object for a list', /\/pods: expected a list/, { ...examples.PlaceRequest, pods: {} }],
  [
    'a wrong value deep inside',
    /\/intervals\/0\/steps\/1\/price: expected a whole number below 2\^52, got "180000"/,
    {
      ...examples.PlaceOffer,
      intervals: [
        {
          start: 0,
          mtus: 1,
          minAcceptance: 0,
          steps: [
            { quantity: 1, price: 1 },
            { quantity: 1, price: '180000' }
          ]
        }
      ]
    }
  ]
]

for (const [what, path, message] of wrong)
  t.test(`encode refuses ${what} with its path`, async test => {
    throwsWith(test, 'FLEX_SCHEMA_INVALID_VALUE', path, () => encode(message as Message))
  })

t.test('a message that was written ahead has the same bytes, and is written anew the next time', async test => {
  for (const [type, version] of newestVersions()) {
    const message = structuredClone(examples[type])
    encodeAhead(message)
    const first = encode(message)
    test.equal(first.toString('hex'), readGolden(version).toString('hex'), type)
    const again = encode(message)
    test.not(again, first)
    test.ok(again.equals(first))
  }
})

t.test('what does not fit is refused when it is asked for, not ahead', async test => {
  const message = { ...examples.PodUpdated, pod: 12 as never }
  encodeAhead(message)
  throwsWith(test, 'FLEX_SCHEMA_INVALID_VALUE', /pod/, () => encode(message))
})

t.test('encode refuses a message of a type that does not exist', async test => {
  throwsWith(test, 'FLEX_SCHEMA_INVALID_VALUE', /there is no message FlyToMoon/, () =>
    encode({ type: 'FlyToMoon' } as unknown as Message)
  )
})

t.test('an unknown schema id has its own code', async test => {
  const bytes = encode(examples.OfferPlaced)
  bytes.writeUInt32BE(4_000_000_000, 1)
  throwsWith(test, 'FLEX_SCHEMA_UNKNOWN', /id 4000000000/, () => decode(bytes))
})

t.test('a message cut off at any byte is malformed', async test => {
  for (const type of ['OfferPlaced', 'OutcomeValidated', 'SessionOpened', 'RegistryCommandRefused'] as const) {
    const bytes = encode(examples[type])
    for (let length = 0; length < bytes.length; length++)
      try {
        decode(bytes.subarray(0, length))
        test.fail(`${type} was read from ${length} of ${bytes.length} bytes`)
      } catch (error) {
        if (!isSchemaError(error, 'FLEX_SCHEMA_MALFORMED')) test.fail(String(error))
      }
  }
  test.pass('none was read')
})

t.test('bytes after the end, another first byte, and no bytes are malformed', async test => {
  const bytes = encode(examples.OfferPlaced)
  throwsWith(test, 'FLEX_SCHEMA_MALFORMED', /1 bytes after the end/, () =>
    decode(Buffer.concat([bytes, Buffer.from([0])]))
  )
  throwsWith(test, 'FLEX_SCHEMA_MALFORMED', /do not begin with/, () =>
    decode(Buffer.concat([Buffer.from([1]), bytes.subarray(1)]))
  )
  throwsWith(test, 'FLEX_SCHEMA_MALFORMED', /0 bytes/, () => decode(new Uint8Array(0)))
})

t.test('a list that claims more items than there are bytes is malformed before memory is taken', async test => {
  const prefix = encode({ ...examples.RegistryCommandRefused, reasons: [] })
  const head = prefix.subarray(0, prefix.length - 1) // the end of the empty list
  const claims = {
    'four thousand million': [0x80, 0xd0, 0xac, 0xf3, 0x1d],
    'minus 2^31, with a size': [0xff, 0xff, 0xff, 0xff, 0x0f, 0x02]
  }
  for (const [claim, varint] of Object.entries(claims))
    throwsWith(test, 'FLEX_SCHEMA_MALFORMED', /a list of \d+ items/, () => {
      test.comment(claim)
      decode(Buffer.concat([head, Buffer.from(varint), Buffer.from([0])]))
    })
})

t.test('text that is not UTF-8 is malformed, and a replacement character that was written is read', async test => {
  const bytes = encode({ ...examples.OwnershipTaken, owner: 'ab' })
  bytes[bytes.length - 1] = 0xff
  throwsWith(test, 'FLEX_SCHEMA_MALFORMED', /not UTF-8/, () => decode(bytes))
  const replaced = { ...examples.OwnershipTaken, owner: 'a\ufffd' }
  test.strictSame(decode(encode(replaced)), replaced)
})

t.test('numbers of another writer that do not fit are malformed, not read as others', async test => {
  const parked = encode({ ...examples.RecordParked, topic: '', partition: 0, offset: 0 })
  const withNumbers = (partition: readonly number[], offset: readonly number[]): Buffer =>
    Buffer.concat([parked.subarray(0, 6), Buffer.from([...partition, ...offset]), parked.subarray(8)])
  test.equal(decode(withNumbers([2], [2])).type, 'RecordParked')
  // Zigzag of 2^52 + 1 and of 2^31.
  const long = [0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]
  throwsWith(test, 'FLEX_SCHEMA_MALFORMED', /2\^52/, () => decode(withNumbers([2], long)))
  throwsWith(test, 'FLEX_SCHEMA_MALFORMED', /32 bits/, () => decode(withNumbers([0x80, 0x80, 0x80, 0x80, 0x10], [2])))
})

const withdrawn = (fields: (schema: AvroRecord) => AvroRecord['fields']): ReturnType<typeof codecWith> => {
  const current = schemaVersions.find(({ name }) => name === fullNameOf('OfferWithdrawn'))!
  const older = { ...current, id: 900 }
  const newer = { ...current, version: 2 }
  return codecWith([...schemaVersions.filter(version => version !== current), newer, older], version => {
    const schema = readFrozenSchema(version)
    return version.id === 900 ? { ...schema, fields: fields(schema) } : schema
  })
}

t.test(
  'a message of an older version is read into the current type: removed fields go, added ones get their default',
  async test => {
    const place = { ...examples.PodCeased, type: 'PodCeased' } as const
    const current = schemaVersions.find(({ name }) => name === fullNameOf('PodCeased'))!
    const older = { ...current, id: 900 }
    const olderSchema = (schema: AvroRecord): AvroRecord => ({
      ...schema,
      fields: [
        ...schema.fields.filter(field => field.name !== 'place'),
        { name: 'notes', doc: 'Notes.', type: { type: 'array', items: 'string' }, default: [] }
      ]
    })
    const writer = codecWith(schemaVersions, version => {
      const schema = readFrozenSchema(version)
      return version === current ? olderSchema(schema) : schema
    })
    const { place: _, ...rest } = place
    const bytes = writer.encode({ ...rest, notes: ['one', 'two'] } as unknown as Message)
    bytes.writeUInt32BE(900, 1)
    const reader = codecWith(
      [...schemaVersions.filter(version => version !== current), { ...current, version: 2 }, older],
      version => (version.id === 900 ? olderSchema(readFrozenSchema(current)) : readFrozenSchema(version))
    )
    deepStrictEqual(reader.decode(bytes), { ...rest, place: null })
    test.equal(reader.schemaIdOf('PodCeased'), current.id)
  }
)

t.test('a list that an older version had and the current one skips is bounded too', async test => {
  const codec = withdrawn(schema => [
    { name: 'notes', doc: 'Notes.', type: { type: 'array', items: 'string' }, default: [] },
    ...schema.fields
  ])
  const bytes = Buffer.from([0, 0, 0, 0x03, 0x84, 0x80, 0xd0, 0xac, 0xf3, 0x1d, 0, 0])
  throwsWith(test, 'FLEX_SCHEMA_MALFORMED', /a list of \d+ items/, () => codec.decode(bytes))
})

t.test('a codec with other ids writes and reads those alone', async test => {
  const registry = codecWith(schemaVersions.map(version => ({ ...version, id: version.id + 100_000 })))
  const bytes = registry.encode(examples.OfferPlaced)
  test.equal(bytes.readUInt32BE(1), schemaIdOf('OfferPlaced') + 100_000)
  test.strictSame(registry.decode(bytes), examples.OfferPlaced)
  throwsWith(test, 'FLEX_SCHEMA_UNKNOWN', /100/, () => decode(bytes))
})

t.test('a table of ids that misses a message or gives an id twice is refused at once', async test => {
  test.throws(() => codecWith(schemaVersions.slice(1)), { message: /has no schema id/ })
  test.throws(() => codecWith(schemaVersions.map(version => ({ ...version, id: 1 }))), { message: /given to two/ })
})

t.test(
  'the bytes of a message stay as they are, however many messages are written after it and however large',
  async test => {
    const owners = Array.from({ length: 400 }, (_, n) => `${n}-${'é'.repeat((n * n) % 20_000)}`)
    const written = owners.map(owner => encode({ type: 'OwnershipTaken', owner }))
    throwsWith(test, 'FLEX_SCHEMA_INVALID_VALUE', /owner/, () => encode({ type: 'OwnershipTaken', owner: '\ud800' }))
    test.strictSame(
      written.map(bytes => decode(bytes)),
      owners.map(owner => ({ type: 'OwnershipTaken', owner }))
    )
  }
)
