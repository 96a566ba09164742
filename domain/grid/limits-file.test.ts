import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { parseThresholds } from './limits-file.ts'
import { networkOf } from './networks.fixtures.ts'
import { defaultThresholds } from './violations.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../docs/reference/grid-limits.schema.json', import.meta.url), 'utf8')
)
const isOfSchema = new Ajv2020({ strict: true }).compile(schema)
const network = networkOf('cigre-mv.json')

t.test('T-71: limits are set for a level, for all loadings, and for single elements; the rest stays', async t => {
  const line = network.lines[0]!.id
  const file = {
    voltage: { medium: { minPu: 0.93 } },
    loadingPercent: 90,
    buses: { 'Bus 11': { maxPu: 1.02 } },
    lines: { [line]: 70 }
  }
  t.ok(isOfSchema(file), JSON.stringify(isOfSchema.errors))
  t.same(parseThresholds(file, network).thresholds, {
    voltage: { ...defaultThresholds.voltage, medium: { minPu: 0.93, maxPu: 1.05 } },
    loadingPercent: 90,
    buses: { 'Bus 11': { maxPu: 1.02 } },
    lines: { [line]: 70 },
    transformers: {}
  })
  t.same(parseThresholds({}, network).thresholds, { ...defaultThresholds, buses: {}, lines: {}, transformers: {} })
})

t.test('everything that is wrong with limits is told at once', async t => {
  const file = {
    voltage: { medium: { minPu: 1.1, maxPu: 0.9 }, low: { minPu: 230 } },
    loadingPercent: 0.9,
    buses: { nowhere: {} },
    lines: [],
    colour: 'red'
  }
  t.notOk(isOfSchema(file))
  t.same(
    parseThresholds(file, network)
      .problems?.map(({ path }) => path)
      .sort(),
    ['/buses', '/colour', '/lines', '/loadingPercent', '/voltage/low/minPu', '/voltage/medium']
  )
})
