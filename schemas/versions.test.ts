import t from 'tap'
import type { AvroRecord } from './avro-schema.ts'
import { type CurrentSchema, readCurrentSchemas, readFrozenSchema, readSchemaIds } from './schema-files.ts'
import { typescriptOf } from './typescript.ts'
import { idsText, planVersions } from './versions.ts'

const current = readCurrentSchemas()
const frozen = readSchemaIds().map(version => ({ ...version, schema: readFrozenSchema(version) }))

const changed = (name: string, change: (schema: AvroRecord) => AvroRecord): readonly CurrentSchema[] =>
  current.map(entry =>
    entry.schema.name === name ? { ...entry, schema: change(entry.schema), text: 'new text' } : entry
  )

const withField =
  (more: object) =>
  (schema: AvroRecord): AvroRecord => ({
    ...schema,
    fields: [...schema.fields, { name: 'note', type: ['null', 'string'], doc: 'A note.', ...more }]
  })

t.test('a changed schema stops the generator until a new version is asked for', async test => {
  const plan = planVersions(changed('OfferPlaced', withField({ default: null })), frozen, { newVersion: false })
  test.match(plan.problems, [/flex.market.OfferPlaced differs from version 1/])
  test.equal(plan.newFiles.size, 0)
})

t.test('a compatible change gets the next version and an id that was never given out', async test => {
  const plan = planVersions(changed('OfferPlaced', withField({ default: null })), frozen, { newVersion: true })
  test.strictSame(plan.problems, [])
  test.strictSame([...plan.newFiles], [['history/flex.market.OfferPlaced.v2.avsc', 'new text']])
  const added = plan.versions.filter(version => !frozen.some(({ id }) => id === version.id))
  test.match(added, [{ name: 'flex.market.OfferPlaced', version: 2, id: Math.max(...frozen.map(({ id }) => id)) + 1 }])
  test.match(idsText(plan.versions), '"file": "history/flex.market.OfferPlaced.v2.avsc"')
})

t.test('a breaking change gets no version', async test => {
  const plan = planVersions(changed('OfferPlaced', withField({})), frozen, { newVersion: true })
  test.match(plan.problems.join('\n'), /OfferPlaced, against version 1: \/note: was added without a default/)
})

t.test('a change of words needs no version', async test => {
  const plan = planVersions(
    changed('OfferPlaced', schema => ({ ...schema, doc: 'Other words.' })),
    frozen,
    { newVersion: false }
  )
  test.strictSame(plan.problems, [])
  test.equal(plan.newFiles.size, 0)
})

t.test('a message that may stand on a log cannot be removed', async test => {
  const plan = planVersions(
    current.filter(({ schema }) => schema.name !== 'OfferPlaced'),
    frozen,
    { newVersion: true }
  )
  test.match(plan.problems, [/flex.market.OfferPlaced was removed/])
})

t.test('one name cannot mean two things in two messages', async test => {
  const other = changed('OfferPlaced', schema => ({
    ...schema,
    fields: schema.fields.map(field =>
      field.name === 'direction' && typeof field.type === 'object' && 'symbols' in field.type
        ? { ...field, type: { ...field.type, symbols: ['UP'] } }
        : field
    )
  }))
  test.throws(() => typescriptOf(other), { message: /flex.Direction means something else/ })
})
