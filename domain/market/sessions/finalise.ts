/**
 * From the market outcome to the validated one (FR_MP_FS_5.b): the technical verdicts are taken off what was accepted, prices
 * are recomputed on what is left, and the session is final. Without a technical outcome in time nothing new is activated and
 * what earlier sessions validated stands (T-05).
 */
import type {
  CompleteTechnicalOutcome,
  JudgeService,
  MarketCleared,
  MarketEvent,
  OfferCleared,
  OutcomeValidated,
  RequestCleared,
  RequestValidated,
  SessionFinalised,
  VerdictInterval
} from '../../../schemas/generated.ts'
import { isQuantity } from '../../units/quantities.ts'
import type { reasons } from '../../units/refusal.ts'
import { MTU_MS, overlaps, runInterval } from '../../units/time.ts'
import type { OfferOutcome } from '../clearing/book.ts'
import { applyVerdicts, type Verdicts } from '../clearing/final-clearing.ts'
import { eventAllocation, eventRequestOutcome, eventTotals, netSum } from './event-outcome.ts'
import { outcomeDigest } from './outcome-digest.ts'
import { checkRuns, RUNS_MAX } from './place-offer.ts'
import type { PomState, SessionState } from './state.ts'

type Sink = ReturnType<typeof reasons>

/** A verdict is about MTUs in which the service was accepted, by the grid operator of its PoDs. */
export const checkVerdicts = (command: JudgeService, session: SessionState, pom: PomState, sink: Sink): void => {
  const { verdicts, offerId, by } = command
  const cleared = session.offersCleared.find(offer => offer.offerId === offerId)
  if (!cleared || cleared.allocations.length === 0) {
    sink.add('unknown-offer', '/offerId')
    return
  }
  if (cleared.unit.pods.some(pod => (pom.pods.get(pod)?.dsoId ?? by.id) !== by.id))
    sink.add('foreign-actor', '/offerId')
  if (verdicts.length === 0) sink.add('empty', '/verdicts')
  if (verdicts.length > RUNS_MAX) {
    sink.add('too-many', '/verdicts')
    return
  }
  checkRuns(verdicts, '/verdicts', session, sink)
  verdicts.forEach((verdict, index) => {
    const path = `/verdicts/${index}`
    if (!isQuantity(verdict.quantity)) sink.add('bad-quantity', `${path}/quantity`)
    const interval = runInterval(verdict)
    if (!cleared.allocations.some(allocation => overlaps(runInterval(allocation), interval)))
      sink.add('bad-verdict', path, 'Nothing of this service was accepted in these MTUs.')
  })
}

export const completeTechnicalOutcome = (
  command: CompleteTechnicalOutcome,
  session: SessionState
): readonly MarketEvent[] => {
  const { book, cleared, offersCleared, requestsCleared, opened } = session
  if (!book || !cleared) throw new Error(`session ${opened.sessionId} has no outcome to finalise`)
  const { start } = opened
  // Nothing is taken away: the market outcome is the validated one, and need not be worked out again.
  if (session.verdicts.size === 0 && command.unmentioned === 'OK')
    return finalEvents(
      cleared,
      'validated',
      offersCleared.flatMap(event =>
        event.allocations.length > 0 ? [validatedOutcome(event, event.allocations, session)] : []
      ),
      requestsCleared
    )
  const before = offersCleared.map(event => bookOutcome(event, start))
  const verdicts: Verdicts = new Map(
    offersCleared.map(({ offerId, allocations }) => [
      offerId,
      bookVerdicts(session.verdicts.get(offerId) ?? [], allocations, command.unmentioned, start)
    ])
  )
  const after = applyVerdicts(book.book, before, verdicts)
  const offers = offersCleared.flatMap((event, n): OutcomeValidated[] => {
    if (event.allocations.length === 0) return []
    const allocations = after.offers[n]!.allocations.map(allocation => eventAllocation(allocation, start))
    return [validatedOutcome(event, allocations, session)]
  })
  const requests = requestsCleared.map(
    (event, n): RequestValidated => ({
      ...event,
      type: 'RequestValidated',
      ...eventRequestOutcome(after.requests[n]!, start)
    })
  )
  const totals = { dso: eventTotals(after.dso), tso: eventTotals(after.tso) }
  return finalEvents({ ...cleared, ...totals }, 'validated', offers, requests)
}

const validatedOutcome = (
  { reason: _, ...cleared }: OfferCleared,
  allocations: OfferCleared['allocations'],
  session: SessionState
): OutcomeValidated => ({
  ...cleared,
  type: 'OutcomeValidated',
  allocations,
  definitive: cleared.allocations.some(allocation => isDefinitive(allocation, session)),
  curtailedWattMtus: volume(cleared.allocations) - volume(allocations)
})

/** Nothing of this session is activated; what was asked stays open in full. */
export const endValidation = (session: SessionState): readonly MarketEvent[] => {
  const { cleared, requestsCleared, opened } = session
  if (!cleared) throw new Error(`session ${opened.sessionId} has no outcome to end`)
  const requests = requestsCleared.map(
    (event): RequestValidated => ({
      ...event,
      type: 'RequestValidated',
      served: [],
      residual: joined([...event.served, ...event.residual]),
      prices: [],
      paidMicroEur: 0
    })
  )
  const nothing = (totals: MarketCleared['dso']) => ({
    ...totals,
    servedWattMtus: 0,
    bidCostTicks: '0',
    paidMicroEur: 0
  })
  return finalEvents({ ...cleared, dso: nothing(cleared.dso), tso: nothing(cleared.tso) }, 'notValidated', [], requests)
}

/** The events that end a session; `outcome` carries the final totals of both sides. */
export const finalEvents = (
  outcome: MarketCleared,
  status: SessionFinalised['status'],
  offers: readonly OutcomeValidated[],
  requests: readonly (RequestValidated | RequestCleared)[]
): readonly MarketEvent[] => {
  const { pom, sessionId, marketOutcomeId, dso, tso } = outcome
  const final = requests.map((request): RequestValidated => ({ ...request, type: 'RequestValidated' }))
  return [
    ...offers,
    ...final,
    {
      type: 'SessionFinalised',
      pom,
      sessionId,
      marketOutcomeId,
      status,
      offers: outcome.offers,
      acceptedOffers: offers.filter(({ allocations }) => allocations.length > 0).length,
      requests: outcome.requests,
      dso,
      tso,
      netSumWattMtus: netSum(offers),
      digest: outcomeDigest([...offers, ...final])
    }
  ]
}

const bookOutcome = ({ offerId, allocations, rank }: OfferCleared, start: number): OfferOutcome => ({
  id: offerId,
  rank,
  allocations: allocations.map(({ requestId, side, start: from, mtus, quantity, price }) => ({
    requestId,
    side,
    mtu: (from - start) / MTU_MS,
    mtus,
    power: quantity,
    price
  }))
})

/** The verdicts on one service by MTU index, with `unmentioned` wherever none was given. */
const bookVerdicts = (
  given: readonly VerdictInterval[],
  allocations: OfferCleared['allocations'],
  unmentioned: 'OK' | 'KO',
  start: number
): { mtu: number; mtus: number; verdict: 'OK' | 'PARTIAL' | 'KO'; power: number }[] => {
  const verdicts = given.map(({ start: from, mtus, verdict, quantity }) => ({
    mtu: (from - start) / MTU_MS,
    mtus,
    verdict,
    power: quantity
  }))
  if (unmentioned === 'OK') return verdicts
  const judged = new Set(verdicts.flatMap(({ mtu, mtus }) => Array.from({ length: mtus }, (_, n) => mtu + n)))
  const silent = new Set<number>()
  for (const { start: from, mtus } of allocations)
    for (let n = 0; n < mtus; n++) {
      const mtu = (from - start) / MTU_MS + n
      if (!judged.has(mtu)) silent.add(mtu)
    }
  return [...verdicts, ...[...silent].map(mtu => ({ mtu, mtus: 1, verdict: 'KO' as const, power: 0 }))]
}

const isDefinitive = (allocation: OfferCleared['allocations'][number], { opened }: SessionState): boolean =>
  overlaps(runInterval(allocation), runInterval({ start: opened.definitiveStart, mtus: opened.definitiveMtus }))

const volume = (allocations: OfferCleared['allocations']): number =>
  allocations.reduce((sum, { quantity, mtus }) => sum + quantity * mtus, 0)

/** Served and residual of the same MTU added up again; runs in order. */
const joined = (runs: RequestCleared['served']): RequestCleared['served'] => {
  const byMtu = new Map<number, number>()
  for (const { start, mtus, quantity } of runs)
    for (let n = 0; n < mtus; n++) {
      const at = start + n * MTU_MS
      byMtu.set(at, (byMtu.get(at) ?? 0) + quantity)
    }
  const out: { start: number; mtus: number; quantity: number }[] = []
  for (const [start, quantity] of [...byMtu].sort(([a], [b]) => a - b)) {
    const last = out.at(-1)
    if (last && last.quantity === quantity && last.start + last.mtus * MTU_MS === start) last.mtus++
    else out.push({ start, mtus: 1, quantity })
  }
  return out
}
