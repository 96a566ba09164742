/** Random validations: a small network with two feeders, services in it, and limits somewhere between what the grid is like
 * without services and with all of them. */
import fc from 'fast-check'
import { busOfPodIn } from '../apply-services.ts'
import { aBus, aLine, aLoad, aNetwork, aTransformer, compiledOf } from '../networks.fixtures.ts'
import { copyOf, type GridState, powerFlow, type SlotPowers } from '../power-flow.ts'
import { type Limits, type Violation, violationsOf } from '../violations.ts'
import type { AcceptedService } from './service.ts'
import type { ValidationCase } from './validation-case.ts'

/** 10 kV: 0–1–2–3 and 0–4–5, low voltage below 3 and 5; every bus but 0 has a load, its point of delivery. */
const buses = ['0', '1', '2', '3', '4', '5', 'a', 'b', 'c', 'd', 'e']
export const pods = buses.slice(1).map(bus => `at ${bus}`)

const network = aNetwork({
  buses: buses.map(id => aBus(id, id >= 'a' ? 0.4 : 10)),
  lines: [
    ...[aLine('0', '1'), aLine('1', '2'), aLine('2', '3'), aLine('0', '4'), aLine('4', '5')].map(line => ({
      ...line,
      max_A: 100
    })),
    ...[aLine('a', 'b'), aLine('b', 'c'), aLine('d', 'e')].map(line => ({
      ...line,
      r_ohm: 0.03,
      x_ohm: 0.01,
      max_A: 300
    }))
  ],
  transformers: [aTransformer('3', 'a'), aTransformer('5', 'd')],
  externalGrids: [{ bus: '0', vm_pu: 1, va_degree: 0 }],
  loads: buses.slice(1).map(bus => aLoad(bus, bus >= 'a' ? 20 : 100, bus >= 'a' ? 5 : 20))
})

export const compiled = compiledOf(network)
export const busOfPod = busOfPodIn(compiled)

const LIMITS = 2 * buses.length + network.lines.length + network.transformers.length

export interface Drawn {
  readonly kinds: 'any' | 'discrete'
  /** Active power one way only: no service cures what another breaks. */
  readonly isOneWay?: boolean
  readonly most: number
  readonly slots: number
  /** 0, so that ranks count whatever the effect, unless the property is about all of them. */
  readonly effectLeast?: number
  /** Where the limits lie: 0 as without services, 1 as with all of them. */
  readonly place: { readonly min: number; readonly max: number }
}

const service = ({ kinds, slots, isOneWay }: Drawn): fc.Arbitrary<Omit<AcceptedService, 'offerId' | 'rank'>> =>
  fc
    .record({
      quantity: isOneWay ? fc.constant('P' as const) : fc.constantFrom<('P' | 'Q')[]>('P', 'P', 'P', 'Q'),
      direction: isOneWay ? fc.constant('DOWN' as const) : fc.constantFrom<('UP' | 'DOWN')[]>('UP', 'DOWN'),
      kind:
        kinds === 'discrete'
          ? fc.constant('discrete' as const)
          : fc.constantFrom('continuous', 'continuous', 'discrete'),
      isBlock: slots === 1 ? fc.constant(false) : fc.boolean(),
      amount: fc.integer({ min: 1, max: 60_000 }),
      minimum: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
      members: fc.uniqueArray(fc.record({ pod: fc.constantFrom(...pods), weight: fc.integer({ min: 1, max: 9 }) }), {
        minLength: 1,
        maxLength: 3,
        selector: ({ pod }) => pod
      }),
      slot: fc.integer({ min: 0, max: slots - 1 }),
      length: fc.integer({ min: 1, max: slots })
    })
    .map(({ amount, minimum, slot, length, kind, ...rest }) => ({
      ...rest,
      kind: kind as 'continuous' | 'discrete',
      minAcceptance: Math.floor(amount * minimum),
      accepted: [{ slot, slots: Math.min(length, slots - slot), amount }]
    }))

export const validationCase = ({ effectLeast = 0, ...drawn }: Drawn): fc.Arbitrary<ValidationCase> =>
  fc
    .record({
      services: fc.array(service(drawn), { minLength: 1, maxLength: drawn.most }),
      loads: fc.array(fc.double({ min: 0.2, max: 1.6, noNaN: true }), {
        minLength: drawn.slots,
        maxLength: drawn.slots
      }),
      places: fc.array(
        // About four that matter: of many, one is always met by the first watt.
        fc.oneof(
          { weight: 7, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: fc.double({ ...drawn.place, noNaN: true }) }
        ),
        { minLength: LIMITS, maxLength: LIMITS }
      )
    })
    .map(({ services: unranked, loads, places }): ValidationCase => {
      const services = unranked.map((one, n): AcceptedService => ({ ...one, offerId: `offer ${n}`, rank: n + 1 }))
      const slots = loads.map(
        (share): SlotPowers => ({
          loads: { p_kW: compiled.loads.p_kW.map(p => p * share), q_kvar: compiled.loads.q_kvar.map(q => q * share) }
        })
      )
      const all = services.map(() => Number.POSITIVE_INFINITY)
      const none = services.map(() => 0)
      return {
        compiled,
        busOfPod,
        slots,
        services,
        limits: limitsBetween(slots, services, none, all, places),
        cutting: { effectLeast }
      }
    })

const limitsBetween = (
  slots: readonly SlotPowers[],
  services: readonly AcceptedService[],
  none: readonly number[],
  all: readonly number[],
  places: readonly (number | undefined)[]
): Limits => {
  const without = slots.map((powers, slot) => solvedWith(powers, services, none, slot))
  const withAll = slots.map((powers, slot) => solvedWith(powers, services, all, slot))
  let drawn = 0
  /** Of one value: its limit between the worst that it is without services and with all of them, or far away. */
  const between = (worst: (...values: number[]) => number, valueIn: (state: GridState) => number): number => {
    const share = places[drawn++]
    const from = worst(...without.map(valueIn))
    const to = worst(...withAll.map(valueIn))
    const worse = worst(0, 1) === 1 ? 1 : -1
    return from + worse * (share === undefined || from === to ? 1000 : share * Math.abs(to - from))
  }
  return {
    minPu: Float64Array.from(network.buses, (_, n) => between(Math.min, state => state.vm_pu[n]!)),
    maxPu: Float64Array.from(network.buses, (_, n) => between(Math.max, state => state.vm_pu[n]!)),
    linePercent: Float64Array.from(network.lines, (_, n) => between(Math.max, state => state.lines.loadingPercent[n]!)),
    transformerPercent: Float64Array.from(network.transformers, (_, n) =>
      between(Math.max, state => state.transformers.loadingPercent[n]!)
    )
  }
}

const flow = powerFlow(compiled)

/** The grid with the first so many W or var of each service that is accepted in the slot. */
export const stateWith = (
  powers: SlotPowers,
  services: readonly AcceptedService[],
  levels: readonly number[],
  slot: number
) => {
  const injected = { p_kW: new Float64Array(buses.length), q_kvar: new Float64Array(buses.length) }
  services.forEach(({ quantity, direction, members, accepted }, n) => {
    const level = Math.min(levels[n]!, amountIn(accepted, slot))
    const into = quantity === 'P' ? injected.p_kW : injected.q_kvar
    const total = members.reduce((sum, { weight }) => sum + weight, 0)
    members.forEach(({ pod, weight }) => {
      into[busOfPod.get(pod)!]! += ((direction === 'UP' ? 1 : -1) * level * weight) / total / 1000
    })
  })
  return flow.solve({ ...powers, injected })
}

export const amountIn = (accepted: AcceptedService['accepted'], at: number): number =>
  accepted.reduce((sum, { slot, slots, amount }) => sum + (at >= slot && at < slot + slots ? amount : 0), 0)

const solvedWith = (...given: Parameters<typeof stateWith>): GridState => {
  const state = stateWith(...given)
  if (state.status === 'diverged') throw new Error('the drawn services have no solution')
  return copyOf(state)
}

/** What these levels break; undefined: there is no such state. */
export const brokenWith = (
  { slots, services, limits }: ValidationCase,
  levels: readonly number[],
  slot: number
): readonly Violation[] | undefined => {
  const state = stateWith(slots[slot]!, services, levels, slot)
  return state.status === 'diverged' ? undefined : violationsOf(compiled, limits, state)
}
