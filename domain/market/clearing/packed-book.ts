/**
 * A book as plain data for another thread: few columns instead of thousands of objects, which are handed over without a copy.
 * `unpackBook(packBook(book))` is the book again.
 */
import type { BlockOffer, Book, Direction, Offer, OfferService, Quantity, Request, Unit } from './book.ts'
import { type CurveColumns, noteColumns, ownCurveColumns, startsOf } from './curve-columns.ts'
import { offerOfSteps, stepsOf } from './offer-steps.ts'

export interface PackedBook extends CurveColumns, Pick<Book, 'mtus' | 'rules'> {
  readonly unitIds: readonly string[]
  readonly pods: readonly string[]
  /** By unit, the first of its PoDs; then the end of the last. */
  readonly podFrom: Int32Array
  /** What few units have, by unit. */
  readonly unitStates: ReadonlyMap<number, Omit<Unit, 'id' | 'pods'>>
  /** By offer, in the order of the book. */
  readonly offerIds: readonly string[]
  readonly offerUnits: Int32Array
  /** Place in `kinds` of single offers; -1 for blocks. */
  readonly offerKinds: Int8Array
  readonly blocks: readonly BlockOffer[]
  /** By single offer. */
  readonly most: Float64Array
  /** By single offer, the first of its minimum acceptances (it may have none); then the end of the last. */
  readonly minAcceptanceFrom: Int32Array
  readonly minAcceptances: Float64Array
  readonly requests: readonly Omit<Request, 'profile'>[]
  /** By request, where its profile begins; then the end of the last. */
  readonly profileFrom: Int32Array
  /** Per interval three numbers: MTU, MTUs, power. */
  readonly profiles: Float64Array
}

const kinds: readonly (readonly [Quantity, Direction, OfferService])[] = (['P', 'Q'] as const).flatMap(quantity =>
  (['UP', 'DOWN'] as const).flatMap(direction =>
    (['any', 'congestion', 'voltage'] as const).map(service => [quantity, direction, service] as const)
  )
)

/** `isShared`: the curves, which are most of it, in memory that threads share, so that several may have it. */
export const packBook = (book: Book, isShared = false): PackedBook => {
  const { mtus, units, rules, offers, requests } = book
  const unitOf = new Map(units.map(({ id }, n) => [id, n]))
  const curves = offers.flatMap(offer => (offer.kind === 'single' ? [stepsOf(offer)] : []))
  const unitStates = new Map<number, Omit<Unit, 'id' | 'pods'>>()
  units.forEach(({ id: _, pods: __, ...state }, n) => {
    if (Object.keys(state).length > 0) unitStates.set(n, state)
  })
  return {
    ...ownCurveColumns(book, isShared),
    ...{ mtus, rules, unitStates },
    unitIds: units.map(({ id }) => id),
    pods: units.flatMap(({ pods }) => pods),
    podFrom: startsOf(units, ({ pods }) => pods.length),
    offerIds: offers.map(({ id }) => id),
    offerUnits: Int32Array.from(offers, ({ id, unit }) => {
      const n = unitOf.get(unit)
      if (n === undefined) throw new Error(`packBook: offer ${id} names no unit of the book: ${unit}`)
      return n
    }),
    offerKinds: Int8Array.from(offers, offer => (offer.kind === 'block' ? -1 : kindOf(offer))),
    blocks: offers.filter(offer => offer.kind === 'block'),
    most: Float64Array.from(curves, ({ most }) => most),
    minAcceptanceFrom: startsOf(curves, ({ minAcceptances }) => minAcceptances.length),
    minAcceptances: Float64Array.from(curves.flatMap(({ minAcceptances }) => [...minAcceptances])),
    requests: requests.map(({ profile: _, ...request }) => request),
    profileFrom: startsOf(requests, ({ profile }) => 3 * profile.length),
    profiles: profilesOf(requests)
  }
}

export const unpackBook = (packed: PackedBook): Book => {
  const { mtus, rules, unitIds, pods, podFrom, unitStates, offerIds, offerUnits, offerKinds, blocks } = packed
  const { intervalFrom, stepFrom, minAcceptanceFrom, profileFrom, profiles } = packed
  let curve = 0
  let block = 0
  const offer = (id: string, o: number): Offer => {
    if (offerKinds[o] === -1) return blocks[block++]!
    const n = curve++
    const [quantity, direction, service] = kinds[offerKinds[o]!]!
    return offerOfSteps(
      { id, unit: unitIds[offerUnits[o]!]!, quantity, direction, service },
      {
        intervals: packed.intervals.subarray(intervalFrom[n], intervalFrom[n + 1]),
        minAcceptances: packed.minAcceptances.subarray(minAcceptanceFrom[n], minAcceptanceFrom[n + 1]),
        steps: packed.steps.subarray(stepFrom[n], stepFrom[n + 1]),
        most: packed.most[n]!
      }
    )
  }
  const book: Book = {
    ...{ mtus, rules },
    units: unitIds.map((id, n) => ({ id, pods: pods.slice(podFrom[n], podFrom[n + 1]), ...unitStates.get(n) })),
    offers: offerIds.map(offer),
    requests: packed.requests.map((request, r): Request => {
      const from = profileFrom[r]!
      const profile = Array.from({ length: (profileFrom[r + 1]! - from) / 3 }, (_, k) => ({
        mtu: profiles[from + 3 * k]!,
        mtus: profiles[from + 3 * k + 1]!,
        power: profiles[from + 3 * k + 2]!
      }))
      return { ...request, profile }
    })
  }
  noteColumns(book, packed)
  return book
}

/** What may be handed over rather than copied. */
export const buffersOf = (columns: object): ArrayBuffer[] => {
  const buffers: ArrayBuffer[] = []
  for (const column of Object.values(columns))
    if (ArrayBuffer.isView(column) && column.buffer instanceof ArrayBuffer) buffers.push(column.buffer)
  return buffers
}

const kindOf = (offer: Pick<Offer, 'quantity' | 'direction' | 'service'>): number =>
  kinds.findIndex(
    ([quantity, direction, service]) =>
      quantity === offer.quantity && direction === offer.direction && service === offer.service
  )

const profilesOf = (requests: readonly Request[]): Float64Array => {
  const profiles = new Float64Array(requests.reduce((sum, { profile }) => sum + 3 * profile.length, 0))
  let at = 0
  for (const { profile } of requests)
    for (const { mtu, mtus, power } of profile) {
      profiles[at++] = mtu
      profiles[at++] = mtus
      profiles[at++] = power
    }
  return profiles
}
