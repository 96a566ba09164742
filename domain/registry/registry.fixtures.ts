import type { Actor, PodPlace, PodRecord, RegistryCommand, RegistryEvent } from '../../schemas/generated.ts'
import { decide, evolve, initial, type Registry } from './registry.ts'

export const acea: Actor = { role: 'aggregator', id: 'ACEAE' }
export const other: Actor = { role: 'aggregator', id: 'OTHER' }
export const areti: Actor = { role: 'dso', id: 'ARETI' }

export const aPodRecord = (changes: Partial<PodRecord> = {}): PodRecord => ({
  aggregatorId: acea.id,
  zone: 'CSUD',
  flexibilityType: 'continuous',
  voltageLevel: 'LV',
  contractualPower: 6_000,
  pnp: 6_000,
  inp: 3_000,
  inq: 300,
  cnq: 200,
  cnp: null,
  cosPhi: '0.95R',
  maxFlexibility: { upperP: 3_000, downP: -2_000, upperQ: 500, downQ: -500 },
  powerBaselineCurves: { workday: [], saturday: [], holiday: [] },
  services: ['congestion', 'voltage'],
  ...changes
})

export const aPlace = (changes: Partial<PodPlace> = {}): PodPlace => ({
  dsoId: areti.id,
  pom: 'ROMA1',
  feeder: 'F1',
  secondarySubstation: 'S1',
  ...changes
})

/** Decides and folds; gives the last command's events. */
export const after = (...commands: RegistryCommand[]): { state: Registry; events: readonly RegistryEvent[] } => {
  let state = initial()
  let events: readonly RegistryEvent[] = []
  commands.forEach((command, n) => {
    events = decide(command, state, { now: 1_000 * (n + 1) })
    for (const event of events) state = evolve(state, event)
  })
  return { state, events }
}

export const codes = (events: readonly RegistryEvent[]): string[] =>
  events.flatMap(event => (event.type === 'RegistryCommandRefused' ? event.reasons.map(reason => reason.code) : []))
