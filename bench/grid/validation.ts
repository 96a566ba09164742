/**
 * Flow 4 (DTP-ATV-01…03): a day of accepted services judged on the grid, 96 slots, with the last power flow of each slot as
 * proof. Two days: one without a congestion, one in which every slot has some and services are cut.
 *
 * The networks are those of the other rows, one point of delivery per load, each with a service that is accepted in all slots;
 * several primary substations are judged one after the other, as their sessions are.
 */
import { table } from '../../cli/output.ts'
import { busOfPodIn } from '../../domain/grid/apply-services.ts'
import { type CompiledNetwork, compileNetwork } from '../../domain/grid/compile-network.ts'
import { powerFlow, type SlotPowers } from '../../domain/grid/power-flow.ts'
import type { AcceptedService, TechnicalValidation } from '../../domain/grid/technical-validation/service.ts'
import { validateServices } from '../../domain/grid/technical-validation/validate-services.ts'
import { type Limits, limitsOf } from '../../domain/grid/violations.ts'
import { type CalculationThreads, calculationThreads } from '../../processors/grid-operator/calculation-threads.ts'
import { medianOf, roundsFor, slopeOf } from './rounds.ts'
import { syntheticNetwork } from './synthetic-network.ts'

export interface ValidationRow {
  readonly pods: number
  readonly substations: number
  readonly clearMs: number
  readonly congestedMs: number
  /** Without threads; of one substation alone. */
  readonly congestedAloneMs?: number
  readonly curtailedSlots: number
  readonly curtailedServices: number
  readonly powerFlowsPerSlot: number
}

const SLOTS = 96
/** One point of delivery in 80 of 82 buses. */
const BUSES_PER_POD = 1.025
const PODS_PER_SUBSTATION = 1_500

export interface Validations {
  readonly rows: readonly ValidationRow[]
  readonly clearSlope: number
  readonly congestedSlope: number
}

export const validationRows = async (sizes: readonly number[], tell: (text: string) => void): Promise<Validations> => {
  const threads = calculationThreads()
  const rows: ValidationRow[] = []
  for (const pods of sizes) {
    tell(`flow 4, ${pods} points of delivery`)
    rows.push(await measured(pods, threads))
  }
  await threads.close()
  return {
    rows,
    clearSlope: slopeOf(rows.map(({ pods, clearMs }) => ({ size: pods, ms: clearMs }))),
    congestedSlope: slopeOf(rows.map(({ pods, congestedMs }) => ({ size: pods, ms: congestedMs })))
  }
}

const measured = async (pods: number, threads: CalculationThreads): Promise<ValidationRow> => {
  const substations = Math.max(1, Math.round(pods / PODS_PER_SUBSTATION))
  const cases = Array.from({ length: Math.min(substations, 4) }, (_, n) =>
    caseOf(Math.ceil((pods / substations) * BUSES_PER_POD), n + 1)
  )
  const { rounds, warmUps } = roundsFor(substations)
  const day = (limits: 'wide' | 'tight') =>
    medianOf(rounds, warmUps, async () => {
      const all: ReturnType<typeof summaryOf>[] = []
      for (let n = 0; n < substations; n++) {
        const one = cases[n % cases.length]!
        all.push(summaryOf(await threads.validate({ ...one, limits: one[limits] })))
      }
      return all
    })
  const clear = await day('wide')
  const congested = await day('tight')
  const { tight, ...one } = cases[0]!
  const alone =
    substations === 1 ? await medianOf(rounds, warmUps, () => validateServices({ ...one, limits: tight })) : undefined
  const sum = (field: keyof ReturnType<typeof summaryOf>): number =>
    congested.result.reduce((total, one) => total + one[field], 0)
  return {
    ...{ pods, substations, clearMs: clear.ms, congestedMs: congested.ms },
    ...(alone && { congestedAloneMs: alone.ms }),
    curtailedSlots: sum('curtailedSlots'),
    curtailedServices: sum('curtailedServices'),
    powerFlowsPerSlot: sum('powerFlows') / (SLOTS * substations)
  }
}

const summaryOf = ({ slots, services }: TechnicalValidation) => {
  if (slots.some(({ residual }) => residual.length > 0)) throw new Error('flow 4: a limit is broken after validation')
  return {
    curtailedSlots: slots.filter(({ status }) => status === 'curtailed').length,
    curtailedServices: services.filter(one => one.slots.some(({ acceptable, accepted }) => acceptable < accepted))
      .length,
    powerFlows: slots.reduce((total, { powerFlows }) => total + powerFlows, 0)
  }
}

interface Case {
  readonly compiled: CompiledNetwork
  readonly busOfPod: ReadonlyMap<string, number>
  readonly slots: readonly SlotPowers[]
  readonly services: readonly AcceptedService[]
  readonly wide: Limits
  readonly tight: Limits
}

const caseOf = (buses: number, seed: number): Case => {
  const { compiled } = compileNetwork(syntheticNetwork(buses, seed))
  if (compiled === undefined) throw new Error('flow 4: the network is wrong')
  const slots = Array.from({ length: SLOTS }, (_, slot): SlotPowers => {
    const share = 0.4 + 0.6 * (0.5 - 0.5 * Math.cos((2 * Math.PI * slot) / SLOTS))
    return {
      loads: { p_kW: compiled.loads.p_kW.map(p => p * share), q_kvar: compiled.loads.q_kvar.map(q => q * share) }
    }
  })
  const services = compiled.loads.ids.map(
    (pod, n): AcceptedService => ({
      offerId: pod,
      // Neighbours have ranks far from each other.
      rank: 1 + ((n * 733) % compiled.loads.ids.length),
      quantity: 'P',
      direction: n % 10 === 0 ? 'UP' : 'DOWN',
      kind: n % 5 === 0 ? 'discrete' : 'continuous',
      isBlock: false,
      minAcceptance: 0,
      members: [{ pod, weight: 1 }],
      accepted: [{ slot: 0, slots: SLOTS, amount: 1_000 }]
    })
  )
  const wide = limitsOf(compiled)
  return {
    compiled,
    busOfPod: busOfPodIn(compiled),
    slots,
    services,
    wide: farLimits(wide),
    tight: tightLimits(compiled, slots, wide)
  }
}

const farLimits = (limits: Limits): Limits => ({
  minPu: limits.minPu.map(() => 0.5),
  maxPu: limits.maxPu.map(() => 1.5),
  linePercent: limits.linePercent.map(() => 1_000),
  transformerPercent: limits.transformerPercent.map(() => 1_000)
})

/** The load's peak without services fits, with room for about half of the services. */
const tightLimits = (compiled: CompiledNetwork, slots: readonly SlotPowers[], limits: Limits): Limits => {
  const flow = powerFlow(compiled)
  const peak = flow.solve(slots[SLOTS / 2])
  if (peak.status === 'diverged') throw new Error('flow 4: the peak has no solution')
  const room = 1.3
  const below = (volts: number): number => volts - 0.3 * (1.02 - volts)
  return {
    ...farLimits(limits),
    minPu: peak.vm_pu.map(below),
    transformerPercent: peak.transformers.loadingPercent.map(percent => percent * room)
  }
}

export const validationTable = ({ rows, clearSlope, congestedSlope }: Validations): string =>
  [
    'technical validation of one service for each point of delivery (flow 4), 96 slots, proof included',
    table(
      [
        'points of delivery',
        'substations',
        'clear day ms',
        'congested day ms',
        'without threads',
        'slots cut',
        'services cut',
        'flows a slot'
      ],
      rows.map(
        ({
          pods,
          substations,
          clearMs,
          congestedMs,
          congestedAloneMs,
          curtailedSlots,
          curtailedServices,
          powerFlowsPerSlot
        }) => [
          ...[
            pods,
            substations,
            clearMs.toFixed(0),
            congestedMs.toFixed(0),
            congestedAloneMs?.toFixed(0) ?? '–',
            curtailedSlots,
            curtailedServices
          ],
          powerFlowsPerSlot.toFixed(1)
        ]
      )
    ),
    `growth with the points of delivery: slope ${clearSlope.toFixed(2)} on the clear day, ${congestedSlope.toFixed(2)} on the congested one`
  ].join('\n')
