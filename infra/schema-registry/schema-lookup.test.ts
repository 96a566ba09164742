import t from 'tap'
import { codecWith, schemaIdOf, schemaVersions } from '../../schemas/codec.ts'
import { examples } from '../../schemas/examples.ts'
import { readFrozenSchema } from '../../schemas/schema-files.ts'
import { FlexError } from '../errors.ts'
import { bytes } from '../log/contract-fixtures.ts'
import { memoryLog } from '../log/memory-log.ts'
import { schemaText } from './registry.contract.ts'
import { schemaAwareLog } from './schema-aware-log.ts'
import { schemaLookup } from './schema-lookup.ts'

/** What a newer version of the project would write: PodCeased with a field more, under a new id. */
const NEWER = 900
const podCeased = schemaVersions.find(({ name }) => name === 'flex.registry.PodCeased')!
const newerSchema = {
  ...readFrozenSchema(podCeased),
  fields: [...readFrozenSchema(podCeased).fields, { name: 'why', type: 'string', doc: 'A reason.', default: '' }]
}
const newerCodec = codecWith([...schemaVersions, { ...podCeased, id: NEWER, version: 2 }], version =>
  version.id === NEWER ? newerSchema : readFrozenSchema(version)
)
const newerMessage = { ...examples.PodCeased, why: 'moved' } as const

const registryWith = (texts: ReadonlyMap<number, string>) => {
  const asked: number[] = []
  const state = { isDown: false }
  return {
    asked,
    state,
    registry: {
      schemaTextOf: async (id: number) => {
        asked.push(id)
        if (state.isDown) throw new FlexError('FLEX_REGISTRY_UNAVAILABLE', 'down')
        return texts.get(id)
      }
    }
  }
}

const newerText = new Map([[NEWER, JSON.stringify(newerSchema)]])

t.test('what a newer version wrote is read, with what this one does not know left out', async t => {
  const codec = codecWith(schemaVersions)
  const { registry, asked } = registryWith(newerText)
  const memory = memoryLog()
  const log = schemaAwareLog(memory, schemaLookup({ registry, codec }))
  await log.ensureTopics([{ name: 'a', partitions: 1 }])
  const record = (value: Uint8Array) => ({ key: 'k', value, headers: {}, timestamp: 1 })
  await log.append('a', 0, [
    record(codec.encode(examples.PodCeased)),
    record(newerCodec.encode(newerMessage)),
    record(newerCodec.encode(newerMessage)),
    record(bytes('none'))
  ])
  const decoded: unknown[] = []
  for (let n = 0; n < 2; n++)
    for await (const batch of log.read('a', 0, 0))
      decoded.push(...batch.slice(0, 3).map(({ value }) => codec.decode(value)))
  t.strictSame(decoded, Array(6).fill(examples.PodCeased))
  t.strictSame(asked, [NEWER])
  t.equal(codec.schemaIdOf('PodCeased'), schemaIdOf('PodCeased'), 'what is written stays the same')
})

t.test('ids of this version are never asked for', async t => {
  const { registry, asked } = registryWith(new Map())
  const lookup = schemaLookup({ registry, codec: codecWith(schemaVersions) })
  for (const { id } of schemaVersions) await lookup.settle(id)
  t.strictSame(asked, [])
})

t.test('an id that nobody knows is asked for again after its time, and not before', async t => {
  const codec = codecWith(schemaVersions)
  const texts = new Map<number, string>()
  const { registry, asked } = registryWith(texts)
  let now = 0
  const lookup = schemaLookup({ registry, codec, now: () => now, limits: { unknownMs: 1_000 } })
  await Promise.all([lookup.settle(NEWER), lookup.settle(NEWER)])
  t.strictSame(asked, [NEWER])
  now = 999
  t.ok(lookup.isSettled(NEWER))
  await lookup.settle(NEWER)
  t.strictSame(asked, [NEWER])
  texts.set(NEWER, JSON.stringify(newerSchema))
  now = 1_000
  await lookup.settle(NEWER)
  t.strictSame(asked, [NEWER, NEWER])
  t.ok(codec.knows(NEWER))
})

t.test('a registry that is down is not an id that does not exist: the reader fails and can try again', async t => {
  const codec = codecWith(schemaVersions)
  const { registry, state } = registryWith(newerText)
  const lookup = schemaLookup({ registry, codec })
  state.isDown = true
  await t.rejects(lookup.settle(NEWER), { code: 'FLEX_REGISTRY_UNAVAILABLE' })
  t.notOk(lookup.isSettled(NEWER))
  state.isDown = false
  await lookup.settle(NEWER)
  t.ok(codec.knows(NEWER))
})

t.test('a schema that is no message of ours, or breaks one, is unknown, and somebody is told why', async t => {
  const codec = codecWith(schemaVersions)
  const broken = { ...newerSchema, fields: newerSchema.fields.slice(1) }
  const { registry } = registryWith(
    new Map([
      [901, schemaText('foreign.Thing', [])],
      [902, JSON.stringify(broken)],
      [903, '"bytes"']
    ])
  )
  const told: number[] = []
  const lookup = schemaLookup({ registry, codec, onForeign: id => told.push(id) })
  for (const id of [901, 902, 903]) {
    await lookup.settle(id)
    t.notOk(codec.knows(id))
    t.ok(lookup.isSettled(id))
  }
  t.strictSame(told, [901, 902, 903])
})

t.test('the memory of unknown ids is bounded: the oldest is forgotten', async t => {
  const { registry, asked } = registryWith(new Map())
  const lookup = schemaLookup({ registry, codec: codecWith(schemaVersions), limits: { unknownMax: 2 } })
  for (const id of [901, 902, 903]) await lookup.settle(id)
  t.notOk(lookup.isSettled(901))
  t.ok(lookup.isSettled(903))
  t.equal(asked.length, 3)
})
