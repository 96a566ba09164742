import fc from 'fast-check'
import t from 'tap'
import { compiledWriter } from './compiled-writer.ts'
import { examples } from './examples.ts'
import { readCurrentSchemas } from './schema-files.ts'
import { strictCheck } from './strict-value.ts'
import { beginOutput } from './wire-output.ts'

const parameters = {
  numRuns: Number(process.env['FC_RUNS'] ?? 20_000),
  ...(process.env['FC_SEED'] === undefined ? {} : { seed: Number(process.env['FC_SEED']) })
}

const checks = new Map(
  readCurrentSchemas().map(({ schema }) => {
    const write = compiledWriter(schema)
    const fits = (message: unknown): boolean => {
      beginOutput(0)
      return write(message)
    }
    return [schema.name, { fits, misfitOf: strictCheck(schema) }]
  })
)

/** Every place in a value: the object or list that holds it, and its key there. */
const placesOf = (value: unknown): { readonly holder: Record<string, unknown>; readonly key: string }[] => {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Record<string, unknown>
  return Object.keys(holder).flatMap(key => [{ holder, key }, ...placesOf(holder[key])])
}

const oddValue = fc.constantFrom<unknown>(
  null,
  undefined,
  true,
  0,
  -0,
  1.5,
  NaN,
  Infinity,
  2 ** 31,
  -(2 ** 31),
  2 ** 52,
  -(2 ** 52),
  2 ** 52 - 1,
  1n,
  '',
  'text',
  '\ud800',
  'UP',
  [],
  [null],
  {},
  { p: 1, q: 1 },
  Symbol.iterator
)

t.test('the compiled writer of a message says yes exactly when the walk finds nothing', async t => {
  for (const [name, { fits, misfitOf }] of checks) {
    const example = Object.values(examples).find(({ type }) => type === name)
    t.ok(example && fits(example) && misfitOf(example) === undefined, name)
  }
})

t.test('so it does after any value was replaced, left out or added', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(examples)),
      fc.nat(),
      fc.constantFrom('replace', 'leave out', 'add', 'swap'),
      oddValue,
      (example, place, change, value) => {
        const message = structuredClone(example) as object
        const places = placesOf(message)
        const { holder, key } = places[place % places.length]!
        if (change === 'replace') holder[key] = value
        else if (change === 'leave out') delete holder[key]
        else if (change === 'add') holder['more'] = value
        else {
          delete holder[key]
          holder['more'] = value
        }
        const check = checks.get(example.type)
        return check === undefined || check.fits(message) === (check.misfitOf(message) === undefined)
      }
    ),
    parameters
  )
})
