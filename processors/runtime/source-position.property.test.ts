import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { compareSources, parseSource, sourceText } from './source-position.ts'

const settings = {
  numRuns: Number(process.env.FC_RUNS ?? 1_000),
  ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {})
}
const position = fc.record(
  {
    topic: fc.constantFrom('flex.registry.events', 'a', 'validated_outcome_A-1'),
    partition: fc.nat(1_023),
    cause: fc.nat(20),
    index: fc.nat(20),
    part: fc.nat(3)
  },
  { noNullPrototype: true }
)

t.test('a position is read as it was written', async t => {
  fc.assert(
    fc.property(position, one => deepStrictEqual(parseSource(sourceText(one)), one)),
    settings
  )
  t.pass()
})

t.test('positions are ordered by cause, then index, then part', async t => {
  const rank = ({ cause, index, part }: { cause: number; index: number; part: number }) =>
    cause * 10_000 + index * 100 + part
  fc.assert(
    fc.property(position, position, (a, b) =>
      strictEqual(Math.sign(compareSources(a, b)), Math.sign(rank(a) - rank(b)))
    ),
    settings
  )
  t.pass()
})

t.test('what is no position is not taken for one', async t => {
  for (const text of ['', 'a/0@1', 'a/0@1.2.3.4', 'a/0@-1.0', 'a/0@1.x', 'a@1.0', '/0@1.0', 'a b/0@1.0', 'a/0@1.0 '])
    t.equal(parseSource(text), undefined, JSON.stringify(text))
})
