/**
 * Three nodes of Apache Kafka as production has them: every connection with certificates on both sides, every right from an
 * access list, three replicas of which two must have a record before it is acknowledged. A development authority in the
 * folder `pki` issues the certificates; who is `admin` or one of the nodes may do everything, everybody else what an access
 * list allows.
 *
 * The time-outs are short, so that the loss of a node is noticed within seconds.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { authorityIn, issueInto } from '../pki/files.ts'
import type { Place, Recipe } from './engine.ts'
import { installKafka, versions } from './installation.ts'
import { brokerProgram, commonProperties, formatStorage, propertiesText } from './kafka.ts'
import { kafkaAnswers } from './kafka-ready.ts'

const nodes = [1, 2, 3] as const

/** Names that may do everything: no client may get a certificate for one. */
export const superUsers: readonly string[] = [...nodes.map(node => `node${node}`), 'admin']

export const pkiDirOf = (place: Pick<Place, 'dir'>): string => join(place.dir, 'pki')

const propertiesFileOf = (place: Place, node: number): string => join(place.dir, `server-${node}.properties`)

const clientAddress = (place: Place, node: number): string => `127.0.0.1:${place.ports[node - 1]?.[0]}`
const controllerAddress = (place: Place, node: number): string => `127.0.0.1:${place.ports[node - 1]?.[1]}`

/** An id as Kafka writes them: 16 bytes in base64, without the dash at its beginning that a command line would mistake. */
const directoryIdOf = (place: Place, node: number): string => {
  for (let attempt = 0; ; attempt++) {
    const digest = createHash('sha256').update(`${place.clusterId} ${node} ${attempt}`).digest()
    const id = digest.subarray(0, 16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}

const certificates = async (place: Place): Promise<void> => {
  const dir = pkiDirOf(place)
  await authorityIn(dir, 'flexledger-development')
  for (const name of superUsers)
    if (!existsSync(join(dir, `${name}.pem`)))
      await issueInto(dir, { commonName: name, usages: ['server', 'client'], sans: ['localhost', '127.0.0.1'] })
}

const propertiesOf = (place: Place, node: number) => ({
  ...commonProperties,
  'node.id': node,
  listeners: `SSL://${clientAddress(place, node)},CONTROLLER://${controllerAddress(place, node)}`,
  'advertised.listeners': `SSL://${clientAddress(place, node)}`,
  'controller.quorum.bootstrap.servers': nodes.map(n => controllerAddress(place, n)).join(','),
  'inter.broker.listener.name': 'SSL',
  'listener.security.protocol.map': 'SSL:SSL,CONTROLLER:SSL',
  'log.dirs': join(place.dir, `data-${node}`),
  'default.replication.factor': 3,
  'min.insync.replicas': 2,
  'offsets.topic.replication.factor': 3,
  'transaction.state.log.replication.factor': 3,
  'transaction.state.log.min.isr': 2,
  'share.coordinator.state.topic.replication.factor': 3,
  'share.coordinator.state.topic.min.isr': 2,
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': join(pkiDirOf(place), `node${node}.bundle.pem`),
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.location': join(pkiDirOf(place), 'ca.pem'),
  'ssl.client.auth': 'required',
  'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/,DEFAULT',
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': superUsers.map(name => `User:${name}`).join(';'),
  'allow.everyone.if.no.acl.found': false,
  'broker.session.timeout.ms': 6_000,
  'controller.quorum.fetch.timeout.ms': 2_000,
  'controller.quorum.election.timeout.ms': 1_000
})

export const kafka3: Recipe = {
  name: 'kafka-3',
  version: versions.kafka,
  nodes: nodes.length,
  portsPerNode: 2,
  stopSignal: 'SIGTERM',
  install: installKafka,
  async prepare(place) {
    await certificates(place)
    for (const node of nodes) await writeFile(propertiesFileOf(place, node), propertiesText(propertiesOf(place, node)))
    const controllers = nodes
      .map(node => `${node}@${controllerAddress(place, node)}:${directoryIdOf(place, node)}`)
      .join(',')
    for (const node of nodes)
      await formatStorage(place, join(place.dir, `data-${node}`), propertiesFileOf(place, node), [
        '--initial-controllers',
        controllers
      ])
  },
  program: (place, node) => brokerProgram(place, propertiesFileOf(place, node + 1), 320),
  url: place => `kafka:${nodes.map(node => clientAddress(place, node)).join(',')}`,
  async ready(place, alive) {
    const file = (name: string): Promise<string> => readFile(join(pkiDirOf(place), name), 'utf8')
    await kafkaAnswers({
      brokers: alive.map(node => clientAddress(place, node + 1)),
      nodes: alive.length,
      tls: { ca: await file('ca.pem'), cert: await file('admin.pem'), key: await file('admin.key.pem') }
    })
  }
}
