import t from 'tap'
import { type AvroField, type AvroRecord, parseSchema } from './avro-schema.ts'
import { historyProblems, incompatibilities, unitsIn } from './compatibility.ts'

const field = (name: string, type: AvroField['type'], more: Partial<AvroField> = {}): AvroField => ({
  name,
  type,
  doc: `The ${name}.`,
  ...more
})

const inner = (fields: readonly AvroField[]): AvroRecord => ({
  type: 'record',
  name: 'Inner',
  namespace: 'flex',
  doc: 'Inner.',
  fields
})

const colour = (symbols: readonly string[], fallback?: string): AvroField['type'] => ({
  type: 'enum',
  name: 'Colour',
  namespace: 'flex',
  doc: 'Colour.',
  symbols,
  ...(fallback === undefined ? {} : { default: fallback })
})

const base = [field('id', 'string'), field('power', 'long', { doc: 'W, the power.' })]
const schema = (fields: readonly AvroField[]): AvroRecord => ({
  type: 'record',
  name: 'Thing',
  namespace: 'flex.market',
  doc: 'A thing.',
  fields
})
const withBase = (...fields: readonly AvroField[]): AvroRecord => schema([...base, ...fields])

t.test('every version of every message reads every other one', async test => {
  test.strictSame(historyProblems(), [])
})

const breaking: readonly (readonly [what: string, earlier: AvroRecord, later: AvroRecord, problem: RegExp])[] = [
  ['a field is removed that had no default', withBase(), schema([base[0]!]), /\/power: was removed and had no default/],
  [
    'a field is added without a default',
    withBase(),
    withBase(field('note', 'string')),
    /\/note: was added without a default/
  ],
  ['a field is renamed', withBase(), schema([base[0]!, field('watts', 'long')]), /\/power: was removed/],
  ['a type is changed', withBase(), schema([field('id', 'long'), base[1]!]), /\/id: string became long/],
  ['a type is widened', withBase(field('n', 'int')), withBase(field('n', 'long')), /\/n: int became long/],
  [
    'a number becomes a time',
    withBase(field('at', 'long')),
    withBase(field('at', { type: 'long', logicalType: 'timestamp-millis' })),
    /\/at: long became timestamp-millis/
  ],
  [
    'a field becomes optional',
    withBase(),
    schema([field('id', ['null', 'string']), base[1]!]),
    /\/id: string became union/
  ],
  [
    'the type inside of an optional field changes',
    withBase(field('n', ['null', 'int'], { default: null })),
    withBase(field('n', ['null', 'string'], { default: null })),
    /\/n: int became string/
  ],
  [
    'the items of a list change',
    withBase(field('l', { type: 'array', items: 'int' })),
    withBase(field('l', { type: 'array', items: 'string' })),
    /\/l\[\]: int became string/
  ],
  [
    'an enum symbol is removed',
    withBase(field('c', colour(['RED', 'BLUE']))),
    withBase(field('c', colour(['RED']))),
    /\/c: symbol BLUE was removed/
  ],
  [
    'an enum symbol is renamed',
    withBase(field('c', colour(['RED', 'BLUE']))),
    withBase(field('c', colour(['RED', 'NAVY']))),
    /\/c: symbol BLUE was removed or renamed/
  ],
  [
    'an enum symbol is added where older readers have no default',
    withBase(field('c', colour(['RED']))),
    withBase(field('c', colour(['RED', 'BLUE']))),
    /\/c: symbol BLUE was added/
  ],
  [
    'a nested record loses a field',
    withBase(field('in', inner([field('a', 'int'), field('b', 'int')]))),
    withBase(field('in', inner([field('a', 'int')]))),
    /\/in\/b: was removed/
  ],
  [
    'a nested record in a list gains a field without a default',
    withBase(field('in', { type: 'array', items: inner([field('a', 'int')]) })),
    withBase(field('in', { type: 'array', items: inner([field('a', 'int'), field('b', 'int')]) })),
    /\/in\[\]\/b: was added without a default/
  ],
  [
    'a nested record used by name changes',
    withBase(field('one', inner([field('a', 'int')])), field('two', 'flex.Inner')),
    withBase(field('one', inner([field('a', 'string')])), field('two', 'flex.Inner')),
    /\/two\/a: int became string/
  ],
  [
    'a default changes',
    withBase(field('n', 'int', { default: 0 })),
    withBase(field('n', 'int', { default: 1 })),
    /\/n: the default went from 0 to 1/
  ],
  [
    'the unit of a field changes',
    withBase(),
    schema([base[0]!, { ...base[1]!, doc: 'kW, the power.' }]),
    /\/power: the unit went from W to kW/
  ],
  ['the message is renamed', withBase(), { ...withBase(), name: 'Other' }, /became record flex.market.Other/]
]

for (const [what, earlier, later, problem] of breaking)
  t.test(`a version is refused if ${what}`, async test => {
    test.match(incompatibilities(earlier, later).join('\n'), problem)
  })

t.test('fields with defaults may come and go', async test => {
  const more = withBase(
    field('note', ['null', 'string'], { default: null }),
    field('in', inner([field('a', 'int', { default: 0 })]), { default: { a: 0 } })
  )
  test.strictSame(incompatibilities(withBase(), more), [])
  test.strictSame(incompatibilities(more, withBase()), [])
})

t.test('an enum with a default from the start may gain and lose symbols', async test => {
  const few = withBase(field('c', colour(['UNKNOWN', 'RED'], 'UNKNOWN')))
  const more = withBase(field('c', colour(['UNKNOWN', 'BLUE'], 'UNKNOWN')))
  test.strictSame(incompatibilities(few, more), [])
})

t.test('the order of fields and the words of docs may change', async test => {
  const reworded = schema([
    { ...base[1]!, doc: 'W. The active power.' },
    { ...base[0]!, doc: 'Who.' }
  ])
  test.strictSame(incompatibilities(withBase(), reworded), [])
})

t.test('units are found as whole words', async test => {
  test.equal(unitsIn('Paid, µ€ per kWh or kvarh (T-11).'), 'µ€ per kWh or kvarh')
  test.equal(unitsIn('Served, W·MTU.'), 'W·MTU')
  test.equal(unitsIn('Who won the Walk.'), '')
})

const parse = (change: (node: Record<string, unknown>) => void): (() => unknown) => {
  const node: Record<string, unknown> = structuredClone({ ...withBase() })
  change(node)
  return () => parseSchema(JSON.stringify(node), 'Thing.avsc')
}

t.test('a schema outside of what messages may use is refused with its place', async test => {
  const withField = (extra: object) => parse(node => (node['fields'] = [extra]))
  test.throws(withField({ name: 'a', type: { type: 'map', values: 'int' }, doc: 'A.' }), {
    message: /Thing.avsc.a: type "map"/
  })
  test.throws(withField({ name: 'a', type: ['int', 'string'], doc: 'A.' }), { message: /a union is \["null", T\]/ })
  test.throws(withField({ name: 'a', type: 'int' }), { message: /Thing.avsc.a.doc/ })
  test.throws(withField({ name: 'a', type: 'flex.Missing', doc: 'A.' }), { message: /used before it is defined/ })
  test.throws(withField({ name: 'a', type: 'int', doc: 'A.', aliases: ['b'] }), {
    message: /"aliases" is not supported/
  })
  test.throws(
    parse(node => (node['doc'] = '')),
    { message: /Thing.avsc.doc/ }
  )
})
