/** A grid operator for tests: the village network, its commands, and a fold of everything that was decided. */
import type {
  Actor,
  AssessSession,
  GridCommand,
  GridEvent,
  NetworkElements,
  NoteGridPod,
  StageNetworkElements
} from '../../schemas/generated.ts'
import { loadSolver } from '../optimisation/solver.ts'
import { deliveryDay } from '../units/time.ts'
import { gridCalculation } from './grid-calculation.ts'
import { evolve, gridDecide, initial } from './grid-operator.ts'
import { emptyElements } from './network-version.ts'
import type { GridOperation } from './state.ts'

export const areti: Actor = { role: 'dso', id: 'ARETI' }
export const stranger: Actor = { role: 'dso', id: 'UNARETI' }
export const pom = 'ROMA-9'

const bus = (id: string, kV: number, substation: string | null = null) => ({
  id,
  kV,
  subnet: null,
  substation,
  minVoltagePu: null,
  maxVoltagePu: null,
  inService: true
})

const line = (id: string, from: string, to: string, max_A: number, r_ohm = 0.02) => ({
  id,
  from,
  to,
  lengthKm: null,
  r_ohm,
  x_ohm: r_ohm / 2,
  c_nF: 0,
  g_uS: 0,
  max_A,
  inService: true
})

const transformer = (id: string, highVoltageBus: string, lowVoltageBus: string) =>
  ({
    id,
    highVoltageBus,
    lowVoltageBus,
    rated_kVA: 250,
    highVoltage_kV: 20,
    lowVoltage_kV: 0.4,
    vk_percent: 4,
    vkr_percent: 1.2,
    ironLoss_kW: 0.6,
    i0_percent: 0.3,
    shift_degree: 150,
    tapSide: null,
    tapKind: 'ratio',
    tapPosition: 0,
    tapNeutral: 0,
    tapMin: null,
    tapMax: null,
    tapStep_percent: 0,
    tapStep_degree: 0,
    parallel: 1,
    noLoadAt: null,
    loadingFactor: 1,
    inService: true
  }) as const

const injector = (id: string, at: string, p_kW: number, pod: string | null = null) => ({
  id,
  bus: at,
  p_kW,
  q_kvar: 0,
  rated_kVA: null,
  capacity_kWh: null,
  kind: null,
  profile: 'village',
  pod,
  inService: true
})

/** Two stations on two feeders of one substation; an open switch could hang the second station on the first feeder. */
export const village = (changes: Partial<NetworkElements> = {}): NetworkElements => ({
  ...emptyElements,
  buses: [
    bus('HV', 20, 'UW Süd'),
    bus('MV-1', 20, 'SS 1'),
    bus('MV-2', 20, 'SS 2'),
    bus('LV-1', 0.4),
    bus('LV-2', 0.4),
    bus('HOME-1', 0.4),
    bus('HOME-2', 0.4)
  ],
  lines: [
    line('FEEDER 1', 'HV', 'MV-1', 280, 0.5),
    line('FEEDER 2', 'HV', 'MV-2', 280, 0.5),
    line('TIE', 'MV-1', 'MV-2', 280, 0.5),
    line('CABLE-1', 'LV-1', 'HOME-1', 100),
    line('CABLE-2', 'LV-2', 'HOME-2', 100)
  ],
  transformers: [transformer('T-1', 'MV-1', 'LV-1'), transformer('T-2', 'MV-2', 'LV-2')],
  switches: [
    { id: 'S-2', bus: 'HV', element: 'FEEDER 2', elementType: 'line', closed: true },
    { id: 'S-TIE', bus: 'MV-1', element: 'TIE', elementType: 'line', closed: false }
  ],
  externalGrids: [{ bus: 'HV', vm_pu: 1.02, va_degree: 0 }],
  loads: [
    injector('WORKSHOP', 'HOME-1', 40),
    injector('HOUSE-1', 'HOME-1', 30, 'POD-1'),
    injector('HOUSE-2', 'HOME-2', 20, 'POD-2')
  ],
  profiles: [{ name: 'village', workday: eveningPeak, saturday: [], holiday: [] }],
  ...changes
})

/** 1 from 18:00 to 20:00, else 0.4. */
const eveningPeak = Array.from({ length: 96 }, (_, slot) => ({ p: slot >= 72 && slot < 80 ? 1 : 0.4, q: 0 }))

export const stage = (elements: NetworkElements, index = 0, upload = 'u1'): StageNetworkElements => ({
  type: 'StageNetworkElements',
  pom,
  by: areti,
  upload,
  index,
  elements
})

export const activate = (parts = 1, upload = 'u1', by = areti): GridCommand => ({
  type: 'ActivateNetwork',
  pom,
  by,
  upload,
  name: 'Village',
  source: null,
  frequencyHz: 50,
  parts
})

export const switching = (persistent: boolean, ...switches: (readonly [string, boolean])[]): GridCommand => ({
  type: 'SwitchNetwork',
  pom,
  by: areti,
  switches: switches.map(([id, closed]) => ({ id, closed })),
  persistent
})

export const importing = (elements = village()): readonly GridCommand[] => [stage(elements), activate()]

const noBaseline = { workday: [], saturday: [], holiday: [] }

export const pod = (code: string, changes: Partial<NoteGridPod> = {}): GridCommand => ({
  type: 'NoteGridPod',
  pom,
  pod: code,
  dsoId: areti.id,
  aggregatorId: 'ACEAE',
  flexibilityType: 'continuous',
  maxFlexibility: { upperP: 10_000, downP: -5_000, upperQ: 0, downQ: 0 },
  services: ['congestion', 'voltage'],
  powerBaselineCurves: noBaseline,
  ...changes
})

/** Thursday 15 January 2026 in Rome. */
export const day = deliveryDay('2026-01-15', 'Europe/Rome')
export const at = (hour: number): number => day.start + hour * 3_600_000

export const dayAhead: AssessSession = {
  type: 'AssessSession',
  pom,
  sessionId: `2026-01-15.DA.${pom}`,
  deliveryDate: '2026-01-15',
  timeZone: 'Europe/Rome',
  marketType: 'dayAhead',
  number: 0,
  start: day.start,
  mtus: 96,
  definitiveStart: day.start,
  definitiveMtus: 96,
  minimumBid: 100,
  requests: 'automatic'
}

export const realTime: AssessSession = {
  ...dayAhead,
  sessionId: `2026-01-15.RT5.${pom}`,
  marketType: 'realTime',
  number: 5,
  start: at(16),
  mtus: 16,
  definitiveStart: at(16),
  definitiveMtus: 16
}

const decide = gridDecide(gridCalculation(await loadSolver()))

/** Decides and folds; gives the last command's events. */
export const after = (...commands: readonly GridCommand[]): { state: GridOperation; events: readonly GridEvent[] } => {
  let state = initial()
  let events: readonly GridEvent[] = []
  commands.forEach((command, n) => {
    events = decide(command, state, { now: 1_000 * (n + 1) })
    for (const event of events) state = evolve(state, event)
  })
  return { state, events }
}

export const of = <Type extends GridEvent['type']>(
  events: readonly GridEvent[],
  type: Type
): readonly Extract<GridEvent, { readonly type: Type }>[] =>
  events.filter((event): event is Extract<GridEvent, { readonly type: Type }> => event.type === type)

export const codes = (events: readonly GridEvent[]): readonly string[] =>
  of(events, 'GridCommandRefused').flatMap(({ reasons }) => reasons.map(({ code }) => code))
