import Fastify from 'fastify'
import t from 'tap'
import { parseJsonBodies } from './json-body.ts'

const bytesMax = 200_000

const echo = (isOurs: boolean) => {
  const app = Fastify({ bodyLimit: bytesMax })
  if (isOurs) parseJsonBodies(app, bytesMax)
  app.post('/', async request => ({ body: request.body, names: Object.keys(Object(request.body)) }))
  return app
}

const bodies = [
  '{"a":1}',
  '[{"a":"é✓"},null]',
  // Pieces of a body end in the middle of characters.
  `"${'é✓𝄞'.repeat(20_000)}"`,
  `"${'a'.repeat(bytesMax - 2)}"`,
  `"${'a'.repeat(bytesMax - 1)}"`,
  '"text"',
  'null',
  '{"a":"back\\\\slash \\u0041"}',
  '{"constructor":"plain"}',
  '{"note":"__proto__ in a text"}',
  '\ufeff{"a":1}',
  '',
  '{',
  '{"a":NaN}',
  '{"__proto__":{"isAdmin":true}}',
  '[{"deep":{"__proto__" : 1}}]',
  '{"\\u005f\\u005fproto__":{"isAdmin":true}}',
  '{"_\\u005Fpr\\u006fto__":1}',
  '{"constructor":{"prototype":{"isAdmin":true}}}',
  '{"c\\u006Fnstructor":{"prototype":1}}',
  '{"constructor":{"proto\\u0074ype":1}}'
]

t.test('a body gives the value, or the refusal, that the parser of Fastify gives', async t => {
  const [ours, theirs] = [echo(true), echo(false)]
  t.teardown(() => Promise.all([ours.close(), theirs.close()]))
  for (const payload of bodies) {
    const ask = { method: 'POST', url: '/', headers: { 'content-type': 'application/json' }, payload } as const
    const [own, expected] = [await ours.inject(ask), await theirs.inject(ask)]
    t.equal(own.statusCode, expected.statusCode, payload)
    if (expected.json().code === 'FST_ERR_CTP_INVALID_JSON_BODY')
      t.strictSame({ ...own.json(), message: '' }, { ...expected.json(), message: '' }, payload)
    else t.equal(own.body, expected.body, payload)
  }
})

t.test('what is no JSON is refused with the reason and its place', async t => {
  const app = echo(true)
  t.teardown(() => app.close())
  const faults: [string, RegExp][] = [
    ['{"a":NaN}', /Unexpected token 'N'.*{"a":NaN}/],
    [`[${'1,'.repeat(40_000)}]`, /Unexpected token '\]'/],
    ['{\n  "a": 1\n  "b": 2\n}', /position 13 \(line 3 column 3\)/],
    ['[1', /position 2 \(line 1 column 3\)/],
    ['{"__proto__":{"isAdmin":true}}', /^A field is called __proto__/]
  ]
  for (const [payload, message] of faults) {
    const headers = { 'content-type': 'application/json' }
    const answer = await app.inject({ method: 'POST', url: '/', headers, payload })
    t.equal(answer.statusCode, 400)
    t.match(answer.json().message, message)
    t.ok(answer.json().message.length <= 200)
  }
})

t.test('over a socket too: in pieces, with a length that is said or not, below the limit or above it', async t => {
  const [ours, theirs] = [echo(true), echo(false)]
  t.teardown(() => Promise.all([ours.close(), theirs.close()]))
  const addresses = [
    await ours.listen({ host: '127.0.0.1', port: 0 }),
    await theirs.listen({ host: '127.0.0.1', port: 0 })
  ]
  const text = `"${'é✓𝄞'.repeat(15_000)}"`
  for (const body of [text, '{', '[1', `"${'a'.repeat(3 * bytesMax)}"`])
    for (const isStreamed of [false, true]) {
      const answers = await Promise.all(
        addresses.map(async address => {
          const sent = isStreamed ? new Blob([body]).stream() : body
          const headers = { 'content-type': 'application/json' }
          const answer = await fetch(address, { method: 'POST', headers, body: sent, duplex: 'half' })
          const text = await answer.text()
          return [answer.status, answer.ok ? text : { ...JSON.parse(text), message: '' }]
        })
      )
      t.same(answers[0], answers[1], `${body.length} characters, streamed: ${isStreamed}`)
    }
})

t.test('a body that would reach into prototypes is refused, also when its names are escaped', async t => {
  const app = echo(true)
  t.teardown(() => app.close())
  for (const payload of bodies.slice(-7)) {
    const answer = await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/json' },
      payload
    })
    t.equal(answer.statusCode, 400, payload)
  }
})
