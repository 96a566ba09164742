import fc from 'fast-check'
import t from 'tap'
import type { Network } from './network.ts'
import { aLine, compiledOf, networkOf, radialNetwork, runs } from './networks.fixtures.ts'
import { type GridState, powerFlow } from './power-flow.ts'
import { type Monitored, regionsOf, sensitivitiesAt } from './sensitivities.ts'

const ringed = fc
  .tuple(radialNetwork, fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 3 }))
  .map(([network, ends]): Network => {
    const medium = network.buses.filter(({ kV }) => kV === 10)
    const rings = ends.flatMap(([a, b], n) => {
      const [from, to] = [medium[a % medium.length]!.id, medium[b % medium.length]!.id]
      return from === to ? [] : [aLine(from, to, { id: `ring ${n}`, c_nF: 20 })]
    })
    return { ...network, lines: [...network.lines, ...rings] }
  })

const monitoredValue = (state: GridState, monitored: Monitored): number => {
  switch (monitored.kind) {
    case 'voltage':
      return state.vm_pu[monitored.bus]!
    case 'losses':
      return state.lineLosses_kW + state.transformerLosses_kW
    default: {
      const branches = monitored.kind === 'line' ? state.lines : state.transformers
      return (monitored.end === 'from' ? branches.iFrom_A : branches.iTo_A)[monitored.index]!
    }
  }
}

const quantitiesAndSteps = [
  ['p', 0.1],
  ['q', 0.1],
  ['p', 4],
  ['q', 4]
] as const

/** Largest distance of a sensitivity from the central difference, relative to the quantity's largest sensitivity. */
const largestError = (network: Network, picks: readonly number[]): number => {
  const compiled = compiledOf(network)
  const flow = powerFlow(compiled)
  const state = flow.solve()
  if (state.status !== 'converged') return 0
  const minimum_A = 20
  const all: Monitored[] = [
    ...network.buses.map((_, bus): Monitored => ({ kind: 'voltage', bus })),
    ...(['from', 'to'] as const).flatMap(end => [
      ...network.lines.map((_, index): Monitored => ({ kind: 'line', index, end })),
      ...network.transformers.map((_, index): Monitored => ({ kind: 'transformer', index, end }))
    ])
    // A current near 0 bends too much for differences to follow.
  ].filter(one => one.kind === 'voltage' || monitoredValue(state, one) > minimum_A)
  const asked: Monitored[] = [{ kind: 'losses' }, ...picks.map(pick => all[pick % all.length]!)]
  flow.point.linearise()
  const sensitivityOf = sensitivitiesAt(flow.point)
  const found = asked.map(sensitivityOf)
  const buses = picks.map(pick => pick % network.buses.length)
  const errors = asked.map(() => 0)
  // Losses are small differences of large flows: 1e-8 of what is injected is all that a double gives.
  const sizes = found.map(({ p, q }, n) =>
    Math.max(asked[n]!.kind === 'losses' ? 0.02 : 1e-9, ...p.map(Math.abs), ...q.map(Math.abs))
  )
  for (const bus of buses)
    for (const [quantity, step_kW] of quantitiesAndSteps) {
      const row = compiled.rowOfBus[bus]!
      const at = [-2, -1, 1, 2].map(times => {
        const p_kW = new Float64Array(network.buses.length)
        const q_kvar = new Float64Array(network.buses.length)
        ;(quantity === 'p' ? p_kW : q_kvar)[bus] = times * step_kW
        const moved = flow.solve({ injected: { p_kW, q_kvar } })
        if (moved.status !== 'converged') throw new Error('moved out of what the grid carries')
        return asked.map(one => monitoredValue(moved, one))
      })
      asked.forEach((_, n) => {
        // Currents bend: they need the small step, all else is lost in rounding with it.
        if ((asked[n]!.kind === 'voltage' || asked[n]!.kind === 'losses') !== step_kW > 1) return
        // Central difference of fourth order.
        const difference = (at[0]![n]! - 8 * at[1]![n]! + 8 * at[2]![n]! - at[3]![n]!) / (12 * step_kW)
        const { first, end, p, q } = found[n]!
        const exact = row >= first && row < end ? (quantity === 'p' ? p : q)[row - first]! : 0
        errors[n] = Math.max(errors[n]!, Math.abs(exact - difference))
      })
    }
  return Math.max(...errors.map((error, n) => error / sizes[n]!))
}

const picks = fc.array(fc.nat(), { minLength: 4, maxLength: 4 })

t.test('DTP-OPT-02: on trees sensitivities equal central differences to 1e-6', async () => {
  fc.assert(
    fc.property(radialNetwork, picks, (network, picked) => largestError(network, picked) < 1e-6),
    runs(80)
  )
})

t.test('DTP-OPT-02: in rings sensitivities equal central differences to 1e-6', async () => {
  fc.assert(
    fc.property(ringed, picks, (network, picked) => largestError(network, picked) < 1e-6),
    runs(80)
  )
})

t.test('on a tree the walk and the sparse elimination give the same sensitivities', async () => {
  fc.assert(
    fc.property(radialNetwork, fc.nat(), (network, pick) => {
      const compiled = compiledOf(network)
      const [tree, mesh] = (['tree', 'mesh'] as const).map(method => {
        const flow = powerFlow(compiled, method)
        flow.solve()
        flow.point.linearise()
        return sensitivitiesAt(flow.point)({ kind: 'voltage', bus: pick % network.buses.length })
      })
      return tree!.p.every((value, n) => Math.abs(value - mesh!.p[n]!) < 1e-12)
    }),
    runs(50)
  )
})

t.test('regions cover all rows beside those of external grids once', async t => {
  const { equations } = compiledOf(networkOf('cigre-mv.json'))
  const regions = regionsOf(equations)
  t.equal(regions[0]?.first, equations.fixedRows)
  t.equal(regions.at(-1)?.end, equations.rows)
  for (let n = 1; n < regions.length; n++) t.equal(regions[n]!.first, regions[n - 1]!.end)
})
