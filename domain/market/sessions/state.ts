/**
 * What the market knows of one partition: per PoM the PoDs below it, and the sessions of the last days with their book and
 * outcome. It is the fold of the market's own events and nothing else.
 */
import type {
  MarketCleared,
  OfferCleared,
  OutcomeValidated,
  PodNoted,
  RequestCleared,
  RequestPlaced,
  RequestValidated,
  SessionOpened,
  VerdictInterval
} from '../../../schemas/generated.ts'
import { localIso } from '../../units/time.ts'
import type { PlacedOffer } from './placed-offer.ts'
import type { SessionBook } from './session-book.ts'

export interface SessionState {
  readonly opened: SessionOpened
  /** Market type and local delivery start, as player service ids end (DM-MPSVC, T-44). */
  readonly serviceIdTail: string
  /** open → cleared → validated | notValidated. The gate and the clearing are one step. */
  status: 'open' | 'cleared' | 'validated' | 'notValidated'
  /** In the order of arrival. */
  readonly offers: Map<string, PlacedOffer>
  readonly requests: Map<string, RequestPlaced>
  /** Which unit offers a PoD in this session, and by how many offers. */
  readonly unitOfPod: Map<string, { unit: string; offers: number }>
  readonly offersCleared: OfferCleared[]
  readonly requestsCleared: RequestCleared[]
  cleared: MarketCleared | null
  /** The book as it was cleared; kept until the session is final. */
  book: SessionBook | null
  readonly verdicts: Map<string, readonly VerdictInterval[]>
  readonly offersValidated: OutcomeValidated[]
  readonly requestsValidated: RequestValidated[]
}

export interface Unavailability {
  readonly pod: string
  readonly start: number
  readonly end: number
}

export interface PomState {
  readonly pods: Map<string, PodNoted>
  readonly sessions: Map<string, SessionState>
  unavailable: Unavailability[]
}

export interface Market {
  readonly poms: Map<string, PomState>
}

export const initial = (): Market => ({ poms: new Map() })

export const emptyPom = (): PomState => ({ pods: new Map(), sessions: new Map(), unavailable: [] })

export const newSession = (opened: SessionOpened): SessionState => ({
  opened,
  serviceIdTail: `${opened.marketType}::${localIso(opened.start, opened.timeZone)}`,
  status: 'open',
  offers: new Map(),
  requests: new Map(),
  unitOfPod: new Map(),
  offersCleared: [],
  requestsCleared: [],
  cleared: null,
  book: null,
  verdicts: new Map(),
  offersValidated: [],
  requestsValidated: []
})
