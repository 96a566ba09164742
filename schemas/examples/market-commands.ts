/** One example of each command to the market. */
import type { MarketCommand } from '../generated.ts'
import * as story from './story.ts'

const { pom, sessionId, marketOutcomeId, aggregator, dso, tso, at17, at18, at21 } = story

export const session = {
  pom,
  sessionId,
  deliveryDate: '2026-07-15',
  timeZone: 'Europe/Rome',
  calendar: 'platone',
  marketType: 'dayAhead',
  number: 0,
  start: story.dayStart,
  mtus: 96,
  definitiveStart: story.dayStart,
  definitiveMtus: 96,
  opensAt: story.opensAt,
  closesAt: story.closesAt,
  validationEndsAt: story.validationEndsAt,
  rules: {
    pricing: 'uniform',
    exclusivePerPod: false,
    minimumBid: 100,
    nodeLimit: 20_000,
    gapAccepted: 0.001,
    priceLimitMax: 3_000_000,
    objectives: [],
    objectiveWeights: [],
    seed: 0
  }
} as const

export const offer = {
  pom,
  sessionId,
  offerId: 'OFF-0001',
  by: aggregator,
  unit: story.battery,
  quantity: 'P',
  direction: 'UP',
  service: 'any',
  intervals: [
    {
      start: at18,
      mtus: 8,
      steps: [
        { quantity: 2_000, price: 150_000 },
        { quantity: 1_000, price: 180_000 }
      ],
      minAcceptance: 0
    }
  ]
} as const

export const blockOffer = {
  pom,
  sessionId,
  offerId: 'BLK-0001',
  by: aggregator,
  unit: story.heatPumps,
  quantity: 'P',
  direction: 'UP',
  service: 'congestion',
  power: 4_000,
  mtus: 4,
  maxEnergyWattMtus: 16_000,
  earliestStart: at17,
  latestEnd: at21,
  price: 110_000,
  minAcceptance: 4_000
} as const

export const request = {
  pom,
  sessionId,
  requestId: 'REQ-0001',
  by: dso,
  side: 'DSO',
  level: 'feeder',
  location: 'F-0712',
  pods: [story.pod, ...story.heatPumps.pods],
  quantity: 'P',
  direction: 'UP',
  service: 'congestion',
  profile: [{ start: at18, mtus: 4, quantity: 3_000 }],
  priceLimit: 300_000
} as const

export const notedPod = {
  pom,
  pod: story.pod,
  dsoId: 'ARETI',
  aggregatorId: 'ACEAE',
  flexibilityType: 'continuous',
  maxFlexibility: story.podRecord.maxFlexibility,
  services: ['congestion', 'voltage'],
  smartContractId: story.smartContractId,
  feeder: 'F-0712',
  secondarySubstation: 'CS-4411'
} as const

export const judgement = {
  pom,
  sessionId,
  marketOutcomeId,
  offerId: 'OFF-0001',
  by: dso,
  verdicts: [
    { start: at18, mtus: 3, verdict: 'OK', quantity: 0 },
    { start: at18 + 3 * story.MTU_MS, mtus: 1, verdict: 'PARTIAL', quantity: 2_500 }
  ]
} as const

export const unavailability = {
  pom,
  pod: story.heatPumps.pods[1],
  by: aggregator,
  start: at18,
  end: at21,
  reason: 'Maintenance of the heat pump.'
} as const

export const marketCommands: { readonly [T in MarketCommand['type']]: Extract<MarketCommand, { readonly type: T }> } = {
  CloseSession: { type: 'CloseSession', pom, sessionId },
  CompleteTechnicalOutcome: {
    type: 'CompleteTechnicalOutcome',
    pom,
    sessionId,
    marketOutcomeId,
    by: dso,
    unmentioned: 'OK'
  },
  DeclareUnavailability: { type: 'DeclareUnavailability', ...unavailability },
  EndValidation: { type: 'EndValidation', pom, sessionId },
  ForgetPod: { type: 'ForgetPod', pom, pod: story.pod },
  JudgeService: { type: 'JudgeService', ...judgement },
  NotePod: { type: 'NotePod', ...notedPod },
  OpenSession: { type: 'OpenSession', ...session },
  PlaceBlockOffer: { type: 'PlaceBlockOffer', ...blockOffer, replaces: false },
  PlaceOffer: { type: 'PlaceOffer', ...offer, replaces: false },
  PlaceRequest: { type: 'PlaceRequest', ...request, replaces: false },
  WithdrawOffer: { type: 'WithdrawOffer', pom, sessionId, offerId: 'OFF-0001', by: aggregator },
  WithdrawRequest: { type: 'WithdrawRequest', pom, sessionId, requestId: 'REQ-T-0001', by: tso }
}
