import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import type { TSchema } from 'typebox'
import * as examples from '../api/examples.ts'
import { oneOrMany, withExample } from '../api/operation.ts'
import {
  AgreementLink,
  components,
  FlexRequest,
  NewPod,
  Offer,
  PodDocument,
  PomAssignment,
  Unavailability
} from '../api/schemas.ts'
import { formats, schemaCompiler } from '../validation.ts'
import { compiledJson } from './compiled-json.ts'

const runs = {
  numRuns: Number(process.env['FC_RUNS'] ?? 20_000),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
}

const bodies: readonly (readonly [name: string, schema: TSchema, ...values: unknown[]])[] = [
  ['pods', oneOrMany(NewPod, 4, []), examples.newPod, [examples.newPod, { ...examples.newPod, cnp: null }]],
  ['places', oneOrMany(PomAssignment, 4, []), examples.pomAssignment, [examples.pomAssignment]],
  ['offers', oneOrMany(Offer, 4, []), examples.blockOffer, [examples.singleOffer, examples.blockOffer]],
  ['requests', oneOrMany(FlexRequest, 4, []), examples.flexRequest, [examples.flexRequest]],
  ['unavailabilities', oneOrMany(Unavailability, 4, []), examples.unavailability],
  ['a document', withExample(PodDocument, {}), examples.podDocument],
  ['an agreement', withExample(AgreementLink, {}), examples.agreementLink]
]

const compile = schemaCompiler(components)
const cases = bodies.map(([name, schema, ...values]) => {
  const reader = compiledJson(schema, components, formats)
  const check = compile({ schema, httpPart: 'body', method: 'POST', url: '/' })
  const read = (text: string): object | undefined => {
    const bytes = Buffer.from(`${text}\0`)
    return reader?.(bytes, bytes.length - 1)
  }
  /** Undefined if the general way refuses it. */
  const readGenerally = (text: string): unknown => {
    const value: unknown = JSON.parse(text)
    const result: unknown = check(value)
    return typeof result === 'object' && result !== null && 'error' in result ? undefined : value
  }
  return { name, values, read, readGenerally }
})

const inReverse = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inReverse)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, part]) => [name, inReverse(part)])
  // The kind of an offer stands first, or it is read the general way.
  return Object.fromEntries(
    'type' in value ? [...entries.slice(0, 1), ...entries.slice(1).reverse()] : entries.reverse()
  )
}

t.test(
  'every body with many values is read from its bytes, in any order of its names and with any white space',
  async t => {
    for (const { name, values, read } of cases)
      for (const value of values) {
        deepStrictEqual(read(JSON.stringify(value)), value)
        deepStrictEqual(read(` ${JSON.stringify(value, undefined, '\r\n\t ')}\n`), value)
        deepStrictEqual(read(JSON.stringify(inReverse(value))), value)
        t.pass(name)
      }
  }
)

t.test('what is read from its bytes is what the general way reads and accepts', async () => {
  const snippets = fc.oneof(
    fc.constantFrom(
      ...['0', '-', '-0', '1', '00', '.5', 'e3', 'E', '1e400', '999999999999', '9007199254740993', 'null', 'true'],
      ...['"', '\\', '\\u0041', '\\n', 'é', '\ud800', '\u0000', '\u007f', '\ufeff', ' ', '\n', '\u00a0', ',', ':'],
      ...[
        '{',
        '}',
        '[',
        ']',
        '[]',
        '{}',
        '"__proto__":1,',
        '"constructor":{"prototype":1},',
        '"pod":"X",',
        '"type":"block",'
      ],
      ...['"p":1,', '"q":-1,', '"cnp":null,', '"more":1,', 'P', 'UP', '2025-03-29T10:15:00Z', '2025-03-29T10:16:00Z']
    ),
    fc.string({ maxLength: 3 })
  )
  const change = fc.record({ at: fc.nat(), left: fc.constantFrom(0, 0, 1, 2, 6), more: snippets })
  let both = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...cases),
      fc.nat(),
      fc.array(change, { maxLength: 2 }),
      fc.boolean(),
      ({ values, read, readGenerally }, number, changes, isWide) => {
        let text = JSON.stringify(values[number % values.length], undefined, isWide ? 1 : undefined)
        for (const { at, left, more } of changes) {
          const from = at % (text.length + 1)
          text = text.slice(0, from) + more + text.slice(from + left)
        }
        const value = read(text)
        if (value === undefined) return
        both++
        deepStrictEqual(value, readGenerally(text))
      }
    ),
    runs
  )
  t.ok(both > 0)
})

t.test(
  'a body that ends early, and one that follows a longer one in the same bytes, are left to the general way',
  async t => {
    const [{ read }] = cases as unknown as readonly [(typeof cases)[number]]
    const text = JSON.stringify([examples.newPod])
    for (let length = 0; length < text.length; length++)
      if (read(text.slice(0, length))) t.fail(`${length} bytes were read`)
    t.equal(read(`${text}1`), undefined)
    t.equal(read(`${text}\0`), undefined)
    t.ok(read(text))
  }
)

t.test('a schema with a part that is not known here has no reader', async t => {
  const object = (field: object) => ({
    type: 'object',
    required: ['a'],
    properties: { a: field },
    additionalProperties: false
  })
  t.ok(compiledJson(object({ type: 'string' }), [], {}))
  for (const field of [
    { type: 'number' },
    { type: 'integer', minimum: 0, maximum: 1, multipleOf: 2 },
    { type: 'string', format: 'unheard-of' },
    { type: 'object' },
    { $ref: 'Unknown#' },
    { enum: [1, 2] },
    { anyOf: [{ type: 'string' }, { type: 'string' }] },
    {}
  ])
    t.equal(compiledJson(object(field), [], {}), undefined, JSON.stringify(field))
  t.equal(compiledJson({ ...object({ type: 'string' }), additionalProperties: true }, [], {}), undefined)
  t.equal(compiledJson({ ...object({ type: 'string' }), minProperties: 1 }, [], {}), undefined)
})
