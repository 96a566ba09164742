/**
 * A certificate authority for development and tests, and certificates of it for servers and clients (ECDSA on P-256, PEM).
 * In production the operator's own authority issues them; nothing here is needed then.
 *
 * Promises: a certificate can do what its usages say and nothing more (no leaf can sign another). A name is letters, digits
 * and `. _ -`, so that it is the same text as a principal of a broker, whose rules take the common name apart at commas.
 */
import './reflection.ts'
import { randomBytes, webcrypto } from 'node:crypto'
import x509 from '@peculiar/x509'

/** PEM, the key as PKCS #8 without a password. */
export interface KeyAndCertificate {
  readonly certificate: string
  readonly key: string
}

export type Authority = KeyAndCertificate

export interface Issued extends KeyAndCertificate {
  /** The authority's certificate: what the holder trusts. */
  readonly authority: string
}

export interface AuthorityOptions {
  readonly commonName: string
  readonly days?: number
  readonly now?: Date
}

export type Usage = 'server' | 'client'

export interface CertificateOptions {
  /** Who it is. */
  readonly commonName: string
  readonly usages: readonly Usage[]
  /** Names and addresses that a server answers to. A server needs one at least. */
  readonly sans?: readonly string[]
  readonly days?: number
  readonly now?: Date
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const MS_OF_DAY = 86_400_000
/** Clocks of two machines may differ a little. */
const BACKDATED_MS = 5 * 60_000

const named = (commonName: string): string => {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(commonName))
    throw new RangeError(`a name is 1 to 64 letters, digits, dots, _ and -, not "${commonName}"`)
  return `CN=${commonName}`
}

const validity = (days: number, now: Date) => {
  if (!Number.isInteger(days) || days < 1 || days > 36_500) throw new RangeError(`days are 1 to 36500, not ${days}`)
  return {
    notBefore: new Date(now.getTime() - BACKDATED_MS),
    notAfter: new Date(now.getTime() + days * MS_OF_DAY)
  }
}

/** 127 random bits: positive, and never the same twice. */
const serialNumber = (): string => {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes.toString('hex')
}

const keyPair = () => webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])

const privatePem = async (key: webcrypto.CryptoKey): Promise<string> =>
  `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), x509.PemConverter.PrivateKeyTag)}\n`

const certificatePem = (certificate: x509.X509Certificate): string => `${certificate.toString('pem')}\n`

export const createAuthority = async ({
  commonName,
  days = 3_650,
  now = new Date()
}: AuthorityOptions): Promise<Authority> => {
  const keys = await keyPair()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: named(commonName),
    ...validity(days, now),
    signingAlgorithm: ecdsa,
    keys,
    extensions: [
      // Signs leaves, and no further authority.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)
    ]
  })
  return { certificate: certificatePem(certificate), key: await privatePem(keys.privateKey) }
}

export const issueCertificate = async (
  authority: Authority,
  { commonName, usages, sans = [], days = 825, now = new Date() }: CertificateOptions
): Promise<Issued> => {
  if (usages.length === 0) throw new RangeError('a certificate is for a server, a client or both')
  if (usages.includes('server') && sans.length === 0)
    throw new RangeError('a server needs a name or address to answer to')
  const issuer = new x509.X509Certificate(authority.certificate)
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(authority.key),
    ecdsa,
    false,
    ['sign']
  )
  const keys = await keyPair()
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: named(commonName),
    issuer: issuer.subject,
    ...validity(days, now),
    signingAlgorithm: ecdsa,
    signingKey,
    publicKey: keys.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages.map(usage => x509.ExtendedKeyUsage[`${usage}Auth`])),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(sans.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(sans.map(alternativeName))])
    ]
  })
  return {
    certificate: certificatePem(certificate),
    key: await privatePem(keys.privateKey),
    authority: authority.certificate
  }
}

const alternativeName = (value: string): x509.JsonGeneralName => ({
  type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns',
  value
})
