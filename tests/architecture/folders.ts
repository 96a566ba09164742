/**
 * What a folder owes its reader: each top folder a README of at most 15 lines that names every folder in it, and file names
 * that say an idea and not a habit.
 */

/** The folders of the repository that a reader opens first. */
export const topFolders: readonly string[] = [
  'schemas',
  'domain',
  'processors',
  'projections',
  'gateway',
  'infra',
  'cli',
  'tests',
  'bench',
  'examples',
  'deploy',
  'docs'
]

const README_LINES = 15

export const readmeViolations = (
  folder: string,
  readme: string | undefined,
  subfolders: readonly string[]
): readonly string[] => {
  if (readme === undefined) return [`${folder}: has no README.md`]
  const lines = readme.trimEnd().split('\n').length
  return [
    ...(lines > README_LINES ? [`${folder}/README.md: has ${lines} lines, ${README_LINES} are allowed`] : []),
    ...subfolders
      .filter(name => !new RegExp(String.raw`(?<![\w-])${name}(?![\w-])`).test(readme))
      .map(name => `${folder}/README.md: does not name ${name}`)
  ]
}

const emptyNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'services', 'managers', 'misc'])

/** A service is a word of the trade: what a participant offers or asks for. */
const namedByTheTrade = 'projections/services/'

export const nameViolations = (paths: readonly string[]): readonly string[] =>
  paths.flatMap(path => {
    if (path.startsWith(namedByTheTrade)) return []
    const parts = path.split('/')
    const habit = parts.find(part => emptyNames.has(part.replace(/\..*$/, '')))
    if (habit !== undefined) return [`${path}: ${habit} names no idea`]
    const isSource = path.endsWith('.ts')
    return isSource && parts.some(part => !/^[a-z0-9.-]+$/.test(part)) ? [`${path}: is not in kebab-case`] : []
  })
