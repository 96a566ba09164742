/** A market day with a schema registry and an event store is the same day, byte by byte, and is in both of them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { flexledger } from '../../cli/command-line.fixtures.ts'
import { eventStoreDbDouble } from '../../infra/event-store/eventstoredb-double.fixtures.ts'
import { openLog } from '../../infra/log/open-log.ts'
import { registryDouble } from '../../infra/schema-registry/registry-double.fixtures.ts'
import { mirroredTopics, streamOf } from '../../processors/event-mirror/streams.ts'
import { decode, schemaVersions } from '../../schemas/codec.ts'

const folder = await mkdtemp(join(tmpdir(), 'flexledger-mirror-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const registry = await registryDouble({ hasModes: true })
t.teardown(() => registry.stop())
const store = await eventStoreDbDouble({ batches: true })
t.teardown(() => store.stop())

const day = async (name: string, env: Readonly<Record<string, string>>) => {
  const data = join(folder, name)
  const { code, stdout, stderr } = await flexledger(
    ['run', '--pods', '6', '--exit', '--json', '--quiet', '--data', data],
    { env: { NODE_COMPILE_CACHE: join(tmpdir(), 'flexledger-compiled'), ...env } }
  )
  if (code !== 0) throw new Error(`the day ended with ${code}: ${stderr}`)
  return { data, document: JSON.parse(stdout) }
}

const env = { FLEX_REGISTRY_URL: registry.url, FLEX_EVENTSTORE_URL: store.url }
const [alone, withBoth] = [await day('alone', {}), await day('both', env)]

t.test('the log is the same, with every record under the ids of the project', async t => {
  t.strictSame(withBoth.document.log, alone.document.log)
  t.strictSame(
    [...registry.schemas.keys()].toSorted((a, b) => a - b),
    schemaVersions.map(({ id }) => id)
  )
})

t.test('each event of the log is in its stream once, in the order of the log', async t => {
  const expected = new Map<string, string[]>()
  const log = await openLog(`sqlite:${join(withBoth.data, 'log.sqlite')}`)
  for (const { name, partitions } of await log.topics()) {
    if (!mirroredTopics.some(topic => topic === name)) continue
    for (let partition = 0; partition < partitions; partition++)
      for await (const batch of log.read(name, partition, 0))
        for (const { key, value, offset } of batch) {
          const stream = streamOf(name, key, decode(value))
          if (stream) expected.set(stream, [...(expected.get(stream) ?? []), String(offset)])
        }
  }
  await log.close()
  t.ok(expected.size > 10)
  const mirrored = [...store.streams].map(([stream, events]) => [
    stream,
    events.map(({ metadata }) => JSON.parse(new TextDecoder().decode(metadata)).offset)
  ])
  t.strictSame(Object.fromEntries(mirrored), Object.fromEntries(expected))
})
