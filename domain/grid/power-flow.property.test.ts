import fc from 'fast-check'
import t from 'tap'
import type { Network } from './network.ts'
import { aLine, compiledOf, difference, radialNetwork, runs, solved } from './networks.fixtures.ts'
import { copyOf, type GridState, powerFlow } from './power-flow.ts'

const total = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0)

const assertProperty = (arbitrary: fc.Arbitrary<Network>, holds: (network: Network) => boolean): void =>
  fc.assert(fc.property(arbitrary, holds), runs(100))

/** A ring or two on top of a tree, of 10 kV buses only. */
const meshedNetwork = fc
  .tuple(radialNetwork, fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 }))
  .map(([network, ends]) => {
    const medium = network.buses.filter(({ kV }) => kV === 10)
    const rings = ends.flatMap(([a, b], n) => {
      const [from, to] = [medium[a % medium.length]!.id, medium[b % medium.length]!.id]
      return from === to ? [] : [aLine(from, to, { id: `ring ${n}`, c_nF: 20 })]
    })
    return { ...network, lines: [...network.lines, ...rings] }
  })

/** What each bus gives away by its branches is what is injected there; largest gap in kW or kvar. */
const imbalance = (network: Network, state: GridState): number => {
  const left = new Map(network.buses.map(({ id }) => [id, { p: 0, q: 0 }]))
  const add = (bus: string, p: number, q: number): void => {
    left.get(bus)!.p += p
    left.get(bus)!.q += q
  }
  network.lines.forEach(({ from, to }, n) => {
    add(from, -state.lines.pFrom_kW[n]!, -state.lines.qFrom_kvar[n]!)
    add(to, -state.lines.pTo_kW[n]!, -state.lines.qTo_kvar[n]!)
  })
  network.transformers.forEach(({ highVoltageBus, lowVoltageBus }, n) => {
    add(highVoltageBus, -state.transformers.pFrom_kW[n]!, -state.transformers.qFrom_kvar[n]!)
    add(lowVoltageBus, -state.transformers.pTo_kW[n]!, -state.transformers.qTo_kvar[n]!)
  })
  for (const { bus, p_kW, q_kvar } of network.loads) add(bus, -p_kW, -q_kvar)
  for (const { bus, p_kW, q_kvar } of network.generators) add(bus, p_kW, q_kvar)
  network.externalGrids.forEach(({ bus }, n) => {
    add(bus, state.externalGrid_kW[n]!, state.externalGrid_kvar[n]!)
  })
  return Math.max(...[...left.values()].map(({ p, q }) => Math.max(Math.abs(p), Math.abs(q))))
}

t.test('active and reactive power balance at every bus, in trees and in rings', async () => {
  assertProperty(radialNetwork, network => imbalance(network, solved(network)) < 1e-6)
  assertProperty(meshedNetwork, network => imbalance(network, solved(network)) < 1e-6)
})

t.test('the external grid gives what loads take less what generators give, plus the losses', async () => {
  assertProperty(radialNetwork, network => {
    const state = solved(network)
    const taken = total(network.loads.map(load => load.p_kW)) - total(network.generators.map(({ p_kW }) => p_kW))
    return Math.abs(state.externalGrid_kW[0]! - taken - state.lineLosses_kW - state.transformerLosses_kW) < 1e-6
  })
})

t.test('losses of every line and transformer are at least 0', async () => {
  assertProperty(meshedNetwork, network => {
    const { lines, transformers } = solved(network)
    return [...lines.losses_kW, ...transformers.losses_kW].every(losses => losses > -1e-6)
  })
})

t.test('from the solution of other powers the same is found, to 1e-10 pu', async () => {
  const isSame = (network: Network): boolean => {
    const compiled = compiledOf(network)
    const [anew, on] = [powerFlow(compiled).point, powerFlow(compiled).point]
    return [0.9, 0.999, 1.05].every((share, n) => {
      const { p_kW, q_kvar } = compiled.loads
      const loads = { p_kW: p_kW.map(p => p * share), q_kvar: q_kvar.map(q => q * share) }
      for (const point of [anew, on]) point.load({ loads })
      const statuses = [anew.solve(), n === 0 ? on.solve() : on.resolve()].map(({ status }) => status)
      return (
        statuses.every(status => status === 'converged') &&
        difference(anew.re, on.re) < 1e-10 &&
        difference(anew.im, on.im) < 1e-10
      )
    })
  }
  assertProperty(radialNetwork, isSame)
  assertProperty(meshedNetwork, isSame)
})

t.test('on a tree the walk from the leaves and the sparse elimination find the same', async () => {
  assertProperty(radialNetwork, network => {
    const [tree, mesh] = [solved(network, {}, 'tree'), solved(network, {}, 'mesh')]
    return (
      difference(tree.vm_pu, mesh.vm_pu) < 1e-11 &&
      difference(tree.va_degree, mesh.va_degree) < 1e-9 &&
      difference(tree.lines.pFrom_kW, mesh.lines.pFrom_kW) < 1e-6
    )
  })
})

t.test('the order of the elements in the file does not matter', async () => {
  fc.assert(
    fc.property(meshedNetwork, fc.infiniteStream(fc.nat()), (network, draws) => {
      const shuffled = <T>(list: readonly T[]): readonly T[] =>
        list
          .map(item => [draws.next().value as number, item] as const)
          .sort((a, b) => a[0] - b[0])
          .map(([, item]) => item)
      const other = {
        ...network,
        buses: shuffled(network.buses),
        lines: shuffled(network.lines),
        transformers: shuffled(network.transformers),
        loads: shuffled(network.loads),
        generators: shuffled(network.generators)
      }
      const [one, two] = [solved(network), solved(other)]
      const place = new Map(other.buses.map(({ id }, n) => [id, n]))
      return network.buses.every(({ id }, n) => Math.abs(one.vm_pu[n]! - two.vm_pu[place.get(id)!]!) < 1e-11)
    }),
    runs(100)
  )
})

t.test('a line that is written from the other end carries the same', async () => {
  assertProperty(meshedNetwork, network => {
    const turned = { ...network, lines: network.lines.map(line => ({ ...line, from: line.to, to: line.from })) }
    const [one, two] = [solved(network), solved(turned)]
    return (
      difference(one.vm_pu, two.vm_pu) < 1e-11 &&
      difference(one.lines.pFrom_kW, two.lines.pTo_kW) < 1e-6 &&
      difference(one.lines.loadingPercent, two.lines.loadingPercent) < 1e-8
    )
  })
})

t.test('k times the power in a grid of k times the admittance gives the same voltages', async () => {
  fc.assert(
    fc.property(radialNetwork, fc.double({ min: 0.1, max: 10, noNaN: true }), (network, k) => {
      const power = <T extends { p_kW: number; q_kvar: number }>(one: T): T => ({
        ...one,
        p_kW: one.p_kW * k,
        q_kvar: one.q_kvar * k
      })
      const scaled = {
        ...network,
        lines: network.lines.map(line => ({
          ...line,
          r_ohm: line.r_ohm / k,
          x_ohm: line.x_ohm / k,
          c_nF: line.c_nF * k
        })),
        transformers: network.transformers.map(one => ({
          ...one,
          rated_kVA: one.rated_kVA * k,
          ironLoss_kW: one.ironLoss_kW * k
        })),
        loads: network.loads.map(power),
        generators: network.generators.map(power)
      }
      const [one, two] = [solved(network), solved(scaled)]
      return (
        difference(one.vm_pu, two.vm_pu) < 1e-10 &&
        difference(one.transformers.loadingPercent, two.transformers.loadingPercent) < 1e-6
      )
    }),
    runs(100)
  )
})

t.test('splitting a load, or a transformer into two parallel ones of half the size, changes nothing', async () => {
  assertProperty(radialNetwork, network => {
    const halves = network.transformers.flatMap(one =>
      ['a', 'b'].map(name => ({
        ...one,
        id: `${one.id} ${name}`,
        rated_kVA: one.rated_kVA / 2,
        ironLoss_kW: one.ironLoss_kW / 2
      }))
    )
    const loads = network.loads.flatMap(one =>
      [0.3, 0.7].map(share => ({
        ...one,
        id: `${one.id} ${share}`,
        p_kW: one.p_kW * share,
        q_kvar: one.q_kvar * share
      }))
    )
    return difference(solved(network).vm_pu, solved({ ...network, transformers: halves, loads }).vm_pu) < 1e-11
  })
})

t.test('a slot gives the same bits alone and after any other slots', async () => {
  fc.assert(
    fc.property(
      radialNetwork,
      fc.array(fc.double({ min: 0, max: 1.5, noNaN: true }), { maxLength: 4 }),
      (network, shares) => {
        const compiled = compiledOf(network)
        const at = (share: number) => ({
          loads: { p_kW: compiled.loads.p_kW.map(p => p * share), q_kvar: compiled.loads.q_kvar.map(q => q * share) }
        })
        const alone = powerFlow(compiled).solve(at(0.8))
        if (alone.status !== 'converged') return false
        const before = copyOf(alone)
        const flow = powerFlow(compiled)
        for (const share of shares) flow.solve(at(share))
        const after = flow.solve(at(0.8))
        return after.status === 'converged' && difference(before.vm_pu, after.vm_pu) === 0
      }
    ),
    runs(100)
  )
})

t.test('what is called converged has the voltages of the run from no load upwards', async () => {
  fc.assert(
    fc.property(radialNetwork, fc.double({ min: 1, max: 60, noNaN: true }), (network, stress) => {
      const compiled = compiledOf(network)
      const flow = powerFlow(compiled)
      const at = (share: number) => ({
        loads: {
          p_kW: compiled.loads.p_kW.map(p => Math.abs(p) * share),
          q_kvar: compiled.loads.q_kvar.map(q => Math.abs(q) * share)
        }
      })
      const state = flow.solve(at(stress))
      if (state.status === 'diverged') return true
      const reached = copyOf(state)
      // More load never comes with a higher lowest voltage: the upper solution sinks all the way up to the stress.
      let lowest = Number.POSITIVE_INFINITY
      for (let step = 1; step <= 8; step++) {
        const next = flow.solve(at((stress * step) / 8))
        if (next.status === 'diverged') return false
        const now = Math.min(...next.vm_pu)
        if (now > lowest + 1e-9) return false
        lowest = now
      }
      return Math.abs(lowest - Math.min(...reached.vm_pu)) < 1e-9
    }),
    runs(60)
  )
})
