import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose'
import t from 'tap'
import { checkToken, type TokenChecks } from './access-token.ts'
import { scopesOfRole } from './principal.ts'

const now = Date.UTC(2025, 2, 28, 11)
const seconds = now / 1_000
const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
const stranger = await generateKeyPair('ES256')
const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'k' }
const checks: TokenChecks = {
  issuer: 'https://issuer.example',
  audience: 'flexledger',
  keys: createLocalJWKSet({ keys: [jwk] }),
  now: () => now
}

const claims = { role: 'aggregator', actor: 'ACEAE', scope: 'offers:write market:read' }

interface Over {
  readonly payload?: Record<string, unknown>
  readonly issuer?: string
  readonly audience?: string
  readonly expires?: number
  readonly notBefore?: number
  readonly key?: Awaited<ReturnType<typeof generateKeyPair>>['privateKey']
  readonly algorithm?: string
}

const aToken = (over: Over = {}): Promise<string> => {
  const { payload = claims, issuer = checks.issuer, audience = checks.audience, expires = seconds + 600 } = over
  const token = new SignJWT({ ...payload })
    .setProtectedHeader({ alg: over.algorithm ?? 'ES256', kid: 'k' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('client')
    .setIssuedAt(seconds)
    .setExpirationTime(expires)
  if (over.notBefore !== undefined) token.setNotBefore(over.notBefore)
  return token.sign(over.key ?? privateKey)
}

const statusOf = async (token: string): Promise<string> => (await checkToken(token, checks)).status

t.test('a valid token names the actor, its scopes and its end', async t => {
  const check = await checkToken(await aToken(), checks)
  t.match(check, {
    status: 'valid',
    principal: { actor: { role: 'aggregator', id: 'ACEAE' }, expiresAt: now + 600_000 }
  })
  t.strictSame(check.status === 'valid' && [...check.principal.scopes], ['offers:write', 'market:read'])
})

t.test('a token of another issuer, audience, key or time is not accepted', async t => {
  t.equal(await statusOf(await aToken({ issuer: 'https://other.example' })), 'invalid')
  t.equal(await statusOf(await aToken({ audience: 'another-api' })), 'invalid')
  t.equal(await statusOf(await aToken({ key: stranger.privateKey })), 'invalid')
  t.equal(await statusOf(await aToken({ expires: seconds - 6 })), 'expired')
  t.equal(await statusOf(await aToken({ notBefore: seconds + 60 })), 'invalid')
})

t.test('a token that was changed in any of its characters is not accepted', async t => {
  const token = await aToken()
  for (let at = 0; at < token.length; at += 7) {
    const other = token[at] === 'A' ? 'B' : 'A'
    const changed = `${token.slice(0, at)}${other}${token.slice(at + 1)}`
    if (Buffer.from(changed.split('.')[2] ?? '', 'base64url').equals(Buffer.from(token.split('.')[2]!, 'base64url')))
      if (changed.split('.').slice(0, 2).join() === token.split('.').slice(0, 2).join()) continue
    t.not(await statusOf(changed), 'valid', `character ${at}`)
  }
})

t.test('a token without a signature, or signed with the public key as a secret, is not accepted', async t => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const payload = { ...claims, iss: checks.issuer, aud: checks.audience, sub: 'c', iat: seconds, exp: seconds + 600 }
  for (const alg of ['none', 'None', 'NONE'])
    t.equal(await statusOf(`${part({ alg })}.${part(payload)}.`), 'invalid', alg)

  const secret = new TextEncoder().encode(JSON.stringify(jwk))
  const confused = await new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid: 'k' }).sign(secret)
  t.equal(await statusOf(confused), 'invalid')
})

t.test('a token is cut down to the scopes of its role', async t => {
  const everything = Object.values(scopesOfRole).flat().join(' ')
  for (const role of ['aggregator', 'dso', 'tso', 'administrator'] as const) {
    const check = await checkToken(await aToken({ payload: { ...claims, role, scope: everything } }), checks)
    t.strictSame(check.status === 'valid' && [...check.principal.scopes].sort(), [...scopesOfRole[role]].sort(), role)
  }
  const none = await checkToken(await aToken({ payload: { role: 'tso', actor: 'TERNA' } }), checks)
  t.equal(none.status === 'valid' && none.principal.scopes.size, 0)
})

t.test('a token without a role or an actor of this market is not accepted', async t => {
  for (const payload of [
    {},
    { role: 'king', actor: 'A' },
    { role: 'system', actor: 'A' },
    { role: 'dso' },
    { role: 'dso', actor: '../A' }
  ])
    t.equal(await statusOf(await aToken({ payload })), 'invalid', JSON.stringify(payload))
})

t.test('keys that cannot be had are not the fault of the caller', async t => {
  const keys = async (): Promise<never> => {
    throw new TypeError('fetch failed')
  }
  t.equal((await checkToken(await aToken(), { ...checks, keys })).status, 'unknown')
})
