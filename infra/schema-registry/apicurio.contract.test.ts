/** The contract on a real Apicurio, what a third party with the stock client reads, and a registry that dies and returns. */
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import t from 'tap'
import { codecWith, decode, encode, schemaVersions } from '../../schemas/codec.ts'
import { examples } from '../../schemas/examples.ts'
import { readFrozenSchema } from '../../schemas/schema-files.ts'
import { registryForTests } from '../engines/for-tests.ts'
import { confluentRegistry } from './confluent-registry.ts'
import { aVersion, testRegistryContract } from './registry.contract.ts'
import { schemaLookup } from './schema-lookup.ts'
import { ownVersions } from './versions.ts'

// Its own, because a test kills it.
const apicurio = await registryForTests(t, { own: true })
const { skip } = apicurio

if (skip !== false) t.test('Apicurio', { skip }, async () => {})
else {
  const { url, engine } = apicurio
  testRegistryContract('Apicurio', { open: () => confluentRegistry({ url }), takesMore: true, dispose: async () => {} })

  t.test('a third party that uses the stock client decodes every message from its bytes', async t => {
    await confluentRegistry({ url }).register(ownVersions())
    const client = new SchemaRegistry({ host: url })
    for (const message of Object.values(examples)) {
      const bytes = encode(message)
      const { type, ...body } = decode(bytes)
      t.strictSame(JSON.parse(JSON.stringify(await client.decode(bytes))), JSON.parse(JSON.stringify(body)), type)
    }
  })

  t.test('a third party finds the ids by the names of the messages', async t => {
    const client = new SchemaRegistry({ host: url })
    for (const { id, name, version } of schemaVersions) t.equal(await client.getRegistryId(name, version), id, name)
  })

  t.test('ids survive a kill −9 of the registry; while it is down ours are known and others are not', async t => {
    const hasty = { requestMs: 1_000, patienceMs: 500, pauseMsMin: 50, pauseMsMax: 100 }
    const newer = aVersion()
    await confluentRegistry({ url }).register([newer])
    const codec = codecWith(schemaVersions)
    const lookup = schemaLookup({ registry: confluentRegistry({ url, limits: hasty }), codec })
    await engine.kill()
    for (const { id } of schemaVersions) await lookup.settle(id)
    await t.rejects(lookup.settle(newer.id), { code: 'FLEX_REGISTRY_UNAVAILABLE' })
    await t.rejects(confluentRegistry({ url, limits: hasty }).register(ownVersions()), {
      code: 'FLEX_REGISTRY_UNAVAILABLE'
    })
    const patient = confluentRegistry({ url, limits: { patienceMs: 180_000 } }).register([...ownVersions(), newer])
    await engine.startAgain()
    const returned = await patient
    t.ok(returned.every(({ id, status }) => status === 'present' || id === newer.id))
    // Registered the moment before the kill, it may not have been on the disk: then it is again, under the same id.
    t.ok(returned.some(({ id }) => id === newer.id))
    await lookup.settle(newer.id)
    t.ok(lookup.isSettled(newer.id))
  })

  t.test('what a newer version registered and wrote is read by this one', async t => {
    const podCeased = schemaVersions.find(({ name }) => name === 'flex.registry.PodCeased')!
    const today = readFrozenSchema(podCeased)
    const later = {
      ...today,
      fields: [...today.fields, { name: 'why', type: 'string', doc: 'A reason.', default: '' }]
    }
    const newer = { ...podCeased, id: aVersion().id, version: 2 }
    await confluentRegistry({ url }).register([...ownVersions(), { ...newer, text: JSON.stringify(later) }])
    const writer = codecWith([...schemaVersions, newer], version =>
      version === newer ? later : readFrozenSchema(version)
    )
    const bytes = writer.encode({ ...examples.PodCeased, ...{ why: 'moved' } })
    const reader = codecWith(schemaVersions)
    t.throws(() => reader.decode(bytes), { code: 'FLEX_SCHEMA_UNKNOWN' })
    await schemaLookup({ registry: confluentRegistry({ url }), codec: reader }).settle(newer.id)
    t.strictSame(reader.decode(bytes), examples.PodCeased)
  })
}
