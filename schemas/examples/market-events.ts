/**
 * One example of each event of the market. The DSO's 3 kW for 4 MTUs cost 180,000 µ€/kWh, the battery's dearer step:
 * 12,000 W·MTU × 180,000 / 4,000 = 540,000 µ€. The verdict takes 500 W from the last MTU, so 11,500 W·MTU and 517,500 µ€ stay.
 */
import type { MarketEvent } from '../generated.ts'
import { blockOffer, judgement, notedPod, offer, request, session, unavailability } from './market-commands.ts'
import {
  aggregator,
  at18,
  battery,
  closesAt,
  dso,
  MTU_MS,
  marketOutcomeId,
  opensAt,
  pod,
  pom,
  sessionId,
  sha256,
  tso
} from './story.ts'

const lastMtu = at18 + 3 * MTU_MS
const serviceIdTail = 'dayAhead::2026-07-15T00:00:00.000+02:00'

const offerOutcome = {
  pom,
  sessionId,
  marketOutcomeId,
  offerId: 'OFF-0001',
  aggregatorId: 'ACEAE',
  unit: battery,
  quantity: 'P',
  direction: 'UP',
  carriedFrom: null,
  rank: 1
} as const

const forRequest = { requestId: 'REQ-0001', side: 'DSO', price: 180_000 } as const

const requestOutcome = {
  pom,
  sessionId,
  marketOutcomeId,
  requestId: 'REQ-0001',
  side: 'DSO',
  operator: 'ARETI',
  quantity: 'P',
  direction: 'UP',
  service: 'congestion',
  carriedFrom: null,
  prices: [{ start: at18, mtus: 4, price: 180_000 }]
} as const

const tsoTotals = { askedWattMtus: 16_000, servedWattMtus: 16_000, bidCostTicks: '1760000000', paidMicroEur: 440_000 }
const counts = { offers: 2, acceptedOffers: 2, requests: 2 }

export const marketEvents: { readonly [T in MarketEvent['type']]: Extract<MarketEvent, { readonly type: T }> } = {
  BlockOfferPlaced: {
    type: 'BlockOfferPlaced',
    ...blockOffer,
    playerServiceId: `ACEAE::AGG-EUR-1::${serviceIdTail}`,
    placedAt: opensAt + 1_200_000
  },
  MarketCleared: {
    type: 'MarketCleared',
    pom,
    sessionId,
    marketOutcomeId,
    algorithm: 'mixed-integer-programme',
    version: '1',
    seed: 0,
    gap: 0,
    nodes: 1,
    ...counts,
    dso: { askedWattMtus: 12_000, servedWattMtus: 12_000, bidCostTicks: '1920000000', paidMicroEur: 540_000 },
    tso: tsoTotals,
    netSumWattMtus: 28_000,
    digest: sha256('the outcome records of this example')
  },
  MarketCommandRefused: {
    type: 'MarketCommandRefused',
    pom,
    sessionId,
    command: 'PlaceOffer',
    subject: 'OFF-0002',
    by: aggregator,
    reasons: [
      { code: 'session-not-open', path: '', detail: 'The session is not open: the gate has closed.' },
      { code: 'above-band', path: '/intervals/0/steps', detail: 'More than the registered band of the unit.' }
    ]
  },
  OfferCleared: {
    type: 'OfferCleared',
    ...offerOutcome,
    allocations: [{ ...forRequest, start: at18, mtus: 4, quantity: 3_000 }],
    reason: null
  },
  OfferPlaced: {
    type: 'OfferPlaced',
    ...offer,
    playerServiceId: `ACEAE::${pod}::${serviceIdTail}`,
    placedAt: opensAt + 600_000
  },
  OfferWithdrawn: { type: 'OfferWithdrawn', pom, sessionId, offerId: 'OFF-0001', by: aggregator },
  OutcomeValidated: {
    type: 'OutcomeValidated',
    ...offerOutcome,
    allocations: [
      { ...forRequest, start: at18, mtus: 3, quantity: 3_000 },
      { ...forRequest, start: lastMtu, mtus: 1, quantity: 2_500 }
    ],
    definitive: true,
    curtailedWattMtus: 500
  },
  PodForgotten: { type: 'PodForgotten', pom, pod },
  PodNoted: { type: 'PodNoted', ...notedPod },
  RequestCleared: {
    type: 'RequestCleared',
    ...requestOutcome,
    served: [{ start: at18, mtus: 4, quantity: 3_000 }],
    residual: [],
    paidMicroEur: 540_000
  },
  RequestPlaced: {
    type: 'RequestPlaced',
    ...request,
    playerServiceId: `ARETI::F-0712::${serviceIdTail}`,
    placedAt: closesAt - 1_800_000
  },
  RequestValidated: {
    type: 'RequestValidated',
    ...requestOutcome,
    served: [
      { start: at18, mtus: 3, quantity: 3_000 },
      { start: lastMtu, mtus: 1, quantity: 2_500 }
    ],
    residual: [{ start: lastMtu, mtus: 1, quantity: 500 }],
    paidMicroEur: 517_500
  },
  RequestWithdrawn: { type: 'RequestWithdrawn', pom, sessionId, requestId: 'REQ-T-0001', by: tso },
  ServiceJudged: { type: 'ServiceJudged', ...judgement, by: dso },
  SessionFinalised: {
    type: 'SessionFinalised',
    pom,
    sessionId,
    marketOutcomeId,
    status: 'validated',
    ...counts,
    dso: { askedWattMtus: 12_000, servedWattMtus: 11_500, bidCostTicks: '1830000000', paidMicroEur: 517_500 },
    tso: tsoTotals,
    netSumWattMtus: 27_500,
    digest: sha256('the validated outcome records of this example')
  },
  SessionOpened: { type: 'SessionOpened', ...session, podCount: 3, podDigest: sha256('the PoD list of this example') },
  UnavailabilityDeclared: { type: 'UnavailabilityDeclared', ...unavailability }
}
