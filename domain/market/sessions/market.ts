/**
 * The market of one partition: PoDs fed from the registry, sessions, their books and outcomes.
 *
 *   OpenSession        CloseSession              CompleteTechnicalOutcome
 *   ---------> open ----------------> cleared ------------------------------> validated
 *                        (nothing accepted: validated at once)   EndValidation --> notValidated (T-05)
 *
 * The gate is the position of CloseSession: what stands before it is in time, whatever any clock says. Clearing itself is
 * given in, because its solver has to be loaded first.
 */
import type { Actor, MarketCommand, MarketEvent, SessionRules } from '../../../schemas/generated.ts'
import { isPodCode, parseSessionId } from '../../units/ids.ts'
import { type Reason, reasons } from '../../units/refusal.ts'
import { addDays, deliveryDay, localIso } from '../../units/time.ts'
import type { Book } from '../clearing/book.ts'
import { type Clear, closeSession } from './close-session.ts'
import { checkVerdicts, completeTechnicalOutcome, endValidation } from './finalise.ts'
import { checkOffer } from './place-offer.ts'
import { checkRequest } from './place-request.ts'
import { placedOffer } from './placed-offer.ts'
import { podListDigest } from './pod-list.ts'
import { forgetBook, sessionBook } from './session-book.ts'
import { emptyPom, type Market, newSession, type PomState, type SessionState } from './state.ts'

export { initial } from './state.ts'

/** Sessions whose delivery day is further back are dropped from the state; the log keeps them. */
export const DAYS_KEPT = 3

type Context = { readonly now: number }

export const marketDecide =
  (clear: Clear) =>
  (command: MarketCommand, state: Market, { now }: Context): readonly MarketEvent[] => {
    const pom = state.poms.get(command.pom) ?? emptyPom()
    const { add, list } = reasons()
    const sink = { add, list }
    const refused = (subject: string): readonly MarketEvent[] => [refusal(command, subject, list)]

    switch (command.type) {
      case 'NotePod':
        return [{ ...command, type: 'PodNoted' }]
      case 'ForgetPod':
        return [{ ...command, type: 'PodForgotten' }]
      case 'OpenSession': {
        if (pom.sessions.has(command.sessionId)) add('duplicate-session', '/sessionId')
        const parsed = parseSessionId(command.sessionId)
        if (parsed?.pom !== command.pom || parsed.date !== command.deliveryDate) add('bad-id', '/sessionId')
        if (list.length > 0) return refused(command.sessionId)
        return [{ ...command, type: 'SessionOpened', podCount: pom.pods.size, podDigest: podListDigest(pom.pods) }]
      }
      case 'PlaceOffer':
      case 'PlaceBlockOffer': {
        const session = inOpenSession(command.sessionId, pom, add)
        if (session) checkOffer(command, pom, session, sink)
        if (!session || list.length > 0) return refused(command.offerId)
        const { replaces: _, ...offer } = command
        const placed = { playerServiceId: playerServiceId(command.by, command.unit.id, session), placedAt: now }
        return offer.type === 'PlaceOffer'
          ? [{ ...offer, type: 'OfferPlaced', ...placed }]
          : [{ ...offer, type: 'BlockOfferPlaced', ...placed }]
      }
      case 'WithdrawOffer': {
        const session = inOpenSession(command.sessionId, pom, add)
        const offer = session?.offers.get(command.offerId)
        if (session && !offer) add('unknown-offer', '/offerId')
        if (offer && offer.by.id !== command.by.id) add('foreign-actor', '/offerId')
        if (list.length > 0) return refused(command.offerId)
        return [{ ...command, type: 'OfferWithdrawn' }]
      }
      case 'PlaceRequest': {
        const session = inOpenSession(command.sessionId, pom, add)
        if (session) checkRequest(command, pom, session, sink)
        if (!session || list.length > 0) return refused(command.requestId)
        const { replaces: _, ...request } = command
        const placed = { playerServiceId: playerServiceId(command.by, command.location, session), placedAt: now }
        return [{ ...request, type: 'RequestPlaced', ...placed }]
      }
      case 'WithdrawRequest': {
        const session = inOpenSession(command.sessionId, pom, add)
        const request = session?.requests.get(command.requestId)
        if (session && !request) add('unknown-request', '/requestId')
        if (request && (request.by.id !== command.by.id || request.by.role !== command.by.role))
          add('foreign-actor', '/requestId')
        if (list.length > 0) return refused(command.requestId)
        return [{ ...command, type: 'RequestWithdrawn' }]
      }
      case 'DeclareUnavailability': {
        const noted = pom.pods.get(command.pod)
        if (command.by.role !== 'aggregator') add('wrong-role', '')
        if (!isPodCode(command.pod) || !noted) add('unknown-pod', '/pod')
        else if (noted.aggregatorId !== command.by.id) add('foreign-actor', '/pod')
        if (command.end <= command.start) add('bad-interval', '/end')
        if (command.end - command.start > UNAVAILABILITY_MS_MAX)
          add('bad-interval', '/end', 'At most 31 days at a time.')
        if (
          pom.unavailable.some(
            ({ pod, start, end }) => pod === command.pod && start <= command.start && command.end <= end
          )
        )
          add('already-unavailable', '')
        if (list.length > 0) return refused(command.pod)
        return [{ ...command, type: 'UnavailabilityDeclared' }]
      }
      case 'CloseSession': {
        const session = inOpenSession(command.sessionId, pom, add)
        if (!session) return refused(command.sessionId)
        return closeSession(command, session, pom, clear)
      }
      case 'JudgeService': {
        const session = inClearedSession(command, pom, add)
        if (session) checkVerdicts(command, session, pom, sink)
        if (!session || list.length > 0) return refused(command.offerId)
        return [{ ...command, type: 'ServiceJudged' }]
      }
      case 'CompleteTechnicalOutcome': {
        const session = inClearedSession(command, pom, add)
        if (!session || list.length > 0) return refused(command.marketOutcomeId)
        return completeTechnicalOutcome(command, session)
      }
      case 'EndValidation': {
        const session = pom.sessions.get(command.sessionId)
        if (!session) add('unknown-session', '/sessionId')
        else if (session.status === 'open') add('session-not-cleared', '/sessionId')
        else if (session.status !== 'cleared') add('already-final', '/sessionId')
        if (!session || list.length > 0) return refused(command.sessionId)
        return endValidation(session)
      }
    }
  }

export interface BookToClear {
  readonly book: Book
  readonly rules: SessionRules
  /** The instant at which the book's first MTU begins, ms. */
  readonly start: number
}

/** The book that the command, if it closes a session, has cleared: for whoever clears it before `marketDecide` is asked. */
export const bookToClear = (command: MarketCommand, state: Market): BookToClear | undefined => {
  if (command.type !== 'CloseSession') return undefined
  const pom = state.poms.get(command.pom)
  const session = pom?.sessions.get(command.sessionId)
  if (!pom || session?.status !== 'open') return undefined
  return toClear(session, pom)
}

/** The book as it stands of the PoM's open session whose gate is the next: what `bookToClear` will give if nothing comes. */
export const nextBook = (state: Market, pomId: string): BookToClear | undefined => {
  const pom = state.poms.get(pomId)
  let next: SessionState | undefined
  for (const session of pom?.sessions.values() ?? [])
    if (session.status === 'open' && !(next && next.opened.closesAt <= session.opened.closesAt)) next = session
  return pom && next && toClear(next, pom)
}

const toClear = (session: SessionState, pom: PomState): BookToClear => {
  const { rules, start } = session.opened
  return { book: sessionBook(session, pom).book, rules, start }
}

/** A declaration is about the coming days, not a way to leave the market. */
const UNAVAILABILITY_MS_MAX = 31 * 24 * 3_600_000

export const evolve = (state: Market, event: MarketEvent): Market => {
  let pom = state.poms.get(event.pom)
  if (!pom) {
    pom = emptyPom()
    state.poms.set(event.pom, pom)
  }
  if (event.type !== 'OfferCleared' && event.type !== 'RequestCleared' && event.type !== 'MarketCleared')
    forgetBook(pom)
  switch (event.type) {
    case 'PodNoted':
      pom.pods.set(event.pod, event)
      return state
    case 'PodForgotten':
      pom.pods.delete(event.pod)
      return state
    case 'SessionOpened':
      forgetOld(pom, event.deliveryDate, event.timeZone)
      pom.sessions.set(event.sessionId, newSession(event))
      return state
    case 'OfferPlaced':
    case 'BlockOfferPlaced': {
      const session = known(pom, event.sessionId)
      takeOut(session, event.offerId)
      session.offers.set(event.offerId, placedOffer(event, session.opened.start))
      for (const pod of event.unit.pods) {
        const entry = session.unitOfPod.get(pod)
        session.unitOfPod.set(pod, { unit: event.unit.id, offers: (entry?.offers ?? 0) + 1 })
      }
      return state
    }
    case 'OfferWithdrawn':
      takeOut(known(pom, event.sessionId), event.offerId)
      return state
    case 'RequestPlaced': {
      const { requests } = known(pom, event.sessionId)
      requests.delete(event.requestId)
      requests.set(event.requestId, event)
      return state
    }
    case 'RequestWithdrawn':
      known(pom, event.sessionId).requests.delete(event.requestId)
      return state
    case 'UnavailabilityDeclared':
      pom.unavailable.push({ pod: event.pod, start: event.start, end: event.end })
      return state
    case 'OfferCleared':
      known(pom, event.sessionId).offersCleared.push(event)
      return state
    case 'RequestCleared':
      known(pom, event.sessionId).requestsCleared.push(event)
      return state
    case 'MarketCleared': {
      const session = known(pom, event.sessionId)
      session.status = 'cleared'
      session.cleared = event
      // What was cleared, as it stood at the gate: the final clearing needs its bids.
      session.book = sessionBook(session, pom)
      return state
    }
    case 'ServiceJudged':
      known(pom, event.sessionId).verdicts.set(event.offerId, event.verdicts)
      return state
    case 'OutcomeValidated':
      known(pom, event.sessionId).offersValidated.push(event)
      return state
    case 'RequestValidated':
      known(pom, event.sessionId).requestsValidated.push(event)
      return state
    case 'SessionFinalised': {
      const session = known(pom, event.sessionId)
      session.status = event.status
      // From here on only what was validated counts.
      session.book = null
      session.offersCleared.length = 0
      session.requestsCleared.length = 0
      session.verdicts.clear()
      return state
    }
    case 'MarketCommandRefused':
      return state
  }
}

type Add = ReturnType<typeof reasons>['add']

/** Sessions that a refusal names at most. */
const NAMED_MAX = 3

const unknownSession = (id: string, { sessions }: PomState): string => {
  const open = [...sessions.values()].filter(({ status }) => status === 'open').slice(0, NAMED_MAX)
  const now = open.length === 0 ? 'None is open' : `Open now: ${open.map(({ opened }) => opened.sessionId).join(', ')}`
  return `There is no session ${id} of this point of measure. ${now}.`
}

const inOpenSession = (id: string, pom: PomState, add: Add): SessionState | undefined => {
  const session = pom.sessions.get(id)
  if (!session) add('unknown-session', '/sessionId', unknownSession(id, pom))
  else if (session.status !== 'open') {
    const { closesAt, timeZone } = session.opened
    add('session-not-open', '/sessionId', `The gate of ${id} was due at ${localIso(closesAt, timeZone)}.`)
  }
  return session?.status === 'open' ? session : undefined
}

const inClearedSession = (
  command: { readonly sessionId: string; readonly marketOutcomeId: string; readonly by: Actor },
  pom: PomState,
  add: Add
): SessionState | undefined => {
  const session = pom.sessions.get(command.sessionId)
  if (command.by.role !== 'dso') add('wrong-role', '')
  else if (!operates(command.by, pom)) add('foreign-actor', '')
  if (!session) add('unknown-session', '/sessionId', unknownSession(command.sessionId, pom))
  else if (session.status === 'open') add('session-not-cleared', '/sessionId')
  else if (session.status !== 'cleared') add('already-final', '/sessionId')
  else if (session.cleared?.marketOutcomeId !== command.marketOutcomeId) add('wrong-outcome', '/marketOutcomeId')
  return session
}

/** The grid operator of a PoM is the one that its PoDs were assigned by. */
const operates = (by: Actor, pom: PomState): boolean => {
  for (const pod of pom.pods.values()) return pod.dsoId === by.id
  return true
}

const known = (pom: PomState, id: string): SessionState => {
  const session = pom.sessions.get(id)
  // A log that speaks of a session that was never opened is corrupt: stop, don't guess.
  if (!session) throw new Error(`evolve: session ${id} was never opened`)
  return session
}

const takeOut = (session: SessionState, offerId: string): void => {
  const offer = session.offers.get(offerId)
  if (!offer) return
  session.offers.delete(offerId)
  for (const pod of offer.unit.pods) {
    const entry = session.unitOfPod.get(pod)
    if (entry && entry.offers > 1) session.unitOfPod.set(pod, { unit: entry.unit, offers: entry.offers - 1 })
    else session.unitOfPod.delete(pod)
  }
}

const forgetOld = (pom: PomState, deliveryDate: string, zone: string): void => {
  const oldest = addDays(deliveryDate, -DAYS_KEPT)
  for (const [id, { opened, status }] of pom.sessions)
    if (opened.deliveryDate < oldest && status !== 'open' && status !== 'cleared') pom.sessions.delete(id)
  const { start } = deliveryDay(oldest, zone)
  pom.unavailable = pom.unavailable.filter(({ end }) => end > start)
}

/** `<operator>::<PoD>::<market type>::<delivery start>` (DM-MPSVC, T-44). */
const playerServiceId = (by: Actor, subject: string, { serviceIdTail }: SessionState): string =>
  `${by.id}::${subject}::${serviceIdTail}`

const system: Actor = { role: 'system', id: 'clock' }

const refusal = (command: MarketCommand, subject: string, list: readonly Reason[]): MarketEvent => ({
  type: 'MarketCommandRefused',
  pom: command.pom,
  sessionId: 'sessionId' in command ? command.sessionId : null,
  command: command.type,
  subject,
  by: 'by' in command ? command.by : system,
  reasons: list
})
