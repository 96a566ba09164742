import t from 'tap'
import { header } from '../../infra/log/envelope.ts'
import { commandMemory } from './command-memory.ts'

const limits = { keysKeptMs: 1_000, keysMax: 3 }
const keyed = (key: string, timestamp = 0, digest = 'd') => ({
  headers: { [header.idempotencyKey]: key, [header.contentDigest]: digest },
  timestamp
})
const fed = (source: string) => ({ headers: { [header.fedFrom]: source }, timestamp: 0 })

t.test('a command without key and source is always new', async t => {
  const memory = commandMemory(limits)
  memory.note(0, { headers: {}, timestamp: 0 }, false)
  t.equal(memory.repeated({}), undefined)
})

t.test('the first answer to a key is the one that is remembered', async t => {
  const memory = commandMemory(limits)
  memory.note(4, keyed('k'), false)
  memory.note(5, keyed('k', 0, 'other'), false)
  t.same(memory.repeated(keyed('k').headers), { firstCause: 4, sameContent: true })
  t.same(memory.repeated(keyed('k', 0, 'other').headers), { firstCause: 4, sameContent: false })
})

t.test('a key is forgotten when a command is recorded later than it is kept', async t => {
  const memory = commandMemory(limits)
  memory.note(0, keyed('a', 0), false)
  memory.note(1, keyed('b', 1_000), false)
  t.ok(memory.repeated(keyed('a').headers))
  memory.note(2, keyed('c', 1_001), false)
  t.notOk(memory.repeated(keyed('a').headers))
  t.ok(memory.repeated(keyed('b').headers))
})

t.test('no more keys than allowed are kept, the oldest go first', async t => {
  const memory = commandMemory(limits)
  for (const [n, key] of ['a', 'b', 'c', 'd', 'e'].entries()) memory.note(n, keyed(key), false)
  t.same(
    memory.content().keys.map(([key]) => key),
    ['c', 'd', 'e']
  )
})

t.test('a source position at or below the highest one is a repeat, of its own source partition only', async t => {
  const memory = commandMemory(limits)
  memory.note(3, fed('flex.registry.events/1@10.2'), false)
  memory.note(4, fed('flex.registry.events/1@9.0'), false)
  for (const repeat of ['10.2', '10.1', '9.7.3', '0.0'])
    t.same(memory.repeated(fed(`flex.registry.events/1@${repeat}`).headers), { firstCause: 3, sameContent: true })
  for (const later of ['10.2.1', '10.3', '11.0'])
    t.equal(memory.repeated(fed(`flex.registry.events/1@${later}`).headers), undefined)
  t.equal(memory.repeated(fed('flex.registry.events/2@1.0').headers), undefined)
})

t.test('a parked command is not remembered by its key, but a parked fact is by its source', async t => {
  const memory = commandMemory(limits)
  memory.note(0, keyed('k'), true)
  memory.note(1, fed('t/0@1.0'), true)
  t.equal(memory.repeated(keyed('k').headers), undefined)
  t.ok(memory.repeated(fed('t/0@1.0').headers))
})

t.test('a memory made of the content of another answers the same', async t => {
  const memory = commandMemory(limits)
  memory.note(0, keyed('a'), false)
  memory.note(1, fed('t/0@1.0'), false)
  const other = commandMemory(limits, structuredClone(memory.content()))
  t.same(other.repeated(keyed('a').headers), memory.repeated(keyed('a').headers))
  t.same(other.repeated(fed('t/0@0.0').headers), memory.repeated(fed('t/0@0.0').headers))
  other.note(2, keyed('b'), false)
  t.notOk(memory.repeated(keyed('b').headers))
})
