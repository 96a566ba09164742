/** What every schema registry must do, run by its `*.contract.test.ts`. */
import { randomInt } from 'node:crypto'
import t from 'tap'
import { schemaVersions } from '../../schemas/codec.ts'
import type { SchemaRegistry, VersionToRegister } from './schema-registry.ts'
import { ownVersions, sameShape } from './versions.ts'

export interface RegistryEngine {
  open(): SchemaRegistry
  /** Whether it takes schemas that did not come with this version. */
  readonly takesMore: boolean
  dispose(): Promise<void>
}

/** An id and a name that no other run uses, on a registry that keeps what earlier runs left. */
export const aVersion = (version: Partial<VersionToRegister> = {}): VersionToRegister => {
  const id = version.id ?? 100_000_000 + randomInt(800_000_000)
  const name = version.name ?? `contract.Tried${id}`
  const fields = [{ name: 'pod', type: 'string', doc: 'A PoD.' }]
  return { id, name, version: 1, file: '', text: schemaText(name, fields), ...version }
}

export const schemaText = (name: string, fields: readonly object[]): string => {
  const [namespace = '', short = ''] = name.split('.')
  return JSON.stringify({ type: 'record', name: short, namespace, doc: 'Tried.', fields })
}

export const testRegistryContract = (name: string, engine: RegistryEngine): void => {
  t.test(name, async t => {
    t.teardown(() => engine.dispose())

    t.test('every version stands under the id of ids.json, however often it is registered', async t => {
      const registry = engine.open()
      const registered = await registry.register(ownVersions())
      t.strictSame(
        registered.map(({ id, subject, version }) => ({ id, subject, version })),
        schemaVersions.map(({ id, name: subject, version }) => ({ id, subject, version }))
      )
      const again = await engine.open().register(ownVersions())
      t.ok(again.every(({ status }) => status === 'present'))
      for (const { id, text } of ownVersions()) {
        const found = await registry.schemaTextOf(id)
        t.ok(found !== undefined && sameShape(found, text), `id ${id}`)
      }
    })

    t.test('an id that nothing stands under is known to be free', async t => {
      t.equal(await engine.open().schemaTextOf(aVersion().id), undefined)
    })

    t.test('a schema that is not the one of the id is refused, and nothing changes', async t => {
      const registry = engine.open()
      const [first] = ownVersions()
      const other = aVersion({ id: first!.id })
      await t.rejects(registry.register([other]), { code: 'FLEX_REGISTRY_ID_TAKEN' })
      t.ok(sameShape((await registry.schemaTextOf(first!.id)) ?? '', first!.text))
    })

    t.test('two processes that register at once both succeed', async t => {
      const both = await Promise.all([engine.open().register(ownVersions()), engine.open().register(ownVersions())])
      t.strictSame(
        both.map(registered => registered.length),
        [schemaVersions.length, schemaVersions.length]
      )
    })

    if (!engine.takesMore) return

    t.test('a version is added under its id, also far from the others, and a later one beside it', async t => {
      const registry = engine.open()
      const first = aVersion()
      t.match(await registry.register([first]), [{ id: first.id, status: 'added' }])
      const second = aVersion({
        id: first.id + 1,
        name: first.name,
        version: 2,
        text: schemaText(first.name, [
          { name: 'pod', type: 'string', doc: 'A PoD.' },
          { name: 'note', type: 'string', doc: 'A note.', default: '' }
        ])
      })
      t.match(await registry.register([first, second]), [{ status: 'present' }, { status: 'added' }])
      t.ok(sameShape((await registry.schemaTextOf(second.id)) ?? '', second.text))
    })

    t.test('a version that an earlier one cannot follow is refused with the reason', async t => {
      const registry = engine.open()
      const first = aVersion()
      await registry.register([first])
      const breaking = aVersion({
        id: first.id + 1,
        name: first.name,
        version: 2,
        text: schemaText(first.name, [{ name: 'pod', type: 'int', doc: 'A PoD.' }])
      })
      await t.rejects(registry.register([first, breaking]), {
        code: 'FLEX_REGISTRY_INCOMPATIBLE',
        message: /Tried\d+ was refused: .*(pod|field)/
      })
      t.equal(await registry.schemaTextOf(breaking.id), undefined)
    })
  })
}
