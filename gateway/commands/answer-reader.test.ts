import t from 'tap'
import type { Cause } from '../../infra/log/cause-reader.ts'
import { header } from '../../infra/log/envelope.ts'
import { faultyLog } from '../../infra/log/faulty-log.ts'
import type { LogRecord } from '../../infra/log/log.ts'
import { memoryLog } from '../../infra/log/memory-log.ts'
import { type AnswerReader, answerReader } from './answer-reader.ts'

const outbox = { name: 'out', partitions: 2 }
const at = { topic: 'out', partition: 0 }

const taken = (): LogRecord => ({
  key: '',
  value: new Uint8Array(),
  timestamp: 0,
  headers: { [header.type]: 'flex.runtime.OwnershipTaken' }
})

interface Answer {
  readonly cause: number
  readonly epoch: number
  readonly correlation?: string
  readonly index?: number
  readonly count?: number
}

const answer = ({ cause, epoch, correlation = 'c', index = 0, count = 1 }: Answer): LogRecord => ({
  key: '',
  value: new Uint8Array(),
  timestamp: 0,
  headers: {
    [header.correlation]: correlation,
    [header.cause]: String(cause),
    [header.index]: String(index),
    [header.count]: String(count),
    [header.epoch]: String(epoch)
  }
})

const aReader = async (before: readonly LogRecord[] = [taken()]) => {
  const log = memoryLog()
  await log.ensureTopics([outbox])
  await log.append('out', 0, before)
  const reader = answerReader(log, [outbox], () => undefined)
  await reader.start()
  return { log, reader, append: (...records: readonly LogRecord[]) => log.append('out', 0, records) }
}

/** The wait for one command. */
const waitFor = (reader: AnswerReader, id: string, timeoutMs: number) => {
  const { answers, appendedAt, giveUp } = reader.wait([{ id, outbox: at }], timeoutMs)
  return {
    answer: answers.then(([cause]): Cause | undefined => cause),
    appendedAt: (offset: number) => appendedAt(0, offset),
    giveUp
  }
}

const causeOf = async (waiting: ReturnType<typeof waitFor>): Promise<number | undefined> =>
  (await waiting.answer)?.cause

t.test('a waiter gets the answer to its command, also when it comes before the append is acknowledged', async t => {
  const { reader, append } = await aReader()
  t.teardown(() => reader.stop())
  const early = waitFor(reader, 'c', 5_000)
  const marker = waitFor(reader, 'marker', 5_000)
  marker.appendedAt(0)
  await append(answer({ cause: 4, epoch: 0 }), answer({ cause: 5, epoch: 0, correlation: 'marker' }))
  await marker.answer
  early.appendedAt(4)
  t.equal(await causeOf(early), 4)
  t.equal(reader.waiting(), 0)
})

t.test('the answer to an earlier use of the same id is not taken for the answer to this one', async t => {
  const { reader, append } = await aReader()
  t.teardown(() => reader.stop())
  const first = waitFor(reader, 'c', 5_000)
  const second = waitFor(reader, 'c', 5_000)
  first.appendedAt(7)
  second.appendedAt(9)
  await append(
    answer({ cause: 7, epoch: 0 }),
    answer({ cause: 8, epoch: 0, correlation: 'x' }),
    answer({ cause: 9, epoch: 0 })
  )
  t.equal(await causeOf(first), 7)
  t.equal(await causeOf(second), 9)
})

t.test('an unfinished answer of an owner that died is no answer; the one of its successor is', async t => {
  const { reader, append } = await aReader()
  t.teardown(() => reader.stop())
  const waiting = waitFor(reader, 'c', 5_000)
  waiting.appendedAt(3)
  const epoch = await append(answer({ cause: 3, epoch: 0, count: 2 }), taken()).then(offset => offset + 1)
  await append(answer({ cause: 3, epoch: 0, index: 1, count: 2 }))
  await append(answer({ cause: 3, epoch, count: 2 }), answer({ cause: 3, epoch, index: 1, count: 2 }))
  t.match(await waiting.answer, { epoch, events: { length: 2 } })
})

t.test('the epoch is learned from what stands before the start, whoever wrote last', async t => {
  const before = [
    taken(),
    answer({ cause: 0, epoch: 0 }),
    taken(),
    answer({ cause: 1, epoch: 2 }),
    answer({ cause: 9, epoch: 0 })
  ]
  const { reader, append } = await aReader(before)
  t.teardown(() => reader.stop())
  const waiting = waitFor(reader, 'c', 5_000)
  waiting.appendedAt(2)
  await append(answer({ cause: 2, epoch: 0, correlation: 'c' }), answer({ cause: 2, epoch: 2 }))
  t.match(await waiting.answer, { cause: 2, epoch: 2 })
})

t.test('who waits in vain is told so, and leaves nothing behind', async t => {
  const { reader } = await aReader()
  t.teardown(() => reader.stop())
  t.equal(await causeOf(waitFor(reader, 'c', 1)), undefined)
  const given = waitFor(reader, 'd', 60_000)
  given.giveUp()
  t.equal(await causeOf(given), undefined)
  t.equal(reader.waiting(), 0)
})

t.test('the commands of a call are answered together, in their order, those without an answer by nothing', async t => {
  const { reader, append } = await aReader()
  t.teardown(() => reader.stop())
  const asked = ['a', 'b', 'c'].map(id => ({ id, outbox: at }))
  const call = reader.wait(asked, 500)
  const others = ['a', 'b', 'b'].map(id => waitFor(reader, id, 5_000))
  for (const n of [0, 1, 2]) call.appendedAt(n, n)
  for (const [n, other] of others.entries()) other.appendedAt(10 + n)
  t.equal(reader.waiting(), 3)
  others[1]!.giveUp()
  await append(
    answer({ cause: 1, epoch: 0, correlation: 'b' }),
    answer({ cause: 2, epoch: 0, correlation: 'a' }),
    answer({ cause: 10, epoch: 0, correlation: 'a' }),
    answer({ cause: 12, epoch: 0, correlation: 'b' })
  )
  t.same(
    (await call.answers).map(cause => cause?.cause),
    [2, 1, undefined]
  )
  t.same(await Promise.all(others.map(causeOf)), [10, undefined, 12])
  t.equal(reader.waiting(), 0)
  t.same(await reader.wait([], 5_000).answers, [])
})

t.test('a reader whose log fails for a while goes on where it was', async t => {
  const { log } = await aReader()
  let failures = 2
  const flaky = {
    ...faultyLog(log, () => undefined),
    read: (...args: Parameters<typeof log.read>) => {
      if (args[3]?.follow && failures-- > 0) throw new Error('gone')
      return log.read(...args)
    }
  }
  let errors = 0
  const reader = answerReader(flaky, [{ name: 'out', partitions: 1 }], () => errors++)
  t.teardown(() => reader.stop())
  await reader.start()
  const waiting = waitFor(reader, 'c', 5_000)
  waiting.appendedAt(0)
  await log.append('out', 0, [answer({ cause: 0, epoch: 0 })])
  t.equal(await causeOf(waiting), 0)
  t.equal(errors, 2)
})
