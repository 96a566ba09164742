/**
 * docs/reference/errors.md, written from the catalogues of all parts: only here may one know them all. A test compares it
 * with what is in the repository; `node cli/reference-pages.ts` writes it.
 */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type ErrorEntry, errorCatalogue } from '../infra/errors.ts'
import { recordErrors } from '../processors/runtime/record-errors.ts'
import { projectionErrors } from '../projections/runtime/projection-error.ts'
import { schemaErrors } from '../schemas/errors.ts'

interface Section {
  readonly title: string
  readonly entries: Readonly<Record<string, ErrorEntry>>
}

export const errorSections: readonly Section[] = [
  { title: 'Configuration, log and database', entries: errorCatalogue },
  { title: 'Messages', entries: schemaErrors },
  { title: 'Records that a processor cannot take', entries: recordErrors },
  { title: 'Projections', entries: projectionErrors }
]

export const errorsPagePath = 'docs/reference/errors.md'

export const errorsPage = (): string => `# Error codes

What can fail outside of the market's rules. A refusal of the market is not an error but an event with a reason. The code
stands at the beginning of the message and in the field \`code\`. A command that ends with one has exit code 3 (2 for
\`FLEX_CONFIG_INVALID\`); the gateway answers with a [problem](problems.md) instead. A record that is not taken is parked with its
code on \`flex.<processor>.parked\`.

${errorSections.map(sectionText).join('\n')}`

const sectionText = ({ title, entries }: Section): string => `## ${title}

| code | meaning | what to do |
| --- | --- | --- |
${Object.entries(entries)
  .map(([code, { meaning, remedy }]) => `| \`${code}\` | ${meaning} | ${remedy} |`)
  .join('\n')}
`

if (process.argv[1] === fileURLToPath(import.meta.url))
  await writeFile(new URL(`../${errorsPagePath}`, import.meta.url), errorsPage())
