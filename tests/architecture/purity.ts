/**
 * What `domain/` may not use: a clock, randomness, the environment, I/O, a logger. What comes from there comes in as an
 * argument and is recorded in an event, so that a replay gives the same bytes.
 *
 * Packages and built-in modules are a closed list (what is not named is refused); globals are an open one, by name.
 * Tests and their fixtures beside the rules are free: they read how many runs are asked for.
 */
import { importsOf, type SourceFile, usesOf } from './scan.ts'

/** Every import from outside that a rule may use, with the names, if not all of them. */
const allowedModules: ReadonlyMap<string, readonly string[] | 'all'> = new Map<string, readonly string[] | 'all'>([
  ['node:crypto', ['createHash']],
  ['node:assert', 'all'],
  // Calendar arithmetic; its clock, Temporal.Now, is refused below.
  ['@js-temporal/polyfill', 'all'],
  // A solver as WASM: the same floats everywhere, limited by nodes and iterations.
  ['highs', 'all'],
  // Pseudo-random numbers from a seed that the event records.
  ['pure-rand', 'all']
])

const forbiddenGlobals: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: 'a clock',
    pattern:
      /\bDate\s*\.\s*now\b|\bnew\s+Date\s*(?:\(\s*\)|(?![\s\w$(]))|\bTemporal\s*\.\s*Now\b|\bperformance\b|\bhrtime\b/
  },
  {
    what: 'randomness',
    pattern: /\bMath\s*\.\s*random\b|\brandomBytes\b|\brandomUUID\b|\brandomInt\b|\bgetRandomValues\b/
  },
  {
    what: 'the environment',
    pattern: /\bprocess\s*(?:\.|\[|\?\.)|\bglobalThis\b|\bimport\s*\.\s*meta\b|\bnavigator\b/
  },
  { what: 'a timer', pattern: /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/ },
  { what: 'I/O', pattern: /\bfetch\s*\(|\bWebSocket\b|\bXMLHttpRequest\b|\bBroadcastChannel\b/ },
  { what: 'a logger', pattern: /\bconsole\b/ },
  { what: 'code made at run time', pattern: /\beval\s*\(|\bnew\s+Function\b/ }
]

const isTest = (path: string): boolean => /\.(?:test|fixtures|contract)\.ts$/.test(path)

/** The package, or built-in module, that a specifier names. */
export const packageOf = (specifier: string): string =>
  specifier.startsWith('node:')
    ? specifier
    : specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')

export const purityViolations = (files: readonly SourceFile[]): readonly string[] =>
  files.filter(({ path }) => path.startsWith('domain/') && !isTest(path)).flatMap(fileViolations)

const fileViolations = (file: SourceFile): readonly string[] => [
  ...importsOf(file).flatMap(({ specifier, typeOnly, names, line }) => {
    if (specifier === undefined || specifier.startsWith('.') || typeOnly) return []
    const allowed = allowedModules.get(packageOf(specifier))
    if (allowed === undefined) return [`${file.path}:${line}: domain may not import ${specifier}`]
    if (allowed === 'all' || (names.length > 0 && names.every(name => allowed.includes(name)))) return []
    return [`${file.path}:${line}: domain may import only ${allowed.join(', ')} from ${specifier}`]
  }),
  ...forbiddenGlobals.flatMap(({ what, pattern }) =>
    usesOf(file, pattern).map(({ found, line }) => `${file.path}:${line}: domain may not use ${what} (${found})`)
  )
]
