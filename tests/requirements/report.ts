/**
 * `npm run requirements`: the catalogue with the tests that hold each row. `--missing` lists only rows without a test,
 * `--json` prints the same as data. Exit 1 if a test names an id that the catalogue does not have.
 */
import { parseArgs } from 'node:util'
import { asText } from './coverage.ts'
import { repositoryCoverage } from './repository.ts'

// A reader that stops early (`| head`) is no error.
process.stdout.on('error', error => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 3))

const { values } = parseArgs({ options: { json: { type: 'boolean' }, missing: { type: 'boolean' } } })
const coverage = repositoryCoverage()
process.stdout.write(`${values.json ? JSON.stringify(coverage, null, 2) : asText(coverage, values.missing ?? false)}\n`)
if (coverage.unknown.length > 0) process.exitCode = 1
