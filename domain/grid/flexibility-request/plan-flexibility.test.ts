import t from 'tap'
import { loadSolver } from '../../optimisation/solver.ts'
import type { FlexibleUnit } from '../flexible-unit.ts'
import { aBus, aLine, aLoad, aNetwork, compiledOf, networkOf } from '../networks.fixtures.ts'
import { powerFlow } from '../power-flow.ts'
import { defaultThresholds, limitsOf, violationsOf } from '../violations.ts'
import { planFlexibility, withActivations } from './plan-flexibility.ts'

const solver = await loadSolver()
const none = { upP: 0, downP: 0, upQ: 0, downQ: 0 }
const aUnit = (pod: string, fields: Partial<FlexibleUnit> = {}): FlexibleUnit => ({
  pod,
  bus: pod,
  kind: 'continuous',
  band: { ...none, upP: 50_000 },
  prices: { ...none, upP: 100_000, downP: 100_000, upQ: 10_000, downQ: 10_000 },
  ...fields
})

const baranWu = compiledOf(networkOf('baran-wu-33.json'))
const from93 = limitsOf(baranWu, {
  ...defaultThresholds,
  voltage: { ...defaultThresholds.voltage, medium: { minPu: 0.93, maxPu: 1.1 } }
})

/**
 * Costs in € of pandapower 3.5.6's AC optimal power flow (interior point) for the same cases: `node bench/peers/activation.ts`.
 * Every load may leave off half of its P at a price of a kWh, and of its Q at `q` times that.
 */
const optima = [
  { price: () => 100_000, q: 0, euro: 43.7177151944525 },
  { price: (n: number) => 100_000 + 1_000 * ((n * 37) % 50), q: 0, euro: 54.31760837133655 },
  { price: (n: number) => 100_000 + 1_000 * ((n * 37) % 50), q: 1, euro: 53.50644203287698 },
  { price: () => 100_000, q: 0.2, euro: 19.333144191506488 }
]

t.test('DTP-OPT-02: 33 buses with 32 loads to be halved cost what the AC optimal power flow says, to 1e-6', async t => {
  for (const { price, q, euro } of optima) {
    const units = baranWu.network.loads.map(({ id, bus, p_kW, q_kvar }, n) =>
      aUnit(id, {
        bus,
        band: { ...none, upP: Math.round(500 * p_kW), upQ: q === 0 ? 0 : Math.round(500 * q_kvar) },
        prices: { ...none, upP: price(n), upQ: price(n) * q }
      })
    )
    const { slots } = planFlexibility(baranWu, [{ powers: {} }], units, solver, {
      limits: from93,
      sizes: { step: 1, smallest: 1 },
      slotHours: 1
    })
    const [slot] = slots
    if (slot?.status !== 'cured') return void t.fail(String(slot?.status))
    t.ok(Math.abs(slot.optimum_microEuro / 1e6 / euro - 1) < 1e-6, `${slot.optimum_microEuro / 1e6} €, not ${euro}`)
    t.ok(slot.cost_microEuro / 1e6 / euro - 1 < 1e-5, 'whole W cost little more')
    t.equal(violationsOf(baranWu, from93, slot.state).length, 0)
  }
})

t.test('DTP-ROF-01: where nothing is violated nothing is asked, however cheap it is', async t => {
  const { slots, cost_microEuro } = planFlexibility(
    baranWu,
    [{ powers: {} }],
    baranWu.network.loads.map(({ bus }) => aUnit(bus, { prices: none })),
    solver,
    {
      limits: limitsOf(baranWu, {
        ...defaultThresholds,
        voltage: { ...defaultThresholds.voltage, medium: { minPu: 0.9, maxPu: 1.1 } }
      })
    }
  )
  t.same(slots, [{ status: 'clean' }])
  t.equal(cost_microEuro, 0)
})

/** A feeder of two customers behind one line that carries 50 A, about 866 kW. */
const feeder = aNetwork({
  buses: [aBus('A'), aBus('B'), aBus('C'), aBus('D')],
  lines: [aLine('A', 'B', { max_A: 50 }), aLine('B', 'C'), aLine('B', 'D')],
  transformers: [],
  loads: [aLoad('C', 500, 0), aLoad('D', 400, 0)]
})

t.test(
  'DTP-ROF-02: an overload is removed by the cheaper customer, in whole steps and by no more than one',
  async t => {
    const compiled = compiledOf(feeder)
    const units = [aUnit('C', { prices: { ...none, upP: 90_000 } }), aUnit('D', { prices: { ...none, upP: 80_000 } })]
    const [slot] = planFlexibility(compiled, [{ powers: {} }], units, solver).slots
    if (slot?.status !== 'cured') return void t.fail(String(slot?.status))
    t.equal(slot.violations[0]?.kind, 'line-overload')
    t.same(
      slot.activations.map(({ pod }) => pod),
      ['D']
    )
    const { p } = slot.activations[0]!
    t.equal(p % 10, 0)
    const less = withActivations(compiled, {}, units, [{ pod: 'D', p: p - 10, q: 0 }])
    const state = powerFlow(compiled).solve(less)
    t.ok(state.status === 'converged' && violationsOf(compiled, limitsOf(compiled), state).length > 0)
    t.equal(slot.cost_microEuro, Math.round((p / 1000) * 0.25 * 80_000))
  }
)

t.test('DTP-ROF-02: what the units cannot remove is stated, and they do what they can', async t => {
  const compiled = compiledOf(feeder)
  const units = [aUnit('C', { band: { ...none, upP: 10_000, downP: -90_000 } })]
  const [slot] = planFlexibility(compiled, [{ powers: {} }], units, solver).slots
  if (slot?.status !== 'residual') return void t.fail(String(slot?.status))
  t.same(slot.activations, [{ pod: 'C', p: 10_000, q: 0 }])
  t.match(slot.remaining, [{ kind: 'line-overload', element: 'A-B' }])
})

t.test('units at buses without voltage, or that the network does not have, are never asked', async t => {
  const compiled = compiledOf(
    aNetwork({ ...feeder, buses: [...feeder.buses, aBus('island')], loads: [...feeder.loads, aLoad('island', 1, 0)] })
  )
  const units = [aUnit('island'), aUnit('nowhere')]
  const [slot] = planFlexibility(compiled, [{ powers: {} }], units, solver).slots
  t.match(slot, { status: 'residual', activations: [] })
})

t.test('a slot without a solution is answered with the divergence and no numbers, the others are planned', async t => {
  const compiled = compiledOf(feeder)
  const p_kW = Float64Array.of(90_000, 90_000)
  const units = [aUnit('C'), aUnit('D')]
  const { slots } = planFlexibility(
    compiled,
    [{ powers: { loads: { p_kW, q_kvar: p_kW } } }, { powers: {} }],
    units,
    solver
  )
  t.match(slots[0], { status: 'diverged', divergence: { status: 'diverged' } })
  t.equal(slots[1]?.status, 'cured')
})

t.test('T-71: a bid is never below the smallest one, and bands below it are left alone', async t => {
  const compiled = compiledOf(feeder)
  const units = [
    aUnit('C', { band: { ...none, upP: 20_000 }, prices: { ...none, upP: 1 } }),
    aUnit('D', { band: { ...none, upP: 100_000 } })
  ]
  const [slot] = planFlexibility(compiled, [{ powers: {} }], units, solver, { sizes: { smallest: 60_000 } }).slots
  t.match(slot, { status: 'cured', activations: [{ pod: 'D', p: 60_000 }] })
})

t.test('DTP-PF-07: a slot may have bands of its own, what day-ahead has left of them', async t => {
  const compiled = compiledOf(feeder)
  const left = [aUnit('C', { band: { ...none, upP: 40_000 } })]
  const { slots } = planFlexibility(
    compiled,
    [{ powers: {} }, { powers: {}, units: left }],
    [aUnit('D', { prices: { ...none, upP: 1 } })],
    solver
  )
  t.match(slots, [{ activations: [{ pod: 'D' }] }, { activations: [{ pod: 'C' }] }])
})
