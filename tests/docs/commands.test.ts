/** Every command that a page shows is run, and what the page shows as its output comes out. */
import { existsSync, globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import t from 'tap'
import { missingLine, pageOf, scriptOf } from './commands.ts'
import { runPage } from './run-page.ts'

const root = new URL('../../', import.meta.url)
const textOf = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...globSync('{docs,examples}/**/*.md', { cwd: root, exclude: ['docs/reference/events/**'] })
].toSorted()
/** A reference shows forms, each by itself and out of its place in a day; it is held by tests of its own. */
const isFollowed = (path: string): boolean =>
  path === 'README.md' || /^docs\/(tutorials|how-to|explanation)\//.test(path)

t.test(
  'a script has what the sh blocks say, without what was done before, and what serves in the background',
  async t => {
    const text = [
      '```sh',
      'npm ci && npm start -- --exit  # a day',
      'npx flexledger \\',
      '  run --pods 2',
      '```',
      '',
      '```text',
      'a…',
      '```'
    ]
    const page = pageOf(`${text.join('\n')}\n`)
    t.equal(
      scriptOf(page),
      'npm start -- --exit\nin_background npx flexledger    run --pods 2'.replace(
        'flexledger    run',
        'flexledger    run'
      )
    )
    t.same(page.shown, ['a…'])
  }
)

t.test('a line that did not come out, or not in its order, is found', async t => {
  t.equal(missingLine(['a…c', 'd'], 'abc\nd\n'), undefined)
  t.equal(missingLine(['d', 'a…c'], 'abc\nd\n'), 'a…c')
  t.equal(missingLine(['a.c'], 'abc\n'), 'a.c')
})

for (const path of pages.filter(isFollowed)) {
  const page = pageOf(await textOf(path))
  if (scriptOf(page) !== '')
    t.test(`the commands of ${path} do what it shows`, async t => {
      const { code, output } = await runPage(page)
      t.equal(code, 0, code === 0 ? 'every command is done' : output.slice(-3_000))
      t.equal(missingLine(page.shown, output), undefined, 'what is shown came out')
    })
}

t.test('every link between pages leads somewhere', async t => {
  for (const path of pages)
    for (const [, target = ''] of (await textOf(path)).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const file = posix.join(posix.dirname(path), target)
      t.ok(existsSync(new URL(file, root)), `${path} links ${target}`)
    }
})
