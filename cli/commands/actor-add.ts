/**
 * `flexledger actor add`: an actor's topic, its place on the access lists, and, with a development authority, its
 * certificate. Everything may be repeated; what is there stays as it is.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { groupPrefixOf, isReaderName } from '../../infra/access/kafka-access.ts'
import { superUsers } from '../../infra/engines/kafka-3.ts'
import { openLog } from '../../infra/log/open-log.ts'
import { hasAuthority, issueInto } from '../../infra/pki/files.ts'
import { actorTopic } from '../../schemas/topics.ts'
import { openActorAccess } from '../app/actor-access.ts'
import { configOf } from '../app/offline.ts'
import { type OutputFlags, printJson, printText, UsageError } from '../output.ts'

interface Flags extends OutputFlags {
  readonly role: 'aggregator' | 'dso' | 'tso'
  readonly pki?: string
  readonly renew?: boolean
}

interface Certificate {
  readonly status: 'issued' | 'present'
  readonly certificate: string
  readonly key: string
  readonly authority: string
}

export const actorAdd = async (id: string, flags: Flags): Promise<void> => {
  const { role, pki } = flags
  if (!isReaderName(id)) throw new UsageError(`an actor's id is 1 to 40 letters, digits, _ and -, not "${id}"`)
  // These topics belong to the operators, and these names may do everything on the development brokers.
  if ((role === 'aggregator' && /^(dso|tso)$/i.test(id)) || [...superUsers, 'ca'].includes(id))
    throw new UsageError(`${id} is a name with a meaning of its own, and cannot be an actor's`)
  if (flags.renew && pki === undefined) throw new UsageError('--renew needs --pki')
  if (pki !== undefined && !hasAuthority(pki))
    throw new UsageError(`there is no authority in ${pki}: it should hold ca.pem and ca.key.pem`)

  const config = configOf({})
  const access = await openActorAccess(config)
  try {
    const topic = actorTopic(role === 'aggregator' ? { role, id } : { role })
    const log = await openLog(config.logUrl, { instance: `cli-${process.pid}`, kafka: config.kafka })
    try {
      await log.ensureTopics([topic])
    } finally {
      await log.close()
    }
    await access.grant({ name: id, topics: [topic.name] })
    const certificate = pki === undefined ? undefined : await certificateOf(id, pki, flags.renew ?? false)
    const groups = `${groupPrefixOf(id)}*`
    if (flags.json) printJson({ actor: id, role, topic: topic.name, groups, certificate: certificate ?? null })
    else
      printText(
        [
          `${id} may read ${topic.name} in consumer groups ${groups}`,
          certificate
            ? `its certificate is ${certificate.status}: give it ${certificate.certificate}, ${certificate.key} and ${certificate.authority}`
            : `its certificate is one with the common name ${id}`
        ].join('\n')
      )
  } finally {
    await access.close()
  }
}

const certificateOf = async (id: string, pki: string, renew: boolean): Promise<Certificate> => {
  const certificate = join(pki, `${id}.pem`)
  const key = join(pki, `${id}.key.pem`)
  const isThere = existsSync(certificate) && existsSync(key)
  if (!isThere || renew) await issueInto(pki, { commonName: id, usages: ['client'] })
  return { status: isThere && !renew ? 'present' : 'issued', certificate, key, authority: join(pki, 'ca.pem') }
}
