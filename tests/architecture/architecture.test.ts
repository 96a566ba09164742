import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import { actorTopic, type TopicDefinition, topics } from '../../schemas/topics.ts'
import { nameViolations, readmeViolations, topFolders } from './folders.ts'
import { businessWordViolations, importRings, layerViolations } from './layers.ts'
import { packageOf, purityViolations } from './purity.ts'
import { filesBelow, foldersIn, sources, textOf } from './repository.ts'
import { importsOf } from './scan.ts'
import { topicViolations } from './topic-owners.ts'

const files = sources()

const isFolder = (path: string): boolean => existsSync(new URL(`../../${path}/`, import.meta.url))

t.test('the scanned sources are those of the repository', async t => {
  t.ok(files.length > 100, `${files.length} sources`)
  t.ok(files.some(({ path }) => path === 'tests/architecture/architecture.test.ts'))
  t.notOk(files.some(({ path }) => path.includes('node_modules')))
})

/** Whose folders they are, not what is in them: an absolute path of a document is somebody's machine. */
const machinePath = /(?<![\w.~-])\/(?:tmp|work|root|home|Users)\/\w/
const isText = (path: string): boolean => /\.(?:ts|mjs|py|md|json|ya?ml|http|sh|avsc)$/.test(path)

t.test('no file names a folder of one machine, and no source lies in the root', async t => {
  t.strictSame(
    filesBelow('').filter(path => !path.includes('/') && /\.(?:ts|mjs|js|py)$/.test(path)),
    []
  )
  const all = filesBelow('').filter(path => isText(path) && !path.startsWith('examples/networks/'))
  t.ok(all.length > 500)
  t.strictSame(
    all.filter(path => machinePath.test(textOf(path))),
    []
  )
  t.match(`import '${['', 'tmp', 'x', 'a.ts'].join('/')}'`, machinePath)
  t.notMatch('POST /v1/work/x and http://host/home/a', machinePath)
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

const manifest: Readonly<Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>> = JSON.parse(
  textOf('package.json')
)

t.test(
  'docs/reference/dependencies.md has one sentence of reason for each dependency, and for nothing else',
  async t => {
    const [, atRunTime = '', forDevelopment = ''] = textOf('docs/reference/dependencies.md').split(/^## .*$/m)
    const reasonsIn = (page: string) =>
      [...page.matchAll(/^\| `([^`]+)` \| ([A-Z][^|]*\.) \|$/gm)].map(([, name]) => name)
    t.strictSame(reasonsIn(atRunTime), Object.keys(manifest.dependencies).toSorted())
    t.strictSame(reasonsIn(forDevelopment), Object.keys(manifest.devDependencies).toSorted())
  }
)

t.test('every dependency at run time is imported somewhere', async t => {
  const imported = new Set(
    files.flatMap(file => importsOf(file).flatMap(({ specifier }) => (specifier ? [packageOf(specifier)] : [])))
  )
  t.strictSame(
    Object.keys(manifest.dependencies).filter(name => !imported.has(name)),
    []
  )
})

t.test('every link between pages of the documentation leads to a file', async t => {
  const pages = ['CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...filesBelow('docs')].filter(path =>
    path.endsWith('.md')
  )
  const broken = pages.flatMap(page =>
    [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
      .map(([, target = '']) => posix.join(posix.dirname(page), target))
      .filter(target => !existsSync(new URL(`../../${target}`, import.meta.url)))
      .map(target => `${page}: ${target}`)
  )
  t.strictSame(broken, [])
})
