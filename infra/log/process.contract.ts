/**
 * The part of the log contract that needs several processes: one that is killed in the middle of its appends, and several
 * that write to one log at once.
 */

import { aRecord, keysOf, type LogEngine, newTopic, readAll, type Tests } from './contract-fixtures.ts'
import { appendInProcess } from './contract-process.ts'
import type { StoredRecord } from './log.ts'

const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => String(from + n))

export const processContract = (t: Tests, engine: LogEngine, url: string): void => {
  const prepared = async (t: Tests, partitions = 1) => {
    const log = await engine.open()
    t.teardown(() => log.close())
    const topic = newTopic()
    await log.ensureTopics([{ name: topic, partitions }])
    return { log, topic }
  }

  for (const { title, batch, valueBytes, killAfter, delaysMs } of [
    { title: 'single records', batch: 1, valueBytes: 100, killAfter: 40, delaysMs: [0, 7, 40] },
    { title: 'batches of a thousand', batch: 1_000, valueBytes: 300, killAfter: 12, delaysMs: [0, 7, 40] },
    { title: 'batches of 20 MB', batch: 20_000, valueBytes: 1_000, killAfter: 1, delaysMs: [25, 90] }
  ])
    t.test(
      `a process killed while it appends ${title} leaves a prefix that holds all that was acknowledged`,
      async t => {
        const { log, topic } = await prepared(t)
        let end = 0
        for (const delayMs of delaysMs) {
          const writer = appendInProcess(url, { topic, partition: 0, batch, valueBytes, first: end, last: 100_000_000 })
          let acknowledged = -1
          for (let n = 0; n < killAfter; n++) acknowledged = Number(await writer.said())
          // Not a measure: only another point in the middle of the next append at which to kill.
          await new Promise(resolve => setTimeout(resolve, delayMs))
          await writer.kill()
          for (let line = await writer.said(); line !== undefined; line = await writer.said())
            acknowledged = Number(line)
          const keys = keysOf(await readAll(log, topic))
          t.strictSame(keys, numbers(0, keys.length - 1), 'nothing is missing or twice in the middle')
          t.ok(keys.length > acknowledged, `${acknowledged} was acknowledged, ${keys.length} are there`)
          end = keys.length
        }
        await log.append(topic, 0, [aRecord(end)])
        t.equal(keysOf(await readAll(log, topic)).at(-1), String(end), 'the log goes on after it')
      }
    )

  t.test(
    'two processes that write to one partition both get all of theirs in, in order, and wake a reader here',
    async t => {
      const { log, topic } = await prepared(t)
      const stop = new AbortController()
      const reading = (async () => {
        const read: StoredRecord[] = []
        for await (const batch of log.read(topic, 0, 0, { follow: true, signal: stop.signal })) {
          read.push(...batch)
          if (read.length >= 6_000) stop.abort()
        }
        return read
      })()
      const plan = { topic, partition: 0, batch: 50, valueBytes: 50 }
      const writers = [
        appendInProcess(url, { ...plan, first: 0, last: 2_999 }),
        appendInProcess(url, { ...plan, first: 10_000, last: 12_999 })
      ]
      t.strictSame(await Promise.all(writers.map(writer => writer.ended)), [0, 0])
      const keys = keysOf(await reading).map(Number)
      t.strictSame(keys.filter(key => key < 10_000).map(String), numbers(0, 2_999))
      t.strictSame(keys.filter(key => key >= 10_000).map(String), numbers(10_000, 12_999))
    }
  )
}
