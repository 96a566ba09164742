import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import type { PlacedUnit } from '../../domain/grid/flexibility-request/substation-requests.ts'
import { aLine, compiledOf, radialNetwork, runs } from '../../domain/grid/networks.fixtures.ts'
import { powerFlow, type SlotPowers } from '../../domain/grid/power-flow.ts'
import { validationCase } from '../../domain/grid/technical-validation/validation-cases.fixtures.ts'
import { defaultThresholds, limitsOf } from '../../domain/grid/violations.ts'
import type { PlanProblem, SlotsProblem } from '../../domain/grid-operation/calculation.ts'
import { gridCalculation } from '../../domain/grid-operation/grid-calculation.ts'
import { loadSolver } from '../../domain/optimisation/solver.ts'
import { calculationThreads } from './calculation-threads.ts'

const here = gridCalculation(await loadSolver())
const pools = [1, 3].map(threads => calculationThreads({ threads, shareLeast: 1, networksMax: 2 }))
t.teardown(() => Promise.all(pools.map(pool => pool.close())))
const drawnPool = fc.constantFrom(...pools)

const slot = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: 0.2, max: 1.4, noNaN: true }) },
  // More than any grid carries.
  { weight: 1, arbitrary: fc.constant(5_000) }
)

const drawnUnit = fc.record({
  at: fc.nat(),
  upP: fc.integer({ min: 0, max: 12_000 }),
  downP: fc.integer({ min: -12_000, max: 0 }),
  upQ: fc.integer({ min: 0, max: 6_000 }),
  downQ: fc.integer({ min: -6_000, max: 0 }),
  ways: fc.integer({ min: 1, max: 15 }),
  isDiscrete: fc.boolean(),
  station: fc.constantFrom('S1', 'S2', null),
  feeder: fc.constantFrom('F1', null),
  services: fc.subarray<'congestion' | 'voltage'>(['congestion', 'voltage']),
  /** Slots in which half of it is left. */
  half: fc.array(fc.nat({ max: 5 }), { maxLength: 2 })
})

/** A tree or a ring, with limits that most slots break. */
const drawnDay: fc.Arbitrary<Omit<PlanProblem, 'violated'> & SlotsProblem> = fc
  .record({
    radial: radialNetwork,
    ring: fc.option(fc.tuple(fc.nat(), fc.nat())),
    share: fc.double({ min: 0.3, max: 1.2, noNaN: true }),
    rated: fc.double({ min: 0.5, max: 1.2, noNaN: true }),
    shares: fc.array(slot, { minLength: 1, maxLength: 6 }),
    drawn: fc.array(drawnUnit, { minLength: 1, maxLength: 12 })
  })
  .map(({ radial, ring, share, rated, shares, drawn }) => {
    const medium = radial.buses.filter(({ kV }) => kV === 10)
    const [from, to] = (ring ?? [0, 0]).map(n => medium[n % medium.length]!.id)
    const network =
      from === to ? radial : { ...radial, lines: [...radial.lines, aLine(from!, to!, { id: 'closing the ring' })] }
    const compiled = compiledOf(network)
    const state = powerFlow(compiled).solve()
    if (state.status !== 'converged') throw new Error('a network of the fixtures diverges')
    const lowest = state.vm_pu.reduce((least, value) => Math.min(least, value), 2)
    const band = { minPu: 1.02 - (1.02 - lowest) * share - 1e-4, maxPu: 1.05 }
    const most = state.lines.loadingPercent.reduce((largest, value) => Math.max(largest, value || 0), 1)
    const limits = limitsOf(compiled, {
      ...defaultThresholds,
      voltage: { low: band, medium: band, high: band },
      loadingPercent: most * rated
    })
    const slots = shares.map((of): SlotPowers => {
      const { p_kW, q_kvar } = compiled.loads
      return { loads: { p_kW: p_kW.map(p => p * of), q_kvar: q_kvar.map(q => q * of) } }
    })
    const units = drawn.map(({ at, ways, isDiscrete, upP, downP, upQ, downQ, station, feeder, services }, n) => {
      const unit: PlacedUnit = {
        ...{ pod: `pod ${n}`, bus: network.buses[at % network.buses.length]!.id, services, feeder },
        ...{ kind: isDiscrete ? 'discrete' : 'continuous', secondarySubstation: station },
        band: {
          upP: ways & 1 ? upP : 0,
          downP: ways & 2 ? downP : 0,
          upQ: ways & 4 ? upQ : 0,
          downQ: ways & 8 ? downQ : 0
        },
        prices: { upP: 1, downP: 1, upQ: 1, downQ: 1 }
      }
      return unit
    })
    const bands = slots.map((_, at) => {
      const own = units.filter((_, n) => drawn[n]!.half.includes(at))
      const halved = own.map(({ pod, band }) => [pod, { ...band, upP: band.upP / 2, downP: 0 }] as const)
      return own.length === 0 ? undefined : new Map(halved)
    })
    return { compiled, limits, slots, start: 0, units, bands, pom: 'POM', minimumBid: 10 }
  })

t.test('the states, requests and help that any number of threads gives are those of one calculation', async t => {
  let diverged = 0
  let requested = 0
  await fc.assert(
    fc.asyncProperty(drawnDay, drawnPool, async (day, pool) => {
      const states = here.states(day)
      diverged += states.divergences.length
      if (!isDeepStrictEqual(await pool.states(day), states)) return false
      const violated = new Set(states.violations.flatMap((found, n) => (found?.length ? [n] : [])))
      const plan = here.plan({ ...day, violated })
      requested += plan.requests.length
      return isDeepStrictEqual(await pool.plan({ ...day, violated }), plan)
    }),
    runs(40)
  )
  t.ok(diverged > 0 && requested > 0, `${diverged} slots without a solution, ${requested} requests`)
})

for (const [title, place] of [
  ['within limits without them', { min: 0, max: 1.2 }],
  ['some broken without them', { min: -0.3, max: 1 }]
] as const)
  t.test(`any number of threads judges services as one calculation does, blocks too; ${title}`, async t => {
    const found = { block: 0, residual: 0 }
    await fc.assert(
      fc.asyncProperty(
        validationCase({ kinds: 'any', most: 8, slots: 4, place, effectLeast: 0.01 }),
        fc.array(slot, { minLength: 4, maxLength: 4 }),
        fc.boolean(),
        drawnPool,
        async (drawn, shares, isHeavy, pool) => {
          const heavy = drawn.slots.map(({ loads }, n): SlotPowers => {
            const share = shares[n]! > 2 ? shares[n]! : 1
            return {
              loads: { p_kW: loads!.p_kW.map(p => p * share), q_kvar: loads!.q_kvar.map(q => q * share) }
            }
          })
          const given = isHeavy ? { ...drawn, slots: heavy } : drawn
          const judged = here.validate(given)
          for (const { slots } of judged.services) for (const { reason } of slots) if (reason === 'block') found.block++
          for (const { residual, divergence } of judged.slots) if (divergence || residual.length > 0) found.residual++
          return isDeepStrictEqual(await pool.validate(given), judged)
        }
      ),
      runs(100)
    )
    t.ok(found.block > 0 && found.residual > 0, JSON.stringify(found))
  })
