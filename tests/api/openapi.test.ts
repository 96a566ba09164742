import { Ajv2020 as Ajv } from 'ajv/dist/2020.js'
import t from 'tap'
import { documentOf, type OpenApi, operationsOf } from './operations.ts'
import { storyOf, tellUntilCleared } from './story.ts'
import { startSystem } from './system.ts'

/** Our own formats; what they mean is tested where they are. */
const formats = { 'quarter-hour': true, 'date-time': true, date: true } as const

const ajvOf = (document: OpenApi): Ajv => {
  const ajv = new Ajv({ strict: false, discriminator: true, formats })
  ajv.addSchema({ $id: 'document', ...document })
  return ajv
}

/** Every `$ref` of a document, wherever it stands. */
const references = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    name === '$ref' && typeof inner === 'string' ? [inner] : references(inner)
  )
}

t.test('SYS-09, T-48: the OpenAPI document is 3.1, closed in itself, and describes every operation wholly', async t => {
  const system = await startSystem({ withProcessors: false })
  t.teardown(() => system.close())
  const document = await documentOf(system.gateway)
  t.match(document.openapi, /^3\.1\.\d$/)
  t.strictSame(Object.keys(document).sort(), ['components', 'info', 'openapi', 'paths', 'servers'])

  const schemas = new Set(Object.keys(document.components.schemas).map(name => `#/components/schemas/${name}`))
  const used = new Set(references(document))
  t.strictSame(
    [...used].filter(ref => !schemas.has(ref)),
    [],
    'every reference leads somewhere'
  )
  t.strictSame(
    [...schemas].filter(ref => !used.has(ref)),
    [],
    'no component is left over'
  )
  const ajv = ajvOf(document)
  for (const ref of schemas) t.doesNotThrow(() => ajv.compile({ $ref: `document${ref}` }), `${ref} is a schema`)

  const ids: string[] = []
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item)) {
      const name = `${method} ${path}`
      ids.push(operation.operationId)
      t.ok(operation.summary && operation.tags.length === 1 && operation.security.length === 1, `${name} is described`)
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)
      const parameters = operation.parameters ?? []
      t.strictSame(
        parameters
          .filter(one => one.in === 'path')
          .map(one => one.name)
          .sort(),
        inPath.sort(),
        name
      )
      for (const { in: place, required } of parameters) t.ok(place !== 'path' || required, `${name} needs its path`)
      for (const [status, { description, content = {} }] of Object.entries(operation.responses)) {
        t.ok(description, `${name} ${status} is described`)
        const [type = ''] = Object.keys(content)
        if (Number(status) >= 400) t.equal(type, 'application/problem+json', `${name} ${status}`)
      }
      for (const status of ['400', '401', '403', '429', '503'])
        t.ok(operation.responses[status], `${name} has ${status}`)
    }
  t.equal(new Set(ids).size, ids.length, 'operation ids are unique')
  t.equal(operationsOf(document).length, ids.length)
})

t.test('what is answered is what the document describes', async t => {
  const system = await startSystem()
  t.teardown(() => system.close())
  const document = await documentOf(system.gateway)
  const ajv = ajvOf(document)
  const story = await storyOf(system)
  await tellUntilCleared(system, story)
  await story.tell('ARETI', 'sendTechnicalOutcome')
  await story.tell('ACEAE', 'placeOffers')
  await system.settle()
  const reads = story.operations.filter(({ id, method }) => method === 'GET' && id !== 'streamValidatedOutcomes')
  for (const actor of ['ACEAE', 'ARETI', 'TERNA', 'OPERATIONS'] as const)
    for (const { id } of reads) await story.tell(actor, id)

  const operations = new Map(
    Object.values(document.paths).flatMap(item => Object.values(item).map(one => [one.operationId, one] as const))
  )
  for (const { id, answer } of story.told) {
    const described = operations.get(id)!.responses[String(answer.status)]
    t.ok(described, `${id} may answer ${answer.status}`)
    const [media] = Object.values(described?.content ?? {})
    const absolute = JSON.parse(JSON.stringify(media!.schema).replaceAll('"#/', '"document#/')) as object
    const check = ajv.compile(absolute)
    t.ok(check(answer.json()), `${id} ${answer.status}: ${ajv.errorsText(check.errors)}`)
  }
})

t.test('the pages for people and machines are there without a token', async t => {
  const system = await startSystem({ withProcessors: false })
  t.teardown(() => system.close())
  for (const [url, type] of [
    ['/livez', /json/],
    ['/readyz', /json/],
    ['/metrics', /text\/plain/],
    ['/openapi.json', /json/],
    ['/asyncapi.json', /json/],
    ['/docs/', /html/],
    ['/docs/static/swagger-ui-bundle.js', /javascript/],
    ['/problems/above-band', /json/],
    ['/.well-known/openid-configuration', /json/],
    ['/oauth/jwks', /json/]
  ] as const) {
    const answer = await system.gateway.app.inject({ method: 'GET', url })
    t.equal(answer.statusCode, 200, url)
    t.match(answer.headers['content-type'], type, url)
  }
  t.match((await system.call(undefined, 'GET', '/metrics')).text, /flex_http_request_seconds_count\{.*route="\/livez"/)
  t.match((await system.call(undefined, 'GET', '/asyncapi.json')).json(), { asyncapi: '3.0.0' })
  t.match((await system.call(undefined, 'GET', '/readyz')).json(), { status: 'ready' })
})
