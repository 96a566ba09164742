import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { loadSolver } from '../../optimisation/solver.ts'
import { outcomeToJson, parseBook } from './book-file.ts'
import { checkOutcome } from './check-outcome.ts'
import { clearBook } from './clear-book.ts'

const root = new URL('../../../', import.meta.url)
const jsonOf = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'))
const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true })
const isBook = ajv.compile(jsonOf('docs/reference/market-book.schema.json') as object)
const isOutcome = ajv.compile(jsonOf('docs/reference/market-outcome.schema.json') as object)
const examples = readdirSync(new URL('examples/books/', root)).filter(file => !file.endsWith('.outcome.json'))
const solver = await loadSolver()

type Loose = { [field: string]: object[] } & { rules: object }
const example = () => structuredClone(jsonOf('examples/books/discrete.json')) as Loose
const problemsOf = (json: unknown) => {
  const parsed = parseBook(json)
  return 'problems' in parsed ? parsed.problems.map(({ path }) => path) : []
}

for (const file of examples)
  t.test(`MP-CLR-03: the book ${file} clears to its documented outcome`, async t => {
    const json = jsonOf(`examples/books/${file}`)
    t.ok(isBook(json), `follows the schema: ${ajv.errorsText(isBook.errors)}`)
    const parsed = parseBook(json)
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
    const outcome = clearBook(parsed.book, solver)
    checkOutcome(parsed.book, outcome)
    // The solver's version and how many nodes it took are not part of the documented outcome.
    const { version: _, nodes: _n, ...found } = outcomeToJson(outcome)
    const {
      version: __,
      nodes: __n,
      ...expected
    } = jsonOf(`examples/books/${file.replace('.json', '.outcome.json')}`) as {
      version: string
      nodes: number
    }
    t.same(found, expected)
    t.ok(isOutcome(outcomeToJson(outcome)), `follows the schema: ${ajv.errorsText(isOutcome.errors)}`)
  })

t.test('there are worked examples', async t => t.ok(examples.length >= 3))

t.test('a book without units and rules has default ones', async t => {
  const parsed = parseBook(jsonOf('examples/books/block.json'))
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
  t.same(parsed.book.units, [
    { id: 'pod-1', pods: ['pod-1'] },
    { id: 'pod-2', pods: ['pod-2'] }
  ])
  t.same(parsed.book.rules, {
    pricing: 'uniform',
    exclusivePerPod: false,
    dsoBlocksOpposite: true,
    nodeLimit: 100_000,
    gapAccepted: 0
  })
})

t.test('all problems of a book are reported at once, each at its place', async t => {
  t.same(
    problemsOf({
      mtus: 2,
      offers: [
        { kind: 'single', id: 'a', unit: 'pod-9', quantity: 'P', direction: 'SIDEWAYS', intervals: [], colour: 'red' },
        {
          kind: 'single',
          id: 'a',
          unit: 'pod-1',
          quantity: 'P',
          direction: 'UP',
          intervals: [{ mtu: 1, mtus: 2, steps: [{ quantity: 0.5, price: -1 }] }]
        },
        {
          kind: 'block',
          id: 'b',
          unit: 'pod-1',
          quantity: 'P',
          direction: 'UP',
          power: 5,
          duration: 2,
          price: 1,
          earliest: 1,
          minAcceptance: 6
        }
      ],
      requests: [
        {
          id: 'r',
          side: 'DSO',
          quantity: 'P',
          direction: 'UP',
          service: 'voltage',
          profile: [
            { mtu: 0, power: 5 },
            { mtu: 0, power: 5 }
          ]
        }
      ],
      units: [{ id: 'pod-1' }, { id: 'u', pods: ['pod-1'] }]
    }),
    [
      '/offers/0/colour',
      '/offers/0/intervals',
      '/offers/0/direction',
      '/offers/1/intervals/0/steps/0/quantity',
      '/offers/1/intervals/0/steps/0/price',
      '/offers/1/intervals/0/mtus',
      '/offers/2/minAcceptance',
      '/offers/2/maxEnergy',
      '/offers/2/latest',
      '/requests/0/profile/1',
      '/offers/1/id',
      '/units/1/pods/0',
      '/offers/0/unit'
    ]
  )
})

t.test('what is no object, no list or no number is a problem, never an exception', async t => {
  for (const wrong of [null, 3, 'x', [], true]) {
    t.not(problemsOf(wrong).length, 0)
    t.not(problemsOf({ mtus: wrong, offers: wrong, requests: wrong, units: wrong, rules: wrong }).length, 0)
    t.not(problemsOf({ ...example(), offers: [wrong] }).length, 0)
    t.not(problemsOf({ ...example(), requests: [wrong] }).length, 0)
    t.not(problemsOf({ ...example(), units: [wrong] }).length, 0)
  }
})

t.test('what the schema refuses, the parser refuses', async t => {
  const mutate = (change: (book: Loose) => void) => {
    const book = example()
    change(book)
    return book
  }
  const wrong = [
    mutate(book => Reflect.deleteProperty(book, 'mtus')),
    mutate(book => Reflect.set(book, 'extra', 1)),
    mutate(book => Reflect.set(book['offers']![0]!, 'power', 1)),
    mutate(book => Reflect.set(book['offers']![0]!, 'id', '')),
    mutate(book => Reflect.set(book['requests']![0]!, 'service', 'any')),
    mutate(book => Reflect.set(book['requests']![0]!, 'priceLimit', 50_000_001)),
    mutate(book => Reflect.set(book['units']![0]!, 'pods', [])),
    mutate(book => Reflect.set(book['rules'], 'pricing', 'free'))
  ]
  for (const book of wrong) {
    t.notOk(isBook(book))
    t.not(problemsOf(book).length, 0)
  }
})
