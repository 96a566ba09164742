/**
 * An authority and its certificates in a folder: `ca.pem`, `ca.key.pem`, and for each name `NAME.pem`, `NAME.key.pem` and
 * `NAME.bundle.pem` (key, certificate and authority in one, as brokers and kcat like it). Keys are for their owner's eyes.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Authority,
  type CertificateOptions,
  createAuthority,
  type Issued,
  issueCertificate
} from './certificates.ts'

export interface IssuedFiles extends Issued {
  readonly certificateFile: string
  readonly keyFile: string
  readonly bundleFile: string
  readonly authorityFile: string
}

const certificateFileOf = (dir: string): string => join(dir, 'ca.pem')
const keyFileOf = (dir: string): string => join(dir, 'ca.key.pem')

/** The authority of a folder; made there if it has none. */
export const authorityIn = async (dir: string, commonName: string): Promise<Authority> => {
  if (existsSync(keyFileOf(dir))) return readAuthority(dir)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const authority = await createAuthority({ commonName })
  // The key last: where it is, all is.
  await writeWhole(certificateFileOf(dir), authority.certificate, 0o644)
  await writeWhole(keyFileOf(dir), authority.key, 0o600)
  return authority
}

export const hasAuthority = (dir: string): boolean => existsSync(keyFileOf(dir))

export const readAuthority = async (dir: string): Promise<Authority> => ({
  certificate: await readFile(certificateFileOf(dir), 'utf8'),
  key: await readFile(keyFileOf(dir), 'utf8')
})

/** Replaces an earlier certificate of that name. */
export const issueInto = async (dir: string, options: CertificateOptions): Promise<IssuedFiles> => {
  if (options.commonName === 'ca') throw new RangeError('the name ca is the authority itself')
  const issued = await issueCertificate(await readAuthority(dir), options)
  const file = (kind: string): string => join(dir, `${options.commonName}${kind}.pem`)
  await writeWhole(file('.key'), issued.key, 0o600)
  await writeWhole(file('.bundle'), `${issued.key}${issued.certificate}${issued.authority}`, 0o600)
  await writeWhole(file(''), issued.certificate, 0o644)
  return {
    ...issued,
    certificateFile: file(''),
    keyFile: file('.key'),
    bundleFile: file('.bundle'),
    authorityFile: certificateFileOf(dir)
  }
}

const writeWhole = async (file: string, text: string, mode: number): Promise<void> => {
  await writeFile(`${file}.next`, text, { mode })
  await rename(`${file}.next`, file)
}
