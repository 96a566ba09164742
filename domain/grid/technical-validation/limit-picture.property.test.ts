import fc from 'fast-check'
import t from 'tap'
import { runs } from '../networks.fixtures.ts'
import { powerFlow } from '../power-flow.ts'
import { type Limits, violationsOf } from '../violations.ts'
import { columnsOf, type PlacedCandidate } from './candidate-columns.ts'
import { densePicture } from './dense-picture.ts'
import { candidatesOf } from './levels.ts'
import { KINDS, limitScan, type Monitored } from './limit-scan.ts'
import type { LinearLimits } from './linear-limits.ts'
import { treePicture } from './tree-picture.ts'
import type { ValidationCase } from './validation-case.ts'
import { amountIn, busOfPod, compiled, stateWith, validationCase } from './validation-cases.fixtures.ts'

const drawn = validationCase({ kinds: 'any', most: 12, slots: 1, place: { min: -0.3, max: 1 } })
const share = fc.double({ min: 0, max: 1, noNaN: true })
/** No ratio of two shares of whole weights: such a candidate is on the threshold, and its side a matter of rounding. */
const effectLeast = fc.constantFrom(0, 0.01, 0.2718)

const placedIn = ({ services }: ValidationCase): readonly PlacedCandidate[] =>
  services.map(({ quantity, direction, members, accepted, kind, minAcceptance }) => ({
    ...{ quantity, direction, isDiscrete: kind === 'discrete', minimum: minAcceptance },
    buses: members.map(({ pod }) => busOfPod.get(pod)!),
    weights: members.map(({ weight }) => weight),
    most: amountIn(accepted, 0)
  }))

/** Every limit of the network. */
const all: readonly Monitored[] = [
  ...compiled.network.buses.flatMap((_, index): Monitored[] => [
    { kind: 'under-voltage', index },
    { kind: 'over-voltage', index }
  ]),
  ...compiled.network.lines.map((_, index): Monitored => ({ kind: 'line-overload', index })),
  ...compiled.network.transformers.map((_, index): Monitored => ({ kind: 'transformer-overload', index }))
]

/** Whether a limit that is just met can be kept at the threshold is a matter of rounding. */
const offTheEdge = ({ minPu, maxPu, linePercent, transformerPercent }: Limits): Limits => ({
  minPu: minPu.map(limit => limit - 0.000137),
  maxPu: maxPu.map(limit => limit + 0.000137),
  linePercent: linePercent.map(limit => limit - 0.0137),
  transformerPercent: transformerPercent.map(limit => limit - 0.0137)
})

const dense = ({ count, start, limit, use }: LinearLimits, candidates: number): Float64Array => {
  const uses = new Float64Array(count * candidates)
  for (let i = 0; i < candidates; i++)
    for (let k = start[i]!; k < start[i + 1]!; k++) uses[limit[k]! * candidates + i] = use[k]!
  return uses
}

t.test('a tree’s limits to first order are those that a transposed solve for each of them gives', async t => {
  fc.assert(
    fc.property(drawn, share, effectLeast, (given, part, effectLeast) => {
      const candidates = placedIn(given)
      const levels = Float64Array.from(candidates, ({ most }) => most * part)
      const { point } = powerFlow(compiled)
      const injected = { p_kW: new Float64Array(11), q_kvar: new Float64Array(11) }
      for (const [i, { quantity, direction, buses, weights }] of candidates.entries()) {
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        for (const [k, bus] of buses.entries())
          (quantity === 'P' ? injected.p_kW : injected.q_kvar)[bus]! +=
            ((direction === 'UP' ? 1 : -1) * levels[i]! * weights[k]!) / total / 1000
      }
      point.load({ ...given.slots[0], injected })
      if (point.solve().status === 'diverged') return true
      const scan = limitScan(point)
      const columns = columnsOf(candidates, compiled.rowOfBus, compiled.equations.rows)
      const asked = {
        limits: offTheEdge(given.limits),
        monitored: all,
        most: candidatesOf(candidates).most,
        columns,
        levels,
        effectLeast
      }
      const [one, other] = [treePicture(point, scan)!(asked), densePicture(point, scan)(asked)]
      const [uses, others] = [dense(one, candidates.length), dense(other, candidates.length)]
      const strongest = (c: number): number =>
        others
          .subarray(c * candidates.length, (c + 1) * candidates.length)
          .reduce((most, use) => Math.max(most, Math.abs(use)), 0)
      return (
        one.room.every((room, c) => Math.abs(room - other.room[c]!) <= 1e-9 * (1 + Math.abs(room))) &&
        uses.every((use, at) => Math.abs(use - others[at]!) <= 1e-9 * strongest(Math.floor(at / candidates.length)))
      )
    }),
    runs(300)
  )
  t.end()
})

/** The same fields, numbers to the digits that an angle in degrees keeps. */
const isAlmost = (one: object, other: object): boolean => {
  const [fields, others] = [Object.entries(one), new Map(Object.entries(other))]
  return (
    fields.length === others.size &&
    fields.every(([name, value]) => {
      const expected = others.get(name)
      return typeof value === 'number' ? Math.abs(value - expected) < 1e-9 * (1 + Math.abs(value)) : value === expected
    })
  )
}

t.test('a scan finds the violations that a whole grid state shows, and by how much', async t => {
  fc.assert(
    fc.property(drawn, share, (given, part) => {
      const levels = placedIn(given).map(({ most }) => most * part)
      const state = stateWith(given.slots[0]!, given.services, levels, 0)
      if (state.status === 'diverged') return true
      const { point } = powerFlow(compiled)
      const voltage = (of: (angle: number) => number, bus: number): number =>
        state.vm_pu[bus]! * of((state.va_degree[bus]! * Math.PI) / 180)
      for (const [bus, row] of compiled.rowOfBus.entries()) {
        point.re[row] = voltage(Math.cos, bus)
        point.im[row] = voltage(Math.sin, bus)
      }
      const scan = limitScan(point)
      const { count, kind, index, beyond } = scan.breaches(given.limits)
      const violations = scan.violations(given.limits)
      const expected = violationsOf(compiled, given.limits, state)
      return (
        count === expected.length &&
        expected.every((violation, n) => {
          const by =
            'value_pu' in violation
              ? Math.abs(violation.value_pu - violation.limit_pu)
              : violation.loadingPercent - violation.limitPercent
          return (
            KINDS[kind[n]!] === violation.kind &&
            index[n] === violation.index &&
            Math.abs(beyond[n]! - by) < 1e-9 &&
            isAlmost(violations[n]!, violation)
          )
        })
      )
    }),
    runs(300)
  )
  t.end()
})
