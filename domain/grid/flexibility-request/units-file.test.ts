import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { compiledOf, networkOf } from '../networks.fixtures.ts'
import { PRICE_DEFAULT, parseUnits } from './units-file.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../../docs/reference/flexibility-units.schema.json', import.meta.url), 'utf8')
)
const isOfSchema = new Ajv2020({ strict: true }).compile(schema)
const compiled = compiledOf(networkOf('baran-wu-33.json'))
const { id, bus } = compiled.network.loads[0]!

t.test('DTP-OPT-01: units are read with their defaults, and the JSON Schema takes them', async t => {
  const file = {
    units: [
      { pod: id, band: { upP: 1_000 } },
      { pod: 'A', bus, kind: 'discrete', band: { downQ: -50 }, prices: { downQ: 7 }, services: ['voltage'] }
    ]
  }
  t.ok(isOfSchema(file), JSON.stringify(isOfSchema.errors))
  const none = { upP: 0, downP: 0, upQ: 0, downQ: 0 }
  const usual = { upP: PRICE_DEFAULT, downP: PRICE_DEFAULT, upQ: PRICE_DEFAULT, downQ: PRICE_DEFAULT }
  t.match(parseUnits(file, compiled).units, [
    { pod: id, bus, kind: 'continuous', band: { ...none, upP: 1_000 }, prices: usual },
    {
      ...{ pod: 'A', bus, kind: 'discrete', services: ['voltage'] },
      ...{ band: { ...none, downQ: -50 }, prices: { ...usual, downQ: 7 } }
    }
  ])
})

t.test('the example of the documentation is taken by the JSON Schema', async t => {
  const file = JSON.parse(
    readFileSync(new URL('../../../examples/flexibility/baran-wu-33.units.json', import.meta.url), 'utf8')
  )
  t.ok(isOfSchema(file), JSON.stringify(isOfSchema.errors))
  t.equal(parseUnits(file, compiled).units?.length, 32)
})

t.test('everything that is wrong with units is told at once', async t => {
  const file = {
    units: [
      { pod: 'nowhere', band: {} },
      { pod: 'A', bus: 'nowhere', band: { upP: -1, downP: 1.5 }, kind: 'both' },
      { pod: 'A', bus, band: { upX: 1 }, prices: { upP: -1 }, services: [] },
      7
    ]
  }
  t.notOk(isOfSchema(file))
  t.same(
    parseUnits(file, compiled)
      .problems?.map(({ path }) => path)
      .sort(),
    [
      '/units/0/pod',
      '/units/1/band/downP',
      '/units/1/band/upP',
      '/units/1/bus',
      '/units/1/kind',
      '/units/2/band/upX',
      '/units/2/pod',
      '/units/2/prices/upP',
      '/units/2/services',
      '/units/3'
    ]
  )
})
