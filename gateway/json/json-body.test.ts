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
    t.equal(own.body, expected.body, payload)
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
          return [answer.status, await answer.text()]
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
