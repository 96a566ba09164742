/**
 * Who may import whom, as the table of the design says it, and the check of a set of sources against it. A folder that is
 * not in the table may not hold sources. Imports of packages are not judged here; what `domain/` may use is in purity.ts.
 *
 * Promises: one line for each import that the table does not allow, with file and line; an empty list if all is well.
 */
import { posix } from 'node:path'
import { importsOf, type SourceFile, usesOf } from './scan.ts'

interface Allowed {
  /** A folder (with all below it), or a pattern with `*` for one folder name. */
  readonly to: string
  readonly typesOnly?: true
}

const anything: readonly Allowed[] = [{ to: '' }]

/** The first row whose folder holds the file counts: the more exact ones stand first. */
export const layers: readonly { readonly folder: string; readonly may: readonly Allowed[] }[] = [
  { folder: 'schemas', may: [] },
  { folder: 'domain', may: [{ to: 'schemas', typesOnly: true }] },
  { folder: 'processors', may: [{ to: 'schemas' }, { to: 'domain' }, { to: 'infra' }, { to: 'chain' }] },
  { folder: 'projections', may: [{ to: 'schemas' }, { to: 'domain/units' }, { to: 'domain/kpi' }, { to: 'infra' }] },
  { folder: 'gateway', may: [{ to: 'schemas' }, { to: 'infra' }, { to: 'projections/*/query' }] },
  { folder: 'infra', may: [{ to: 'schemas' }] },
  {
    folder: 'edge-agent',
    may: [
      'schemas',
      'domain/units',
      'domain/metering',
      'infra/clock',
      'infra/config',
      'infra/telemetry',
      'infra/mqtt'
    ].map(to => ({ to }))
  },
  { folder: 'chain/verify', may: [{ to: 'chain/merkle' }] },
  { folder: 'chain', may: [{ to: 'schemas' }, { to: 'infra' }] },
  { folder: 'cli', may: anything },
  { folder: 'tests', may: anything },
  { folder: 'bench', may: anything },
  { folder: 'examples', may: anything }
]

const isBelow = (path: string, folder: string): boolean => folder === '' || path.startsWith(`${folder}/`)

/** `projections/*\/query` holds for `projections/pods/query.ts` and for anything in `projections/pods/query/`. */
const matches = (path: string, pattern: string): boolean => {
  if (!pattern.includes('*')) return isBelow(path, pattern)
  const wanted = pattern.split('/')
  const parts = path.split('/')
  return wanted.every(
    (name, n) => name === '*' || parts[n] === name || (n === parts.length - 1 && parts[n] === `${name}.ts`)
  )
}

/** The path that a relative import names, from the root of the repository. */
export const resolved = (from: string, specifier: string): string =>
  posix.normalize(posix.join(posix.dirname(from), specifier))

export const layerViolations = (files: readonly SourceFile[]): readonly string[] => files.flatMap(fileViolations)

const fileViolations = (file: SourceFile): readonly string[] => {
  const layer = layers.find(({ folder }) => isBelow(file.path, folder))
  if (layer === undefined) return [`${file.path}: is in no folder of the import table`]
  return importsOf(file).flatMap(({ specifier, typeOnly, line }) => {
    const place = `${file.path}:${line}`
    if (specifier === undefined)
      return layer.may === anything ? [] : [`${place}: imports something computed, which nobody can check`]
    if (!specifier.startsWith('.')) return []
    const target = resolved(file.path, specifier)
    if (target.startsWith('..')) return [`${place}: imports ${specifier}, outside of the repository`]
    if (isBelow(target, layer.folder)) return []
    const rule = layer.may.find(({ to }) => matches(target, to))
    if (rule === undefined) return [`${place}: ${layer.folder} may not import ${target}`]
    if (rule.typesOnly && !typeOnly) return [`${place}: ${layer.folder} may import ${target} for its types only`]
    return []
  })
}

const isTest = (path: string): boolean => /\.(?:test|fixtures|contract)\.ts$/.test(path)

/**
 * Words of the market; `infra/` serves any event-sourced system and has none of them in a name. Its configuration is left
 * out: the variables of a process name what it runs.
 */
const businessWords = new Set(
  'pod pods pom poms offer offers aggregator aggregators dso tso mtu mtus clearing substation substations'.split(' ')
)

const wordsIn = (name: string): readonly string[] =>
  name.split(/(?<=[a-z0-9])(?=[A-Z])|_/).map(word => word.toLowerCase())

export const businessWordViolations = (files: readonly SourceFile[]): readonly string[] =>
  files
    .filter(({ path }) => isBelow(path, 'infra') && !isBelow(path, 'infra/config') && !isTest(path))
    .flatMap(file =>
      usesOf(file, /[A-Za-z]\w*/)
        .filter(({ found }) => wordsIn(found).some(word => businessWords.has(word)))
        .map(({ found, line }) => `${file.path}:${line}: infra knows no business word (${found})`)
    )

/** Modules that import each other in a ring, types left out: the order in which they start would be a matter of luck. */
export const importRings = (files: readonly SourceFile[]): readonly string[] => {
  const targets = new Map(
    files.map(file => [
      file.path,
      importsOf(file)
        .filter(({ specifier, typeOnly }) => !typeOnly && specifier?.startsWith('.'))
        .map(({ specifier }) => resolved(file.path, specifier ?? ''))
    ])
  )
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  const rings: string[] = []
  const visit = (file: string): void => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') {
      rings.push([...path.slice(path.indexOf(file)), file].join(' → '))
      return
    }
    state.set(file, 'open')
    path.push(file)
    for (const target of targets.get(file) ?? []) visit(target)
    path.pop()
    state.set(file, 'done')
  }
  for (const file of targets.keys()) visit(file)
  return rings
}
