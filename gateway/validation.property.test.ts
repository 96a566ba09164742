import fc from 'fast-check'
import t from 'tap'
import { singleOffer } from './api/examples.ts'
import { oneOrMany } from './api/operation.ts'
import { components, Offer } from './api/schemas.ts'
import { InvalidRequest, schemaCompiler } from './validation.ts'

const runs = {
  numRuns: Number(process.env['FC_RUNS'] ?? 300),
  ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
}

const check = schemaCompiler(components)({
  schema: oneOrMany(Offer, 5_000, []),
  httpPart: 'body',
  method: 'POST',
  url: '/'
})

const errorOf = (value: unknown): InvalidRequest | undefined => {
  const result: unknown = check(value)
  const error = typeof result === 'object' && result !== null && 'error' in result ? result.error : undefined
  if (error !== undefined && !(error instanceof InvalidRequest)) throw new Error('another kind of error')
  return error
}

t.test('the example passes, and is not changed by being looked at', async t => {
  const before = JSON.stringify(singleOffer)
  t.equal(errorOf(singleOffer), undefined)
  t.equal(errorOf([singleOffer, singleOffer]), undefined)
  t.equal(JSON.stringify(singleOffer), before)
})

t.test('whatever JSON comes, it passes or is refused with 1 to 100 errors, each with a path', async t => {
  const holds = () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), value => {
        const error = errorOf(value)
        if (!error) return false
        return (
          error.errors.length >= 1 &&
          error.errors.length <= 100 &&
          error.errorsTotal >= error.errors.length &&
          error.errors.every(({ path, detail }) => (path === '' || path.startsWith('/')) && detail.length > 0)
        )
      }),
      runs
    )
  t.doesNotThrow(holds)
})

t.test(
  'a valid offer of which any one field is left out, renamed or of another type is refused at that field',
  async t => {
    const names = Object.keys(singleOffer)
    const wrong = fc.constantFrom(null, 1, 'x y', true, {}, [1])
    const holds = () =>
      fc.assert(
        fc.property(fc.constantFrom(...names), wrong, fc.nat({ max: 20 }), (name, value, at) => {
          const { [name]: _, ...rest } = singleOffer as Readonly<Record<string, unknown>>
          const good = Array.from({ length: at }, () => singleOffer)
          const paths = (bad: unknown) => errorOf([...good, bad])?.errors.map(({ path }) => path) ?? []
          const isNamed = (found: readonly string[]) =>
            found.length > 0 && found.every(path => path === `/${at}` || path.startsWith(`/${at}/`))
          return (
            isNamed(paths(rest)) &&
            isNamed(paths({ ...rest, [name]: value })) &&
            isNamed(paths({ ...singleOffer, more: 1 }))
          )
        }),
        runs
      )
    t.doesNotThrow(holds)
  }
)
