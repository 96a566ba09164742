import t from 'tap'
import { type Cause, causeAssembler, ownershipTakenType, startPosition } from './cause-reader.ts'
import { header } from './envelope.ts'
import type { StoredRecord } from './log.ts'

const ownershipTaken = (offset: number): StoredRecord => ({
  offset,
  key: '',
  value: new Uint8Array(),
  headers: { [header.type]: ownershipTakenType },
  timestamp: 0
})

const event = (offset: number, epoch: number, cause: number, index = 0, count = 1): StoredRecord => ({
  offset,
  key: 'PoM-1',
  value: new Uint8Array(),
  headers: {
    [header.type]: 'flex.market.OfferPlaced',
    [header.cause]: String(cause),
    [header.index]: String(index),
    [header.count]: String(count),
    [header.epoch]: String(epoch)
  },
  timestamp: 0
})

const read = (records: readonly StoredRecord[], from = startPosition) => {
  const reader = causeAssembler(from)
  const causes = records.map(record => reader.push(record)).filter((cause): cause is Cause => cause !== undefined)
  return { causes: causes.map(({ cause, events }) => [cause, events.map(({ offset }) => offset)]), reader }
}

t.test('the events of a cause are given out together, when the last of them is there', async t => {
  const reader = causeAssembler()
  t.equal(reader.push(ownershipTaken(0)), undefined)
  t.equal(reader.push(event(1, 0, 0, 0, 3)), undefined)
  t.equal(reader.push(event(2, 0, 0, 1, 3)), undefined)
  const cause = reader.push(event(3, 0, 0, 2, 3))
  t.match(cause, { cause: 0, epoch: 0, events: [{ offset: 1 }, { offset: 2 }, { offset: 3 }] })
  t.same(reader.position(), { nextOffset: 4, epoch: 0, cause: 0 })
})

t.test('what was written before anybody took the partition is ignored', async t => {
  t.same(read([event(0, 0, 0), event(1, -1, 0)]).causes, [])
})

t.test('an owner that wakes up after another took the partition writes, and nobody listens', async t => {
  const { causes } = read([ownershipTaken(0), event(1, 0, 0), ownershipTaken(2), event(3, 0, 1), event(4, 2, 1)])
  t.same(causes, [
    [0, [1]],
    [1, [4]]
  ])
})

t.test('a new owner drops what the last one left unfinished, and decides it again', async t => {
  const records = [
    ownershipTaken(0),
    event(1, 0, 0, 0, 2),
    ownershipTaken(2),
    event(3, 0, 0, 1, 2),
    event(4, 2, 0, 0, 1)
  ]
  t.same(read(records).causes, [[0, [4]]])
})

t.test('a cause that was complete before is dropped when it comes again', async t => {
  const { causes } = read([ownershipTaken(0), event(1, 0, 5), event(2, 0, 5), event(3, 0, 4), event(4, 0, 6)])
  t.same(causes, [
    [5, [1]],
    [6, [4]]
  ])
})

t.test('an append that the log stored twice gives its cause once', async t => {
  const twice = [event(1, 0, 0, 0, 3), event(2, 0, 0, 1, 3), event(3, 0, 0, 0, 3), event(4, 0, 0, 1, 3)]
  t.same(read([ownershipTaken(0), ...twice, event(5, 0, 0, 2, 3)]).causes, [[0, [3, 4, 5]]])
})

t.test('an event that does not continue its cause makes no cause complete', async t => {
  const torn = [ownershipTaken(0), event(1, 0, 0, 0, 3), event(2, 0, 0, 2, 3)]
  t.same(read(torn).causes, [])
  t.same(read([...torn, event(3, 0, 1, 1, 2), event(4, 0, 1, 0, 1)]).causes, [[1, [4]]])
})

t.test('records without the headers of an answer are ignored', async t => {
  const stranger: StoredRecord = { offset: 1, key: '', value: new Uint8Array(), headers: {}, timestamp: 0 }
  const damaged = { ...event(2, 0, 0), headers: { ...event(2, 0, 0).headers, [header.count]: '1x' } }
  t.same(read([ownershipTaken(0), stranger, damaged, event(3, 0, 0)]).causes, [[0, [3]]])
})

t.test('the position stays at the first event of an unfinished cause', async t => {
  const { reader } = read([ownershipTaken(0), event(1, 0, 0), event(2, 0, 1, 0, 2)])
  t.same(reader.position(), { nextOffset: 2, epoch: 0, cause: 0 })
})

t.test('reading resumes from a position with the epoch that was current there', async t => {
  const rest = [event(2, 0, 0), event(3, 0, 1, 0, 2), event(4, 0, 1, 1, 2)]
  t.same(read(rest, { nextOffset: 2, epoch: 0, cause: 0 }).causes, [[1, [3, 4]]])
})

t.test('records before the position are not taken again', async t => {
  t.same(read([ownershipTaken(0), event(1, 0, 0), event(2, 0, 1)], { nextOffset: 2, epoch: 0, cause: 0 }).causes, [
    [1, [2]]
  ])
})
