import type {
  Actor,
  MarketCommand,
  MarketEvent,
  MaxFlexibility,
  NotePod,
  OfferCleared,
  OpenSession,
  OutcomeValidated,
  PlaceBlockOffer,
  PlaceOffer,
  PlaceRequest,
  RequestValidated,
  SessionFinalised,
  SessionRules
} from '../../../schemas/generated.ts'
import { loadSolver } from '../../optimisation/solver.ts'
import { type CalendarName, calendars, planSessions } from './calendar.ts'
import { clearSession } from './clear-session.ts'
import { evolve, initial, marketDecide } from './market.ts'
import type { Market } from './state.ts'

export const acea: Actor = { role: 'aggregator', id: 'ACEAE' }
export const egeo: Actor = { role: 'aggregator', id: 'EGEOE' }
export const areti: Actor = { role: 'dso', id: 'ARETI' }
export const terna: Actor = { role: 'tso', id: 'TERNA' }
export const pom = 'ROMA01'
export const date = '2026-01-15'
export const zone = 'Europe/Rome'
export const MTU = 900_000

const decide = marketDecide(clearSession(await loadSolver()))

export const someRules = (changes: Partial<SessionRules> = {}): SessionRules => ({
  pricing: 'uniform',
  exclusivePerPod: false,
  minimumBid: 100,
  nodeLimit: 10_000,
  gapAccepted: 0,
  priceLimitMax: 50_000_000,
  objectives: [],
  objectiveWeights: [],
  seed: 0,
  ...changes
})

export const idOf = (label: string, day = date): string => `${day}.${label}.${pom}`

export const open = (
  label: string,
  options: { rules?: SessionRules; calendar?: CalendarName; day?: string } = {}
): OpenSession => {
  const { rules = someRules(), calendar = 'platone', day = date } = options
  const plan = planSessions(calendars[calendar], day, zone).find(candidate => candidate.label === label)
  if (!plan) throw new Error(`no session ${label}`)
  const { label: _, ...times } = plan
  return { type: 'OpenSession', pom, sessionId: idOf(label, day), timeZone: zone, calendar, rules, ...times }
}

/** Start of the n-th MTU of the delivery day. */
export const at = (mtu: number, day = date): number => open('DA', { day }).start + mtu * MTU

export const aPod = (pod: string, changes: Partial<NotePod> = {}): NotePod => ({
  type: 'NotePod',
  pom,
  pod,
  dsoId: areti.id,
  aggregatorId: acea.id,
  flexibilityType: 'continuous',
  maxFlexibility: aBand(),
  services: ['congestion', 'voltage'],
  smartContractId: null,
  feeder: 'F1',
  secondarySubstation: 'S1',
  ...changes
})

export const aBand = (changes: Partial<MaxFlexibility> = {}): MaxFlexibility => ({
  upperP: 5_000,
  downP: -5_000,
  upperQ: 1_000,
  downQ: -1_000,
  ...changes
})

export const anOffer = (pod: string, changes: Partial<PlaceOffer> = {}): PlaceOffer => ({
  type: 'PlaceOffer',
  pom,
  sessionId: idOf('DA'),
  offerId: `${pod}-1`,
  by: acea,
  unit: { id: pod, pods: [pod] },
  quantity: 'P',
  direction: 'UP',
  service: 'any',
  intervals: [{ start: at(40), mtus: 4, steps: [{ quantity: 1_000, price: 200_000 }], minAcceptance: 0 }],
  replaces: false,
  ...changes
})

export const aBlock = (pod: string, changes: Partial<PlaceBlockOffer> = {}): PlaceBlockOffer => ({
  type: 'PlaceBlockOffer',
  pom,
  sessionId: idOf('DA'),
  offerId: `${pod}-B`,
  by: acea,
  unit: { id: pod, pods: [pod] },
  quantity: 'P',
  direction: 'UP',
  service: 'any',
  power: 2_000,
  mtus: 2,
  maxEnergyWattMtus: 4_000,
  earliestStart: at(40),
  latestEnd: at(44),
  price: 100_000,
  minAcceptance: 2_000,
  replaces: false,
  ...changes
})

export const aRequest = (changes: Partial<PlaceRequest> = {}): PlaceRequest => ({
  type: 'PlaceRequest',
  pom,
  sessionId: idOf('DA'),
  requestId: 'R1',
  by: areti,
  side: 'DSO',
  level: 'secondarySubstation',
  location: 'S1',
  pods: ['A'],
  quantity: 'P',
  direction: 'UP',
  service: 'congestion',
  profile: [{ start: at(40), mtus: 4, quantity: 800 }],
  priceLimit: null,
  replaces: false,
  ...changes
})

export const aTsoRequest = (changes: Partial<PlaceRequest> = {}): PlaceRequest =>
  aRequest({ requestId: 'T1', by: terna, side: 'TSO', level: 'primarySubstation', location: pom, pods: [], ...changes })

export const close = (label = 'DA'): MarketCommand => ({ type: 'CloseSession', pom, sessionId: idOf(label) })

export const complete = (label = 'DA', unmentioned: 'OK' | 'KO' = 'OK'): MarketCommand => ({
  type: 'CompleteTechnicalOutcome',
  pom,
  sessionId: idOf(label),
  marketOutcomeId: `${idOf(label)}.MO`,
  by: areti,
  unmentioned
})

/** Decides and folds all; gives the last command's events, and all events. */
export const play = (
  ...commands: MarketCommand[]
): { state: Market; events: readonly MarketEvent[]; all: MarketEvent[] } => {
  let state = initial()
  let events: readonly MarketEvent[] = []
  const all: MarketEvent[] = []
  commands.forEach((command, n) => {
    events = decide(command, state, { now: 1_000 * (n + 1) })
    if (events.length === 0) throw new Error(`${command.type} was not answered`)
    for (const event of events) state = evolve(state, event)
    all.push(...events)
  })
  return { state, events, all }
}

export const codes = (events: readonly MarketEvent[]): string[] =>
  events.flatMap(event => (event.type === 'MarketCommandRefused' ? event.reasons.map(reason => reason.code) : []))

export const cleared = (events: readonly MarketEvent[], offerId: string): OfferCleared | undefined =>
  events.find(event => event.type === 'OfferCleared' && event.offerId === offerId) as OfferCleared | undefined

export const validated = (events: readonly MarketEvent[], offerId: string): OutcomeValidated | undefined =>
  events.find(event => event.type === 'OutcomeValidated' && event.offerId === offerId) as OutcomeValidated | undefined

export const requestValidated = (events: readonly MarketEvent[], requestId: string): RequestValidated | undefined =>
  events.find(event => event.type === 'RequestValidated' && event.requestId === requestId) as
    | RequestValidated
    | undefined

export const finalised = (events: readonly MarketEvent[]): SessionFinalised | undefined =>
  events.find(event => event.type === 'SessionFinalised')

/** W·MTU. */
export const volume = (allocations: readonly { quantity: number; mtus: number }[]): number =>
  allocations.reduce((sum, { quantity, mtus }) => sum + quantity * mtus, 0)
