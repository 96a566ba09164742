/** biome-ignore-all lint/suspicious/noTemplateCurlyInString: planted sources hold templates as text */
/** The checks themselves, on planted sources: a check that catches nothing would hold everything. */
import t from 'tap'
import type { TopicDefinition } from '../../schemas/topics.ts'
import { nameViolations, readmeViolations } from './folders.ts'
import { businessWordViolations, importRings, layers, layerViolations } from './layers.ts'
import { purityViolations } from './purity.ts'
import { importsOf, mask } from './scan.ts'
import { topicViolations } from './topic-owners.ts'

const imports = (text: string) => importsOf({ path: 'a.ts', text })

t.test('the scanner finds every form of import, with its line', async t => {
  const found = imports(
    [
      "import a from './a.ts'",
      "import * as b from './b.ts'",
      "import c, { d as e, type f } from './c.ts'",
      "import type { g } from './g.ts'",
      "import './h.ts'",
      "export * from './i.ts'",
      "export { j } from './j.ts'",
      "export type * from './k.ts'",
      "const l = await import('./l.ts')",
      'import {\n  m,\n  n\n} from "./m.ts"'
    ].join('\n')
  )
  t.strictSame(
    found.map(({ specifier, typeOnly, line }) => `${line} ${specifier} ${typeOnly ? 'types' : 'values'}`),
    [
      '1 ./a.ts values',
      '2 ./b.ts values',
      '3 ./c.ts values',
      '4 ./g.ts types',
      '5 ./h.ts values',
      '6 ./i.ts values',
      '7 ./j.ts values',
      '8 ./k.ts types',
      '10 ./m.ts values',
      '9 ./l.ts values'
    ]
  )
  t.strictSame(found[2]?.names, ['d', 'f'])
})

t.test('the scanner finds no import in a comment, a string, a template or a regular expression', async t => {
  t.strictSame(
    imports(
      [
        "// import a from './a.ts'",
        "/* import b from './b.ts' */",
        'const c = "import c from \'./c.ts\'"',
        "const d = `import d from './d.ts' ${1 + 1} import e from './e.ts'`",
        "const f = /import f from '.f.ts'/"
      ].join('\n')
    ),
    []
  )
})

t.test(
  'the scanner comes back to the code after a division, a quote in a regular expression and a nested template',
  async t => {
    for (const before of [
      'const half = a / 2 / b',
      "const quote = /'/",
      "const set = /[/']/.test(x)",
      "const t = `${`${{ a: 1 }.a}`}'`",
      "const s = 'it\\'s'",
      'const u = x++ / 2 + (a) / b',
      "const v = list[0]! / 2, w = '/'",
      "if (x) return /'/"
    ])
      t.strictSame(
        imports(`${before}\nimport a from './a.ts'`).map(({ specifier }) => specifier),
        ['./a.ts'],
        before
      )
  }
)

t.test('what stands between the braces of a template is code', async t => {
  t.match(mask('const a = `x ${Math.random()} y`').code, /Math\.random/)
  t.notMatch(mask('const a = `Math.random()`').code, /Math/)
})

const planted = (path: string, text: string) => layerViolations([{ path, text }])

t.test('the import check catches what the table does not allow', async t => {
  for (const [path, text] of [
    ['schemas/a.ts', "import { b } from '../domain/b.ts'"],
    ['domain/market/a.ts', "import { b } from '../../infra/log/log.ts'"],
    ['domain/market/a.ts', "import type { b } from '../../processors/market/market.ts'"],
    ['domain/market/a.ts', "import { b } from '../../schemas/generated.ts'"],
    ['processors/market/a.ts', "import { b } from '../../gateway/server.ts'"],
    ['processors/market/a.ts', "import { b } from '../../projections/pods/query.ts'"],
    ['projections/pods/a.ts', "import { b } from '../../domain/market/book.ts'"],
    ['gateway/a.ts', "import { b } from '../domain/units/time.ts'"],
    ['gateway/a.ts', "import type { b } from '../processors/market/market.ts'"],
    ['gateway/a.ts', "import { b } from '../projections/pods/project.ts'"],
    ['infra/a.ts', "export { b } from '../domain/units/time.ts'"],
    ['chain/verify/a.ts', "import { b } from '../../infra/log/log.ts'"],
    ['edge-agent/a.ts', "import { b } from '../domain/market/book.ts'"],
    ['domain/a.ts', 'const b = await import(name)'],
    ['domain/a.ts', "import { b } from '../../elsewhere/b.ts'"],
    ['elsewhere/a.ts', 'export const b = 1']
  ] as const)
    t.equal(planted(path, text).length, 1, `${path}: ${text}`)
})

t.test('the import check lets through what the table allows', async t => {
  for (const [path, text] of [
    ['domain/market/a.ts', "import type { b } from '../../schemas/generated.ts'"],
    ['domain/market/a.ts', "import { b } from '../units/time.ts'"],
    ['processors/market/a.ts', "import { b } from '../../domain/market/sessions/market.ts'"],
    ['projections/pods/a.ts', "import { b } from '../../domain/units/time.ts'"],
    ['gateway/a.ts', "import { b } from '../projections/pods/query.ts'"],
    ['chain/verify/a.ts', "import { b } from '../merkle/tree.ts'"],
    ['infra/a.ts', "import { b } from 'kafkajs'"],
    ['cli/a.ts', "import { b } from '../processors/market/market.ts'"]
  ] as const)
    t.strictSame(planted(path, text), [], `${path}: ${text}`)
})

t.test('the scanner refuses what it does not understand, instead of reading past it', async t => {
  t.throws(() => imports("const a = 'never closed"), { message: /not understood/ })
})

t.test('the check of infra catches a business word in a name, not in a comment or inside another word', async t => {
  const check = (path: string, text: string) => businessWordViolations([{ path, text }]).length
  t.equal(check('infra/log/a.ts', 'const podId = 1'), 1)
  t.equal(check('infra/log/a.ts', 'const lastOffer = 1'), 1)
  t.equal(check('infra/log/a.ts', '// one offer\nconst offered = modifyPodium'), 0)
  t.equal(check('gateway/a.ts', 'const podId = 1'), 0)
})

t.test('the ring check catches modules that import each other, and leaves types out', async t => {
  const a = { path: 'infra/a.ts', text: "import { b } from './b.ts'" }
  t.equal(importRings([a, { path: 'infra/b.ts', text: "import { a } from './a.ts'" }]).length, 1)
  t.equal(importRings([a, { path: 'infra/b.ts', text: "import type { a } from './a.ts'" }]).length, 0)
})

t.test('a row of the import table that another row hides does not exist', async t => {
  const folders = layers.map(({ folder }) => folder)
  for (const [n, folder] of folders.entries())
    t.notOk(
      folders.slice(0, n).some(earlier => folder === earlier || folder.startsWith(`${earlier}/`)),
      folder
    )
})

t.test('the purity check catches clock, randomness, environment, I/O and logger', async t => {
  for (const text of [
    'const now = Date.now()',
    'const now = new Date()',
    'const now = new Date',
    'const now = Temporal.Now.instant()',
    'const now = performance.now()',
    'const r = Math.random()',
    'crypto.getRandomValues(bytes)',
    "import { randomBytes } from 'node:crypto'",
    "import * as crypto from 'node:crypto'",
    "import { readFileSync } from 'node:fs'",
    "import { connect } from 'node:net'",
    "import http from 'node:http'",
    "import { spawn } from 'node:child_process'",
    "import pino from 'pino'",
    "const home = process.env['HOME']",
    "const r = await fetch('http://a')",
    'console.log(1)',
    'setTimeout(f, 1)',
    'const t = `${Date.now()}`'
  ])
    t.ok(purityViolations([{ path: 'domain/market/a.ts', text }]).length > 0, text)
})

t.test('the purity check lets through what is pure, and what only sounds impure', async t => {
  for (const text of [
    "import { createHash } from 'node:crypto'",
    "import { Temporal } from '@js-temporal/polyfill'",
    "import type { Logger } from 'pino'",
    'const when = new Date(0)',
    "const reason = 'console'",
    '// Date.now() is never used here',
    'const update = { dateNow: 1 }'
  ])
    t.strictSame(purityViolations([{ path: 'domain/market/a.ts', text }]), [], text)
  t.strictSame(purityViolations([{ path: 'infra/a.ts', text: 'const now = Date.now()' }]), [])
})

const aTopic = (over: Partial<TopicDefinition>): TopicDefinition => ({
  name: 'flex.a.events',
  key: 'PoD',
  partitions: 1,
  retention: 'forever',
  kind: 'outbox',
  writers: ['processors/a'],
  readers: ['projections'],
  ...over
})

const anInbox = (over: Partial<TopicDefinition>): TopicDefinition =>
  aTopic({ name: 'flex.a.commands', kind: 'inbox', writers: ['gateway'], readers: ['processors/a'], ...over })

t.test('the topic check catches a topic without one owner that exists', async t => {
  const folders = ['processors/a', 'gateway', 'projections']
  const check = (...list: TopicDefinition[]) =>
    topicViolations(Object.fromEntries(list.map(topic => [topic.name, topic])), folder => folders.includes(folder))
  t.strictSame(check(aTopic({}), anInbox({})), [])
  t.equal(check(aTopic({ writers: [] })).length, 1)
  t.equal(check(aTopic({ writers: ['processors/a', 'gateway'] })).length, 1)
  t.equal(check(aTopic({ writers: ['processors/gone'] })).length, 1)
  t.equal(check(anInbox({})).length, 1, 'an inbox without an outbox')
  t.equal(check(aTopic({ partitions: 2 }), anInbox({})).length, 1, 'another number of partitions')
  t.equal(check(aTopic({ key: 'PoM' }), anInbox({})).length, 1, 'another key')
  t.equal(check(aTopic({}), anInbox({ readers: ['processors/a', 'gateway'] })).length, 1, 'two readers')
  t.equal(topicViolations({ 'flex.b.events': aTopic({}) }, () => true).length, 1, 'listed under another name')
})

t.test('the README check catches a missing page, a long one and a folder that is not named', async t => {
  t.equal(readmeViolations('a', undefined, []).length, 1)
  t.equal(readmeViolations('a', `${'line\n'.repeat(16)}`, []).length, 1)
  t.strictSame(readmeViolations('a', `${'line\n'.repeat(15)}`, []), [])
  t.strictSame(readmeViolations('a', 'log/ and mqtt/', ['log', 'mqtt']), [])
  t.equal(readmeViolations('a', 'catalog/ and mqtt-bridge/', ['log', 'mqtt']).length, 2)
})

t.test('the name check catches names without an idea and names that are not kebab-case', async t => {
  t.equal(
    nameViolations(['domain/utils/time.ts', 'infra/helpers.ts', 'gateway/common.test.ts', 'domain/SessionBook.ts'])
      .length,
    4
  )
  t.strictSame(
    nameViolations(['domain/units/time.ts', 'schemas/avro/flex.market.events/OfferPlaced.avsc', 'docs/README.md']),
    []
  )
})
