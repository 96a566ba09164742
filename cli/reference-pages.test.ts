import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { variables } from '../infra/config/variables.ts'
import { testEngineVariables } from '../infra/engines/for-tests.ts'
import { exitCode } from './output.ts'
import { commandsOf, program } from './program.ts'
import { errorSections, errorsPage, errorsPagePath } from './reference-pages.ts'

const root = new URL('../', import.meta.url)
const textOf = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')

t.test(`${errorsPagePath} says what the catalogues say (else: node cli/reference-pages.ts)`, async t => {
  t.equal(await textOf(errorsPagePath), errorsPage())
})

const codes = errorSections.flatMap(({ entries }) => Object.entries(entries))

t.test('every error code stands in one catalogue, with a meaning and a remedy', async t => {
  t.equal(new Set(codes.map(([code]) => code)).size, codes.length)
  for (const [code, { meaning, remedy }] of codes) {
    t.match(code, /^FLEX(_[A-Z0-9]+){2,}$/)
    t.match(meaning, /\.$/, `${code} has a meaning`)
    t.match(remedy, /\.$/, `${code} has a remedy`)
  }
})

t.test('no source uses an error code that the page does not have', async t => {
  const known = new Set<string>([
    ...codes.map(([code]) => code),
    ...Object.keys(variables),
    ...Object.values(testEngineVariables)
  ])
  const sources = globSync('{schemas,domain,processors,projections,gateway,infra,cli}/**/*.ts', {
    cwd: root,
    exclude: ['**/*.test.ts', '**/*.fixtures.ts']
  })
  t.ok(sources.length > 100)
  for (const path of sources)
    for (const [, code = ''] of (await textOf(path)).matchAll(/'(FLEX(?:_[A-Z0-9]+){2,})'/g))
      t.ok(known.has(code), `${code} in ${path}`)
})

/** The parts of the page that begin with a command as their heading. */
const sectionsOf = (page: string): ReadonlyMap<string, string> =>
  new Map(
    page.split(/^## /m).flatMap(part => {
      const [, name] = /^`flexledger ([a-z ]+)/.exec(part) ?? []
      return name === undefined ? [] : [[name.trim(), part] as const]
    })
  )

t.test('docs/reference/cli.md has every command with its arguments, flags and defaults, and no other', async t => {
  const sections = sectionsOf(await textOf('docs/reference/cli.md'))
  const commands = commandsOf(program()).filter(({ command }) => command.commands.length === 0)
  t.same([...sections.keys()].sort(), commands.map(({ name }) => name).sort())
  for (const { name, command } of commands) {
    const section = sections.get(name) ?? ''
    for (const argument of command.registeredArguments) t.match(section, argument.name(), `${name}: ${argument.name()}`)
    for (const { flags, long, defaultValue } of command.options) {
      const row = section.split('\n').find(line => line.startsWith(`| \`${flags}\` |`))
      t.ok(row, `${name}: ${flags}`)
      if (defaultValue !== undefined) t.match(row, `\`${defaultValue}\``, `${name}: default of ${long}`)
    }
    const rows = section.split('\n').filter(line => line.startsWith('| `--'))
    t.equal(rows.length, command.options.length, `${name} has no flag that is gone`)
  }
})

t.test('docs/reference/cli.md has every exit code', async t => {
  const page = await textOf('docs/reference/cli.md')
  for (const code of Object.values(exitCode)) t.match(page, new RegExp(`^\\| ${code} \\|`, 'm'))
})
