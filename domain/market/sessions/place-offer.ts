/**
 * Whether an offer may stand in the book: who offers, with what, when, how much. All reasons are given at once. The room
 * that a unit has left over all of its offers and earlier sessions is a limit of the clearing, not of a single offer.
 */
import type { PlaceBlockOffer, PlaceOffer, PodNoted } from '../../../schemas/generated.ts'
import { isId, isServiceId } from '../../units/ids.ts'
import { isQuantity } from '../../units/quantities.ts'
import type { reasons } from '../../units/refusal.ts'
import { contains, type Interval, isOnMtu, MTU_MS, overlaps, runInterval } from '../../units/time.ts'
import { bandOf } from './band.ts'
import type { PomState, SessionState } from './state.ts'

type Sink = ReturnType<typeof reasons>
type Offer = PlaceOffer | PlaceBlockOffer

/** Steps of one curve; a curve of a household has one to five, of a plant seldom more than ten. */
export const STEPS_MAX = 20
/** Runs of MTUs in one offer: one per MTU of the longest day. */
export const RUNS_MAX = 100
/** PoDs in one aggregate; its id list must fit a record. */
export const MEMBERS_MAX = 5_000

export const checkOffer = (offer: Offer, pom: PomState, session: SessionState, sink: Sink): void => {
  if (offer.by.role !== 'aggregator') sink.add('wrong-role', '')
  if (!isServiceId(offer.offerId)) sink.add('bad-id', '/offerId')
  const existing = session.offers.get(offer.offerId)
  if (existing && existing.by.id !== offer.by.id) sink.add('foreign-actor', '/offerId')
  else if (existing && !offer.replaces) sink.add('duplicate-offer-id', '/offerId')
  else if (!existing && offer.replaces) sink.add('unknown-offer', '/offerId')

  const members = checkUnit(offer, pom, session, sink)
  if (offer.type === 'PlaceOffer') checkIntervals(offer, members, session, sink)
  else checkBlock(offer, members, session, sink)
}

/** The members that the market knows; what is wrong with the unit goes into the sink. */
const checkUnit = (offer: Offer, pom: PomState, session: SessionState, sink: Sink): readonly PodNoted[] => {
  const { id, pods } = offer.unit
  if (!isId(id)) sink.add('bad-id', '/unit/id')
  if (pods.length === 0) sink.add('empty', '/unit/pods')
  if (pods.length > MEMBERS_MAX) sink.add('too-many', '/unit/pods', `At most ${MEMBERS_MAX} PoDs form a unit.`)
  if (new Set(pods).size !== pods.length) sink.add('pod-in-other-unit', '/unit/pods', 'A PoD is named twice.')
  if (pods.length > 1 && pom.pods.has(id)) sink.add('bad-id', '/unit/id', 'An aggregate cannot have the code of a PoD.')
  if (pods.length === 1 && pods[0] !== id) sink.add('bad-id', '/unit/id', 'A unit of one PoD has the code of that PoD.')
  const members: PodNoted[] = []
  const replaced = offer.replaces ? session.offers.get(offer.offerId) : undefined
  pods.forEach((pod, index) => {
    const path = `/unit/pods/${index}`
    const noted = pom.pods.get(pod)
    if (!noted) {
      sink.add('unknown-pod', path, `${pod} is not registered under this PoM.`)
      return
    }
    if (noted.aggregatorId !== offer.by.id) {
      sink.add('foreign-actor', path)
      return
    }
    if (!qualified(noted, offer)) sink.add('not-qualified', path)
    const elsewhere = session.unitOfPod.get(pod)
    const soleOfferReplaced = replaced?.unit.id === elsewhere?.unit && elsewhere?.offers === 1
    if (elsewhere && elsewhere.unit !== id && !soleOfferReplaced) sink.add('pod-in-other-unit', path)
    members.push(noted)
  })
  if (pods.length > 1)
    for (const other of session.offers.values())
      if (other.unit.id === id && other.offerId !== offer.offerId && !samePods(other.unit.pods, pods))
        sink.add('pod-in-other-unit', '/unit', 'The aggregate is offered in this session with other members.')
  return members
}

const samePods = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((pod, index) => pod === b[index])

const qualified = (pod: PodNoted, offer: Offer): boolean =>
  offer.service === 'any' ? pod.services.length === 2 : pod.services.includes(offer.service)

const checkIntervals = (offer: PlaceOffer, members: readonly PodNoted[], session: SessionState, sink: Sink) => {
  const { rules } = session.opened
  if (offer.intervals.length === 0) sink.add('empty', '/intervals')
  if (offer.intervals.length > RUNS_MAX) {
    sink.add('too-many', '/intervals')
    return
  }
  const band = bandOfUnit(offer, members)
  const discrete = isDiscrete(members)
  checkRuns(offer.intervals, '/intervals', session, sink)
  offer.intervals.forEach(({ steps, minAcceptance }, index) => {
    const path = `/intervals/${index}`
    if (steps.length === 0 || steps.length > STEPS_MAX) {
      sink.add('bad-steps', `${path}/steps`)
      return
    }
    let total = 0
    steps.forEach(({ quantity, price }, n) => {
      if (!isQuantity(quantity) || quantity === 0) sink.add('bad-quantity', `${path}/steps/${n}/quantity`)
      checkPrice(price, rules.priceLimitMax, `${path}/steps/${n}/price`, sink)
      total += quantity
    })
    checkAmount(total, rules.minimumBid, band, `${path}/steps`, sink)
    if (!isQuantity(minAcceptance) || minAcceptance > total) sink.add('bad-min-acceptance', `${path}/minAcceptance`)
    else if (discrete && minAcceptance !== total) sink.add('discrete-unit', `${path}/minAcceptance`)
  })
}

const checkBlock = (offer: PlaceBlockOffer, members: readonly PodNoted[], session: SessionState, sink: Sink): void => {
  const { rules } = session.opened
  const window = { start: offer.earliestStart, end: offer.latestEnd }
  if (!isOnMtu(window.start)) sink.add('bad-interval', '/earliestStart')
  if (!isOnMtu(window.end)) sink.add('bad-interval', '/latestEnd')
  if (!Number.isSafeInteger(offer.mtus) || offer.mtus < 1) sink.add('bad-interval', '/mtus')
  else if (window.end - window.start < offer.mtus * MTU_MS)
    sink.add('bad-interval', '/latestEnd', 'The block does not fit between earliest start and latest end.')
  if (!contains(sessionWindow(session), window)) sink.add('outside-session', '')
  if (!isQuantity(offer.power) || offer.power === 0) sink.add('bad-quantity', '/power')
  if (!isQuantity(offer.minAcceptance) || offer.minAcceptance > offer.power)
    sink.add('bad-min-acceptance', '/minAcceptance')
  else if (isDiscrete(members) && offer.minAcceptance !== offer.power) sink.add('discrete-unit', '/minAcceptance')
  if (!Number.isSafeInteger(offer.maxEnergyWattMtus) || offer.maxEnergyWattMtus < 1)
    sink.add('bad-quantity', '/maxEnergyWattMtus')
  else if (
    Math.floor(offer.maxEnergyWattMtus / Math.max(1, offer.mtus)) < Math.max(offer.minAcceptance, rules.minimumBid)
  )
    sink.add(
      'bad-min-acceptance',
      '/maxEnergyWattMtus',
      'The energy does not suffice for the smallest acceptable power.'
    )
  checkPrice(offer.price, rules.priceLimitMax, '/price', sink)
  checkAmount(offer.power, rules.minimumBid, bandOfUnit(offer, members), '/power', sink)
}

/** Of a unit with unknown or foreign members nothing is said: the reason given for those is enough. */
const bandOfUnit = ({ unit, quantity, direction }: Offer, members: readonly PodNoted[]): number =>
  members.length === unit.pods.length ? bandOf(members, quantity, direction) : Number.POSITIVE_INFINITY

const isDiscrete = (members: readonly { flexibilityType: string }[]): boolean =>
  members.length === 1 && members[0]!.flexibilityType === 'discrete'

export const sessionWindow = (session: SessionState): Interval => runInterval(session.opened)

export const checkRuns = (
  runs: readonly { readonly start: number; readonly mtus: number }[],
  path: string,
  session: SessionState,
  sink: Sink
): void => {
  const seen: Interval[] = []
  runs.forEach((run, index) => {
    const interval = runInterval(run)
    if (!isOnMtu(run.start) || !Number.isSafeInteger(run.mtus) || run.mtus < 1)
      sink.add('bad-interval', `${path}/${index}`)
    else if (!contains(sessionWindow(session), interval)) sink.add('outside-session', `${path}/${index}`)
    else if (seen.some(other => overlaps(other, interval)))
      sink.add('bad-interval', `${path}/${index}`, 'It overlaps an earlier interval of the same list.')
    seen.push(interval)
  })
}

export const checkPrice = (price: number, most: number, path: string, sink: Sink): void => {
  if (!Number.isSafeInteger(price) || price < 0 || price > most)
    sink.add('above-price-limit-max', path, `Expected a whole number of µ€ per kWh from 0 to ${most}, got ${price}.`)
}

const checkAmount = (total: number, minimumBid: number, band: number, path: string, sink: Sink): void => {
  if (total < minimumBid) sink.add('below-minimum-bid', path, `${total} is less than the minimum of ${minimumBid}.`)
  if (total > band) sink.add('above-band', path, `${total} is more than the registered band of ${band}.`)
}
