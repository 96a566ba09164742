import t from 'tap'
import { compileNetwork } from './compile-network.ts'
import {
  aBus,
  aLine,
  aLoad,
  aNetwork,
  aSwitch,
  aTransformer,
  compiledOf,
  difference,
  jsonOf,
  networkOf,
  solved
} from './networks.fixtures.ts'
import { copyOf, powerFlow } from './power-flow.ts'

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0)
const round = (value: number, digits: number): string => value.toFixed(digits)

t.test('DTP-PF-01: the 33-bus network has the published voltages and losses', async t => {
  const published =
    '1 .997032 .982938 .975456 .968059 .949658 .946173 .941328 .935059 .929244 .928384 .926885 .920772 .918505 .917093 .915725 .913698 .913090 .996504 .992926 .992222 .991584 .979352 .972681 .969356 .947729 .945165 .933726 .925507 .921950 .917789 .916873 .916590'
  const state = solved(networkOf('baran-wu-33.json'))
  published.split(' ').forEach((voltage, n) => {
    t.equal(round(state.vm_pu[n]!, 6), round(Number(voltage), 6), `bus ${n + 1}`)
  })
  t.equal(round(state.vm_pu[17]!, 8), '0.91309048')
  t.equal(round(state.lineLosses_kW, 5), '202.67713')
  t.equal(round(sum(state.lines.losses_kvar.filter(value => !Number.isNaN(value))), 5), '135.14097')
})

t.test('DTP-PF-01: the 69-bus network has the published lowest voltage and losses', async t => {
  const state = solved(networkOf('baran-wu-69.json'))
  t.equal(Math.min(...state.vm_pu), state.vm_pu[64])
  t.equal(round(state.vm_pu[64]!, 8), '0.90918771')
  t.equal(round(state.lineLosses_kW, 5), '224.99169')
  t.equal(round(sum(state.lines.losses_kvar), 5), '102.15805')
})

t.test('DTP-PF-02: the CIGRE medium-voltage network has the published voltages, losses and loadings', async t => {
  const published =
    '1.03 .991972 .968147 .930961 .929098 .927823 .926321 .925122 .925404 .924422 .923174 .922980 1.000146 .995326 .992553'
  const state = solved(networkOf('cigre-mv.json'))
  published.split(' ').forEach((voltage, n) => {
    t.equal(round(state.vm_pu[n]!, 6), round(Number(voltage), 6), `bus ${n}`)
  })
  t.equal(round(state.vm_pu[11]!, 8), '0.92297978')
  t.equal(round(state.lineLosses_kW, 5), '233.74961')
  t.equal(round(state.transformerLosses_kW, 5), '69.83218')
  t.equal(round(state.externalGrid_kW[0]! / 1000, 5), '45.04573')
  // pandapower 3.5.6 gives 16.341411; an older one was published with 16.34142.
  t.equal(round(state.externalGrid_kvar[0]! / 1000, 5), '16.34141')
  t.equal(round(Math.max(...state.lines.loadingPercent.filter(value => value > 0)), 2), '96.96')
  t.equal(round(Math.max(...state.transformers.loadingPercent), 2), '101.41')
})

interface Solution {
  readonly summary: { readonly externalGrid_kW: number; readonly externalGrid_kvar: number }
  readonly buses: { readonly vm_pu: number[]; readonly va_degree: number[] }
  readonly lines: Record<'loadingPercent' | 'p_from_kW' | 'q_from_kvar' | 'losses_kW', number[]>
  readonly transformers: Record<'loadingPercent' | 'losses_kW', number[]>
}

for (const name of ['lv-urban', 'mv-urban', 'district'])
  t.test(`DTP-PF-02: ${name} equals pandapower's solution, voltages to 1e-8 pu, powers to 0.01 W`, async t => {
    const state = solved(networkOf(`simbench/${name}.json.gz`))
    const { summary, buses, lines, transformers } = jsonOf(`simbench/${name}.solution.json.gz`) as Solution
    // The file has 9 digits.
    t.ok(difference(state.vm_pu, buses.vm_pu) < 1e-8)
    t.ok(difference(state.va_degree, buses.va_degree) < 1e-6)
    t.ok(difference(state.lines.loadingPercent, lines.loadingPercent) < 1e-6)
    t.ok(difference(state.lines.pFrom_kW, lines.p_from_kW) < 1e-5)
    t.ok(difference(state.lines.qFrom_kvar, lines.q_from_kvar) < 1e-5)
    t.ok(difference(state.lines.losses_kW, lines.losses_kW) < 1e-6)
    t.ok(difference(state.transformers.loadingPercent, transformers.loadingPercent) < 1e-6)
    t.ok(difference(state.transformers.losses_kW, transformers.losses_kW) < 1e-6)
    t.ok(Math.abs(state.externalGrid_kW[0]! - summary.externalGrid_kW) < 1e-4)
    t.ok(Math.abs(state.externalGrid_kvar[0]! - summary.externalGrid_kvar) < 1e-4)
  })

interface Slot {
  readonly title: string
  readonly loadsById_kW_kvar: Record<string, readonly [number, number]>
  readonly generatorsById_kW_kvar: Record<string, readonly [number, number]>
  readonly solution: Solution
}

t.test(
  'slots of a year, one with reverse flow, equal their solutions when one compiled network solves them all',
  async t => {
    const network = networkOf('simbench/district.json.gz')
    const flow = powerFlow(compiledOf(network))
    const powers = (list: readonly { readonly id: string }[], byId: Slot['loadsById_kW_kvar']) => ({
      p_kW: Float64Array.from(list, ({ id }) => byId[id]![0]),
      q_kvar: Float64Array.from(list, ({ id }) => byId[id]![1])
    })
    for (const slot of jsonOf('simbench/district.slots.json.gz') as Slot[]) {
      const state = flow.solve({
        loads: powers(network.loads, slot.loadsById_kW_kvar),
        generators: powers(network.generators, slot.generatorsById_kW_kvar)
      })
      if (state.status !== 'converged') return t.fail(slot.title)
      t.ok(difference(state.vm_pu, slot.solution.buses.vm_pu) < 1e-8, slot.title)
      t.ok(difference(state.transformers.loadingPercent, slot.solution.transformers.loadingPercent) < 1e-6)
      t.ok(Math.abs(state.externalGrid_kW[0]! - slot.solution.summary.externalGrid_kW) < 1e-4)
    }
    return undefined
  }
)

t.test('a line with one open end stays energised from the other and takes its charging there', async t => {
  const lines = [aLine('A', 'B'), aLine('B', 'C', { c_nF: 500, g_uS: 3 })]
  const buses = [aBus('A'), aBus('B'), aBus('C')]
  const loads = [aLoad('B', 300, 100)]
  const open = solved(aNetwork({ buses, lines, loads, transformers: [], switches: [aSwitch('C', 'B-C')] }))
  const dangling = solved(aNetwork({ buses, lines, loads, transformers: [] }))
  t.ok(Math.abs(open.vm_pu[1]! - dangling.vm_pu[1]!) < 1e-12)
  t.ok(Math.abs(open.lines.qFrom_kvar[1]! - dangling.lines.qFrom_kvar[1]!) < 1e-9)
  t.ok(open.lines.qFrom_kvar[1]! < -10)
  t.equal(open.lines.iTo_A[1], 0)
  t.ok(Number.isNaN(open.vm_pu[2]!), 'the bus behind the switch has no voltage')
})

t.test('a line with both ends open has no state, and an island no voltage', async t => {
  const switches = [aSwitch('B', 'B-C'), aSwitch('C', 'B-C')]
  const state = solved(aNetwork({ switches }))
  t.ok(Number.isNaN(state.lines.iFrom_A[1]!))
  t.ok(Number.isNaN(state.lines.losses_kW[1]!))
  t.strictSame(
    Array.from(state.vm_pu, value => Number.isNaN(value)),
    [false, false, true, true]
  )
  t.ok(Math.abs(state.externalGrid_kW[0]! - 300 - state.lineLosses_kW) < 1e-9, 'the load of the island is not supplied')
})

t.test('closed bus-to-bus switches make one bus of two', async t => {
  const joined = solved(
    aNetwork({
      buses: [aBus('A'), aBus('A2'), aBus('B'), aBus('C'), aBus('L', 0.4)],
      lines: [aLine('A2', 'B', { id: 'A-B' }), aLine('B', 'C')],
      switches: [aSwitch('A', 'A2', { elementType: 'bus', closed: true })]
    })
  )
  const plain = solved(aNetwork())
  t.equal(joined.vm_pu[0], joined.vm_pu[1])
  t.ok(difference(joined.vm_pu.slice(1), plain.vm_pu) < 1e-14)
})

t.test('two external grids of one voltage share what one would give, and both ends carry half', async t => {
  const state = solved(
    aNetwork({
      buses: [aBus('A'), aBus('B'), aBus('C')],
      transformers: [],
      externalGrids: [
        { bus: 'A', vm_pu: 1, va_degree: 0 },
        { bus: 'C', vm_pu: 1, va_degree: 0 }
      ],
      loads: [aLoad('B', 300, 100)]
    })
  )
  t.ok(Math.abs(state.externalGrid_kW[0]! - state.externalGrid_kW[1]!) < 1e-9)
  t.ok(Math.abs(state.externalGrid_kW[0]! + state.externalGrid_kW[1]! - 300 - state.lineLosses_kW) < 1e-9)
})

t.test('the transformer model is T unless pi is asked for, and both differ by little', async t => {
  const network = networkOf('simbench/lv-urban.json.gz')
  const at = (model: 't' | 'pi') => {
    const state = powerFlow(compiledOf(network, { transformerModel: model })).solve()
    return state.status === 'converged' ? state.transformerLosses_kW : Number.NaN
  }
  t.ok(Math.abs(at('t') - 4.8459817) < 1e-6)
  t.not(at('pi'), at('t'))
  t.ok(Math.abs(at('pi') - at('t')) < 0.01)
})

t.test('a tap on the high side of +2 steps lowers the low side as its ratio says', async t => {
  const unloaded = (tapPosition: number) =>
    solved(
      aNetwork({
        loads: [],
        transformers: [aTransformer('C', 'L', { tapPosition, ironLoss_kW: 0, i0_percent: 0 })]
      })
    )
  t.ok(Math.abs(unloaded(2).vm_pu[3]! - 1 / 1.05) < 1e-12)
  t.ok(Math.abs(unloaded(0).va_degree[3]! + 150) < 1e-9, 'the low side lags by the shift')
})

t.test('more load than the grid can carry is a divergence that names the weakest bus, never a number', async t => {
  const flow = powerFlow(compiledOf(aNetwork({ loads: [aLoad('L', 20_000, 8_000)] })))
  const state = flow.solve()
  t.equal(state.status, 'diverged')
  if (state.status !== 'diverged') return
  t.equal(state.bus, 'L')
  t.ok(state.iterations <= 30)
  t.notOk('vm_pu' in state)
})

t.test('up to the nose of its curve a feeder is solved, beyond it nothing is', async t => {
  // One line of impedance z at 1 pu: the largest load of unity power factor is 1 / (2·(|z| + r)).
  const [r, x] = [0.3, 0.2]
  const nose_kW = (1e5 / (2 * (Math.hypot(r, x) + r))) * 1
  const at = (p_kW: number) =>
    powerFlow(
      compiledOf(
        aNetwork({
          buses: [aBus('A'), aBus('B')],
          lines: [aLine('A', 'B')],
          transformers: [],
          loads: [aLoad('B', p_kW, 0)]
        })
      )
    ).solve().status
  for (const share of [0.5, 0.9, 0.99, 0.9999, 0.999999]) t.equal(at(share * nose_kW), 'converged', String(share))
  for (const share of [1.0001, 1.01, 2, 100]) t.equal(at(share * nose_kW), 'diverged', String(share))
})

t.test('a result is overwritten by the next call, a copy is not', async t => {
  const flow = powerFlow(compiledOf(aNetwork()))
  const first = flow.solve()
  if (first.status !== 'converged') return t.fail('diverged')
  const kept = copyOf(first)
  const before = kept.vm_pu[1]
  flow.solve({ loads: { p_kW: Float64Array.of(600, 120), q_kvar: Float64Array.of(100, 40) } })
  t.equal(kept.vm_pu[1], before)
  t.not(first.vm_pu[1], before)
  return undefined
})

t.test('powers of the wrong number are a defect of the caller, not another result', async t => {
  const flow = powerFlow(compiledOf(aNetwork()))
  t.throws(() => flow.solve({ loads: { p_kW: Float64Array.of(1), q_kvar: Float64Array.of(1) } }), RangeError)
})

t.test('a network with errors is answered with its problems and not compiled', async t => {
  const { compiled, problems } = compileNetwork(aNetwork({ externalGrids: [] }))
  t.equal(compiled, undefined)
  t.equal(problems[0]?.code, 'no-external-grid')
})
