import { deserialize, serialize } from 'node:v8'
import t from 'tap'
import { examples } from '../../schemas/examples.ts'
import { isPackedState, packState, unpackState } from './packed-state.ts'

/** Through the serialisation of a snapshot. */
const there = (state: unknown): unknown => {
  const content: unknown = deserialize(serialize(packState(state)))
  if (!isPackedState(content)) throw new Error('not a packed state')
  return unpackState(content)
}

t.test('every message, and every container around it, comes back equal', async t => {
  const messages = Object.values(examples)
  const state = {
    byId: new Map(messages.map((message, n) => [n, { message, note: null }])),
    list: messages,
    kinds: new Set(['a', 'b']),
    numbers: Float64Array.of(1, 2.5),
    empty: {},
    nothing: null,
    absent: undefined,
    flag: true
  }
  t.strictSame(there(state), state)
})

t.test('what looks like a message and is none stays what it is', async t => {
  const state = [{ type: 'PodCeased' }, { type: 'OfferPlaced', price: 1 }, { type: 'constructor' }, { type: 7 }]
  t.strictSame(there(state), state)
})

t.test('what was in two places is one thing in both', async t => {
  const [message] = Object.values(examples)
  const shared = { message }
  const back = there({ a: shared, b: [shared], c: message }) as { a: typeof shared; b: (typeof shared)[]; c: unknown }
  t.equal(back.a, back.b[0])
  t.equal(back.a.message, back.c)
})
