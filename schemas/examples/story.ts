/**
 * What the examples share: one summer evening under one primary substation in Rome. The feeder is overloaded from 18:00 to
 * 19:00 local time, the DSO asks for 3 kW, the TSO for 4 kW an hour earlier, and an aggregator offers a battery and a block
 * of heat pumps. Numbers hang together from registration to the final outcome.
 */
import { createHash } from 'node:crypto'
import type { Actor, PodPlace, PodRecord } from '../generated.ts'

export const MTU_MS = 900_000

export const pom = 'PS-ROMA-07'
export const pod = 'IT002E50001234'
export const heatPumps = { id: 'AGG-EUR-1', pods: ['IT002E50002001', 'IT002E50002002'] } as const
export const battery = { id: pod, pods: [pod] } as const
export const sessionId = '2026-07-15.DA.PS-ROMA-07'
export const marketOutcomeId = '2026-07-15.DA.PS-ROMA-07.MO'
export const smartContractId = '64f1c0de5a7b3e9912ab34cd'

export const aggregator: Actor = { role: 'aggregator', id: 'ACEAE' }
export const dso: Actor = { role: 'dso', id: 'ARETI' }
export const tso: Actor = { role: 'tso', id: 'TERNA' }

/** Delivery day 2026-07-15 in Europe/Rome, UTC+2. */
export const dayStart = Date.UTC(2026, 6, 14, 22)
export const at17 = Date.UTC(2026, 6, 15, 15)
export const at18 = Date.UTC(2026, 6, 15, 16)
export const at21 = Date.UTC(2026, 6, 15, 19)
export const opensAt = Date.UTC(2026, 6, 14, 10)
export const closesAt = Date.UTC(2026, 6, 14, 14)
export const validationEndsAt = Date.UTC(2026, 6, 14, 17, 30)
export const registeredAt = Date.UTC(2026, 6, 1, 8, 15)

export const place: PodPlace = { dsoId: 'ARETI', pom, feeder: 'F-0712', secondarySubstation: 'CS-4411' }

/** W at each quarter-hour of a working day: a household with an evening peak. */
const workdayWatts = (slot: number): number =>
  slot < 26 ? 220 : slot < 36 ? 740 : slot < 70 ? 430 : slot < 88 ? 1_650 : 380

export const podRecord: PodRecord = {
  aggregatorId: 'ACEAE',
  zone: 'CSUD',
  flexibilityType: 'continuous',
  voltageLevel: 'LV',
  contractualPower: 6_000,
  pnp: 6_000,
  inp: 5_000,
  inq: 1_600,
  cnq: 1_900,
  cnp: null,
  cosPhi: '0.95R',
  maxFlexibility: { upperP: 3_500, downP: -3_000, upperQ: 800, downQ: -800 },
  powerBaselineCurves: {
    workday: Array.from({ length: 96 }, (_, slot) => ({
      p: workdayWatts(slot),
      q: Math.round(workdayWatts(slot) / 5)
    })),
    saturday: [],
    holiday: []
  },
  services: ['congestion', 'voltage']
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
