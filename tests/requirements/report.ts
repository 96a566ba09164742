/**
 * `npm run requirements`: the catalogue with the tests that hold each row. `--missing` lists only rows without a test,
 * `--json` prints the same as data. Exit 1 if a test names an id that the catalogue does not have, 2 for wrong use.
 */
import { parseArgs } from 'node:util'
import { asText } from './coverage.ts'
import { repositoryCoverage } from './repository.ts'

// A reader that stops early (`| head`) is no error.
process.stdout.on('error', error => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 3))

const usage = `Usage: npm run requirements [-- --missing | --json]

The rows of docs/reference/requirements-index.json, each with the tests whose titles begin with its id.

  --missing  only rows that no test holds
  --json     one JSON document, every row
  --help     this text`

const flagsOf = () => {
  const boolean = { type: 'boolean' } as const
  try {
    return parseArgs({ options: { json: boolean, missing: boolean, help: boolean } }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n`)
    process.exit(2)
  }
}

const { json, missing, help } = flagsOf()
if (help) process.stdout.write(`${usage}\n`)
else {
  const coverage = repositoryCoverage()
  process.stdout.write(`${json ? JSON.stringify(coverage, null, 2) : asText(coverage, missing ?? false)}\n`)
  if (coverage.unknown.length > 0) process.exitCode = 1
}
