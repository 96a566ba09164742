import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { networkToJson, parseNetwork } from './network-file.ts'
import { aNetwork, jsonOf, networkOf } from './networks.fixtures.ts'

const schema = JSON.parse(readFileSync(new URL('../../docs/reference/network.schema.json', import.meta.url), 'utf8'))
const isNetwork = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema)

const examples = [
  'baran-wu-33.json',
  'baran-wu-69.json',
  'cigre-mv.json',
  ...['lv-urban', 'mv-urban', 'district'].map(name => `simbench/${name}.json.gz`)
]

for (const path of examples)
  t.test(`${path} is read, satisfies the JSON Schema, and is the same network when written and read again`, async t => {
    t.ok(isNetwork(jsonOf(path)), JSON.stringify(isNetwork.errors?.slice(0, 3)))
    const network = networkOf(path)
    const written: unknown = JSON.parse(JSON.stringify(networkToJson(network)))
    t.ok(isNetwork(written), JSON.stringify(isNetwork.errors?.slice(0, 3)))
    t.same(parseNetwork(written).network, network)
  })

const places = (json: unknown): string[] => parseNetwork(json).problems.map(({ code, path }) => `${code} ${path}`)

t.test('what is no object is no network', async t => {
  for (const json of [null, 3, 'text', [], undefined]) t.strictSame(places(json), ['bad-value '])
})

t.test('every field that is missing, of the wrong type or unknown is reported at once with its place', async t => {
  t.strictSame(
    places({
      name: 7,
      volts: 3,
      buses: [{ id: 'A', kV: -1 }, { kV: '20' }, 'B'],
      lines: [{ id: 'x', from: 'A', to: 'B', x_ohm: 1, colour: 'red' }],
      switches: [{ id: 's', bus: 'A', element: 'x', elementType: 'fuse', closed: 'yes' }],
      loads: { id: 'L' }
    }).sort(),
    [
      'bad-value /buses/0/kV',
      'bad-value /buses/1/kV',
      'bad-value /buses/2',
      'bad-value /loads',
      'bad-value /name',
      'bad-value /switches/0/closed',
      'bad-value /switches/0/elementType',
      'missing-data /buses/1/id',
      'missing-data /buses/2/id',
      'missing-data /buses/2/kV',
      'missing-data /lines/0/r_ohm',
      'unknown-field /lines/0/colour',
      'unknown-field /volts'
    ]
  )
})

t.test('an example with each field broken in turn is refused by the reader and by the JSON Schema alike', async t => {
  const whole = JSON.parse(
    JSON.stringify(networkToJson(aNetwork({ shunts: [{ id: 's', bus: 'A', p_kW: 0, q_kvar: -3, inService: true }] })))
  ) as Record<string, unknown>
  t.ok(isNetwork(whole))
  for (const [list, items] of Object.entries(whole)) {
    if (!Array.isArray(items) || items.length === 0) continue
    for (const name of Object.keys(items[0])) {
      const broken = { ...whole, [list]: [{ ...items[0], [name]: { not: 'a value' } }, ...items.slice(1)] }
      t.notOk(isNetwork(broken), `${list} ${name}`)
      t.equal(parseNetwork(broken).network, undefined, `${list} ${name}`)
    }
  }
})
