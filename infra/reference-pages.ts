/**
 * The pages that are written from the variables: their reference and their example file. A test compares them with what is
 * in the repository; `node infra/reference-pages.ts` writes them.
 */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Variable } from './config/variable.ts'
import { variables } from './config/variables.ts'

const documented: readonly (readonly [string, Variable<unknown>])[] = Object.entries(variables)

const fallbackOf = ({ fallback, fallbackNote }: Variable<unknown>): string =>
  fallback === undefined ? (fallbackNote ?? 'none') : `\`${fallback}\``

const cell = (text: string): string => text.replaceAll('|', '\\|')

const configurationPage = (): string => `# Configuration

A Flexledger process is configured by its environment alone. It reads it once, at the start, and reports all problems at
once; a variable that begins with \`FLEX_\` and is not on this page is one of them. A variable that is set to nothing counts
as not set. \`.env.example\` has them all, with their defaults.

| variable | meaning | value | default | example |
| --- | --- | --- | --- | --- |
${documented
  .map(([name, variable]) =>
    [`\`${name}\``, variable.meaning, cell(variable.form), fallbackOf(variable), `\`${variable.example}\``].join(' | ')
  )
  .map(row => `| ${row} |`)
  .join('\n')}

With \`FLEX_PROFILE=production\`, \`FLEX_ISSUER_URL\` and \`FLEX_PUBLIC_URL\` (https) are needed, and \`FLEX_DEV_CREDENTIALS=true\`
and \`FLEX_LOG_URL=memory:\` are refused. \`memory:\` also needs \`FLEX_ROLES=all\`: other processes cannot share it.
`

const environmentExample =
  (): string => `# Every variable of a Flexledger process; docs/reference/configuration.md explains them.
# A line without the # sets one. Unknown FLEX_ names are refused.
${documented
  .map(
    ([name, variable]) => `
# ${variable.meaning.replaceAll('`', '')}
# ${variable.form}${variable.fallback === undefined ? `; without it: ${fallbackOf(variable).replaceAll('`', '')}` : ''}
#${name}=${variable.fallback ?? variable.example}`
  )
  .join('\n')}
`

/** By path from the root of the repository. */
export const referencePages = (): ReadonlyMap<string, string> =>
  new Map([
    ['.env.example', environmentExample()],
    ['docs/reference/configuration.md', configurationPage()]
  ])

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [path, text] of referencePages()) await writeFile(new URL(`../${path}`, import.meta.url), text)
