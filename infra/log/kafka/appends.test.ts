/** Appends against a broker that fails on command; no Kafka is needed. */
import t from 'tap'
import { aRecord, bytes, keysOf, records, type Tests } from '../contract-fixtures.ts'
import { kafkaLog } from './kafka-log.ts'
import type { KafkaLimits } from './limits.ts'
import { type Fate, simulatedBroker } from './simulated-broker.ts'

const topic = 'events'

const opened = async (
  t: Tests,
  fateOf: (requestNumber: number) => Fate | Promise<Fate> = () => 'written',
  limits: Partial<KafkaLimits> = {},
  partitions = 1
) => {
  const broker = await simulatedBroker(topic, partitions, fateOf)
  t.teardown(() => broker.close())
  const warnings: string[] = []
  const log = await kafkaLog({
    brokers: [broker.address],
    limits: { retryMsMin: 1, retryMsMax: 5, ...limits },
    onWarning: message => warnings.push(message)
  })
  t.teardown(() => log.close())
  return { broker, log, warnings }
}

t.test('an append that is alone is sent at once; what comes while it is away shares one batch', async t => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const { broker, log } = await opened(t, async (number): Promise<Fate> => {
    if (number === 1) await gate
    return 'written'
  })
  const first = log.append(topic, 0, records(0, 1))
  while (broker.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
  const others = Array.from({ length: 500 }, (_, n) => log.append(topic, 0, records(n + 1, 1)))
  open()
  t.strictSame(await Promise.all([first, ...others]), [...Array(501).keys()], 'each got its own offset')
  t.strictSame(broker.requests, [[{ partition: 0, records: 1 }], [{ partition: 0, records: 500 }]])
})

t.test('the partitions of a broker share a request', async t => {
  const { broker, log } = await opened(t, undefined, {}, 8)
  await Promise.all([...Array(8).keys()].map(partition => log.append(topic, partition, records(0, 3))))
  t.equal(broker.requests.length, 1)
  t.equal(broker.requests[0]?.length, 8)
})

t.test('a large append goes in several batches, one after another, each below the bound', async t => {
  const { broker, log } = await opened(t, undefined, { batchBytesMax: 10_000 })
  const value = bytes('v'.repeat(900))
  const offsets = await Promise.all([
    log.append(
      topic,
      0,
      Array.from({ length: 95 }, (_, n) => aRecord(n, { value }))
    ),
    log.append(topic, 0, [aRecord(95, { value })])
  ])
  t.strictSame(offsets, [0, 95])
  t.strictSame(keysOf(broker.records(0)), keysOf(records(0, 96)))
  t.ok(broker.requests.length >= 9)
  t.ok(broker.requests.every(([one]) => one!.records <= 10))
})

for (const [title, fate] of [
  ['whose answer is lost after it was written', 'lost-after'],
  ['that is lost before it was written', 'lost-before'],
  ['refused while there is no leader', { errorCode: 6 }],
  ['for which there are not enough replicas', { errorCode: 19 }],
  ['that was written to too few replicas', { errorCode: 20, isWritten: true }],
  ['that took too long for its replicas', { errorCode: 7, isWritten: true }]
] as const satisfies readonly (readonly [string, Fate])[])
  t.test(`a batch ${title} is sent again, and stands on the log once`, async t => {
    const { broker, log } = await opened(t, number => (number === 2 || number === 3 ? fate : 'written'))
    const offsets: number[] = []
    for (let n = 0; n < 5; n++) offsets.push(await log.append(topic, 0, records(n * 2, 2)))
    t.strictSame(offsets, [0, 2, 4, 6, 8])
    t.strictSame(keysOf(broker.records(0)), keysOf(records(0, 10)))
  })

t.test('appends that wait while one is sent again keep their order behind it', async t => {
  const { broker, log } = await opened(t, number => (number % 3 === 0 ? 'lost-after' : 'written'), {
    batchBytesMax: 400
  })
  await Promise.all(Array.from({ length: 60 }, (_, n) => log.append(topic, 0, records(n, 1))))
  t.strictSame(keysOf(broker.records(0)), keysOf(records(0, 60)))
})

t.test(
  'an append whose outcome stays unknown is rejected within its bound, and the partition goes on under a new producer',
  async t => {
    let isAway = true
    const { broker, log, warnings } = await opened(t, () => (isAway ? 'lost-after' : 'written'), {
      unavailableMs: 100,
      warnAfterMs: 10
    })
    await t.rejects(log.append(topic, 0, records(0, 2)), {
      code: 'FLEX_LOG_UNAVAILABLE',
      message: /events\/0: an append may not have happened/
    })
    isAway = false
    t.equal(await log.append(topic, 0, records(2, 1)), 2)
    t.strictSame(keysOf(broker.records(0)), ['0', '1', '2'], 'it had happened, and what follows is not taken for it')
    t.strictSame(warnings, ['events/0: appends are tried again'])
  }
)

t.test('a large append that fails in the middle leaves a prefix, and others behind it go on', async t => {
  const { broker, log } = await opened(t, number => (number === 3 ? { errorCode: 87 } : 'written'), {
    batchBytesMax: 10_000
  })
  const value = bytes('v'.repeat(900))
  const large = log.append(
    topic,
    0,
    Array.from({ length: 95 }, (_, n) => aRecord(n, { value }))
  )
  const behind = log.append(topic, 0, [aRecord(95, { value })])
  await t.rejects(large, { code: 'FLEX_LOG_UNAVAILABLE', message: /nothing was appended: .*INVALID_RECORD/ })
  const first = await behind
  const keys = keysOf(broker.records(0))
  t.strictSame(keys, [...keysOf(records(0, first)), '95'])
  t.ok(first > 0 && first < 95)
})

t.test('a producer that the broker has forgotten takes a new id, and nothing is lost or twice', async t => {
  const { broker, log, warnings } = await opened(t)
  await log.append(topic, 0, records(0, 2))
  broker.forgetProducers()
  t.equal(await log.append(topic, 0, records(2, 2)), 2)
  t.strictSame(keysOf(broker.records(0)), keysOf(records(0, 4)))
  t.strictSame(warnings, ['events/0: a new producer id is taken'])
})

t.test('a missing permission is an error of its own, at once', async t => {
  const { log } = await opened(t, () => ({ errorCode: 29 }))
  await t.rejects(log.append(topic, 0, records(0, 1)), {
    code: 'FLEX_LOG_REFUSED',
    message: /TOPIC_AUTHORIZATION_FAILED/
  })
})

t.test('more than the log keeps in memory is refused, and taken again when there is room', async t => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const { log } = await opened(
    t,
    async (): Promise<Fate> => {
      await gate
      return 'written'
    },
    { pendingBytesMax: 2_000 }
  )
  const value = bytes('v'.repeat(1_500))
  const first = log.append(topic, 0, [aRecord(0, { value })])
  await t.rejects(log.append(topic, 0, [aRecord(1, { value })]), { code: 'FLEX_LOG_OVERLOADED' })
  open()
  await first
  t.equal(await log.append(topic, 0, [aRecord(1, { value })]), 1)
})

t.test('closing waits for what was asked for before', async t => {
  const { broker, log } = await opened(t)
  const last = log.append(topic, 0, records(0, 5))
  await log.close()
  t.equal(await last, 0)
  t.equal(broker.records(0).length, 5)
})
