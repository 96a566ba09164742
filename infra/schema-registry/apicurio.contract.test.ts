/** The contract on a real Apicurio, and what a third party with the stock client reads. */
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import t from 'tap'
import { decode, encode, schemaVersions } from '../../schemas/codec.ts'
import { examples } from '../../schemas/examples.ts'
import { confluentRegistry } from './confluent-registry.ts'
import { testRegistryContract } from './registry.contract.ts'
import { ownVersions } from './versions.ts'

const url = process.env['FLEX_TEST_REGISTRY_URL']
if (url === undefined) t.skip('no registry: FLEX_TEST_REGISTRY_URL is not set')
else {
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
}
