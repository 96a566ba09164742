import t from 'tap'
import { header } from '../../infra/log/envelope.ts'
import type { LogRecord } from '../../infra/log/log.ts'
import { memoryLog } from '../../infra/log/memory-log.ts'
import { logDigest } from './log-digest.ts'

const outbox = 'flex.market.events'
const inbox = 'flex.market.commands'
const actorTopic = 'validated_outcome_ACEAE'

const ownershipTaken: LogRecord = {
  key: '',
  value: new Uint8Array(),
  headers: { [header.type]: 'flex.runtime.OwnershipTaken' },
  timestamp: 0
}

const anEvent = (
  cause: number,
  { epoch = 0, index = 0, count = 1, value = '', type = 'flex.market.OfferPlaced' } = {}
): LogRecord => ({
  key: 'ROMA01',
  value: Buffer.from(value || `event ${cause}.${index}`),
  headers: {
    [header.type]: type,
    [header.cause]: String(cause),
    [header.index]: String(index),
    [header.count]: String(count),
    [header.epoch]: String(epoch)
  },
  timestamp: 1_000 + cause
})

const aCopy = (id: string, value = id): LogRecord => ({
  key: 'ROMA01',
  value: Buffer.from(value),
  headers: { [header.id]: id, [header.type]: 'flex.market.OfferCleared' },
  timestamp: 5_000
})

const aCommand = (value: string): LogRecord => ({ key: 'ROMA01', value: Buffer.from(value), headers: {}, timestamp: 1 })

const digestOf = async (records: Readonly<Record<string, readonly LogRecord[]>>) => {
  const log = memoryLog()
  await log.ensureTopics([inbox, outbox, actorTopic].map(name => ({ name, partitions: 1 })))
  for (const [topic, list] of Object.entries(records)) await log.append(topic, 0, list)
  const digest = await logDigest(log)
  await log.close()
  return digest
}

const plain = { [outbox]: [ownershipTaken, anEvent(0), anEvent(1)], [actorTopic]: [aCopy('a')] }

t.test('the same records give the same two digests, each 64 hex digits', async t => {
  const first = await digestOf(plain)
  t.same(await digestOf(plain), first)
  t.match(first, { records: 4, facts: 3, digest: /^[0-9a-f]{64}$/, factsDigest: /^[0-9a-f]{64}$/ })
  t.not(first.digest, first.factsDigest)
})

t.test('one other byte, key or order of an event changes both digests', async t => {
  const before = await digestOf(plain)
  const others = [
    [ownershipTaken, anEvent(0), anEvent(1, { value: 'event 1.1' })],
    [ownershipTaken, anEvent(0), { ...anEvent(1), key: 'ROMA02' }],
    [ownershipTaken, anEvent(0, { value: 'event 1.0' }), anEvent(1, { value: 'event 0.0' })]
  ]
  for (const events of others) {
    const after = await digestOf({ ...plain, [outbox]: events })
    t.not(after.digest, before.digest)
    t.not(after.factsDigest, before.factsDigest)
  }
})

t.test('time stamps, headers and commands are no facts, but are covered by the digest of all records', async t => {
  const before = await digestOf(plain)
  const changes = [
    { ...plain, [outbox]: [ownershipTaken, anEvent(0), { ...anEvent(1), timestamp: 9 }] },
    { ...plain, [inbox]: [aCommand('place an offer')] },
    { ...plain, [actorTopic]: [{ ...aCopy('a'), headers: { ...aCopy('a').headers, salt: 'x' } }] }
  ]
  for (const changed of changes) {
    const after = await digestOf(changed)
    t.not(after.digest, before.digest)
    t.equal(after.factsDigest, before.factsDigest)
  }
})

t.test('a history with a crash in it has the facts of the one without', async t => {
  const undisturbed = await digestOf({
    [outbox]: [ownershipTaken, anEvent(0, { count: 2 }), anEvent(0, { index: 1, count: 2 }), anEvent(1)],
    [actorTopic]: [aCopy('a'), aCopy('b')]
  })
  const disturbed = await digestOf({
    [outbox]: [
      ownershipTaken,
      anEvent(0, { count: 2 }),
      // Killed here; the next owner decides the cause again, and the old one wakes up once more.
      ownershipTaken,
      anEvent(0, { epoch: 2, count: 2 }),
      anEvent(0, { epoch: 0, index: 1, count: 2 }),
      anEvent(0, { epoch: 2, index: 1, count: 2 }),
      anEvent(1, { epoch: 2 }),
      anEvent(2, { epoch: 2, type: 'flex.runtime.CommandRepeated' })
    ],
    [actorTopic]: [aCopy('a'), aCopy('b'), aCopy('b')]
  })
  t.not(disturbed.digest, undisturbed.digest)
  t.equal(disturbed.factsDigest, undisturbed.factsDigest)
  t.equal(disturbed.facts, 5)
})

t.test('two texts that share a border are not one: lengths are part of the digest', async t => {
  const one = await digestOf({ [inbox]: [{ ...aCommand('c'), key: 'ab' }] })
  const other = await digestOf({ [inbox]: [{ ...aCommand('bc'), key: 'a' }] })
  t.not(one.digest, other.digest)
})
