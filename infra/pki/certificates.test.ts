import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import t from 'tap'
import { createAuthority, type Issued, issueCertificate } from './certificates.ts'
import { authorityIn, issueInto } from './files.ts'

const authority = await createAuthority({ commonName: 'test-ca' })
const other = await createAuthority({ commonName: 'other-ca' })

t.test('a certificate is signed by its authority and by no other of the same name', async t => {
  const twin = await createAuthority({ commonName: 'test-ca' })
  const { certificate } = await issueCertificate(authority, { commonName: 'ACEAE', usages: ['client'] })
  const issued = new X509Certificate(certificate)
  t.ok(issued.checkIssued(new X509Certificate(authority.certificate)))
  t.ok(issued.verify(new X509Certificate(authority.certificate).publicKey))
  t.notOk(issued.verify(new X509Certificate(twin.certificate).publicKey))
  t.equal(issued.subject, 'CN=ACEAE')
  t.notOk(issued.ca, 'a leaf is no authority')
})

t.test('a certificate has the usages asked for and no others', async t => {
  const usagesOf = async (usages: readonly ('server' | 'client')[]) => {
    const issued = await issueCertificate(authority, { commonName: 'x', usages, sans: ['localhost', '127.0.0.1'] })
    return new X509Certificate(issued.certificate).keyUsage
  }
  const server = '1.3.6.1.5.5.7.3.1'
  const client = '1.3.6.1.5.5.7.3.2'
  t.strictSame(await usagesOf(['server']), [server])
  t.strictSame(await usagesOf(['client']), [client])
  t.strictSame(await usagesOf(['server', 'client']), [server, client])
})

t.test('a certificate names the hosts and addresses of its server, and a time', async t => {
  const now = new Date('2026-01-01T00:00:00Z')
  const { certificate } = await issueCertificate(authority, {
    commonName: 'node1',
    usages: ['server'],
    sans: ['localhost', '127.0.0.1', '::1'],
    days: 10,
    now
  })
  const issued = new X509Certificate(certificate)
  t.ok(issued.checkHost('localhost'))
  t.ok(issued.checkIP('127.0.0.1'))
  t.ok(issued.checkIP('::1'))
  t.notOk(issued.checkIP('127.0.0.2'))
  t.equal(issued.validToDate.toISOString(), '2026-01-11T00:00:00.000Z')
  t.ok(issued.validFromDate < now)
})

t.test('a name that a broker would read otherwise is refused', async t => {
  for (const commonName of ['', 'a,O=b', 'a b', 'CN=a', '../a', 'a\n', 'x'.repeat(65)])
    await t.rejects(
      issueCertificate(authority, { commonName, usages: ['client'] }),
      RangeError,
      JSON.stringify(commonName)
    )
  await t.rejects(issueCertificate(authority, { commonName: 'a', usages: [] }), /for a server, a client or both/)
  await t.rejects(issueCertificate(authority, { commonName: 'a', usages: ['server'] }), /needs a name or address/)
})

/** What a server that asks for certificates says of a client: its name, or why not. */
const handshake = async (server: Issued, client: Issued | undefined): Promise<string> => {
  const listener = createServer({
    key: server.key,
    cert: server.certificate,
    ca: server.authority,
    requestCert: true,
    rejectUnauthorized: true
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  try {
    return await new Promise<string>(resolve => {
      listener.once('secureConnection', (socket: TLSSocket) => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      })
      listener.once('tlsClientError', error => resolve(`refused: ${'code' in error ? error.code : error.message}`))
      const socket = connect({
        port,
        host: '127.0.0.1',
        ca: authority.certificate,
        ...(client ? { key: client.key, cert: client.certificate } : {})
      })
      socket.on('error', () => {})
    })
  } finally {
    listener.close()
  }
}

t.test(
  'S-MP-02: server and client know each other by their certificates, and refuse those of another authority',
  async t => {
    const server = await issueCertificate(authority, { commonName: 'node1', usages: ['server'], sans: ['127.0.0.1'] })
    const client = await issueCertificate(authority, { commonName: 'ACEAE', usages: ['client'] })
    const foreign = await issueCertificate(other, { commonName: 'ACEAE', usages: ['client'] })
    const serverOnly = await issueCertificate(authority, { commonName: 'a', usages: ['server'], sans: ['localhost'] })
    t.equal(await handshake(server, client), 'ACEAE')
    t.match(await handshake(server, undefined), /^refused: ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE/)
    t.match(await handshake(server, foreign), /^refused/)
    t.match(await handshake(server, serverOnly), /^refused/)
  }
)

t.test('an authority in a folder stays the same, and its keys are for their owner alone', async t => {
  const dir = join(t.testdir(), 'pki')
  const first = await authorityIn(dir, 'test-ca')
  t.strictSame(await authorityIn(dir, 'test-ca'), first)
  const issued = await issueInto(dir, { commonName: 'ACEAE', usages: ['client'] })
  for (const file of [issued.keyFile, issued.bundleFile, join(dir, 'ca.key.pem')])
    t.equal(statSync(file).mode & 0o777, 0o600, file)
  t.equal(issued.authority, first.certificate)
  await t.rejects(issueInto(dir, { commonName: 'ca', usages: ['client'] }), /authority itself/)
})

const openssl = ['/usr/bin/openssl', '/usr/local/bin/openssl', '/opt/homebrew/bin/openssl'].find(existsSync)

t.test(
  'openssl accepts the chain for its purpose and for no other',
  { skip: openssl ? false : 'no openssl' },
  async t => {
    const dir = join(t.testdir(), 'pki')
    await authorityIn(dir, 'test-ca')
    const client = await issueInto(dir, { commonName: 'ACEAE', usages: ['client'] })
    const verify = (purpose: string): string =>
      execFileSync(
        openssl!,
        ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', client.authorityFile, client.certificateFile],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
      )
    t.match(verify('sslclient'), /: OK/)
    t.throws(() => verify('sslserver'))
  }
)
