/**
 * One example of each command to the grid operator: a network of two buses and its switch, the PoD of the story below it,
 * and what the market tells of the evening's session.
 */
import type { GridCommand } from '../generated.ts'
import {
  at18,
  battery,
  dayStart,
  dso,
  MTU_MS,
  marketOutcomeId,
  place,
  pod,
  podRecord,
  pom,
  sessionId
} from './story.ts'

type ByType<M extends { readonly type: string }> = { readonly [T in M['type']]: Extract<M, { readonly type: T }> }

export const upload = '5f0c1c5a'

const evening = { p: 0.8, q: 0.7 }

export const elements = {
  buses: [
    { id: 'MV-1', kV: 20, subnet: 'MV', substation: pom, minVoltagePu: 0.95, maxVoltagePu: 1.05, inService: true },
    {
      id: 'MV-2',
      kV: 20,
      subnet: 'MV',
      substation: 'CS-4411',
      minVoltagePu: null,
      maxVoltagePu: null,
      inService: true
    },
    {
      id: 'LV-1',
      kV: 0.4,
      subnet: 'LV-4411',
      substation: null,
      minVoltagePu: null,
      maxVoltagePu: null,
      inService: true
    }
  ],
  lines: [
    {
      id: 'F-0712',
      from: 'MV-1',
      to: 'MV-2',
      lengthKm: 3.2,
      r_ohm: 0.4,
      x_ohm: 0.36,
      c_nF: 700,
      g_uS: 0,
      max_A: 280,
      inService: true
    }
  ],
  transformers: [
    {
      id: 'T-4411',
      highVoltageBus: 'MV-2',
      lowVoltageBus: 'LV-1',
      rated_kVA: 630,
      highVoltage_kV: 20,
      lowVoltage_kV: 0.4,
      vk_percent: 6,
      vkr_percent: 1.1,
      ironLoss_kW: 1.65,
      i0_percent: 0.26,
      shift_degree: 150,
      tapSide: 'hv',
      tapKind: 'ratio',
      tapPosition: 0,
      tapNeutral: 0,
      tapMin: -2,
      tapMax: 2,
      tapStep_percent: 2.5,
      tapStep_degree: 0,
      parallel: 1,
      noLoadAt: null,
      loadingFactor: 1,
      inService: true
    }
  ],
  switches: [{ id: 'S-0712', bus: 'MV-1', element: 'F-0712', elementType: 'line', closed: true }],
  externalGrids: [{ bus: 'MV-1', vm_pu: 1.02, va_degree: 0 }],
  loads: [
    {
      id: 'L-1',
      bus: 'LV-1',
      p_kW: 6,
      q_kvar: 2,
      rated_kVA: null,
      capacity_kWh: null,
      kind: null,
      profile: 'H0-A',
      pod,
      inService: true
    }
  ],
  generators: [],
  storages: [],
  shunts: [{ id: 'C-1', bus: 'MV-1', p_kW: 0, q_kvar: -400, inService: true }],
  profiles: [{ name: 'H0-A', workday: Array.from({ length: 96 }, () => evening), saturday: [], holiday: [] }],
  limits: [{ of: 'transformer', id: 'T-4411', minPu: null, maxPu: null, percent: 90 }]
} as const satisfies Extract<GridCommand, { readonly type: 'StageNetworkElements' }>['elements']

export const activation = {
  upload,
  name: 'EUR - Tor di Valle',
  source: 'MV and LV management systems, 2026-06-30',
  frequencyHz: 50,
  parts: 1
} as const

export const opened = { id: 'S-0712', closed: false } as const

const { flexibilityType, maxFlexibility, services, powerBaselineCurves, aggregatorId } = podRecord
export const gridPod = {
  pom,
  pod,
  dsoId: dso.id,
  aggregatorId,
  flexibilityType,
  maxFlexibility,
  services,
  powerBaselineCurves
}

export const cleared = {
  offerId: 'OFF-0001',
  aggregatorId,
  unit: battery,
  quantity: 'P',
  direction: 'UP',
  rank: 1,
  profile: [{ start: at18, mtus: 4, quantity: 3_000 }]
} as const

export const judged = {
  ...cleared,
  profile: [
    { start: at18, mtus: 3, quantity: 3_000 },
    { start: at18 + 3 * MTU_MS, mtus: 1, quantity: 2_500 }
  ]
} as const

export const requestId = `${sessionId}.1`

export const gridCommands: ByType<GridCommand> = {
  ActivateNetwork: { type: 'ActivateNetwork', pom, by: dso, ...activation },
  ApproveRequests: { type: 'ApproveRequests', pom, sessionId, by: dso, requestIds: [requestId] },
  AssessSession: {
    type: 'AssessSession',
    pom,
    sessionId,
    deliveryDate: '2026-07-15',
    timeZone: 'Europe/Rome',
    marketType: 'dayAhead',
    number: 0,
    start: dayStart,
    mtus: 96,
    definitiveStart: dayStart,
    definitiveMtus: 96,
    minimumBid: 100,
    requests: 'automatic'
  },
  ForgetGridPod: { type: 'ForgetGridPod', pom, pod },
  LocatePod: { type: 'LocatePod', pod, place, pom },
  NoteClearedService: {
    type: 'NoteClearedService',
    pom,
    sessionId,
    marketOutcomeId,
    ...cleared,
    carriedFrom: null
  },
  NoteFinalOutcome: { type: 'NoteFinalOutcome', pom, sessionId, status: 'validated' },
  NoteGridPod: { type: 'NoteGridPod', ...gridPod },
  NoteIndivisibleOffer: {
    type: 'NoteIndivisibleOffer',
    pom,
    sessionId,
    offerId: 'OFF-0002',
    isBlock: true,
    minAcceptance: 1_000
  },
  NoteMeasurements: {
    type: 'NoteMeasurements',
    pom,
    by: dso,
    series: 'L-1',
    date: '2026-07-14',
    timeZone: 'Europe/Rome',
    p: [310, 295, null, 280],
    q: []
  },
  NotePlant: {
    type: 'NotePlant',
    pom,
    by: dso,
    series: 'PV-1',
    plant: {
      kind: 'solar',
      ratedWatt: 5_000,
      latitudeDegree: 41.9,
      longitudeDegree: 12.5,
      tiltDegree: 30,
      azimuthDegree: 180,
      hubHeightM: null,
      cutInMs: null,
      ratedMs: null,
      cutOutMs: null
    }
  },
  NoteRegisteredPod: { type: 'NoteRegisteredPod', pod, registered: true, place: null },
  NoteValidatedService: { type: 'NoteValidatedService', pom, sessionId, ...judged },
  NoteWeather: {
    type: 'NoteWeather',
    pom,
    by: dso,
    start: dayStart,
    stepMinutes: 60,
    ghi: [0, null],
    cloudShare: [0.25, 0.5],
    temperature: [21.5, 21],
    wind: []
  },
  RejectRequests: { type: 'RejectRequests', pom, sessionId, by: dso, requestIds: [] },
  StageNetworkElements: { type: 'StageNetworkElements', pom, by: dso, upload, index: 0, elements },
  SwitchNetwork: { type: 'SwitchNetwork', pom, by: dso, switches: [opened], persistent: true },
  ValidateServices: { type: 'ValidateServices', pom, sessionId, marketOutcomeId, services: 1 }
}
