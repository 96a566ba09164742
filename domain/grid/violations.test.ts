import t from 'tap'
import type { Network } from './network.ts'
import { aLoad, aNetwork, aTransformer, compiledOf } from './networks.fixtures.ts'
import { powerFlow } from './power-flow.ts'
import { defaultThresholds, limitsOf, type Thresholds, violationsOf } from './violations.ts'

const found = (fields: Partial<Network>, thresholds?: Thresholds) => {
  const compiled = compiledOf(aNetwork(fields))
  const state = powerFlow(compiled).solve()
  if (state.status !== 'converged') throw new Error(state.reason)
  return violationsOf(compiled, limitsOf(compiled, thresholds), state)
}

t.test(
  'T-71: a grid within 0.90–1.10 pu at low and 0.95–1.05 pu at medium voltage and 100 % has no violation',
  async t => {
    t.strictSame(found({}), [])
  }
)

t.test('T-71: medium voltage below 0.95 pu is a violation, low voltage only below 0.90 pu', async t => {
  const violations = found({ externalGrids: [{ bus: 'A', vm_pu: 0.945, va_degree: 0 }] })
  t.strictSame(
    violations.map(({ kind, element }) => `${kind} ${element}`),
    ['under-voltage A', 'under-voltage B', 'under-voltage C']
  )
  t.match(violations[0], { value_pu: 0.945, limit_pu: 0.95, index: 0 })
})

t.test('T-71: above 1.05 pu medium voltage is too high', async t => {
  t.match(found({ externalGrids: [{ bus: 'A', vm_pu: 1.06, va_degree: 0 }] })[0], {
    kind: 'over-voltage',
    limit_pu: 1.05
  })
})

t.test('T-71: limits of the file count before those of the level, and thresholds by id before both', async t => {
  const low = { externalGrids: [{ bus: 'A', vm_pu: 0.945, va_degree: 0 }] }
  const buses = aNetwork().buses.map(bus => (bus.id === 'B' ? { ...bus, minVoltagePu: 0.9 } : bus))
  const names = (thresholds?: Thresholds) => found({ ...low, buses }, thresholds).map(({ element }) => element)
  t.strictSame(names(), ['A', 'C'])
  t.strictSame(names({ ...defaultThresholds, buses: { A: { minPu: 0.9 }, B: { minPu: 0.95 } } }), ['B', 'C'])
})

t.test('DTP-PF-05: an overload says current, limit and loading at the end that is nearer to its rating', async t => {
  const lines = aNetwork().lines.map(line => ({ ...line, max_A: 20 }))
  const [first, second] = found({ lines, loads: [aLoad('B', 300, 100), aLoad('L', 390, 90)] })
  t.match(first, { kind: 'line-overload', element: 'A-B', limit_A: 20, limitPercent: 100 })
  if (first?.kind !== 'line-overload') return t.fail('no overload')
  t.ok(first.value_A > 40 && first.value_A < 43)
  t.ok(Math.abs(first.loadingPercent - first.value_A * 5) < 1e-9)
  t.match(second, { kind: 'line-overload', element: 'B-C' })
  return undefined
})

t.test('T-71: the loading limit of one element can be set, as can that of all', async t => {
  const fields = { loads: [aLoad('L', 390, 90)], transformers: [aTransformer('C', 'L')] }
  t.match(found(fields), [{ kind: 'transformer-overload', element: 'C>L' }])
  t.strictSame(found(fields, { ...defaultThresholds, transformers: { 'C>L': 120 } }), [])
  t.strictSame(found(fields, { ...defaultThresholds, loadingPercent: 120 }), [])
  const lines = aNetwork().lines.map((line, n) => (n === 0 ? { ...line, id: 'constructor', max_A: 15 } : line))
  t.match(
    found({ lines, loads: [aLoad('B', 300, 100)] }, { ...defaultThresholds, lines: { 'B-C': 50 } }),
    [{ kind: 'line-overload', element: 'constructor' }],
    'whatever an element is called'
  )
})

t.test('a value at its limit up to rounding is within', async t => {
  t.strictSame(
    found({
      loads: [],
      externalGrids: [{ bus: 'A', vm_pu: 0.95 - 1e-12, va_degree: 0 }],
      buses: aNetwork().buses.map(bus => ({ ...bus, minVoltagePu: bus.id === 'A' ? 0.95 : 0 }))
    }),
    []
  )
})

t.test('thousands of violations are all found', async t => {
  const buses = Array.from({ length: 5000 }, (_, n) => ({ id: String(n), kV: 10, inService: true }))
  const lines = buses.slice(1).map(({ id }) => ({ ...aNetwork().lines[0]!, id, from: '0', to: id, max_A: 0.001 }))
  const loads = buses.slice(1).map(({ id }) => aLoad(id, 1, 0))
  t.equal(
    found({ buses, lines, loads, transformers: [], externalGrids: [{ bus: '0', vm_pu: 0.9, va_degree: 0 }] }).length,
    5000 + 4999
  )
})
