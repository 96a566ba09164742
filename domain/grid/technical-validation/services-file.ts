/**
 * Accepted services in a file (docs/reference/technical-validation.md): the own list, or the outcome of `market clear` with the
 * order book that it came from. Everything that is wrong is told at once, each with the JSON Pointer of its place.
 */
import type { Book, OfferInterval } from '../../market/clearing/book.ts'
import { type BookProblem, bookLimits } from '../../market/clearing/book-file.ts'
import { JsonReader } from '../../market/clearing/json-reader.ts'
import type { AcceptedRun, AcceptedService, ServiceMember } from './service.ts'

export type ReadServices =
  | { readonly services: readonly AcceptedService[]; readonly problems?: never }
  | { readonly services?: never; readonly problems: readonly BookProblem[] }

const needed = ['offerId', 'rank', 'quantity', 'direction', 'accepted']
const optional = ['kind', 'block', 'minAcceptance', 'pods']

export const parseServices = (json: unknown, slots: number): ReadServices => {
  const read = new JsonReader()
  const file = read.object('', json, ['services'], ['$schema'])
  const services = read.list('/services', file['services']).map((service, n) => {
    const path = `/services/${n}`
    const fields = read.object(path, service, needed, optional)
    const or = <T>(name: string, otherwise: T, parse: (at: string, value: unknown) => T): T =>
      fields[name] === undefined ? otherwise : parse(`${path}/${name}`, fields[name])
    const offerId = read.text(`${path}/offerId`, fields['offerId'])
    const accepted = read
      .list(`${path}/accepted`, fields['accepted'], 1)
      .map((run, k) => parseRun(read, `${path}/accepted/${k}`, run, slots))
    const isBlock = or('block', false, (at, value) => read.boolean(at, value))
    if (isBlock && new Set(amountsIn(accepted).values()).size > 1)
      read.problem(`${path}/accepted`, 'a block has one amount in all of its slots')
    return {
      offerId,
      rank: read.integer(`${path}/rank`, fields['rank'], 1, Number.MAX_SAFE_INTEGER),
      quantity: read.oneOf(`${path}/quantity`, fields['quantity'], ['P', 'Q']),
      direction: read.oneOf(`${path}/direction`, fields['direction'], ['UP', 'DOWN']),
      kind: or('kind', 'continuous' as const, (at, value) => read.oneOf(at, value, ['continuous', 'discrete'])),
      isBlock,
      minAcceptance: or('minAcceptance', 0, (at, value) => read.integer(at, value, 0, bookLimits.quantity)),
      members: or('pods', [{ pod: offerId, weight: 1 }], (at, value) => parseMembers(read, at, value)),
      accepted
    } satisfies AcceptedService
  })
  read.unique(
    '/services',
    'offerId',
    services.map(({ offerId }) => offerId)
  )
  return read.problems.length > 0 ? { problems: read.problems } : { services }
}

const parseRun = (read: JsonReader, path: string, json: unknown, slots: number): AcceptedRun => {
  const run = read.object(path, json, ['slot', 'amount'], ['slots'])
  const slot = read.integer(`${path}/slot`, run['slot'], 0, slots - 1)
  const length = run['slots'] === undefined ? 1 : read.integer(`${path}/slots`, run['slots'], 1, slots)
  if (slot + length > slots) read.problem(`${path}/slots`, `ends at slot ${slot + length}, after the last of ${slots}`)
  return { slot, slots: length, amount: read.integer(`${path}/amount`, run['amount'], 1, bookLimits.quantity) }
}

const parseMembers = (read: JsonReader, path: string, json: unknown): readonly ServiceMember[] => {
  const members = read.list(path, json, 1).map((member, n): ServiceMember => {
    if (typeof member === 'string') return { pod: read.text(`${path}/${n}`, member), weight: 1 }
    const fields = read.object(`${path}/${n}`, member, ['pod', 'weight'], [])
    return {
      pod: read.text(`${path}/${n}/pod`, fields['pod']),
      weight: read.integer(`${path}/${n}/weight`, fields['weight'], 1, Number.MAX_SAFE_INTEGER)
    }
  })
  read.unique(
    path,
    'pod',
    members.map(({ pod }) => pod)
  )
  return members
}

const amountsIn = (runs: readonly AcceptedRun[]): ReadonlyMap<number, number> => {
  const amounts = new Map<number, number>()
  for (const { slot, slots, amount } of runs)
    for (let at = slot; at < slot + slots; at++) amounts.set(at, (amounts.get(at) ?? 0) + amount)
  return amounts
}

export const isMarketOutcome = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'offers' in json && !('services' in json)

/** What a clearing accepted of a book: MTU n is slot n. A unit's PoDs have equal shares, since a book knows no bands of theirs. */
export const servicesOfMarket = (book: Book, outcome: unknown, slots: number): ReadServices => {
  const read = new JsonReader()
  if (book.mtus > slots) read.problem('', `the book has ${book.mtus} MTUs, but there are ${slots} slots`)
  const offers = new Map(book.offers.map(offer => [offer.id, offer]))
  const podsOf = new Map(book.units.map(({ id, pods }) => [id, pods]))
  const services = read.list('/offers', read.peek(outcome, 'offers')).flatMap((cleared, n): AcceptedService[] => {
    const path = `/offers/${n}`
    const id = read.text(`${path}/id`, read.peek(cleared, 'id'))
    const offer = offers.get(id)
    if (offer === undefined) {
      read.problem(`${path}/id`, `the book has no offer ${id}`)
      return []
    }
    const intervals = offer.kind === 'single' ? offer.intervals : []
    const accepted = read.list(`${path}/allocations`, read.peek(cleared, 'allocations')).flatMap((run, k) => {
      const at = `${path}/allocations/${k}`
      const mtu = read.integer(`${at}/mtu`, read.peek(run, 'mtu'), 0, book.mtus - 1)
      const mtus = read.integer(`${at}/mtus`, read.peek(run, 'mtus'), 1, book.mtus)
      const amount = read.integer(`${at}/power`, read.peek(run, 'power'), 1, bookLimits.quantity)
      if (mtu + mtus > book.mtus) read.problem(`${at}/mtus`, `ends after the book's ${book.mtus} MTUs`)
      return Array.from({ length: mtus }, (_, m): AcceptedRun => {
        const minAcceptance = minimumIn(intervals, mtu + m)
        return { slot: mtu + m, slots: 1, amount, minAcceptance }
      })
    })
    if (accepted.length === 0) return []
    return [
      {
        offerId: id,
        rank: read.integer(`${path}/rank`, read.peek(cleared, 'rank'), 1, Number.MAX_SAFE_INTEGER),
        quantity: offer.quantity,
        direction: offer.direction,
        kind: 'continuous',
        isBlock: offer.kind === 'block',
        minAcceptance: offer.kind === 'block' ? offer.minAcceptance : 0,
        members: (podsOf.get(offer.unit) ?? [offer.unit]).map(pod => ({ pod, weight: 1 })),
        accepted
      }
    ]
  })
  return read.problems.length > 0 ? { problems: read.problems } : { services }
}

const minimumIn = (intervals: readonly OfferInterval[], at: number): number =>
  intervals.find(({ mtu, mtus }) => at >= mtu && at < mtu + mtus)?.minAcceptance ?? 0
