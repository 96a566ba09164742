import t from 'tap'
import { confluentRegistry } from './confluent-registry.ts'
import { aVersion, schemaText } from './registry.contract.ts'
import { registryDouble } from './registry-double.fixtures.ts'
import { ownVersions } from './versions.ts'

const hasty = { requestMs: 2_000, patienceMs: 300, pauseMsMin: 20, pauseMsMax: 50 }

t.test('a registry that only counts is used if it is ours alone: its ids come out right', async t => {
  const double = await registryDouble({ hasModes: false })
  t.teardown(() => double.stop())
  const registry = confluentRegistry({ url: double.url })
  await registry.register(ownVersions())
  t.strictSame(
    ownVersions().map(({ id, text }) => double.schemas.get(id) === text),
    ownVersions().map(() => true)
  )
  t.ok([...double.configs.values()].every(level => level === 'FULL_TRANSITIVE'))
  t.equal(double.configs.size, new Set(ownVersions().map(({ name }) => name)).size)
})

t.test('a registry that counts and has something else already gives another id, which is an error', async t => {
  const double = await registryDouble({ hasModes: false })
  t.teardown(() => double.stop())
  double.schemas.set(9_000, schemaText('foreign.Thing', []))
  await t.rejects(confluentRegistry({ url: double.url }).register(ownVersions()), {
    code: 'FLEX_REGISTRY_ID_TAKEN',
    message: /gave .* the id 9001 instead of 1$/
  })
})

t.test('while one id of ours is taken nothing is registered, and all that are taken are named', async t => {
  const double = await registryDouble({ hasModes: true })
  t.teardown(() => double.stop())
  double.schemas.set(3, schemaText('foreign.Thing', []))
  double.schemas.set(7, schemaText('foreign.Other', []))
  await t.rejects(confluentRegistry({ url: double.url }).register(ownVersions()), {
    code: 'FLEX_REGISTRY_ID_TAKEN',
    message: /the id 3 of .* is foreign\.Thing there; the id 7 of .* is foreign\.Other there$/
  })
  t.equal(double.schemas.size, 2)
})

t.test('a subject is not left in mode IMPORT, also if its registration is refused', async t => {
  const double = await registryDouble({ hasModes: true })
  t.teardown(() => double.stop())
  const registry = confluentRegistry({ url: double.url })
  const version = aVersion()
  await registry.register([version])
  const other = aVersion({
    name: version.name,
    text: schemaText(version.name, [{ name: 'n', type: 'int', doc: 'N.' }])
  })
  await t.rejects(registry.register([version, other]), { code: 'FLEX_REGISTRY_INCOMPATIBLE', message: /added without/ })
  t.strictSame([...new Set(double.modes.values())], ['READWRITE'])
})

t.test('a compatibility that somebody lowered is FULL_TRANSITIVE again after the next registration', async t => {
  const double = await registryDouble({ hasModes: true })
  t.teardown(() => double.stop())
  const registry = confluentRegistry({ url: double.url })
  const version = aVersion()
  await registry.register([version])
  double.configs.set(version.name, 'NONE')
  t.match(await registry.register([version]), [{ status: 'present' }])
  t.equal(double.configs.get(version.name), 'FULL_TRANSITIVE')
})

t.test('a registry that is starting is waited for', async t => {
  const double = await registryDouble({ hasModes: true })
  t.teardown(() => double.stop())
  double.failNext(3)
  const registry = confluentRegistry({ url: double.url, limits: { ...hasty, patienceMs: 10_000 } })
  t.match(await registry.register([aVersion()]), [{ status: 'added' }])
})

t.test('a registry that is down is an error within the bound, not an id that does not exist', async t => {
  const double = await registryDouble({ hasModes: true })
  await double.stop()
  const registry = confluentRegistry({ url: double.url, limits: hasty })
  await t.rejects(registry.schemaTextOf(1), { code: 'FLEX_REGISTRY_UNAVAILABLE', message: /ECONNREFUSED/ })
  await t.rejects(registry.register([aVersion()]), { code: 'FLEX_REGISTRY_UNAVAILABLE' })
})

t.test('a URL that leads to something else is an error at once', async t => {
  const double = await registryDouble({ hasModes: true })
  t.teardown(() => double.stop())
  const registry = confluentRegistry({ url: `${double.url}/somewhere`, limits: hasty })
  await t.rejects(registry.schemaTextOf(1), { code: 'FLEX_REGISTRY_UNAVAILABLE', message: /not answer as a schema/ })
  await t.rejects(registry.register([aVersion()]), { code: 'FLEX_REGISTRY_UNAVAILABLE' })
})
