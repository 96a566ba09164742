/**
 * How fast the embedded log adapters append and read: `node bench/log-embedded.ts [RECORDS]`. Records are of the size that
 * the market writes (300 bytes of value, seven headers), spread over 64 partitions. Prints one line a measure to standard
 * output; the median of three runs each, because a shared machine's disk is not steady.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log, LogRecord } from '../infra/log/log.ts'
import { memoryLog } from '../infra/log/memory-log.ts'
import { sqliteLog } from '../infra/log/sqlite-log.ts'

const recordsTotal = Number(process.argv[2] ?? 320_000)
const partitions = 64
const batch = 1_000
const singles = Math.min(2_000, recordsTotal)
const runs = 3

const aRecord = (n: number): LogRecord => ({
  key: `IT001E${String(n).padStart(8, '0')}`,
  value: new Uint8Array(300).fill(n % 251),
  headers: {
    ce_id: `market-12-${n}-0`,
    ce_type: 'OfferPlaced',
    ce_time: '2026-01-15T12:00:00Z',
    correlationid: '0123456789abcdef',
    cause: String(n),
    index: '0',
    count: '1'
  },
  timestamp: 1_768_478_400_000 + n
})
const batchRecords = Array.from({ length: batch }, (_, n) => aRecord(n))

const perSecond = async (count: number, work: () => Promise<void>): Promise<number> => {
  const start = performance.now()
  await work()
  return count / ((performance.now() - start) / 1_000)
}

const measure = async (log: Log): Promise<Readonly<Record<string, number>>> => {
  await log.ensureTopics([{ name: 'bench', partitions }])
  return {
    'appended records/s, batches of 1,000': await perSecond(recordsTotal, async () => {
      for (let n = 0; n < recordsTotal / batch; n++) await log.append('bench', n % partitions, batchRecords)
    }),
    'read records/s': await perSecond(recordsTotal, async () => {
      for (let partition = 0; partition < partitions; partition++)
        for await (const _ of log.read('bench', partition, 0));
    }),
    'appends/s of one record, one after another': await perSecond(singles, async () => {
      for (let n = 0; n < singles; n++) await log.append('bench', n % partitions, [aRecord(n)])
    }),
    'appends/s of one record, 64 partitions at once': await perSecond(singles * 5, async () => {
      await Promise.all(
        Array.from({ length: partitions }, async (_, partition) => {
          for (let n = partition; n < singles * 5; n += partitions) await log.append('bench', partition, [aRecord(n)])
        })
      )
    }),
    'end offsets/s': await perSecond(20_000, async () => {
      for (let n = 0; n < 20_000; n++) await log.endOffset('bench', n % partitions)
    })
  }
}

const folder = await mkdtemp(join(tmpdir(), 'flex-bench-'))
const adapters: Readonly<Record<string, (run: number) => Promise<Log>>> = {
  sqlite: run => sqliteLog({ file: join(folder, `${run}.sqlite`) }),
  memory: async () => memoryLog()
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${recordsTotal} records`)
for (const [name, open] of Object.entries(adapters)) {
  const results: Readonly<Record<string, number>>[] = []
  for (let run = 0; run < runs; run++) {
    const log = await open(run)
    results.push(await measure(log))
    await log.close()
  }
  for (const what of Object.keys(results[0] ?? {})) {
    const median = results.map(result => result[what] ?? 0).toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? 0
    console.log(`${name.padEnd(8)}${what.padEnd(50)}${Math.round(median).toLocaleString('en').padStart(12)}`)
  }
}
await rm(folder, { recursive: true })
