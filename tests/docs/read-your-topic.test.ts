/**
 * docs/how-to/read-your-topic.md on three brokers with certificates: its programs are taken from the page as they stand, and
 * read what they may and nothing else.
 */
import { spawn, spawnSync } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import kafkajs, { type Kafka } from 'kafkajs'
import t, { type Test } from 'tap'
import { type Ended, flexledger } from '../../cli/command-line.fixtures.ts'
import { groupPrefixOf, kafkaAccess } from '../../infra/access/kafka-access.ts'
import { kafka3ForTests } from '../../infra/engines/for-tests.ts'
import type { LogRecord } from '../../infra/log/log.ts'
import { confluentRegistry } from '../../infra/schema-registry/confluent-registry.ts'
import { registryDouble } from '../../infra/schema-registry/registry-double.fixtures.ts'
import { ownVersions } from '../../infra/schema-registry/versions.ts'
import { ownershipRecord } from '../../processors/runtime/ownership-record.ts'
import { encode } from '../../schemas/codec.ts'
import { examples } from '../../schemas/examples.ts'
import { actorTopic } from '../../schemas/topics.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = await readFile(join(root, 'docs/how-to/read-your-topic.md'), 'utf8')
const blockOf = (start: RegExp): string => {
  const found = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].find(([block]) => start.test(block))
  if (found?.[2] === undefined) throw new Error(`the page has no block ${start}`)
  return found[2]
}

/** Until a broker that is loading a coordinator, or has not yet heard of a new access list, has caught up. */
const PATIENCE_MS = 60_000

const cluster = await kafka3ForTests(t)
if (cluster.skip !== false) t.test('three brokers', { skip: cluster.skip }, async () => {})
else {
  const { engine } = cluster
  const brokers = engine.addresses
  const own = actorTopic({ role: 'aggregator', id: 'ACEAE' }).name
  const foreign = actorTopic({ role: 'aggregator', id: 'EGEOE' }).name
  const folder = await mkdtemp(join(tmpdir(), 'flexledger-reader-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const registry = await registryDouble({ hasModes: true })
  t.teardown(() => registry.stop())
  await confluentRegistry({ url: registry.url }).register(ownVersions())

  const certificates = engine.certificates!
  const text = (file: string) => readFile(file, 'utf8')
  const ca = await text(certificates.authorityFile)
  const adminTls = {
    ca,
    cert: await text(certificates.admin.certificateFile),
    key: await text(certificates.admin.keyFile)
  }
  const clientWith = (ssl: object, retries = 2): Kafka =>
    new kafkajs.Kafka({
      clientId: 'test',
      brokers: [...brokers],
      ssl,
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries, initialRetryTime: 100 }
    })
  const admin = clientWith(adminTls, 10)

  /** As the operator of the page does it, with the engine's authority as its `pki`. */
  await symlink(certificates.dir, join(folder, 'pki'))
  const operator = (...args: readonly string[]): Promise<Ended> =>
    flexledger(['actor', ...args], {
      cwd: folder,
      env: {
        FLEX_LOG_URL: engine.url,
        FLEX_LOG_REPLICATION: '3',
        FLEX_LOG_MIN_INSYNC: '2',
        FLEX_LOG_TLS_CA: 'pki/ca.pem',
        FLEX_LOG_TLS_CERT: 'pki/admin.pem',
        FLEX_LOG_TLS_KEY: 'pki/admin.key.pem'
      }
    })
  const added = await operator('add', 'ACEAE', '--role', 'aggregator', '--pki', 'pki', '--json')
  for (const file of ['ca.pem', 'ACEAE.pem', 'ACEAE.key.pem'])
    await copyFile(join(certificates.dir, file), join(folder, file))
  const actorTls = {
    ca,
    cert: await text(join(folder, 'ACEAE.pem')),
    key: await text(join(folder, 'ACEAE.key.pem'))
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'read.mjs'), blockOf(/kafkajs/))
  await writeFile(join(folder, 'look.sh'), `set -eu\n${blockOf(/kcat/)}`)

  const topicsAdmin = admin.admin()
  await topicsAdmin.connect()
  await topicsAdmin.createTopics({
    waitForLeaders: true,
    topics: [foreign, 'outbox'].map(topic => ({ topic, numPartitions: 2, replicationFactor: 3 }))
  })
  await topicsAdmin.disconnect()

  const access = await kafkaAccess({ brokers, tls: adminTls })
  t.teardown(() => access.close())
  await access.grant({ name: 'ACEAE', topics: ['outbox'] })

  const value = encode(examples.OutcomeValidated)
  const record = (id: string, epoch?: number) => ({
    key: 'ROMA01',
    value,
    headers: {
      ce_id: id,
      ce_type: 'flex.market.OutcomeValidated',
      ...(epoch === undefined ? {} : { epoch: `${epoch}` })
    }
  })
  const produce = async (topic: string, messages: readonly Omit<LogRecord, 'timestamp'>[]) => {
    const producer = admin.producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    await producer.send({
      topic,
      acks: -1,
      messages: messages.map(({ key, headers, value }) => ({ key, headers, value: Buffer.from(value), partition: 0 }))
    })
    await producer.disconnect()
  }

  /** The program of the page until it has printed that many lines, and a while longer for what it should not print. */
  const reading = (t: Test, topic: string, lines: number): Promise<readonly { id: string; type: string }[]> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['read.mjs'], {
        cwd: folder,
        env: { ...process.env, NODE_OPTIONS: '', TOPIC: topic, BROKERS: brokers.join(','), REGISTRY: registry.url }
      })
      let printed = ''
      let told = ''
      const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
      const documents = () => printed.split('\n').flatMap(line => (line.startsWith('{"id"') ? [JSON.parse(line)] : []))
      child.stderr.on('data', more => {
        told += String(more)
      })
      child.stdout.on('data', more => {
        printed += String(more)
        if (documents().length === lines) setTimeout(() => child.kill('SIGTERM'), 500)
      })
      child.on('error', reject)
      child.on('close', () => {
        clearTimeout(late)
        t.comment(told.slice(-1_000))
        resolve(documents())
      })
    })

  t.test('actor add makes the topic, the rights and the certificate; again, it changes nothing', async t => {
    t.equal(added.code, 0, added.stderr)
    t.strictSame(JSON.parse(added.stdout), {
      actor: 'ACEAE',
      role: 'aggregator',
      topic: own,
      groups: 'ACEAE.*',
      certificate: {
        status: 'issued',
        certificate: 'pki/ACEAE.pem',
        key: 'pki/ACEAE.key.pem',
        authority: 'pki/ca.pem'
      }
    })
    const again = await operator('add', 'ACEAE', '--role', 'aggregator', '--pki', 'pki', '--json')
    t.equal(JSON.parse(again.stdout).certificate.status, 'present')
    t.equal(await text(join(certificates.dir, 'ACEAE.pem')), actorTls.cert)
  })

  t.test('an operator’s topic belongs to its role, and actors are listed with their topics', async t => {
    const dso = await operator('add', 'ARETI', '--role', 'dso')
    t.equal(dso.code, 0, dso.stderr)
    t.match(dso.stdout, /ARETI may read validated_outcome_DSO in consumer groups ARETI\.\*/)
    const list = await operator('list')
    t.match(list.stdout, /^ARETI +validated_outcome_DSO +ARETI\.\*$/m)
    t.match(list.stdout, /^ACEAE +outbox validated_outcome_ACEAE +ACEAE\.\*$/m)
  })

  t.test('names that mean something else, and an authority that is not there, are refused', async t => {
    for (const args of [
      ['admin', '--role', 'tso'],
      ['DSO', '--role', 'aggregator'],
      ['A.B', '--role', 'aggregator'],
      ['ACEAE', '--role', 'administrator'],
      ['ACEAE', '--role', 'aggregator', '--pki', 'nowhere']
    ])
      t.equal((await operator('add', ...args)).code, 2, args.join(' '))
  })

  t.test('MP-KAF-01: the program of the page reads its own topic, each record once', async t => {
    await produce(own, [record('a'), record('b'), record('a'), record('c')])
    const read = await reading(t, own, 3)
    t.strictSame(
      read.map(({ id }) => id),
      ['a', 'b', 'c']
    )
    const { type: _, ...body } = examples.OutcomeValidated
    t.match(read[0], JSON.parse(JSON.stringify(body)))
  })

  t.test('the program of the page does not count what a replaced owner wrote below the new epoch', async t => {
    const taken = (end: number) =>
      ownershipRecord({ writer: 'm', partition: 0, owner: 'o', end, time: 0 }, () => 'salt')
    await produce('outbox', [taken(0), record('m/0/1/0', 0)])
    // The first late one comes before the new owner has written anything but its mark.
    await produce('outbox', [taken(2), record('early', 0), record('m/0/2/0', 2), record('m/0/2/0', 0)])
    await produce('outbox', [record('late', 0), record('m/0/3/0', 2)])
    const read = await reading(t, 'outbox', 5)
    t.strictSame(
      read.map(({ id }) => id),
      ['m/0/ownership/o/0', 'm/0/1/0', 'm/0/ownership/o/2', 'm/0/2/0', 'm/0/3/0']
    )
  })

  const kcat = spawnSync('kcat', ['-V']).error === undefined
  const noKcat = kcat ? false : 'no kcat: it is the Debian package kcat'
  if (!kcat && process.env['CI'] === 'true') throw new Error(String(noKcat))
  t.test('kcat reads the topic with the same certificate, and is refused on another’s', { skip: noKcat }, async t => {
    const look = (script: string) =>
      spawnSync('bash', ['-c', script], {
        cwd: folder,
        encoding: 'utf8',
        timeout: PATIENCE_MS,
        env: { ...process.env, BROKERS: brokers.join(',') }
      })
    const script = await text(join(folder, 'look.sh'))
    const { stdout, stderr, status } = look(script)
    t.equal(status, 0, stderr)
    t.match(stdout, /^0 0 .*ce_id=a\b/m)
    t.equal(stdout.trim().split('\n').length, 4)
    const refused = look(script.replace(own, foreign))
    t.not(refused.status, 0)
    t.match(refused.stderr, /Topic authorization failed/)
    t.equal(refused.stdout, '')
  })

  const consuming = async (kafka: Kafka, topic: string, groupId: string): Promise<void> => {
    const consumer = kafka.consumer({ groupId, retry: { retries: 2, initialRetryTime: 100 } })
    try {
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      await new Promise<void>((resolve, reject) => {
        consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
        consumer.run({ eachMessage: async () => resolve() }).catch(reject)
      })
    } finally {
      await consumer.disconnect()
    }
  }

  t.test('another’s topic is refused: TOPIC_AUTHORIZATION_FAILED', async t => {
    await produce(foreign, [record('secret')])
    await t.rejects(consuming(clientWith(actorTls), foreign, 'ACEAE.other'), { message: /Topic authorization failed/ })
    const producer = clientWith(actorTls).producer()
    await producer.connect()
    await t.rejects(producer.send({ topic: own, messages: [{ value: 'forged' }] }), {
      message: /Topic authorization failed/
    })
    await producer.disconnect()
  })

  t.test('a group that is not the reader’s is refused, also one whose name only begins like it', async t => {
    t.equal(groupPrefixOf('ACEAE'), 'ACEAE.')
    for (const group of ['EGEOE.outcomes', 'ACEAE2', 'ACEAE'])
      await t.rejects(consuming(clientWith(actorTls), own, group), { message: /group/i }, group)
  })

  t.test('without a certificate, or with one of another authority, there is no connection', async t => {
    await t.rejects(consuming(clientWith({ ca }, 0), own, 'ACEAE.none'), { message: /certificate|closed|ssl/i })
    const { createAuthority, issueCertificate } = await import('../../infra/pki/certificates.ts')
    const stranger = await issueCertificate(await createAuthority({ commonName: 'stranger' }), {
      commonName: 'ACEAE',
      usages: ['client']
    })
    const tls = { ca, cert: stranger.certificate, key: stranger.key }
    await t.rejects(consuming(clientWith(tls, 0), own, 'ACEAE.none'), { message: /certificate|closed|ssl/i })
  })

  t.test('granting again adds nothing, and a name that could reach another’s groups is none', async t => {
    const before = await access.readers()
    await access.grant({ name: 'ACEAE', topics: [own, 'outbox'] })
    t.strictSame(await access.readers(), before)
    await t.rejects(access.grant({ name: 'AC.EAE', topics: [own] }), RangeError)
  })
}
