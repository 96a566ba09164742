/**
 * Everything that follows from the schema files: `node schemas/generate.ts [--check | --new-version | --reset]`.
 *
 * Without a flag it writes the TypeScript types, the golden bytes of versions that have none, the AsyncAPI document and the
 * event reference, and stops if a schema changed without a new version. `--check` writes nothing and lists what is stale.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isSchemaError } from './errors.ts'
import { readCurrentSchemas, readFrozenSchema, readSchemaIds } from './schema-files.ts'
import { typescriptOf } from './typescript.ts'
import { idsText, planVersions, resetVersions } from './versions.ts'

const root = new URL('../', import.meta.url)

const contentOf = (path: string): string | undefined => {
  try {
    return readFileSync(new URL(path, root), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

const write = (path: string, content: string): void => {
  if (contentOf(path) === content) return
  mkdirSync(new URL('./', new URL(path, root)), { recursive: true })
  writeFileSync(new URL(path, root), content)
  process.stderr.write(`wrote ${path}\n`)
}

/** What should be at each path under the project, of all that is generated and follows from the files as they are. */
const derivedFiles = async (): Promise<ReadonlyMap<string, string>> => {
  // Loaded late: these read the ids and the generated types, which an earlier step may just have written.
  const [{ goldenFiles }, { asyncapiFiles }, { eventReferenceFiles }] = await Promise.all([
    import('./golden.ts'),
    import('./asyncapi.ts'),
    import('./event-reference.ts')
  ])
  return new Map([...goldenFiles(), ...asyncapiFiles(), ...eventReferenceFiles()])
}

const frozenVersions = () => readSchemaIds().map(version => ({ ...version, schema: readFrozenSchema(version) }))

/** What is not as it should be, one line each; empty if everything is fresh. */
export const staleFiles = async (): Promise<readonly string[]> => {
  const current = readCurrentSchemas()
  const problems = [...planVersions(current, frozenVersions(), { newVersion: false }).problems]
  const expected = new Map([
    ['schemas/generated.ts', typescriptOf(current)],
    ['schemas/ids.json', idsText(readSchemaIds())],
    ...(await derivedFiles())
  ])
  for (const [path, content] of expected) {
    const actual = contentOf(path)
    if (actual !== content)
      problems.push(`${path} is ${actual === undefined ? 'missing' : 'stale'}: run node schemas/generate.ts`)
  }
  return problems
}

const resetAllowed = (): boolean => {
  const packageText = contentOf('package.json') ?? '{}'
  return /"version": "0\./.test(packageText)
}

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: { check: { type: 'boolean' }, 'new-version': { type: 'boolean' }, reset: { type: 'boolean' } }
  })
  if (values.check) {
    const stale = await staleFiles()
    for (const line of stale) process.stdout.write(`${line}\n`)
    return stale.length === 0 ? 0 : 1
  }
  if (values.reset && !resetAllowed()) {
    process.stderr.write('--reset rewrites what may stand on a log; after the first release it is refused\n')
    return 2
  }
  const current = readCurrentSchemas()
  const plan = values.reset
    ? resetVersions(current)
    : planVersions(current, frozenVersions(), { newVersion: values['new-version'] ?? false })
  for (const problem of plan.problems) process.stdout.write(`${problem}\n`)
  if (plan.problems.length > 0) return 1
  if (values.reset)
    for (const folder of ['history', 'golden'])
      rmSync(new URL(`schemas/${folder}`, root), { recursive: true, force: true })
  for (const [file, content] of plan.newFiles) write(`schemas/${file}`, content)
  write('schemas/ids.json', idsText(plan.versions))
  write('schemas/generated.ts', typescriptOf(current))
  try {
    for (const [path, content] of await derivedFiles()) write(path, content)
  } catch (error) {
    if (!isSchemaError(error, 'FLEX_SCHEMA_INVALID_VALUE')) throw error
    process.stdout.write(`${error.message}\nThe types are written; now correct schemas/examples/ and run this again.\n`)
    return 1
  }
  return 0
}

if (import.meta.main) process.exitCode = await main()
