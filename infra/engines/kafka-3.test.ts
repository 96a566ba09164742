import { readFile } from 'node:fs/promises'
import kafkajs from 'kafkajs'
import t from 'tap'
import { kafka3ForTests } from './for-tests.ts'

const kafka = await kafka3ForTests(t)

/** Patient: the others notice the loss of a leader after its session of 6 s. */
const clientOf = async (certificateFile?: string, keyFile?: string, retries = 30) => {
  const { certificates } = kafka.engine
  return new kafkajs.Kafka({
    brokers: [...kafka.addresses],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries, initialRetryTime: 100, maxRetryTime: 2_000 },
    ssl: {
      ca: await readFile(certificates?.authorityFile ?? '', 'utf8'),
      ...(certificateFile ? { cert: await readFile(certificateFile, 'utf8') } : {}),
      ...(keyFile ? { key: await readFile(keyFile, 'utf8') } : {})
    }
  })
}

/** An access list is on every node a moment after it was acknowledged. The test runner ends what takes for ever. */
const onceAllowed = async (work: () => Promise<unknown>): Promise<void> => {
  for (;;) {
    const refused = await work().then(
      () => false,
      error => /not authorized/i.test(String(error)) || Promise.reject(error)
    )
    if (!refused) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

t.test('three nodes know who connects, and allow what their access lists say', { skip: kafka.skip }, async t => {
  const { certificates } = kafka.engine
  if (!certificates) throw new Error('three nodes have certificates')
  const admin = (await clientOf(certificates.admin.certificateFile, certificates.admin.keyFile)).admin()
  await admin.connect()
  t.equal((await admin.describeCluster()).brokers.length, 3)
  await admin.createTopics({
    waitForLeaders: true,
    topics: [
      {
        topic: 'mine',
        numPartitions: 1,
        replicationFactor: 3,
        configEntries: [{ name: 'min.insync.replicas', value: '2' }]
      },
      { topic: 'theirs', numPartitions: 1, replicationFactor: 3 }
    ]
  })
  await admin.createAcls({
    acl: [
      {
        resourceType: kafkajs.AclResourceTypes.TOPIC,
        resourceName: 'mine',
        resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
        principal: 'User:ACEAE',
        host: '*',
        operation: kafkajs.AclOperationTypes.ALL,
        permissionType: kafkajs.AclPermissionTypes.ALLOW
      }
    ]
  })
  await admin.disconnect()
  const issued = await certificates.issueClient('ACEAE')
  const producer = (await clientOf(issued.certificateFile, issued.keyFile)).producer()
  await producer.connect()
  t.teardown(() => producer.disconnect())

  await t.test('SEC-01: a client uses its own topic and no other', async t => {
    await onceAllowed(() => producer.send({ topic: 'mine', acks: -1, messages: [{ value: 'x' }] }))
    await t.rejects(producer.send({ topic: 'theirs', messages: [{ value: 'x' }] }), /Not authorized to access topics/)
  })

  await t.test('S-MP-02: a client without a certificate is not heard', async t => {
    const nobody = (await clientOf(undefined, undefined, 0)).admin()
    await t.rejects(nobody.connect())
    await nobody.disconnect()
  })

  await t.test('no client gets the name of one who may do everything', async t => {
    await t.rejects(certificates.issueClient('admin'), RangeError)
    await t.rejects(certificates.issueClient('node2'), RangeError)
  })

  await t.test('after one node is killed the others go on, and it comes back at its address', async t => {
    const [, second] = kafka.engine.pids()
    await kafka.engine.kill(2)
    t.equal(kafka.engine.pids().length, 2)
    await producer.send({ topic: 'mine', acks: -1, messages: [{ value: 'y' }] })
    await kafka.engine.startAgain()
    t.equal(kafka.engine.pids().length, 3)
    t.notOk(kafka.engine.pids().includes(second ?? 0))
    const again = (await clientOf(certificates.admin.certificateFile, certificates.admin.keyFile)).admin()
    await again.connect()
    t.teardown(() => again.disconnect())
    t.match(await again.fetchTopicOffsets('mine'), [{ high: '2' }])
  })
})
