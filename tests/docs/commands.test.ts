/** Every command that a page shows is run, and what the page shows as its output comes out. */
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { engineNames } from '../../infra/engines/engines.ts'
import { lacking } from '../../infra/engines/for-tests.ts'
import { missingLine, type Page, pageOf, scriptOf } from './commands.ts'
import { runPage } from './run-page.ts'

const root = new URL('../../', import.meta.url)
const textOf = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')
/** Pages that are followed from top to bottom. A reference shows forms, each by itself and out of its place in a day. */
const pages = ['README.md', ...globSync('docs/{tutorials,how-to,explanation}/*.md', { cwd: root }).toSorted()]

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
    t.equal(scriptOf(page), 'npm start -- --exit\nin_background npx flexledger run --pods 2')
    t.same(page.shown, ['a…'])
  }
)

t.test('what a page puts in the background runs side by side until the page ends it', async t => {
  const lines = ['npx flexledger serve --roles gateway &', 'X=1 npx flexledger serve &', 'ls', 'kill $(jobs -p)']
  const script = scriptOf(pageOf(`\`\`\`sh\n${lines.join('\n')}\n\`\`\`\n`))
  t.strictSame(
    script.split('\n').map(line => line.trim()),
    [
      'alongside npx flexledger serve --roles gateway',
      'X=1 alongside npx flexledger serve',
      'until_all_serve',
      'ls',
      'end_of_page'
    ]
  )
})

t.test('a line that did not come out, or not in its order, is found', async t => {
  t.equal(missingLine(['a…c', 'd'], 'abc\nd\n'), undefined)
  t.equal(missingLine(['d', 'a…c'], 'abc\nd\n'), 'a…c')
  t.equal(missingLine(['a.c'], 'abc\n'), 'a.c')
})

/** Why the engines that a page starts cannot be had here. */
const lackingFor = async ({ commands }: Page): Promise<string | false> => {
  const started = [...commands.matchAll(/engines start ((?:[a-z0-9-]+ ?)+)/g)].flatMap(([, names = '']) =>
    names.split(' ')
  )
  for (const name of engineNames) {
    const reason = started.includes(name) && (await lacking(name))
    if (reason) return reason
  }
  return false
}

for (const path of pages) {
  const page = pageOf(await textOf(path))
  if (scriptOf(page) !== '')
    t.test(`the commands of ${path} do what it shows`, { skip: await lackingFor(page) }, async t => {
      const { code, output } = await runPage(page)
      t.equal(code, 0, code === 0 ? 'every command is done' : output.slice(-3_000))
      t.equal(missingLine(page.shown, output), undefined, 'what is shown came out')
    })
}
