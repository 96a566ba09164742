import kafkajs from 'kafkajs'
import t from 'tap'
import { kafkaForTests, registryForTests } from './for-tests.ts'

const [kafka, registry] = await Promise.all([kafkaForTests(t, { own: true }), registryForTests(t, { own: true })])

t.test('Kafka has its records after a stop and a start', { skip: kafka.skip }, async t => {
  const client = new kafkajs.Kafka({ brokers: [...kafka.addresses], logLevel: kafkajs.logLevel.NOTHING })
  const admin = client.admin()
  const producer = client.producer()
  await admin.connect()
  await producer.connect()
  await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1, replicationFactor: 1 }] })
  await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'one' }, { value: 'two' }] })
  await Promise.all([admin.disconnect(), producer.disconnect()])
  const { engine } = kafka
  await engine.stop()
  t.strictSame(engine.pids(), [])
  await engine.startAgain()
  t.equal(engine.url, kafka.url)
  const again = client.admin()
  await again.connect()
  t.match(await again.fetchTopicOffsets('kept'), [{ partition: 0, high: '2' }])
  t.test('and after it was killed', async t => {
    await engine.kill()
    await engine.startAgain()
    t.match(await again.fetchTopicOffsets('kept'), [{ partition: 0, high: '2' }])
  })
  t.teardown(() => again.disconnect())
})

t.test('Kafka makes no topic by use', { skip: kafka.skip }, async t => {
  const client = new kafkajs.Kafka({
    brokers: [...kafka.addresses],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 0 }
  })
  const producer = client.producer()
  await producer.connect()
  t.teardown(() => producer.disconnect())
  await t.rejects(
    producer.send({ topic: 'undeclared', messages: [{ value: 'x' }] }),
    /does not host this topic-partition/
  )
})

t.test('the registry has its schemas after a stop and a start', { skip: registry.skip }, async t => {
  const schema = JSON.stringify({ schema: JSON.stringify({ type: 'string' }) })
  const registered = await fetch(`${registry.url}/subjects/kept/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: schema
  })
  t.equal(registered.status, 200, await registered.text())
  await registry.engine.stop()
  await registry.engine.startAgain()
  const subjects = await fetch(`${registry.url}/subjects`)
  t.strictSame(await subjects.json(), ['kept'])
})
