import { readFile } from 'node:fs/promises'
import t from 'tap'
import { errorCatalogue, FlexError, isFlexError } from './errors.ts'
import { referencePages } from './reference-pages.ts'

for (const [path, text] of referencePages())
  t.test(`${path} says what the code says (else: node infra/reference-pages.ts)`, async t => {
    t.equal(await readFile(new URL(`../${path}`, import.meta.url), 'utf8'), text)
  })

t.test('the codes of the catalogue are in order, begin with FLEX_, and each has a meaning and a remedy', async t => {
  const codes = Object.keys(errorCatalogue)
  t.strictSame(codes, codes.toSorted())
  for (const [code, { meaning, remedy }] of Object.entries(errorCatalogue)) {
    t.match(code, /^FLEX(_[A-Z0-9]+){2,}$/)
    t.match(meaning, /\.$/, `${code} has a meaning`)
    t.match(remedy, /\.$/, `${code} has a remedy`)
  }
})

t.test('an error carries its code, its cause, and both in what is printed', async t => {
  const cause = new Error('disk full')
  const error = new FlexError('FLEX_LOG_UNAVAILABLE', 'log.sqlite: disk full', { cause })
  t.equal(error.cause, cause)
  t.equal(String(error), 'FlexError: FLEX_LOG_UNAVAILABLE: log.sqlite: disk full')
  t.ok(isFlexError(error) && isFlexError(error, 'FLEX_LOG_UNAVAILABLE'))
  t.notOk(isFlexError(error, 'FLEX_LOG_CLOSED') || isFlexError(cause))
})
