import fc from 'fast-check'
import t from 'tap'
import { loadSolver } from '../../optimisation/solver.ts'
import type { Activation, FlexibleUnit } from '../flexible-unit.ts'
import type { Network } from '../network.ts'
import { aLine, compiledOf, radialNetwork, runs } from '../networks.fixtures.ts'
import { copyOf, powerFlow } from '../power-flow.ts'
import { defaultThresholds, type Limits, limitsOf, violationsOf } from '../violations.ts'
import { planFlexibility, withActivations } from './plan-flexibility.ts'

const solver = await loadSolver()

interface Case {
  readonly network: Network
  readonly units: readonly FlexibleUnit[]
  readonly limits: Limits
}

/** Limits are drawn inside of what the state has, so that most cases are violated, in voltage, in currents, or both. */
const caseOf = (kind: FlexibleUnit['kind'] | 'both', unitsMax: number, meshed = false): fc.Arbitrary<Case> =>
  fc
    .record({
      network: radialNetwork,
      ring: fc.tuple(fc.nat(), fc.nat()),
      share: fc.double({ min: 0.3, max: 1.2, noNaN: true }),
      rated: fc.double({ min: 0.5, max: 1.2, noNaN: true }),
      drawn: fc.array(
        fc.record({
          at: fc.nat(),
          upP: fc.integer({ min: 0, max: 12_000 }),
          downP: fc.integer({ min: -12_000, max: 0 }),
          upQ: fc.integer({ min: 0, max: 6_000 }),
          downQ: fc.integer({ min: -6_000, max: 0 }),
          ways: fc.integer({ min: 1, max: 15 }),
          price: fc.integer({ min: 50, max: 400 }),
          isDiscrete: fc.boolean()
        }),
        { minLength: 1, maxLength: unitsMax }
      )
    })
    .map(({ network: radial, ring, share, rated, drawn }) => {
      const medium = radial.buses.filter(({ kV }) => kV === 10)
      const [from, to] = [medium[ring[0] % medium.length]!.id, medium[ring[1] % medium.length]!.id]
      const network =
        meshed && from !== to ? { ...radial, lines: [...radial.lines, aLine(from, to, { id: 'ring' })] } : radial
      const compiled = compiledOf(network)
      const state = powerFlow(compiled).solve()
      if (state.status !== 'converged') throw new Error('a network of the fixtures diverges')
      const lowest = state.vm_pu.reduce((least, value) => Math.min(least, value), 2)
      const highest = state.vm_pu.reduce((most, value) => Math.max(most, value), 0)
      const most = state.lines.loadingPercent.reduce((largest, value) => Math.max(largest, value || 0), 1)
      const band = {
        minPu: 1.02 - (1.02 - lowest) * share - 1e-4,
        maxPu: Math.max(1.0201, 1.02 + (highest - 1.02) * share)
      }
      const limits = limitsOf(compiled, {
        ...defaultThresholds,
        voltage: { low: band, medium: band, high: band },
        loadingPercent: most * rated
      })
      const units = drawn.map(
        ({ at, ways, price, isDiscrete, upP, downP, upQ, downQ }, n): FlexibleUnit => ({
          pod: `pod ${n}`,
          bus: network.buses[at % network.buses.length]!.id,
          kind: kind === 'both' ? (isDiscrete ? 'discrete' : 'continuous') : kind,
          band: {
            upP: ways & 1 ? upP : 0,
            downP: ways & 2 ? downP : 0,
            upQ: ways & 4 ? upQ : 0,
            downQ: ways & 8 ? downQ : 0
          },
          prices: { upP: price * 1000, downP: price * 900, upQ: price * 100, downQ: price * 110 }
        })
      )
      return { network, units, limits }
    })

const planned = ({ network, units, limits }: Case, sizes = { step: 10, smallest: 10 }) => {
  const compiled = compiledOf(network)
  const [slot] = planFlexibility(compiled, [{ powers: {} }], units, solver, { limits, sizes }).slots
  return { compiled, slot: slot! }
}

const remainingWith = ({ network, units, limits }: Case, activations: readonly Activation[]): number => {
  const compiled = compiledOf(network)
  const state = powerFlow(compiled).solve(withActivations(compiled, {}, units, activations))
  if (state.status !== 'converged') return Number.POSITIVE_INFINITY
  return violationsOf(compiled, limits, copyOf(state)).length
}

const staysInBands = ({ units }: Case, activations: readonly Activation[], step: number): boolean =>
  activations.every(({ pod, p, q }) => {
    const { kind, band } = units.find(unit => unit.pod === pod)!
    if (!Number.isInteger(p) || !Number.isInteger(q) || (p === 0 && q === 0)) return false
    if (kind === 'discrete') return [0, band.upP, band.downP].includes(p) && [0, band.upQ, band.downQ].includes(q)
    const isWhole = p % step === 0 && q % step === 0
    return isWhole && p <= band.upP && p >= band.downP && q <= band.upQ && q >= band.downQ
  })

for (const [title, drawn] of [
  ['on trees', caseOf('both', 20)],
  ['in rings', caseOf('both', 12, true)]
] as const)
  t.test(`DTP-ROF-02: ${title} a cured slot has no violation by a power flow, within bands and steps`, async () => {
    fc.assert(
      fc.property(drawn, one => {
        const { slot } = planned(one)
        if (slot.status === 'clean') return remainingWith(one, []) === 0
        if (slot.status === 'diverged') return false
        const left = remainingWith(one, slot.activations)
        return staysInBands(one, slot.activations, 10) && (slot.status === 'cured') === (left === 0)
      }),
      runs(120)
    )
  })

/** Cheapest of all combinations by the power flow itself; Infinity: none holds. */
const exhaustive = (one: Case): number => {
  const compiled = compiledOf(one.network)
  const flow = powerFlow(compiled)
  const ways = one.units.flatMap(({ band, prices }, unit) =>
    (['upP', 'downP', 'upQ', 'downQ'] as const)
      .filter(name => Math.abs(band[name]) >= 10)
      .map(name => ({ unit, name, amount: band[name], cost: (Math.abs(band[name]) / 1000) * 0.25 * prices[name] }))
  )
  let best = Number.POSITIVE_INFINITY
  const tried = (chosen: typeof ways): void => {
    const has = (unit: number, name: string): boolean => chosen.some(way => way.unit === unit && way.name === name)
    if (
      chosen.some(({ unit, name }) => (name === 'downP' && has(unit, 'upP')) || (name === 'downQ' && has(unit, 'upQ')))
    )
      return
    const cost = chosen.reduce((sum, way) => sum + way.cost, 0)
    if (cost >= best) return
    const activations = chosen.map(({ unit, name, amount }) => ({
      pod: one.units[unit]!.pod,
      p: name.endsWith('P') ? amount : 0,
      q: name.endsWith('Q') ? amount : 0
    }))
    const state = flow.solve(withActivations(compiled, {}, one.units, activations))
    if (state.status === 'converged' && violationsOf(compiled, one.limits, state).length === 0) best = cost
  }
  for (let set = 0; set < 1 << ways.length; set++) tried(ways.filter((_, n) => (set >> n) & 1))
  return best
}

const fewSwitches = caseOf('discrete', 9).map(
  (one): Case => ({
    ...one,
    units: one.units
      .map(unit => ({ ...unit, band: { ...unit.band, upQ: 0, downQ: 0 } }))
      .filter(
        // At most 10 ways in all, which a test can afford to try.
        (_, n, all) =>
          all.slice(0, n + 1).reduce((sum, { band }) => sum + (band.upP > 0 ? 1 : 0) + (band.downP < 0 ? 1 : 0), 0) <=
          10
      )
  })
)

t.test(
  'DTP-OPT-01: few on/off units cost what the best of all their combinations costs, by AC power flows',
  async () => {
    fc.assert(
      fc.property(fewSwitches, one => {
        const { slot } = planned(one)
        const best = exhaustive(one)
        if (slot.status === 'clean') return best === 0
        if (slot.status === 'diverged') return false
        return slot.status === 'residual'
          ? best === Number.POSITIVE_INFINITY
          : Math.abs(slot.cost_microEuro - best) <= 1 + 1e-6 * best
      }),
      runs(60)
    )
  }
)

t.test(
  'DTP-ROF-02: continuous units cannot be replaced more cheaply: no other point near by holds and costs less',
  async () => {
    const drawn = fc.tuple(caseOf('continuous', 10), fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })))
    fc.assert(
      fc.property(drawn, ([one, draws]) => {
        const { slot, compiled } = planned(one, { step: 1, smallest: 1 })
        if (slot.status !== 'cured') return true
        const flow = powerFlow(compiled)
        for (let n = 0; n < 30; n++) {
          // Amounts moved at random, kept in their bands.
          const byPod = new Map(slot.activations.map(activation => [activation.pod, activation]))
          const reach = 10 ** (1 + (n % 4))
          const other = one.units.map(({ pod, band }) => {
            const { p, q } = byPod.get(pod) ?? { p: 0, q: 0 }
            const clamp = (value: number, low: number, high: number): number =>
              Math.round(Math.min(high, Math.max(low, value)))
            return {
              pod,
              p: clamp(p + reach * draws.next().value, band.downP, band.upP),
              q: clamp(q + reach * draws.next().value, band.downQ, band.upQ)
            }
          })
          const cost = other.reduce((sum, { p, q }, unit) => {
            const { prices } = one.units[unit]!
            return (
              sum +
              0.00025 * (p > 0 ? p * prices.upP : -p * prices.downP) +
              0.00025 * (q > 0 ? q * prices.upQ : -q * prices.downQ)
            )
          }, 0)
          if (cost >= slot.optimum_microEuro * (1 - 1e-6) - 1) continue
          const state = flow.solve(withActivations(compiled, {}, one.units, other))
          if (state.status === 'converged' && violationsOf(compiled, one.limits, state).length === 0) return false
        }
        return true
      }),
      runs(100)
    )
  }
)
