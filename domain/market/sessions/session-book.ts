/**
 * The order book of a session, as the clearing wants it: MTUs by index, units with the room that is left to them, and
 * what earlier sessions bring along. Ids are those of the events: of two items of one id only
 * the one of the later session is in the book.
 */
import type { RequestPlaced } from '../../../schemas/generated.ts'
import { MTU_MS, overlaps, runEnd } from '../../units/time.ts'
import type { Book, Direction, Quantity, Request, Side, Unit, UnitCaps } from '../clearing/book.ts'
import { bandOf } from './band.ts'
import { type FirmVolume, firmVolumes, openResiduals, standingOffers } from './carry-over.ts'
import { sessionWindow } from './place-offer.ts'
import { bookOffer, mostOf, type PlacedOffer } from './placed-offer.ts'
import type { PomState, SessionState, Unavailability } from './state.ts'

export interface BookItem<T> {
  readonly item: T
  /** The earlier session that it comes from. */
  readonly carriedFrom: string | null
}

export interface SessionBook {
  readonly book: Book
  readonly offers: readonly BookItem<PlacedOffer>[]
  readonly requests: readonly BookItem<RequestPlaced>[]
}

/** The book of a gate is asked for twice, by the decision and by its fold: between the two only its outcome is noted. */
const lastBooks = new WeakMap<PomState, { readonly session: SessionState; readonly book: SessionBook }>()

/** What comes next may change books of this PoM. */
export const forgetBook = (pom: PomState): void => {
  lastBooks.delete(pom)
}

export const sessionBook = (session: SessionState, pom: PomState): SessionBook => {
  const last = lastBooks.get(pom)
  if (last?.session === session) return last.book
  const book = readBook(session, pom)
  lastBooks.set(pom, { session, book })
  return book
}

const readBook = (session: SessionState, pom: PomState): SessionBook => {
  const { start, mtus, rules } = session.opened
  const offers: BookItem<PlacedOffer>[] = [
    ...[...session.offers.values()].map(item => ({ item, carriedFrom: null })),
    ...standingOffers(session, pom).map(({ from, item }) => ({ item, carriedFrom: from }))
  ]
  const requests: BookItem<RequestPlaced>[] = [
    ...[...session.requests.values()].map(item => ({ item, carriedFrom: null })),
    ...openResiduals(session, pom).map(({ from, requestId, profile }) => {
      const placed = pom.sessions.get(from)?.requests.get(requestId)
      if (!placed) throw new Error(`the request ${requestId} of ${from} is gone`)
      return { item: { ...placed, profile }, carriedFrom: from }
    })
  ]
  const book: Book = {
    mtus,
    units: units(offers, session, pom),
    offers: offers.map(({ item }) => bookOffer(item, start)),
    requests: requests.map(entry => bookRequest(entry, start)),
    rules: {
      pricing: rules.pricing,
      exclusivePerPod: rules.exclusivePerPod,
      dsoBlocksOpposite: true,
      nodeLimit: rules.nodeLimit,
      gapAccepted: rules.gapAccepted
    }
  }
  return { book, offers, requests }
}

const index = (instant: number, start: number): number => (instant - start) / MTU_MS

const bookRequest = ({ item }: BookItem<RequestPlaced>, start: number): Request => ({
  id: item.requestId,
  side: item.side,
  operator: item.by.id,
  quantity: item.quantity,
  direction: item.direction,
  service: item.service,
  profile: item.profile.map(run => ({ mtu: index(run.start, start), mtus: run.mtus, power: run.quantity })),
  ...(item.side === 'DSO' ? { pods: item.pods } : {}),
  ...(item.priceLimit === null ? {} : { priceLimit: item.priceLimit })
})

const axes = [
  ['P', 'UP'],
  ['P', 'DOWN'],
  ['Q', 'UP'],
  ['Q', 'DOWN']
] as const satisfies readonly (readonly [Quantity, Direction])[]

/** Units with the room that earlier sessions, unavailability and their own other offers leave them. */
const units = (offers: readonly BookItem<PlacedOffer>[], session: SessionState, pom: PomState): Unit[] => {
  const window = sessionWindow(session)
  const firmByPod = new Map<string, FirmVolume[]>()
  for (const firm of firmVolumes(session, pom)) for (const pod of firm.pods) push(firmByPod, pod, firm)
  const awayByPod = new Map<string, Unavailability[]>()
  for (const away of pom.unavailable) if (overlaps(away, window)) push(awayByPod, away.pod, away)
  const offersOfUnit = new Map<string, PlacedOffer[]>()
  for (const { item } of offers) push(offersOfUnit, item.unit.id, item)

  return [...offersOfUnit].map(([id, own]) => {
    const { pods } = own[0]!.unit
    const firm = new Set(pods.flatMap(pod => firmByPod.get(pod) ?? []))
    const away = pods.flatMap(pod => awayByPod.get(pod) ?? [])
    return unit(id, pods, own, [...firm], away, session, pom)
  })
}

const push = <K, V>(map: Map<K, V[]>, key: K, value: V): void => {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

const unit = (
  id: string,
  pods: readonly string[],
  own: readonly PlacedOffer[],
  firm: readonly FirmVolume[],
  away: readonly Unavailability[],
  session: SessionState,
  pom: PomState
): Unit => {
  const { start, mtus } = session.opened
  const members = pods.flatMap(pod => pom.pods.get(pod) ?? [])
  const caps: { -readonly [Axis in keyof UnitCaps]: number[] } = {}
  for (const [quantity, direction] of axes) {
    const offered = own.filter(offer => offer.quantity === quantity && offer.direction === direction)
    // Where all offers together fit into the band it limits nothing, and the clearing has an easier book.
    const most = offered.reduce((sum, offer) => sum + mostOf(offer), 0)
    const limited = firm.length > 0 || away.length > 0 || most > bandOf(members, quantity, direction)
    if (offered.length === 0 || !limited) continue
    const cap = new Array<number>(mtus).fill(bandOf(members, quantity, direction))
    for (const volume of firm)
      if (volume.quantity === quantity && volume.direction === direction)
        eachMtu(volume.allocation, start, mtu => {
          cap[mtu]! -= volume.allocation.quantity
        })
    for (const { pod, start: from, end } of away) {
      const noted = pom.pods.get(pod)
      const lost = noted ? bandOf([noted], quantity, direction) : 0
      for (let mtu = 0; mtu < mtus; mtu++)
        if (from < start + (mtu + 1) * MTU_MS && start + mtu * MTU_MS < end) cap[mtu]! -= lost
    }
    caps[`${quantity}_${direction}`] = cap.map(room => Math.max(0, room))
  }
  if (firm.length === 0) return Object.keys(caps).length > 0 ? { id, pods, caps } : { id, pods }
  const servedSide = new Array<Side | null>(mtus).fill(null)
  const taken = { P: new Array<Direction | null>(mtus).fill(null), Q: new Array<Direction | null>(mtus).fill(null) }
  for (const { allocation, quantity, direction } of firm)
    eachMtu(allocation, start, mtu => {
      servedSide[mtu] = allocation.side
      taken[quantity][mtu] = direction
    })
  return { id, pods, caps, servedSide, takenDirection: taken }
}

const eachMtu = (run: { start: number; mtus: number }, start: number, visit: (mtu: number) => void): void => {
  const last = index(runEnd(run), start)
  for (let mtu = index(run.start, start); mtu < last; mtu++) visit(mtu)
}
