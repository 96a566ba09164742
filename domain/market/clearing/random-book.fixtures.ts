import fc from 'fast-check'
import type {
  BlockOffer,
  Book,
  Direction,
  Offer,
  OfferService,
  Quantity,
  Request,
  Service,
  Side,
  SingleOffer,
  Unit
} from './book.ts'

/**
 * Random order books for tests: small numbers on purpose, so that prices tie, rooms bind and lists overlap.
 * `mulberry32` makes a book from one number, so a failing case is one line to repeat.
 */
export interface BookShape {
  readonly offers: number
  readonly mtus: number
  readonly blocks: number
  /** 0…1: how many offers have a minimum acceptance, units a room, requests a limit, and so on. */
  readonly minimum: number
  readonly room: number
  readonly limits: number
  readonly labels: number
  readonly bothDirections: number
  readonly reactive: number
  readonly exclusive: boolean
  readonly dsoBlocksOpposite: boolean
  readonly aggregates: number
  readonly prices: number
}

export const numbers = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const bookShape = (most: { offers: number; mtus: number; blocks: number }): fc.Arbitrary<BookShape> =>
  fc.record({
    offers: fc.integer({ min: 1, max: most.offers }),
    mtus: fc.integer({ min: 1, max: most.mtus }),
    blocks: fc.integer({ min: 0, max: most.blocks }),
    minimum: fc.constantFrom(0, 0, 0.2, 0.6),
    room: fc.constantFrom(0, 0.3, 0.8),
    limits: fc.constantFrom(0, 0, 0.5),
    labels: fc.constantFrom(0, 0, 0.5),
    bothDirections: fc.constantFrom(0, 0, 0.5),
    reactive: fc.constantFrom(0, 0, 0.4),
    exclusive: fc.boolean(),
    dsoBlocksOpposite: fc.boolean(),
    aggregates: fc.constantFrom(0, 0.2),
    prices: fc.constantFrom(3, 8, 1000)
  })

export const randomBook = (shape: BookShape, seed: number, nodeLimit = 100_000): Book => {
  const random = numbers(seed)
  const chance = (p: number): boolean => random() < p
  const whole = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1))
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const { mtus } = shape
  const price = (): number => whole(1, shape.prices) * (shape.prices > 100 ? 137 : 1)
  const unitCount = Math.max(1, Math.ceil(shape.offers * 0.7))
  const pods: string[] = []
  const units: Unit[] = []
  for (let u = 0; u < unitCount; u++) {
    const own = Array.from({ length: chance(shape.aggregates) ? whole(2, 3) : 1 }, () => {
      pods.push(`pod-${pods.length}`)
      return pods[pods.length - 1]!
    })
    const list = (): number[] => Array.from({ length: mtus }, () => whole(0, 12))
    units.push({
      id: `unit-${u}`,
      pods: own,
      ...(chance(shape.room) && { caps: { P_UP: list(), P_DOWN: list(), ...(chance(0.5) && { Q_UP: list() }) } }),
      ...(chance(0.1) && { servedSide: Array.from({ length: mtus }, () => pick<Side | null>(['DSO', 'TSO', null])) }),
      ...(chance(0.1) && {
        takenDirection: { P: Array.from({ length: mtus }, () => pick<Direction | null>(['UP', 'DOWN', null])) }
      })
    })
  }
  const quantity = (): Quantity => (chance(shape.reactive) ? 'Q' : 'P')
  const direction = (): Direction => (chance(shape.bothDirections) ? 'DOWN' : 'UP')
  const label = (): OfferService => (chance(shape.labels) ? pick(['congestion', 'voltage'] as const) : 'any')
  const single = (n: number): SingleOffer => {
    const intervals = []
    for (let t = whole(0, Math.min(1, mtus - 1)); t < mtus; ) {
      const length = whole(1, mtus - t)
      const steps = Array.from({ length: whole(1, 3) }, () => ({ quantity: whole(1, 6), price: price() }))
      const total = steps.reduce((sum, step) => sum + step.quantity, 0)
      intervals.push({ mtu: t, mtus: length, steps, minAcceptance: chance(shape.minimum) ? whole(1, total) : 0 })
      t += length + (chance(0.2) ? 1 : 0)
    }
    return {
      kind: 'single',
      id: `offer-${n}`,
      unit: pick(units).id,
      quantity: quantity(),
      direction: direction(),
      service: label(),
      intervals
    }
  }
  const block = (n: number): BlockOffer => {
    const duration = whole(1, mtus)
    const power = whole(1, 12)
    const earliest = whole(0, mtus - duration)
    return {
      kind: 'block',
      id: `block-${n}`,
      unit: pick(units).id,
      quantity: quantity(),
      direction: direction(),
      service: label(),
      power,
      duration,
      maxEnergy: chance(0.3) ? whole(duration, power * duration) : power * duration,
      earliest,
      latest: whole(earliest + duration, mtus),
      price: price(),
      minAcceptance: chance(0.4) ? whole(1, power) : 0
    }
  }
  const offers: Offer[] = Array.from({ length: shape.offers }, (_, n) => single(n))
  for (let n = 0; n < shape.blocks; n++) offers.splice(whole(0, offers.length), 0, block(n))
  const scale = Math.max(1, Math.round(shape.offers / 12))
  const requests: Request[] = Array.from({ length: whole(1, 5) }, (_, n) => {
    const side: Side = chance(0.6) ? 'DSO' : 'TSO'
    const listed = side === 'DSO' || chance(0.3)
    const profile = []
    for (let t = 0; t < mtus; ) {
      const length = whole(1, mtus - t)
      if (chance(0.8)) profile.push({ mtu: t, mtus: length, power: whole(1, 18 * scale) })
      t += length
    }
    if (profile.length === 0) profile.push({ mtu: 0, mtus: 1, power: whole(1, 18) })
    return {
      id: `request-${n}`,
      side,
      operator: side,
      quantity: quantity(),
      direction: direction(),
      service: pick<Service>(['congestion', 'voltage']),
      ...(listed && { pods: pods.filter(() => chance(0.7)) }),
      profile,
      ...(chance(shape.limits) && { priceLimit: price() })
    }
  })
  return {
    mtus,
    units,
    offers,
    requests,
    rules: {
      pricing: chance(0.7) ? 'uniform' : 'payAsBid',
      exclusivePerPod: shape.exclusive,
      dsoBlocksOpposite: shape.dsoBlocksOpposite,
      nodeLimit
    }
  }
}
