import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { directorySnapshots, memorySnapshots } from './snapshots.ts'

for (const name of ['memory', 'directory'] as const) {
  const open = (directory: string) => (name === 'memory' ? memorySnapshots() : directorySnapshots(directory))

  t.test(`${name}: the last content of a name, partition and version is loaded`, async t => {
    const snapshots = open(t.testdir())
    t.equal(await snapshots.load('market', 0, '1'), undefined)
    await snapshots.save('market', 0, '1', { n: 1 })
    await snapshots.save('market', 1, '1', { n: 2 })
    await snapshots.save('feed/market', 0, '1', { n: 3 })
    await snapshots.save('market', 0, '1', { n: 4, map: new Map([['a', new Set([1n])]]), bytes: new Uint8Array([1]) })
    t.same(await snapshots.load('market', 0, '1'), {
      n: 4,
      map: new Map([['a', new Set([1n])]]),
      bytes: new Uint8Array([1])
    })
    t.same(await snapshots.load('market', 1, '1'), { n: 2 })
    t.same(await snapshots.load('feed/market', 0, '1'), { n: 3 })
  })

  t.test(`${name}: content of another version is not loaded`, async t => {
    const snapshots = open(t.testdir())
    await snapshots.save('market', 0, '1', { n: 1 })
    t.equal(await snapshots.load('market', 0, '2'), undefined)
  })

  t.test(`${name}: what is changed after it was given to save is not in the snapshot`, async t => {
    const snapshots = open(t.testdir())
    const state = { pods: ['a'] }
    const saved = snapshots.save('market', 0, '1', state)
    state.pods.push('b')
    await saved
    t.same(await snapshots.load('market', 0, '1'), { pods: ['a'] })
  })
}

t.test('a snapshot file of which any byte was changed, or the end is missing, is ignored with a warning', async t => {
  const directory = t.testdir()
  const warnings: string[] = []
  const snapshots = directorySnapshots(directory, { onWarning: message => warnings.push(message) })
  await snapshots.save('market', 0, '1', { pods: ['a', 'b'] })
  const [file = ''] = await readdir(directory)
  const bytes = await readFile(join(directory, file))
  for (let n = 0; n < bytes.length; n++) {
    const changed = Buffer.from(bytes)
    changed[n]! ^= 0x01
    await writeFile(join(directory, file), changed)
    const loaded = await snapshots.load('market', 0, '1')
    if (loaded !== undefined) t.fail(`byte ${n} was changed, and ${JSON.stringify(loaded)} was loaded`)
  }
  for (const length of [0, 10, bytes.length - 1]) {
    await writeFile(join(directory, file), bytes.subarray(0, length))
    t.equal(await snapshots.load('market', 0, '1'), undefined)
  }
  t.ok(warnings.length > 100)
})

t.test('a save that fails leaves the snapshot that was there, and no other file', async t => {
  const directory = t.testdir()
  const snapshots = directorySnapshots(directory)
  await snapshots.save('market', 0, '1', { n: 1 })
  await t.rejects(snapshots.save('market', 0, '1', { rule: () => {} }))
  t.same(await snapshots.load('market', 0, '1'), { n: 1 })
  t.equal((await readdir(directory)).length, 1)
})
