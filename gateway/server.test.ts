import t from 'tap'
import { seededSalt } from '../infra/log/envelope.ts'
import { memoryLog } from '../infra/log/memory-log.ts'
import { sqliteDatabase } from '../infra/sql/sqlite-database.ts'
import { topics } from '../schemas/topics.ts'
import type { GatewayOptions } from './options.ts'
import { createGateway } from './server.ts'

const client = {
  id: 'aggregator-a',
  secret: 'development-a',
  role: 'aggregator',
  actor: 'A',
  scopes: ['market:read']
} as const

const anOption = async (over: Partial<GatewayOptions> = {}): Promise<GatewayOptions> => {
  const log = memoryLog()
  await log.ensureTopics(Object.values(topics))
  const database = await sqliteDatabase<object>({ file: ':memory:' })
  t.teardown(() => database.close())
  return {
    profile: 'embedded',
    identity: { kind: 'embedded', clients: [client] },
    publicUrl: 'http://localhost:8080',
    audience: 'flexledger',
    log,
    db: database.query,
    clock: { now: () => 0 },
    salt: seededSalt('test'),
    operators: { dso: 'D', tso: 'T' },
    ...over
  }
}

const tokenRequest = (id: string, secret: string) => ({
  method: 'POST' as const,
  url: '/oauth/token',
  headers: {
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded'
  },
  payload: 'grant_type=client_credentials'
})

t.test('development credentials exist in the embedded profile only: elsewhere the gateway does not start', async t => {
  await t.rejects(createGateway(await anOption({ profile: 'server' })), /embedded profile only/)
})

t.test('with an issuer elsewhere there is no token endpoint here', async t => {
  const identity = {
    kind: 'external',
    issuer: 'https://issuer.example',
    jwksUrl: 'https://issuer.invalid/jwks'
  } as const
  const { app, close } = await createGateway(await anOption({ profile: 'server', identity }))
  t.teardown(close)
  t.equal((await app.inject(tokenRequest(client.id, client.secret))).statusCode, 404)
  t.equal((await app.inject({ method: 'GET', url: '/.well-known/openid-configuration' })).statusCode, 404)
})

t.test('keys of an issuer that cannot be had are a 503, not a 401', async t => {
  const identity = { kind: 'external', issuer: 'http://127.0.0.1:1', jwksUrl: 'http://127.0.0.1:1/jwks' } as const
  const { app, close } = await createGateway(await anOption({ identity }))
  t.teardown(close)
  const token = `${Buffer.from('{"alg":"ES256","kid":"k"}').toString('base64url')}.e30.AAAA`
  const answer = await app.inject({ method: 'GET', url: '/v1/pods', headers: { authorization: `Bearer ${token}` } })
  t.equal(answer.statusCode, 503)
  t.match(answer.json(), { code: 'identity-unavailable' })
})

t.test('S-MP-01, T-80: a wrong secret, an unknown client and another grant get no token', async t => {
  const { app, close } = await createGateway(await anOption())
  t.teardown(close)
  const right = tokenRequest(client.id, client.secret)
  const granted = await app.inject(right)
  t.equal(granted.statusCode, 200)
  t.match(granted.json(), { token_type: 'Bearer', expires_in: 600, scope: 'market:read' })
  t.equal((await app.inject(tokenRequest(client.id, 'wrong'))).statusCode, 401)
  t.equal((await app.inject(tokenRequest('nobody', client.secret))).statusCode, 401)
  t.equal((await app.inject({ ...right, payload: 'grant_type=password&username=a&password=b' })).statusCode, 400)
  t.equal((await app.inject({ ...right, payload: 'grant_type=authorization_code&code=1' })).statusCode, 400)
  t.equal((await app.inject({ ...right, payload: `${right.payload}&resource=https://other.example` })).statusCode, 400)
  const foreign = await app.inject({ ...right, payload: `${right.payload}&scope=pods:write` })
  t.notOk(foreign.json<{ scope?: string }>().scope, 'a scope that the client does not have is not granted')
})

t.test('the token endpoint is limited too', async t => {
  const { app, close } = await createGateway(await anOption({ limits: { tokensPerMinuteOfAddress: 2 } }))
  t.teardown(close)
  for (const status of [401, 401, 429]) t.equal((await app.inject(tokenRequest(client.id, 'guess'))).statusCode, status)
})

t.test('the tables being away is a 503 for reading, and a stopped log one for writing', async t => {
  const database = await sqliteDatabase<object>({ file: ':memory:' })
  const options = await anOption({ db: database.query })
  const client = {
    id: 'a',
    secret: 's',
    role: 'aggregator',
    actor: 'A',
    scopes: ['pods:read', 'offers:write']
  } as const
  const { app, close } = await createGateway({ ...options, identity: { kind: 'embedded', clients: [client] } })
  t.teardown(close)
  const token = (await app.inject(tokenRequest('a', 's'))).json<{ access_token: string }>().access_token
  const headers = { authorization: `Bearer ${token}` }
  const read = await app.inject({ method: 'GET', url: '/v1/pods', headers })
  t.equal(read.statusCode, 503)
  t.match(read.json(), { code: 'database-unavailable' })
  await options.log.close()
  const write = await app.inject({ method: 'DELETE', url: '/v1/sessions/2025-03-29.DA.P/offers/1', headers })
  t.equal(write.statusCode, 503)
  t.match(write.json(), { code: 'log-unavailable' })
  t.equal((await app.inject({ method: 'GET', url: '/readyz' })).statusCode, 503)
  t.equal((await app.inject({ method: 'GET', url: '/livez' })).statusCode, 200)
})
