/** Books to search: arbitrary small ones, and one of a chosen size from a seed. */

import fc from 'fast-check'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { BlockOffer, Book, ClearingRules, Offer, OfferInterval, Request, Unit } from '../clearing/book.ts'
import type { Reliability } from './reliability.ts'

export const rules = (changes: Partial<ClearingRules> = {}): ClearingRules => ({
  pricing: 'uniform',
  exclusivePerPod: false,
  dsoBlocksOpposite: true,
  nodeLimit: 10_000,
  ...changes
})

export interface Case {
  readonly book: Book
  readonly reliability: Reliability
}

const MTUS = 3
const UNITS = 7
const podOf = (unit: number): string => `pod-${unit}`

/** Few different prices, quantities and reliabilities on purpose: ties are where orders differ. */
const price = fc.oneof(
  fc.integer({ min: 1, max: 6 }).map(n => n * 10_000),
  fc.integer({ min: 0, max: 90_000 })
)
const quantity = fc.oneof(
  fc.integer({ min: 1, max: 4 }).map(n => n * 500),
  fc.integer({ min: 1, max: 2_000 })
)
const service = fc.constantFrom('any' as const, 'any' as const, 'congestion' as const, 'voltage' as const)
const direction = fc.constantFrom('UP' as const, 'UP' as const, 'DOWN' as const)

const span = fc
  .tuple(fc.nat({ max: MTUS - 1 }), fc.integer({ min: 1, max: MTUS }))
  .map(([mtu, length]) => ({ mtu, mtus: Math.min(length, MTUS - mtu) }))

const interval = (minAcceptance: boolean): fc.Arbitrary<OfferInterval> =>
  fc
    .record({
      at: span,
      steps: fc.array(fc.record({ quantity, price }), { minLength: 1, maxLength: 3 }),
      share: fc.nat(4)
    })
    .map(({ at, steps, share }) => ({
      ...at,
      steps,
      minAcceptance: minAcceptance ? Math.floor((steps.reduce((sum, step) => sum + step.quantity, 0) * share) / 4) : 0
    }))

const offer = (index: number, minAcceptance: boolean, blocks: boolean): fc.Arbitrary<Offer> => {
  const common = { unit: fc.nat({ max: UNITS - 1 }).map(unit => `unit-${unit}`), direction, service }
  const single = fc.record({ ...common, interval: interval(minAcceptance) }).map(
    ({ interval, ...rest }): Offer => ({
      kind: 'single',
      id: `offer-${index}`,
      quantity: 'P',
      ...rest,
      // A unit goes one way only, unless the book is meant to be hard: then the two directions are tied.
      direction: minAcceptance || blocks ? rest.direction : Number(rest.unit.slice(5)) % 3 === 0 ? 'DOWN' : 'UP',
      intervals: [interval]
    })
  )
  const block = fc.record({ ...common, power: quantity, price, duration: fc.integer({ min: 1, max: 2 }) }).map(
    ({ power, price, duration, ...rest }): BlockOffer => ({
      kind: 'block',
      id: `offer-${index}`,
      quantity: 'P',
      ...rest,
      power,
      price,
      duration,
      maxEnergy: power * duration,
      earliest: 0,
      latest: MTUS,
      minAcceptance: Math.floor(power / 2)
    })
  )
  return blocks ? fc.oneof({ weight: 3, arbitrary: single }, { weight: 1, arbitrary: block }) : single
}

const request = (index: number): fc.Arbitrary<Request> =>
  fc
    .record({
      side: fc.constantFrom('DSO' as const, 'TSO' as const),
      direction,
      service: fc.constantFrom('congestion' as const, 'voltage' as const),
      everywhere: fc.boolean(),
      units: fc.subarray(
        Array.from({ length: UNITS }, (_, unit) => unit),
        { minLength: 2 }
      ),
      at: span,
      power: quantity.map(power => power * 2),
      limit: fc.option(
        fc.integer({ min: 1, max: 6 }).map(n => n * 10_000),
        { freq: 3 }
      )
    })
    .map(({ side, direction, service, everywhere, units, at, power, limit }) => ({
      id: `request-${index}`,
      side,
      operator: side,
      quantity: 'P',
      direction,
      service,
      ...(everywhere ? {} : { pods: units.map(podOf) }),
      profile: [{ ...at, power }],
      ...(limit === null ? {} : { priceLimit: limit })
    }))

const reliability = fc
  .array(fc.option(fc.constantFrom(0.2, 0.5, 0.7, 0.9, 0.95, 1), { freq: 5 }), { minLength: UNITS, maxLength: UNITS })
  .map(indices => ({
    units: Object.fromEntries(indices.flatMap((index, unit) => (index === null ? [] : [[`unit-${unit}`, index]])))
  }))

const aCase = (minAcceptance: boolean, blocks: boolean, offersMax: number): fc.Arbitrary<Case> =>
  fc
    .record({
      offerCount: fc.integer({ min: 1, max: offersMax }),
      requestCount: fc.integer({ min: 1, max: 4 }),
      capped: fc.option(fc.integer({ min: 500, max: 2_500 }), { freq: 2 }),
      dsoBlocksOpposite: fc.boolean(),
      payAsBid: fc.boolean(),
      reliability
    })
    .chain(({ offerCount, requestCount, capped, dsoBlocksOpposite, payAsBid, reliability }) =>
      fc.record({
        book: fc.record({
          mtus: fc.constant(MTUS),
          units: fc.constant(
            Array.from(
              { length: UNITS },
              (_, unit): Unit => ({
                id: `unit-${unit}`,
                pods: [podOf(unit)],
                ...(capped !== null && unit % 2 === 0 ? { caps: { P_UP: new Array(MTUS).fill(capped) } } : {})
              })
            )
          ),
          offers: fc.tuple(...Array.from({ length: offerCount }, (_, o) => offer(o, minAcceptance, blocks))),
          requests: fc.tuple(...Array.from({ length: requestCount }, (_, r) => request(r))),
          rules: fc.constant(rules({ dsoBlocksOpposite, pricing: payAsBid ? 'payAsBid' : 'uniform' }))
        }),
        reliability: fc.constant(reliability)
      })
    )

/** All offers can be taken in any part and no unit goes both ways. */
export const divisibleCase = aCase(false, false, 14)

/** With blocks, minimum acceptances and units that could go both ways. */
export const anyCase = aCase(true, true, 8)

/** Divisible, one offer of three steps a unit, with a curve of its own in each MTU; the DSO asks at two feeders and the PoM. */
export const bookOfSize = (seed: number, units: number, mtus: number): Case => {
  const random = xoroshiro128plus(seed)
  const between = (low: number, high: number): number => uniformInt(random, low, high)
  const name = (unit: number): string => `unit-${unit}`
  const offers = Array.from({ length: units }, (_, unit): Offer => {
    const base = between(40_000, 220_000)
    return {
      kind: 'single',
      id: `offer-${unit}`,
      unit: name(unit),
      quantity: 'P',
      direction: 'UP',
      service: 'any',
      intervals: Array.from({ length: mtus }, (_, mtu) => ({
        mtu,
        mtus: 1,
        minAcceptance: 0,
        steps: [0, 1, 2].map(step => ({
          quantity: between(500, 3_000),
          price: base + step * 15_000 + between(0, 12_000)
        }))
      }))
    }
  })
  const ask = (id: string, side: 'DSO' | 'TSO', power: number, pods?: string[]): Request => ({
    id,
    side,
    operator: side,
    quantity: 'P',
    direction: 'UP',
    service: 'congestion',
    ...(pods ? { pods } : {}),
    profile: [{ mtu: 0, mtus, power }]
  })
  const pods = Array.from({ length: units }, (_, unit) => podOf(unit))
  const third = Math.floor(units / 3)
  return {
    book: {
      mtus,
      units: pods.map((pod, unit) => ({ id: name(unit), pods: [pod] })),
      offers,
      requests: [
        ask('feeder-1', 'DSO', 500 * third, pods.slice(0, third)),
        ask('feeder-2', 'DSO', 300 * third, pods.slice(third, 2 * third)),
        ask('substation', 'DSO', 200 * third, pods),
        ask('transmission', 'TSO', 600 * third)
      ],
      rules: rules()
    },
    reliability: { units: Object.fromEntries(pods.map((_, unit) => [name(unit), between(40, 100) / 100])) }
  }
}
