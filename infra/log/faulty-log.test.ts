import t from 'tap'
import { aRecord, keysOf, readAll, records } from './contract-fixtures.ts'
import { type AppendFault, faultyLog } from './faulty-log.ts'
import { memoryLog } from './memory-log.ts'
import { watchAppends } from './watched-log.ts'

const topic = 'orders'

for (const { fault, persisted } of [
  { fault: 'not-persisted', persisted: [] },
  { fault: { persisted: 0 }, persisted: [] },
  { fault: { persisted: 2 }, persisted: ['0', '1'] },
  { fault: { persisted: 99 }, persisted: ['0', '1', '2'] },
  { fault: 'persisted', persisted: ['0', '1', '2'] }
] satisfies readonly { fault: AppendFault; persisted: readonly string[] }[])
  t.test(
    `an append that fails as ${JSON.stringify(fault)} leaves ${persisted.length} of 3 records and the same error`,
    async t => {
      const log = memoryLog()
      await log.ensureTopics([{ name: topic, partitions: 1 }])
      const faulty = faultyLog(log, append => (append === 2 ? fault : undefined))
      await faulty.append(topic, 0, [aRecord(-1)])
      await t.rejects(faulty.append(topic, 0, records(0, 3)), {
        code: 'FLEX_LOG_UNAVAILABLE',
        message: 'FLEX_LOG_UNAVAILABLE: append 2 to orders[0]: no answer'
      })
      await faulty.append(topic, 0, [aRecord(7)])
      t.strictSame(keysOf(await readAll(faulty, topic)), ['-1', ...persisted, '7'])
    }
  )

t.test('a watcher is told of every append, also of one that failed and may have happened', async t => {
  const log = memoryLog()
  await log.ensureTopics([{ name: topic, partitions: 2 }])
  const told: string[] = []
  const watched = watchAppends(
    faultyLog(log, append => (append === 2 ? 'persisted' : undefined)),
    (name, partition) => told.push(`${name}/${partition}`)
  )
  await watched.append(topic, 1, records(0, 1))
  await t.rejects(watched.append(topic, 0, records(0, 1)))
  t.strictSame(told, ['orders/1', 'orders/0'])
  t.equal(await watched.endOffset(topic, 0), 1)
})
