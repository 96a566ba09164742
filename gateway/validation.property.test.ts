import fc from 'fast-check'
import t from 'tap'
import { singleOffer } from './api/examples.ts'
import { oneOrMany } from './api/operation.ts'
import { components, Offer } from './api/schemas.ts'
import { InvalidRequest, isInstant, schemaCompiler } from './validation.ts'

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

t.test('T-03: an instant is what Date.parse makes of it, and has an offset', async t => {
  const date = fc.date({
    min: new Date('2000-01-01T00:00:00Z'),
    max: new Date('2099-12-31T00:00:00Z'),
    noInvalidDate: true
  })
  const holds = () =>
    fc.assert(
      fc.property(date, fc.integer({ min: -14 * 4, max: 14 * 4 }), (instant, quarters) => {
        const local = new Date(instant.getTime() + quarters * 900_000).toISOString().slice(0, 23)
        const hours = String(Math.floor(Math.abs(quarters) / 4)).padStart(2, '0')
        const minutes = String((Math.abs(quarters) % 4) * 15).padStart(2, '0')
        const text = `${local}${quarters < 0 ? '-' : '+'}${hours}:${minutes}`
        if (!local.startsWith('20')) return true
        return isInstant(text) && Date.parse(text) === instant.getTime() && !isInstant(local)
      }),
      runs
    )
  t.doesNotThrow(holds)
})

t.test('a text that is no instant is not taken for one', async t => {
  for (const text of [
    '',
    '2025-03-29',
    '2025-03-29T18:00',
    '2025-03-29T18:00:00',
    '2025-02-29T18:00:00Z',
    '2025-13-01T00:00:00Z',
    '2025-03-29T24:00:00Z',
    '2025-03-29T23:60:00Z',
    '2025-03-29T23:59:60Z',
    '2025-03-29T18:00:00+25:00',
    '1999-03-29T18:00:00Z',
    '2025-03-29 18:00:00Z',
    '2025-03-29T18:00:00.1234Z',
    '٢٠٢٥-03-29T18:00:00Z'
  ])
    t.notOk(isInstant(text), text)
  t.ok(isInstant('2025-03-29T18:00:00.5-03:30'))
})
