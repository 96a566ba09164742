import { existsSync } from 'node:fs'
import t from 'tap'
import { actorTopic, type TopicDefinition, topics } from '../../schemas/topics.ts'
import { nameViolations, readmeViolations, topFolders } from './folders.ts'
import { businessWordViolations, importRings, layerViolations } from './layers.ts'
import { purityViolations } from './purity.ts'
import { filesBelow, foldersIn, sources, textOf } from './repository.ts'
import { topicViolations } from './topic-owners.ts'

const files = sources()

const isFolder = (path: string): boolean => existsSync(new URL(`../../${path}/`, import.meta.url))

t.test('the scanned sources are those of the repository', async t => {
  t.ok(files.length > 100, `${files.length} sources`)
  t.ok(files.some(({ path }) => path === 'tests/architecture/architecture.test.ts'))
  t.notOk(files.some(({ path }) => path.includes('node_modules')))
})

t.test('every import follows the table of who may import whom', async t => {
  t.strictSame(layerViolations(files), [])
})

t.test('infra/ knows no business word', async t => {
  t.strictSame(businessWordViolations(files), [])
})

t.test('no modules import each other in a ring', async t => {
  t.strictSame(importRings(files), [])
})

t.test('domain/ has no clock, randomness, environment, I/O or logger', async t => {
  t.strictSame(purityViolations(files), [])
})

t.test('every topic has one owner that exists, and an inbox has the shape of its outbox', async t => {
  const declared: Readonly<Record<string, TopicDefinition>> = topics
  const forActors = [
    actorTopic({ role: 'dso' }),
    actorTopic({ role: 'tso' }),
    actorTopic({ role: 'aggregator', id: 'ACEAE' })
  ]
  const all = { ...declared, ...Object.fromEntries(forActors.map(topic => [topic.name, topic])) }
  t.strictSame(topicViolations(all, isFolder), [])
})

t.test('every folder of Avro schemas is a declared topic, or the runtime that all topics share', async t => {
  const known = [...Object.keys(topics), 'flex.runtime']
  t.strictSame(
    foldersIn('schemas/avro').filter(folder => !known.includes(folder)),
    []
  )
})

for (const folder of topFolders)
  t.test(`${folder}/README.md has at most 15 lines and names every folder in it`, async t => {
    t.ok(isFolder(folder), `${folder}/ exists`)
    if (!isFolder(folder)) return
    const readme = existsSync(new URL(`../../${folder}/README.md`, import.meta.url))
      ? textOf(`${folder}/README.md`)
      : undefined
    t.strictSame(readmeViolations(folder, readme, foldersIn(folder)), [])
  })

t.test('every file and folder is named by an idea, in kebab-case', async t => {
  t.strictSame(nameViolations(foldersIn('').flatMap(filesBelow)), [])
})
