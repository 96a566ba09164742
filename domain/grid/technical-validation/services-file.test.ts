import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import type { Book, ClearingOutcome } from '../../market/clearing/book.ts'
import { defaultRules } from '../../market/clearing/book-file.ts'
import { isMarketOutcome, parseServices, servicesOfMarket } from './services-file.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../../docs/reference/technical-validation.schema.json', import.meta.url), 'utf8')
)
const isOfSchema = new Ajv2020({ strict: true }).compile(schema)

const offer = {
  offerId: 'a',
  rank: 1,
  quantity: 'P',
  direction: 'UP',
  kind: 'discrete',
  block: true,
  minAcceptance: 100,
  pods: ['one', { pod: 'two', weight: 3 }],
  accepted: [
    { slot: 0, slots: 2, amount: 500 },
    { slot: 2, amount: 500 }
  ]
}
const least = { offerId: 'b', rank: 2, quantity: 'Q', direction: 'DOWN', accepted: [{ slot: 95, amount: 1 }] }

t.test('DTP-ATV-01: a file of accepted services is read with its defaults, and the JSON Schema takes it', async t => {
  const file = { services: [offer, least] }
  t.ok(isOfSchema(file), JSON.stringify(isOfSchema.errors))
  const { services } = parseServices(file, 96)
  t.match(services, [
    {
      isBlock: true,
      members: [
        { pod: 'one', weight: 1 },
        { pod: 'two', weight: 3 }
      ]
    },
    {
      isBlock: false,
      kind: 'continuous',
      minAcceptance: 0,
      members: [{ pod: 'b', weight: 1 }],
      accepted: [{ slot: 95, slots: 1 }]
    }
  ])
})

t.test('every problem of a file of accepted services is told at once, with its place', async t => {
  const file = {
    services: [
      {
        ...offer,
        rank: 0,
        accepted: [
          { slot: 95, slots: 2, amount: 5 },
          { slot: 1, amount: 7 }
        ],
        colour: 'red'
      },
      { ...least, offerId: 'a', direction: 'SIDEWAYS', pods: [], accepted: [{ slot: 96, amount: -1 }] }
    ]
  }
  t.notOk(isOfSchema(file))
  const { problems = [] } = parseServices(file, 96)
  t.strictSame(problems.map(({ path }) => path).toSorted(), [
    '/services/0/accepted',
    '/services/0/accepted/0/slots',
    '/services/0/colour',
    '/services/0/rank',
    '/services/1/accepted/0/amount',
    '/services/1/accepted/0/slot',
    '/services/1/direction',
    '/services/1/offerId',
    '/services/1/pods'
  ])
  for (const wrong of [null, 1, [], 'x', {}]) t.ok((parseServices(wrong, 96).problems ?? []).length > 0)
})

const book: Book = {
  mtus: 4,
  units: [{ id: 'unit', pods: ['one', 'two'] }],
  offers: [
    {
      kind: 'single',
      id: 'single',
      unit: 'unit',
      quantity: 'P',
      direction: 'UP',
      service: 'any',
      intervals: [
        { mtu: 0, mtus: 2, steps: [{ quantity: 500, price: 1 }], minAcceptance: 200 },
        { mtu: 2, mtus: 2, steps: [{ quantity: 500, price: 1 }], minAcceptance: 0 }
      ]
    },
    {
      kind: 'block',
      id: 'block',
      unit: 'unit',
      quantity: 'P',
      direction: 'UP',
      service: 'any',
      power: 300,
      duration: 2,
      maxEnergy: 600,
      earliest: 0,
      latest: 4,
      price: 1,
      minAcceptance: 300
    }
  ],
  requests: [],
  rules: defaultRules
}
const run = { requestId: 'r', side: 'DSO', price: 1 } as const
const outcome: Pick<ClearingOutcome, 'offers'> = {
  offers: [
    {
      id: 'single',
      rank: 2,
      allocations: [
        { ...run, mtu: 1, mtus: 2, power: 250 },
        { ...run, mtu: 2, mtus: 1, power: 50 }
      ]
    },
    { id: 'block', rank: 1, allocations: [{ ...run, mtu: 1, mtus: 2, power: 300 }] }
  ]
}

t.test(
  'T-17, T-18: a market outcome and its book are accepted services, with members, blocks and minimum acceptances',
  async t => {
    t.ok(isMarketOutcome(outcome))
    const { services } = servicesOfMarket(book, outcome, 4)
    t.match(services, [
      {
        offerId: 'single',
        rank: 2,
        isBlock: false,
        members: [{ pod: 'one' }, { pod: 'two' }],
        accepted: [
          { slot: 1, amount: 250, minAcceptance: 200 },
          { slot: 2, amount: 250, minAcceptance: 0 },
          { slot: 2, amount: 50 }
        ]
      },
      { offerId: 'block', rank: 1, isBlock: true, minAcceptance: 300 }
    ])
    t.ok(servicesOfMarket(book, { offers: [{ id: 'other', rank: 1, allocations: [] }] }, 4).problems)
    t.ok(servicesOfMarket(book, outcome, 3).problems, 'more MTUs than slots')
  }
)
