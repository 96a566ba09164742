import t from 'tap'
import type { FlexibleUnit } from '../flexible-unit.ts'
import { aBus, aLine, aLoad, aNetwork, compiledOf } from '../networks.fixtures.ts'
import { powerFlow, type SlotPowers } from '../power-flow.ts'
import { limitsOf, violationsOf } from '../violations.ts'
import { alertsOf } from './alerts.ts'

const none = { upP: 0, downP: 0, upQ: 0, downQ: 0 }
const aUnit = (pod: string, bus: string, band: Partial<FlexibleUnit['band']>): FlexibleUnit => ({
  pod,
  bus,
  kind: 'continuous',
  band: { ...none, ...band },
  prices: none
})

/** A feeder A-B with customers C and D behind it that carries 50 A; E hangs on another feeder. */
const compiled = compiledOf(
  aNetwork({
    buses: ['A', 'B', 'C', 'D', 'E'].map(id => aBus(id)),
    lines: [aLine('A', 'B', { max_A: 50 }), aLine('B', 'C'), aLine('B', 'D'), aLine('A', 'E')],
    transformers: [],
    loads: [aLoad('C', 500, 0), aLoad('D', 300, 0), aLoad('E', 300, 0)]
  })
)
const limits = limitsOf(compiled)
const slotOf = (kW: number) => {
  const powers: SlotPowers = { loads: { p_kW: Float64Array.of(kW, 300, 300), q_kvar: new Float64Array(3) } }
  const state = powerFlow(compiled).solve(powers)
  if (state.status !== 'converged') throw new Error('diverged')
  return { powers, violations: violationsOf(compiled, limits, state) }
}

t.test(
  'DTP-PF-08: one alert for a line that is overloaded in several slots, with its worst value and who can help',
  async t => {
    const units = [
      aUnit('c', 'C', { upP: 100_000 }),
      aUnit('d', 'D', { upP: 50_000, downP: -30_000 }),
      aUnit('e', 'E', { upP: 70_000 })
    ]
    const slots = [slotOf(500), slotOf(650), slotOf(700), slotOf(100), slotOf(600)]
    const alerts = alertsOf(compiled, slots, units)
    t.equal(alerts.length, 1)
    const [alert] = alerts
    t.match(alert, {
      kind: 'line-overload',
      element: 'A-B',
      slots: [
        { first: 1, slots: 2 },
        { first: 4, slots: 1 }
      ],
      worst: { slot: 2, unit: 'A', limit: 50 }
    })
    t.ok(Math.abs(alert!.worst.beyond - (alert!.worst.value - 50)) < 1e-9 && alert!.worst.beyond > 5)
    t.match(alert!.helpful, [{ quantity: 'P', direction: 'UP', total: 150_000, podCount: 2 }])
    t.same(new Set(alert!.helpful[0]!.pods), new Set(['c', 'd']))
    // About 58 A for 1 MW at 10 kV.
    t.ok(alert!.helpful[0]!.effect < -8 && alert!.helpful[0]!.effect > -10, `${alert!.helpful[0]!.effect} A`)
  }
)

t.test('DTP-PF-08: an alert names no more points of delivery than it may, and says how many there are', async t => {
  const units = Array.from({ length: 9 }, (_, n) => aUnit(`c${n}`, 'C', { upP: 1_000 }))
  const [alert] = alertsOf(compiled, [slotOf(700)], units, { podsMax: 4 })
  t.match(alert?.helpful, [{ podCount: 9, total: 9_000 }])
  t.equal(alert?.helpful[0]?.pods.length, 4)
})

t.test('slots without violations give no alert', async t => {
  t.same(alertsOf(compiled, [slotOf(100)], []), [])
})
