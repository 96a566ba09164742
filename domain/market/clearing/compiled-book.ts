/**
 * A book in the form that clearing works on: numbers and typed arrays, requests of a place found once.
 *
 * Eligibility is decided here. Units of one *place* (the same requests cover all their PoDs, the same touch any) and one
 * service label form a *kind*; offers of a kind differ in price and volume only. What changes with the MTU (T-16,
 * directions already taken, sides already served) is a `closed` mask on top. Everything below relies on the book being
 * consistent: known units, MTUs in range, intervals of an offer disjoint (`book-file.ts` checks that).
 */
import type { BlockOffer, Book, Direction, OfferService, Quantity, Request, Service } from './book.ts'
import { type ClearingMemory, freshMemory } from './clearing-memory.ts'
import { type MeritList, meritLists } from './merit-lists.ts'
import { hasMinAcceptance as hasMinimum, stepsOf } from './offer-steps.ts'

/** Four markets in one MTU: quantity × direction. */
export const marketCount = 4
export const marketOf = (quantity: Quantity, direction: Direction): number =>
  (quantity === 'P' ? 0 : 2) + (direction === 'UP' ? 0 : 1)
/** Same quantity, other direction. */
export const opposite = (market: number): number => market ^ 1

export const closedToDso = 1
export const closedToTso = 2
export const closedToBoth = 3

interface Place {
  /** Requests whose list holds all PoDs of the unit. */
  readonly covering: readonly number[]
  /** DSO requests whose list holds any PoD of the unit (T-16). */
  readonly touching: readonly number[]
}

export interface Kind {
  readonly place: number
  /** Request indices by market, most specific first. */
  readonly dso: readonly (readonly number[])[]
  readonly tso: readonly (readonly number[])[]
}

export interface Compiled {
  readonly book: Book
  readonly offerUnit: Int32Array
  readonly offerMarket: Uint8Array
  readonly offerKind: Int32Array
  readonly kinds: readonly Kind[]
  readonly places: readonly Place[]
  readonly requestMarket: Uint8Array
  readonly requestLimit: Float64Array
  readonly requestIsDso: Uint8Array
  /** Demand by request and MTU. */
  readonly demand: readonly Float64Array[]
  /** Requests that ask for anything, by market and MTU (`market × mtus + mtu`), most specific first. */
  readonly dsoAt: readonly (readonly number[])[]
  readonly tsoAt: readonly (readonly number[])[]
  /** By market and MTU. */
  readonly merit: readonly (readonly MeritList[])[]
  readonly blocks: readonly number[]
  /** 1 where a unit has state from earlier sessions. */
  readonly unitHasState: Uint8Array
  readonly anyState: boolean
  readonly unitHasCaps: Uint8Array
  /** By `unit × 4 + market`: 1 where the unit's single offers are all of one kind, so its cap can be kept greedily. */
  readonly oneKind: Uint8Array
  /** Single offers by unit and market, for restrictions that name a unit. */
  readonly offersOfUnit: (unit: number, market: number) => readonly number[]
  readonly hasMinAcceptance: Uint8Array
  /** For what is needed while the book is cleared, and no longer. */
  readonly memory: ClearingMemory
}

const labels: readonly OfferService[] = ['any', 'congestion', 'voltage']
const serves = (label: OfferService, service: Service): boolean => label === 'any' || label === service

const prepared = new WeakMap<Book, Compiled>()

/** Compiles a book that does not change any more, for whoever asks next. */
export const prepareBook = (book: Book): void => {
  prepared.set(book, compile(book))
}

export const compileBook = (book: Book): Compiled => prepared.get(book) ?? compile(book)

const compile = (book: Book): Compiled => {
  const { mtus, requests } = book
  const requestMarket = new Uint8Array(requests.length)
  const requestLimit = new Float64Array(requests.length)
  const requestIsDso = new Uint8Array(requests.length)
  const demand = requests.map((request, r) => {
    requestMarket[r] = marketOf(request.quantity, request.direction)
    requestLimit[r] = request.priceLimit ?? Number.POSITIVE_INFINITY
    requestIsDso[r] = request.side === 'DSO' ? 1 : 0
    return demandOf(request, mtus)
  })
  // A smaller list is more specific; a lower limit next; then the order of the book.
  const bySpecificity = requests
    .map((_, r) => r)
    .sort((a, b) => {
      const sizeA = requests[a]!.pods?.length ?? Number.MAX_SAFE_INTEGER
      const sizeB = requests[b]!.pods?.length ?? Number.MAX_SAFE_INTEGER
      return sizeA - sizeB || requestLimit[a]! - requestLimit[b]! || a - b
    })
    .map(r => r)
  const dsoAt: number[][] = Array.from({ length: marketCount * mtus }, () => [])
  const tsoAt: number[][] = Array.from({ length: marketCount * mtus }, () => [])
  for (const r of bySpecificity)
    for (let t = 0; t < mtus; t++)
      if (demand[r]![t]! > 0) (requestIsDso[r] ? dsoAt : tsoAt)[requestMarket[r]! * mtus + t]!.push(r)

  shareEqualLists(dsoAt, mtus)
  shareEqualLists(tsoAt, mtus)

  const { places, placeOf } = placeUnits(book, bySpecificity)
  const unitIndex = new Map(book.units.map((unit, index) => [unit.id, index]))
  const kinds: Kind[] = []
  const kindOf = new Map<number, number>()
  const offerUnit = new Int32Array(book.offers.length)
  const offerMarket = new Uint8Array(book.offers.length)
  const offerKind = new Int32Array(book.offers.length)
  const hasMinAcceptance = new Uint8Array(book.offers.length)
  const oneKind = new Uint8Array(book.units.length * marketCount).fill(1)
  const kindOfUnit = new Int32Array(book.units.length * marketCount).fill(-1)
  const blocks: number[] = []
  book.offers.forEach((offer, o) => {
    const unit = unitIndex.get(offer.unit)
    if (unit === undefined) throw new Error(`compileBook: offer ${offer.id} names no unit of the book: ${offer.unit}`)
    const market = marketOf(offer.quantity, offer.direction)
    const label = labels.indexOf(offer.service)
    const place = placeOf[unit]!
    const key = place * labels.length + label
    let kind = kindOf.get(key)
    if (kind === undefined) {
      kind = kinds.length
      kindOf.set(key, kind)
      kinds.push(kindFor(place, places[place]!, offer.service, book, requestMarket))
    }
    offerUnit[o] = unit
    offerMarket[o] = market
    offerKind[o] = kind
    if (offer.kind === 'block') blocks.push(o)
    else {
      hasMinAcceptance[o] = hasMinimum(stepsOf(offer)) ? 1 : 0
      const slot = unit * marketCount + market
      if (kindOfUnit[slot] === -1) kindOfUnit[slot] = kind
      else if (kindOfUnit[slot] !== kind) oneKind[slot] = 0
    }
  })
  let byUnit: Map<number, number[]> | undefined
  const offersOfUnit = (unit: number, market: number): readonly number[] => {
    if (!byUnit) {
      byUnit = new Map()
      for (let o = 0; o < offerUnit.length; o++) {
        if (book.offers[o]!.kind === 'block') continue
        const slot = offerUnit[o]! * marketCount + offerMarket[o]!
        const list = byUnit.get(slot)
        if (list) list.push(o)
        else byUnit.set(slot, [o])
      }
    }
    return byUnit.get(unit * marketCount + market) ?? []
  }
  const unitHasState = Uint8Array.from(book.units, unit => (unit.servedSide || unit.takenDirection ? 1 : 0))
  return {
    book,
    offerUnit,
    offerMarket,
    offerKind,
    kinds,
    places,
    requestMarket,
    requestLimit,
    requestIsDso,
    demand,
    dsoAt,
    tsoAt,
    merit: [0, 1, 2, 3].map(market => meritLists(book, offerMarket, market)),
    blocks,
    unitHasState,
    anyState: unitHasState.includes(1),
    unitHasCaps: Uint8Array.from(book.units, unit => (unit.caps ? 1 : 0)),
    oneKind,
    offersOfUnit,
    hasMinAcceptance,
    memory: freshMemory
  }
}

/** What a request asks for, by MTU. */
export const demandOf = ({ profile }: Request, mtus: number): Float64Array => {
  const perMtu = new Float64Array(mtus)
  for (const { mtu, mtus: length, power } of profile) for (let t = mtu; t < mtu + length; t++) perMtu[t]! += power
  return perMtu
}

/** Neighbouring MTUs where the same requests ask have one list: what follows from it is worked out once. */
const shareEqualLists = (lists: number[][], mtus: number): void => {
  for (let n = 0; n < lists.length; n++) {
    const list = lists[n]!
    const before = lists[n - 1]
    if (n % mtus > 0 && before && before.length === list.length && before.every((r, k) => r === list[k]))
      lists[n] = before
  }
}

const placeUnits = (book: Book, bySpecificity: readonly number[]): { places: Place[]; placeOf: Int32Array } => {
  const everywhere: number[] = []
  const listing = new Map<string, number[]>()
  bySpecificity.forEach((r, position) => {
    const pods = book.requests[r]!.pods
    if (!pods) everywhere.push(position)
    else
      for (const pod of pods) {
        const list = listing.get(pod)
        if (!list) listing.set(pod, [position])
        else if (list[list.length - 1] !== position) list.push(position)
      }
  })
  const places: Place[] = []
  const known = new Map<string, number>()
  const placeOf = Int32Array.from(book.units, unit => {
    const lists = unit.pods.map(pod => listing.get(pod) ?? [])
    const first = lists[0] ?? []
    const inAll = lists.length < 2 ? first : first.filter(p => lists.every(list => list.includes(p)))
    const inAny = lists.length < 2 ? first : [...new Set(lists.flat())].sort((a, b) => a - b)
    const key = lists.length < 2 ? inAll.join() : `${inAll.join()}|${inAny.join()}`
    let place = known.get(key)
    if (place === undefined) {
      place = places.length
      known.set(key, place)
      const merged = (positions: readonly number[]): number[] =>
        [...positions, ...everywhere].sort((a, b) => a - b).map(p => bySpecificity[p]!)
      places.push({
        covering: merged(inAll),
        touching: merged(inAny).filter(r => book.requests[r]!.side === 'DSO')
      })
    }
    return place
  })
  return { places, placeOf }
}

const kindFor = (
  placeIndex: number,
  place: Place,
  label: OfferService,
  book: Book,
  requestMarket: Uint8Array
): Kind => {
  const of = (side: 'DSO' | 'TSO'): number[][] =>
    [0, 1, 2, 3].map(market =>
      place.covering.filter(
        r => requestMarket[r] === market && book.requests[r]!.side === side && serves(label, book.requests[r]!.service)
      )
    )
  return { place: placeIndex, dso: of('DSO'), tso: of('TSO') }
}

/** The room of a unit in one market and MTU; infinite where no list sets a limit. */
export const roomOf = (compiled: Compiled, unit: number, market: number, mtu: number): number => {
  const caps = compiled.book.units[unit]!.caps
  if (!caps) return Number.POSITIVE_INFINITY
  const list = market === 0 ? caps.P_UP : market === 1 ? caps.P_DOWN : market === 2 ? caps.Q_UP : caps.Q_DOWN
  return list === undefined ? Number.POSITIVE_INFINITY : (list[mtu] ?? 0)
}

/** Sides closed to a unit by what earlier sessions decided. */
export const closedByState = (compiled: Compiled, unit: number, market: number, mtu: number): number => {
  const { takenDirection, servedSide } = compiled.book.units[unit]!
  const taken = (market < 2 ? takenDirection?.P : takenDirection?.Q)?.[mtu]
  if (taken && (taken === 'UP' ? 0 : 1) !== (market & 1)) return closedToBoth
  const side = compiled.book.rules.exclusivePerPod ? servedSide?.[mtu] : undefined
  return side === 'DSO' ? closedToTso : side === 'TSO' ? closedToDso : 0
}

/** Per place, whether the DSO asks for the opposite direction there (T-16): then the place is closed to the TSO. */
export const placesClosedToTso = (compiled: Compiled, market: number, mtu: number): Uint8Array | undefined => {
  const { book, dsoAt, places, demand, requestMarket } = compiled
  const other = opposite(market)
  if (!book.rules.dsoBlocksOpposite || dsoAt[other * book.mtus + mtu]!.length === 0) return undefined
  return Uint8Array.from(places, place =>
    place.touching.some(r => requestMarket[r] === other && demand[r]![mtu]! > 0) ? closedToTso : 0
  )
}

export const blockOf = (compiled: Compiled, offer: number): BlockOffer => {
  const block = compiled.book.offers[offer]!
  if (block.kind !== 'block') throw new Error(`blockOf: ${block.id} is a single offer`)
  return block
}
