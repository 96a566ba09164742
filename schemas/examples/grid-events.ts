/**
 * One example of each event of the grid operator: the transformer of the story is overloaded from 18:00 to 19:00, 3 kW are
 * asked for, and 500 W of the last quarter-hour are not accepted.
 */
import type { GridEvent } from '../generated.ts'
import {
  activation,
  cleared,
  elements,
  gridCommands,
  gridPod,
  judged,
  opened,
  requestId,
  upload
} from './grid-commands.ts'
import {
  at18,
  dayStart,
  dso,
  MTU_MS,
  marketOutcomeId,
  place,
  pod,
  pom,
  registeredAt,
  sessionId,
  sha256
} from './story.ts'

type ByType<M extends { readonly type: string }> = { readonly [T in M['type']]: Extract<M, { readonly type: T }> }

const lastMtu = at18 + 3 * MTU_MS

const request = {
  requestId,
  level: 'secondarySubstation',
  location: 'CS-4411',
  pods: [pod],
  quantity: 'P',
  direction: 'UP',
  service: 'congestion',
  profile: [{ start: at18, mtus: 4, quantity: 3_000 }],
  dsoId: dso.id
} as const

export const gridEvents: ByType<GridEvent> = {
  AlarmRaised: {
    type: 'AlarmRaised',
    pom,
    sessionId,
    stage: 'forecast',
    alarmId: `${sessionId}.forecast.1`,
    kind: 'transformerOverload',
    element: 'T-4411',
    place,
    limit: 909.3,
    worst: 913.2,
    values: [{ start: at18, mtus: 4, value: 913.2 }],
    helpful: [{ quantity: 'P', direction: 'UP', total: 3_500, effect: -5, pods: [pod], podCount: 1 }]
  },
  ClearedServiceNoted: {
    type: 'ClearedServiceNoted',
    pom,
    sessionId,
    marketOutcomeId,
    ...cleared,
    carriedFrom: null
  },
  FinalOutcomeNoted: {
    type: 'FinalOutcomeNoted',
    pom,
    sessionId,
    status: 'validated',
    validatedWattMtus: 11_500,
    againstVerdicts: 0
  },
  FlexibilityRequested: { type: 'FlexibilityRequested', pom, sessionId, ...request },
  GridAssessed: {
    type: 'GridAssessed',
    pom,
    sessionId,
    stage: 'forecast',
    networkVersion: 1,
    basis: { registered: 1, learned: 0, weather: 0, profiled: 0, constant: 0, withoutBus: 0 },
    slots: [
      {
        start: dayStart,
        status: 'converged',
        minVoltagePu: 1.012,
        minVoltageBus: 'LV-1',
        maxVoltagePu: 1.02,
        maxVoltageBus: 'MV-1',
        maxLoadingPercent: 41.2,
        maxLoadingElement: 'T-4411',
        lossesWatt: 4_120,
        fromGridWatt: 263_400,
        fromGridVar: 81_200,
        violations: 0
      },
      {
        start: dayStart + MTU_MS,
        status: 'noConvergence',
        minVoltagePu: null,
        minVoltageBus: 'LV-1',
        maxVoltagePu: null,
        maxVoltageBus: null,
        maxLoadingPercent: null,
        maxLoadingElement: null,
        lossesWatt: null,
        fromGridWatt: null,
        fromGridVar: null,
        violations: 0
      }
    ],
    violatedSlots: 4,
    divergedSlots: 1,
    worst: 1,
    alarms: 1,
    requests: 1,
    unresolved: 0,
    digest: sha256('powers')
  },
  GridCommandRefused: {
    type: 'GridCommandRefused',
    pom,
    command: 'SwitchNetwork',
    subject: 'S-0799',
    by: dso,
    reasons: [{ code: 'unknown-switch', path: '/switches/0/id', detail: 'The network has no switch S-0799.' }]
  },
  GridFactPassedOver: {
    type: 'GridFactPassedOver',
    pom: 'PS-ROMA-08',
    fact: 'AssessSession',
    subject: '2026-07-15.DA.PS-ROMA-08',
    reason: 'noNetwork'
  },
  GridPodForgotten: { type: 'GridPodForgotten', pom, pod },
  GridPodNoted: { type: 'GridPodNoted', ...gridPod },
  GridSessionOpened: { ...gridCommands.AssessSession, type: 'GridSessionOpened', networkVersion: 1 },
  IndivisibleOfferNoted: { ...gridCommands.NoteIndivisibleOffer, type: 'IndivisibleOfferNoted' },
  MeasurementsNoted: { ...gridCommands.NoteMeasurements, type: 'MeasurementsNoted' },
  NetworkElementsStaged: { type: 'NetworkElementsStaged', pom, by: dso, upload, index: 0, elements },
  NetworkPodsPlaced: { type: 'NetworkPodsPlaced', pom, version: 1, pods: [{ pod, place }] },
  NetworkVersionActivated: {
    type: 'NetworkVersionActivated',
    pom,
    by: dso,
    version: 1,
    ...activation,
    digest: sha256('network'),
    counts: { buses: 3, lines: 1, transformers: 1, switches: 1, loads: 1, generators: 0, storages: 0, pods: 1 },
    remarks: [{ code: 'island', path: '/buses/2', detail: '1 buses with 6 kW of load have no external grid: LV-1' }],
    remarkCount: 1,
    switched: [opened],
    changed: 'switchedForNow',
    activatedAt: registeredAt
  },
  PlantNoted: { ...gridCommands.NotePlant, type: 'PlantNoted' },
  PodLocated: { type: 'PodLocated', pod, place, assignment: null },
  ProposalDropped: { type: 'ProposalDropped', pom, sessionId, requestId, by: null },
  RegisteredPodNoted: { type: 'RegisteredPodNoted', pod, registered: true, place: null, assignment: place },
  RequestProposed: { type: 'RequestProposed', pom, sessionId, ...request },
  SeriesForecast: {
    type: 'SeriesForecast',
    pom,
    sessionId,
    series: 'CS-4411',
    kind: 'substation',
    start: dayStart,
    p: [412_000, 398_000],
    q: [91_000, 90_500],
    low: [371_000, 360_000],
    high: [455_000, 441_000]
  },
  ServiceVerdictGiven: {
    type: 'ServiceVerdictGiven',
    pom,
    sessionId,
    marketOutcomeId,
    offerId: cleared.offerId,
    dsoId: dso.id,
    verdicts: [{ start: lastMtu, mtus: 1, verdict: 'PARTIAL', quantity: 2_500 }],
    reason: 'The voltage at LV-1 would rise above 1.1 pu.'
  },
  TechnicalValidationDone: {
    type: 'TechnicalValidationDone',
    pom,
    sessionId,
    marketOutcomeId,
    dsoId: dso.id,
    services: 1,
    curtailed: 1,
    curtailedWattMtus: 500,
    residualViolations: 0,
    divergedSlots: 0,
    digest: sha256('verdicts')
  },
  ValidatedServiceNoted: { type: 'ValidatedServiceNoted', pom, sessionId, ...judged },
  WeatherNoted: { ...gridCommands.NoteWeather, type: 'WeatherNoted' }
}
