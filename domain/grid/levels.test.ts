import fc from 'fast-check'
import t from 'tap'
import { levelsOf, lumpedNetwork, solveLevels } from './levels.ts'
import type { Network } from './network.ts'
import {
  aBus,
  aLine,
  aNetwork,
  aSwitch,
  aTransformer,
  networkOf,
  radialNetwork,
  runs,
  solved
} from './networks.fixtures.ts'

/** Largest difference between the levels and the whole network at once; NaN where one of both has no voltage. */
const gap = (network: Network): number => {
  const levels = levelsOf(network)
  const solution = solveLevels(levels)
  if (solution.status !== 'converged') throw new Error(JSON.stringify(solution))
  const whole = solved(network)
  const voltage = new Map<string, number>()
  levels.low.forEach(({ network: { buses } }, n) => {
    for (const [bus, { id }] of buses.entries()) voltage.set(id, solution.low[n]?.vm_pu[bus] ?? Number.NaN)
  })
  for (const [bus, { id }] of levels.medium.buses.entries()) voltage.set(id, solution.medium.vm_pu[bus]!)
  return Math.max(
    ...network.buses.map(({ id }, n) => {
      const [one, other] = [whole.vm_pu[n]!, voltage.get(id)!]
      return Number.isNaN(one) && Number.isNaN(other) ? 0 : Math.abs(one - other)
    })
  )
}

t.test('DTP-PF-04: low-voltage networks lumped into medium voltage give what the whole network gives', async t => {
  const network = networkOf('simbench/district.json.gz')
  const { medium, low } = levelsOf(network)
  t.equal(low.length, 133)
  t.equal(medium.buses.length, 144 + 133)
  t.equal(low.reduce((sum, one) => sum + one.network.loads.length, 0) + medium.loads.length - 133, network.loads.length)
  t.ok(gap(network) < 1e-9)
})

t.test('DTP-PF-04: in random networks too', async () => {
  fc.assert(
    fc.property(radialNetwork, network => gap(network) < 1e-8),
    runs(100)
  )
})

t.test(
  'low-voltage networks that an open switch ties are cut apart, those that an open line ties stay together',
  async t => {
    const buses = [...aNetwork().buses, aBus('M', 0.4), aBus('N', 0.4)]
    const transformers = [...aNetwork().transformers, aTransformer('B', 'M')]
    const tie = { buses, transformers, lines: [...aNetwork().lines, aLine('M', 'N', { r_ohm: 0.01, x_ohm: 0.005 })] }
    const bySwitch = aNetwork({ ...tie, switches: [aSwitch('N', 'L', { elementType: 'bus' })] })
    const byLine = aNetwork({
      ...tie,
      lines: [...tie.lines, aLine('N', 'L', { r_ohm: 0.01, x_ohm: 0.005, c_nF: 50 })],
      switches: [aSwitch('L', 'N-L')]
    })
    t.equal(levelsOf(bySwitch).low.length, 2)
    t.equal(levelsOf(byLine).low.length, 0)
    for (const network of [bySwitch, byLine]) t.ok(gap(network) < 1e-9)
  }
)

t.test('one round is the lumped load of a busbar at nominal voltage, and near the whole', async t => {
  const levels = levelsOf(networkOf('simbench/district.json.gz'))
  const once = solveLevels(levels, { rounds: 1 })
  if (once.status !== 'converged') return t.fail(once.status)
  t.equal(once.rounds, 1)
  t.ok(once.largestChange_pu > 1e-3)
  return undefined
})

t.test('what hangs below a dead busbar has no state instead of a wrong one', async t => {
  const network = aNetwork({ switches: [aSwitch('B', 'B-C'), aSwitch('C', 'B-C')] })
  const solution = solveLevels(levelsOf(network))
  t.match(solution, { status: 'converged', low: [undefined] })
  t.equal(gap(network), 0)
})

t.test('DTP-PF-04: low-voltage networks without a participant become one load each, the others stay', async t => {
  const network = networkOf('simbench/district.json.gz')
  const [busbar] = levelsOf(network).low.map(one => one.busbar)
  const below = new Set(levelsOf(network).low[0]!.network.buses.map(({ id }) => id))
  const loads = network.loads.map(({ pod: _, ...load }) =>
    below.has(load.bus) ? { ...load, pod: `POD-${load.id}` } : load
  )
  const result = lumpedNetwork({ ...network, loads })
  if (result.status !== 'lumped') return t.fail(result.status)
  t.equal(result.lumped, 132)
  t.equal(result.network.buses.length, 144 + 132 + below.size, 'the busbar counts once')
  t.ok(result.network.loads.every(({ id }) => id !== `below ${busbar}`))
  const [whole, lumped] = [solved(network), solved(result.network)]
  const places = new Map(network.buses.map(({ id }, n) => [id, n]))
  for (const [n, { id }] of result.network.buses.entries())
    if (!(Math.abs(lumped.vm_pu[n]! - whole.vm_pu[places.get(id)!]!) < 1e-9)) return t.fail(`${id} has another voltage`)
  t.ok(Math.abs(lumped.externalGrid_kW[0]! - whole.externalGrid_kW[0]!) < 1e-6)
  return undefined
})

t.test('a network whose low voltage has no solution is not lumped', async t => {
  const heavy = aNetwork().loads.map(load => ({ ...load, p_kW: 1e6 }))
  t.match(lumpedNetwork(aNetwork({ loads: heavy })), { status: 'diverged' })
})
