import t from 'tap'
import { registryForTests } from '../infra/engines/for-tests.ts'
import { registryDouble } from '../infra/schema-registry/registry-double.fixtures.ts'
import { schemaVersions } from '../schemas/codec.ts'
import { flexledger } from './command-line.fixtures.ts'

t.test('schemas register without a registry is wrong use', async t => {
  const { code, stdout, stderr } = await flexledger(['schemas', 'register'])
  t.equal(code, 2)
  t.equal(stdout, '')
  t.match(stderr, /FLEX_REGISTRY_URL/)
})

const registry = await registryForTests(t)

t.test(
  'schemas register puts every schema under its id, and does nothing more the next time',
  { skip: registry.skip },
  async t => {
    const env = { FLEX_REGISTRY_URL: registry.url }
    const first = await flexledger(['schemas', 'register', '--json'], { env })
    t.equal(first.code, 0, first.stderr)
    t.strictSame(
      JSON.parse(first.stdout).schemas.map(({ id }: { id: number }) => id),
      schemaVersions.map(({ id }) => id)
    )
    const again = await flexledger(['schemas', 'register'], { env })
    t.equal(again.stdout.match(/present$/gm)?.length, schemaVersions.length)
  }
)

t.test('a URL that leads to no registry is an operating error that names it', async t => {
  const double = await registryDouble({ hasModes: false })
  t.teardown(() => double.stop())
  const env = { FLEX_REGISTRY_URL: `${double.url}/elsewhere` }
  const { code, stderr } = await flexledger(['schemas', 'register'], { env })
  t.equal(code, 3)
  t.match(stderr, /FLEX_REGISTRY_UNAVAILABLE: .*elsewhere does not answer as a schema registry/)
})
