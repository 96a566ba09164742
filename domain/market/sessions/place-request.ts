/**
 * Whether a request may stand in the book. A DSO names a place and the PoDs below it that can help (SYS-13); a TSO asks at
 * the primary substation, where every PoD can help (MP-CLR-05).
 */
import type { PlaceRequest, PodNoted } from '../../../schemas/generated.ts'
import { isId, isServiceId } from '../../units/ids.ts'
import { isQuantity } from '../../units/quantities.ts'
import type { reasons } from '../../units/refusal.ts'
import { checkPrice, checkRuns, RUNS_MAX } from './place-offer.ts'
import type { PomState, SessionState } from './state.ts'

type Sink = ReturnType<typeof reasons>

/** PoDs in one request: the list of the largest district must fit into one record of 256 kB. */
export const REQUEST_PODS_MAX = 12_000

export const checkRequest = (request: PlaceRequest, pom: PomState, session: SessionState, sink: Sink): void => {
  const { by, side, requestId } = request
  if (by.role !== side.toLowerCase()) sink.add('wrong-role', '/side')
  if (!isServiceId(requestId)) sink.add('bad-id', '/requestId')
  const existing = session.requests.get(requestId)
  if (existing && (existing.by.id !== by.id || existing.side !== side)) sink.add('foreign-actor', '/requestId')
  else if (existing && !request.replaces) sink.add('duplicate-request-id', '/requestId')
  else if (!existing && request.replaces) sink.add('unknown-request', '/requestId')
  if (!isId(request.location)) sink.add('bad-id', '/location')
  if (side === 'DSO') checkPods(request, pom, sink)
  else {
    if (request.pods.length > 0) sink.add('bad-range', '/pods', 'A TSO asks at the PoM: every PoD below it can help.')
    if (request.level !== 'primarySubstation') sink.add('bad-range', '/level', 'A TSO asks at the primary substation.')
    if (request.location !== request.pom) sink.add('pod-not-at-location', '/location')
  }

  const { rules } = session.opened
  if (request.profile.length === 0) sink.add('empty', '/profile')
  if (request.profile.length > RUNS_MAX) {
    sink.add('too-many', '/profile')
    return
  }
  checkRuns(request.profile, '/profile', session, sink)
  request.profile.forEach(({ quantity }, index) => {
    if (!isQuantity(quantity)) sink.add('bad-quantity', `/profile/${index}/quantity`)
    else if (quantity < rules.minimumBid) sink.add('below-minimum-bid', `/profile/${index}/quantity`)
  })
  if (request.priceLimit !== null) checkPrice(request.priceLimit, rules.priceLimitMax, '/priceLimit', sink)
}

const checkPods = (request: PlaceRequest, pom: PomState, sink: Sink): void => {
  const { pods, level, location } = request
  if (pods.length === 0) sink.add('empty', '/pods')
  if (pods.length > REQUEST_PODS_MAX) sink.add('too-many', '/pods', `At most ${REQUEST_PODS_MAX} PoDs.`)
  if (new Set(pods).size !== pods.length) sink.add('bad-range', '/pods', 'A PoD is named twice.')
  pods.forEach((pod, index) => {
    const noted = pom.pods.get(pod)
    const path = `/pods/${index}`
    if (!noted) sink.add('unknown-pod', path, `${pod} is not registered under this PoM.`)
    else if (noted.dsoId !== request.by.id) sink.add('foreign-actor', path)
    else if (placeAt(noted, level) !== location) sink.add('pod-not-at-location', path)
  })
}

const placeAt = (pod: PodNoted, level: PlaceRequest['level']): string | null => {
  switch (level) {
    case 'primarySubstation':
      return pod.pom
    case 'feeder':
      return pod.feeder
    case 'secondarySubstation':
      return pod.secondarySubstation
  }
}
