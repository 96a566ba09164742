/**
 * How a registry is brought to take a schema under an id that we give, found out by asking it:
 *
 * - Apicurio: its import interface takes a content with its id; a registration of the same content then gets that id.
 * - Confluent: a subject in mode IMPORT takes a registration with an id. It checks nothing in that mode, so it is asked first.
 * - others: ids are given out in order, so a registry of our own gives the right ones; whoever calls compares.
 */
import { createHash } from 'node:crypto'
import { FlexError } from '../errors.ts'
import { type Answer, type Call, fieldOf, messageOf } from './registry-calls.ts'
import type { VersionToRegister } from './schema-registry.ts'
import { zipOf } from './zip.ts'

export interface GivenIds {
  /** Whether subjects may be registered at once, each with its versions in order. */
  readonly anyOrder: boolean
  /** Before any of these is registered. */
  reserve(versions: readonly VersionToRegister[]): Promise<void>
  /** Registers one version and says under which id; undefined: the ordinary way is to be used. */
  register?(version: VersionToRegister): Promise<number>
}

export const givenIdsOf = async (call: Call, url: string): Promise<GivenIds> => {
  const apicurio = /^(.*\/apis)\/ccompat\/v\d+$/.exec(url)?.[1]
  if (apicurio !== undefined) {
    const { status, body } = await call(`${apicurio}/registry/v2/system/info`)
    if (status === 200 && typeof fieldOf(body, 'version') === 'string')
      return inApicurio(call, `${apicurio}/registry/v2`)
  }
  const { status, body } = await call(`${url}/mode`)
  if (status === 200 && typeof fieldOf(body, 'mode') === 'string') return inConfluent(call, url)
  return { anyOrder: false, reserve: async () => {} }
}

const inApicurio = (call: Call, api: string): GivenIds => ({
  anyOrder: true,
  async reserve(versions) {
    if (versions.length === 0) return
    const answer = await call(`${api}/admin/import`, {
      method: 'POST',
      bytes: zipOf(importFiles(versions)),
      headers: {
        'content-type': 'application/zip',
        'x-registry-preserve-contentid': 'true',
        'x-registry-preserve-globalid': 'true'
      }
    })
    if (answer.status >= 300) throw refused('an import of schemas with their ids', answer)
  }
})

/** The files of Apicurio's own export (version 1.0); only contents, no artifact: those are registered the ordinary way. */
const importFiles = (versions: readonly VersionToRegister[]): ReadonlyMap<string, string> =>
  new Map([
    [
      'manifest-flexledger.Manifest.json',
      JSON.stringify({
        systemVersion: '2.6',
        systemName: 'flexledger',
        systemDescription: 'Schemas with the ids of ids.json',
        exportVersion: '1.0',
        exportedOn: 0,
        exportedBy: ''
      })
    ],
    ...versions.flatMap(({ id, text }): [string, string][] => {
      const contentHash = createHash('sha256').update(text).digest('hex')
      const content = {
        contentId: id,
        canonicalHash: null,
        contentHash,
        artifactType: 'AVRO',
        serializedReferences: null
      }
      return [
        [`content/${contentHash}.Content.json`, JSON.stringify(content)],
        [`content/${contentHash}.Content.data`, text]
      ]
    })
  ])

const inConfluent = (call: Call, url: string): GivenIds => {
  const subjectUrl = (kind: string, { name }: VersionToRegister) => `${url}/${kind}/${encodeURIComponent(name)}`
  const setMode = async (version: VersionToRegister, mode: string) => {
    const answer = await call(`${subjectUrl('mode', version)}?force=true`, { method: 'PUT', json: { mode } })
    if (answer.status !== 200) throw refused(`mode ${mode} for ${version.name}`, answer)
  }
  return {
    anyOrder: true,
    reserve: async () => {},
    async register(version) {
      const tried = await call(
        `${url}/compatibility/subjects/${encodeURIComponent(version.name)}/versions?verbose=true`,
        { method: 'POST', json: { schema: version.text } }
      )
      if (tried.status === 200 && fieldOf(tried.body, 'is_compatible') === false)
        throw incompatible(version, JSON.stringify(fieldOf(tried.body, 'messages') ?? ''))
      if (tried.status !== 200 && tried.status !== 404) throw refused(`a check of ${version.name}`, tried)
      await setMode(version, 'IMPORT')
      try {
        const answer = await call(`${subjectUrl('subjects', version)}/versions`, {
          method: 'POST',
          json: { schema: version.text, id: version.id, version: version.version }
        })
        if (answer.status !== 200) throw refused(`version ${version.version} of ${version.name}`, answer)
        return Number(fieldOf(answer.body, 'id'))
      } finally {
        await setMode(version, 'READWRITE')
      }
    }
  }
}

export const incompatible = ({ name, version }: VersionToRegister, reason: string): FlexError =>
  new FlexError('FLEX_REGISTRY_INCOMPATIBLE', `version ${version} of ${name} was refused: ${reason}`)

export const refused = (what: string, answer: Answer): FlexError =>
  new FlexError('FLEX_REGISTRY_REFUSED', `${what}: ${messageOf(answer)}`)
