import fc from 'fast-check'
import t from 'tap'
import { loadSolver } from '../../optimisation/solver.ts'
import { aBus, aLine, aLoad, aNetwork, aTransformer, compiledOf } from '../networks.fixtures.ts'
import { powerFlow } from '../power-flow.ts'
import { limitsOf, violationsOf } from '../violations.ts'
import { planFlexibility, withActivations } from './plan-flexibility.ts'
import { type PlacedUnit, substationRequests } from './substation-requests.ts'

const solver = await loadSolver()
const none = { upP: 0, downP: 0, upQ: 0, downQ: 0 }
const prices = { upP: 1, downP: 1, upQ: 1, downQ: 1 }

/** A transformer with two low-voltage feeders of customers, each 60 m from the one before. */
const station = (near: readonly number[], far: readonly number[]) => {
  const loads = [...near.map((kW, n) => ['N', n, kW] as const), ...far.map((kW, n) => ['F', n, kW] as const)]
  const bus = (feeder: string, n: number): string => (n < 0 ? 'LV' : `${feeder}${n}`)
  const network = aNetwork({
    buses: [aBus('MV', 10), aBus('LV', 0.4), ...loads.map(([feeder, n]) => aBus(bus(feeder, n), 0.4))],
    lines: loads.map(([feeder, n]) =>
      aLine(bus(feeder, n - 1), bus(feeder, n), { r_ohm: 0.06, x_ohm: 0.02, max_A: 1_000 })
    ),
    transformers: [aTransformer('MV', 'LV', { rated_kVA: 100 })],
    externalGrids: [{ bus: 'MV', vm_pu: 1, va_degree: 0 }],
    loads: loads.map(([feeder, n, kW]) => aLoad(bus(feeder, n), kW, 0))
  })
  const units = loads.map(
    ([feeder, n, kW]): PlacedUnit => ({
      pod: bus(feeder, n),
      bus: bus(feeder, n),
      kind: 'continuous',
      band: { ...none, upP: 700 * kW },
      prices,
      services: ['congestion', 'voltage'],
      secondarySubstation: 'MV',
      feeder: null
    })
  )
  return { compiled: compiledOf(network), units }
}

const asked = (given: ReturnType<typeof station>) => {
  const { compiled, units } = given
  const { slots } = planFlexibility(compiled, [{ powers: {} }], units, solver, { limits: withMargin(compiled) })
  return { slot: slots[0]!, requests: substationRequests({ compiled, slots: [{}], units, pom: 'HV' }, slots) }
}

/** The margin that the grid operator plans with. */
const withMargin = (compiled: ReturnType<typeof station>['compiled']) => {
  const { minPu, maxPu, linePercent, transformerPercent } = limitsOf(compiled)
  return {
    minPu: minPu.map(limit => limit + 0.001),
    maxPu: maxPu.map(limit => limit - 0.001),
    linePercent: linePercent.map(limit => limit - 1),
    transformerPercent: transformerPercent.map(limit => limit - 1)
  }
}

t.test('DTP-ROF-03: an overloaded transformer is a request at its substation that all below it may serve', async t => {
  const { slot, requests } = asked(station([20, 20, 20], [20, 20, 20]))
  t.equal(slot.status, 'cured')
  const [request] = requests
  t.equal(requests.length, 1)
  t.match(request, {
    level: 'secondarySubstation',
    location: 'MV',
    quantity: 'P',
    direction: 'UP',
    service: 'congestion'
  })
  t.same(request!.pods, ['F0', 'F1', 'F2', 'N0', 'N1', 'N2'])
  const planned = 'activations' in slot ? slot.activations.reduce((sum, { p }) => sum + p, 0) : 0
  const { amount } = request!.profile[0]!
  t.ok(amount >= planned && amount <= 1.25 * planned, `${amount} for ${planned}`)
})

t.test('DTP-ROF-03: who hangs on another feeder is not listed for a voltage that he hardly changes', async t => {
  const { slot, requests } = asked(station([1, 1, 1], [1, 1, 1, 22, 42]))
  t.equal(slot.status, 'cured')
  t.ok(requests.length > 0)
  for (const { pods, service } of requests) {
    t.equal(service, 'voltage')
    t.notOk(
      pods.some(pod => pod.startsWith('N')),
      pods.join()
    )
  }
})

t.test('DTP-ROF-03: a PoD that does no congestion service is not listed for one, unless the plan moves it', async t => {
  const given = station([20, 20, 20], [20, 20, 20])
  const units = given.units.map(unit => (unit.pod === 'N0' ? { ...unit, services: ['voltage' as const] } : unit))
  const { slots } = planFlexibility(
    given.compiled,
    [{ powers: {} }],
    units.filter(({ pod }) => pod !== 'N0'),
    solver
  )
  const requests = substationRequests({ compiled: given.compiled, slots: [{}], units, pom: 'HV' }, slots)
  t.notOk(requests.some(({ pods }) => pods.includes('N0')))
})

t.test('nothing planned is nothing asked', async t => {
  t.same(asked(station([1], [1])).requests, [])
})

t.test('DTP-ROF-02: whichever of the listed PoDs serve what is asked, no limit is broken any more', async () => {
  const load = fc.integer({ min: 2, max: 30 })
  const feeder = fc.array(load, { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(feeder, feeder, fc.infiniteStream(fc.nat()), (near, far, luck) => {
      const given = station(near, far)
      const { slot, requests } = asked(given)
      fc.pre(slot.status === 'cured' && requests.length > 0)
      const moved = new Map<string, number>()
      for (const { pods, quantity, direction, profile } of requests) {
        if (quantity !== 'P' || direction !== 'UP') throw new Error('these units can only withdraw less')
        let left = profile[0]!.amount
        const order = pods.map(pod => [luck.next().value as number, pod] as const).sort(([a], [b]) => a - b)
        for (const [, pod] of order) {
          const room = given.units.find(unit => unit.pod === pod)!.band.upP - (moved.get(pod) ?? 0)
          const taken = Math.min(room, left)
          moved.set(pod, (moved.get(pod) ?? 0) + taken)
          left -= taken
        }
        // Lists share no PoD that is planned, and ask for no more than they have.
        if (left > 0) return
      }
      const after = withActivations(
        given.compiled,
        {},
        given.units,
        [...moved].map(([pod, p]) => ({ pod, p, q: 0 }))
      )
      const state = powerFlow(given.compiled).solve(after)
      if (state.status !== 'converged') throw new Error('no solution')
      const broken = violationsOf(given.compiled, limitsOf(given.compiled), state)
      if (broken.length > 0) throw new Error(JSON.stringify({ broken, requests, moved: [...moved] }))
    }),
    {
      numRuns: Number(process.env['FC_RUNS'] ?? 150),
      ...(process.env['FC_SEED'] && { seed: Number(process.env['FC_SEED']) })
    }
  )
})
