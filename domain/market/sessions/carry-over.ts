/**
 * What earlier sessions of the same delivery day bring into a session (MP-CLR-04, MP-OFF-03, T-18 … T-20, T-23):
 *
 * - firm volumes: what was accepted and validated in their definitive MTUs uses up band, side and direction of its PoDs;
 * - standing offers: where a unit makes no offer in this session, what is left of its latest earlier offers stands;
 * - open residuals: what a DSO asked for and did not get stays asked, unless it sends a request of the same id.
 */
import type { Allocation, Direction, OfferInterval, ProfileInterval, Quantity } from '../../../schemas/generated.ts'
import { type Interval, MTU_MS, overlaps, runEnd, runInterval } from '../../units/time.ts'
import { intervalsOfSteps, stepsOfIntervals } from '../clearing/offer-steps.ts'
import { sessionWindow } from './place-offer.ts'
import type { PlacedOffer } from './placed-offer.ts'
import type { PomState, SessionState } from './state.ts'

/** Earlier sessions of the same day, in their order. */
export const earlierSessions = (session: SessionState, pom: PomState): readonly SessionState[] =>
  [...pom.sessions.values()]
    .filter(
      other =>
        other.opened.deliveryDate === session.opened.deliveryDate &&
        other.opened.number < session.opened.number &&
        other.status !== 'open'
    )
    .sort((a, b) => a.opened.number - b.opened.number)

export interface FirmVolume {
  readonly pods: readonly string[]
  readonly quantity: Quantity
  readonly direction: Direction
  readonly allocation: Allocation
}

export const firmVolumes = (session: SessionState, pom: PomState): readonly FirmVolume[] => {
  const window = sessionWindow(session)
  const firm: FirmVolume[] = []
  for (const earlier of earlierSessions(session, pom)) {
    for (const { unit, quantity, direction, allocations } of earlier.offersValidated)
      for (const allocation of definitivePart(allocations, earlier)) {
        const inside = clip(allocation, window)
        if (inside) firm.push({ pods: unit.pods, quantity, direction, allocation: inside })
      }
  }
  return firm
}

/** Without the MTUs whose result was only a preview (T-02). */
const definitivePart = (allocations: readonly Allocation[], { opened }: SessionState): readonly Allocation[] => {
  const definitive = runInterval({ start: opened.definitiveStart, mtus: opened.definitiveMtus })
  return allocations.flatMap(allocation => clip(allocation, definitive) ?? [])
}

export interface Standing<T> {
  readonly from: string
  readonly item: T
}

/** What is left of earlier offers of units that make none in this session. */
export const standingOffers = (session: SessionState, pom: PomState): readonly Standing<PlacedOffer>[] => {
  const window = sessionWindow(session)
  const taken = new Set(session.unitOfPod.keys())
  const ids = new Set(session.offers.keys())
  const standing: Standing<PlacedOffer>[] = []
  for (const earlier of [...earlierSessions(session, pom)].reverse()) {
    const here: string[] = []
    const accepted = new Map(
      earlier.offersValidated.map(({ offerId, allocations }) => [offerId, definitivePart(allocations, earlier)])
    )
    const found: Standing<PlacedOffer>[] = []
    for (const offer of earlier.offers.values()) {
      // An id that is used again means the offer of the later session.
      if (ids.has(offer.offerId)) continue
      if (offer.unit.pods.some(pod => taken.has(pod) || !pom.pods.has(pod))) continue
      const rest = restOf(offer, accepted.get(offer.offerId) ?? [], window)
      if (!rest) continue
      found.push({ from: earlier.opened.sessionId, item: rest })
      ids.add(offer.offerId)
      here.push(...offer.unit.pods)
    }
    standing.unshift(...found)
    for (const pod of here) taken.add(pod)
  }
  return standing
}

const restOf = (offer: PlacedOffer, accepted: readonly Allocation[], window: Interval): PlacedOffer | undefined => {
  if (offer.type === 'BlockOfferPlaced') {
    const earliestStart = Math.max(offer.earliestStart, window.start)
    const latestEnd = Math.min(offer.latestEnd, window.end)
    const fits = latestEnd - earliestStart >= offer.mtus * MTU_MS
    return accepted.length === 0 && fits ? { ...offer, earliestStart, latestEnd } : undefined
  }
  const intervals = intervalsOfSteps(offer.steps)
    .map(({ mtu, ...run }) => ({ ...run, start: offer.start + mtu * MTU_MS }))
    .flatMap(run => restOfRun(run, accepted, window))
    .map(({ start, ...run }) => ({ ...run, mtu: (start - window.start) / MTU_MS }))
  return intervals.length > 0 ? { ...offer, start: window.start, steps: stepsOfIntervals(intervals) } : undefined
}

/** The run inside the window, cut where the accepted quantity changes, without the cheapest steps that were accepted. */
const restOfRun = (run: OfferInterval, accepted: readonly Allocation[], window: Interval): OfferInterval[] => {
  const inside = clip(run, window)
  if (!inside) return []
  const touching = accepted.filter(allocation => overlaps(runInterval(allocation), runInterval(inside)))
  const cuts = new Set([inside.start, runEnd(inside)])
  for (const allocation of touching)
    for (const at of [allocation.start, runEnd(allocation)]) if (at > inside.start && at < runEnd(inside)) cuts.add(at)
  const edges = [...cuts].sort((a, b) => a - b)
  const rest: OfferInterval[] = []
  for (let n = 0; n + 1 < edges.length; n++) {
    const start = edges[n]!
    const mtus = (edges[n + 1]! - start) / MTU_MS
    let used = 0
    for (const allocation of touching)
      if (allocation.start <= start && start < runEnd(allocation)) used += allocation.quantity
    const steps = withoutCheapest(run.steps, used)
    // Once a part of it runs, the minimum has been reached.
    if (steps.length > 0) rest.push({ start, mtus, steps, minAcceptance: used > 0 ? 0 : run.minAcceptance })
  }
  return rest
}

const withoutCheapest = (steps: OfferInterval['steps'], used: number): OfferInterval['steps'] => {
  if (used === 0) return steps
  let left = used
  return [...steps]
    .sort((a, b) => a.price - b.price)
    .map(step => {
      const taken = Math.min(left, step.quantity)
      left -= taken
      return { ...step, quantity: step.quantity - taken }
    })
    .filter(step => step.quantity > 0)
}

/** DSO requests of earlier sessions with what is still open of them in this window (T-23). */
export const openResiduals = (
  session: SessionState,
  pom: PomState
): readonly { readonly from: string; readonly requestId: string; readonly profile: readonly ProfileInterval[] }[] => {
  const window = sessionWindow(session)
  const open = new Map<string, { from: string; requestId: string; profile: readonly ProfileInterval[] }>()
  for (const earlier of earlierSessions(session, pom)) {
    for (const { requestId, side, residual } of earlier.requestsValidated) {
      if (side !== 'DSO' || session.requests.has(requestId)) continue
      const profile = residual.flatMap(run => clip(run, window) ?? [])
      // A later session that had the request again knows better what is open.
      open.delete(requestId)
      if (profile.length > 0) open.set(requestId, { from: originOf(earlier, requestId), requestId, profile })
    }
  }
  return [...open.values()]
}

/** The session in which the request was placed: its terms stand there. */
const originOf = (session: SessionState, requestId: string): string =>
  session.requestsValidated.find(request => request.requestId === requestId)?.carriedFrom ?? session.opened.sessionId

/** The part of a run of MTUs inside a window. */
export const clip = <Run extends { readonly start: number; readonly mtus: number }>(
  run: Run,
  window: Interval
): Run | undefined => {
  const start = Math.max(run.start, window.start)
  const end = Math.min(runEnd(run), window.end)
  return end > start ? { ...run, start, mtus: (end - start) / MTU_MS } : undefined
}
