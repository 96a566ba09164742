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
import type { AcceptedService } from '../../domain/grid/technical-validation/service.ts'
import { validateServices } from '../../domain/grid/technical-validation/validate-services.ts'
import { type Limits, limitsOf } from '../../domain/grid/violations.ts'
import { syntheticNetwork } from './synthetic-network.ts'

export interface ValidationRow {
  readonly pods: number
  readonly substations: number
  readonly clearMs: number
  readonly congestedMs: number
  readonly curtailedSlots: number
  readonly curtailedServices: number
  readonly powerFlowsPerSlot: number
}

const SLOTS = 96
/** One point of delivery in 80 of 82 buses. */
const BUSES_PER_POD = 1.025
const PODS_PER_SUBSTATION = 1_500
const ROUNDS = 3

export const validationRows = (sizes: readonly number[], tell: (text: string) => void): readonly ValidationRow[] =>
  sizes.map(pods => {
    tell(`flow 4, ${pods} points of delivery`)
    return measured(pods)
  })

const measured = (pods: number): ValidationRow => {
  const substations = Math.max(1, Math.round(pods / PODS_PER_SUBSTATION))
  const cases = Array.from({ length: Math.min(substations, 4) }, (_, n) =>
    caseOf(Math.ceil((pods / substations) * BUSES_PER_POD), n + 1)
  )
  const row = { clearMs: 0, congestedMs: 0, curtailedSlots: 0, curtailedServices: 0, powerFlows: 0 }
  for (let substation = 0; substation < substations; substation++) {
    const one = cases[substation % cases.length]!
    const rounds = substations === 1 ? ROUNDS : 1
    row.clearMs += fastest(rounds, () => validateServices({ ...one, limits: one.wide })).ms
    const { ms, result } = fastest(rounds, () => validateServices({ ...one, limits: one.tight }))
    row.congestedMs += ms
    for (const { status, residual, powerFlows } of result.slots) {
      if (residual.length > 0) throw new Error('flow 4: a limit is broken after validation')
      row.curtailedSlots += Number(status === 'curtailed')
      row.powerFlows += powerFlows
    }
    row.curtailedServices += result.services.filter(({ slots }) =>
      slots.some(({ acceptable, accepted }) => acceptable < accepted)
    ).length
  }
  const { powerFlows, ...rest } = row
  return { pods, substations, ...rest, powerFlowsPerSlot: powerFlows / (SLOTS * substations) }
}

const fastest = <T>(rounds: number, work: () => T): { readonly ms: number; readonly result: T } => {
  let best: { ms: number; result: T } | undefined
  for (let round = 0; round < rounds; round++) {
    const started = performance.now()
    const result = work()
    const ms = performance.now() - started
    if (best === undefined || ms < best.ms) best = { ms, result }
  }
  return best!
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

export const validationTable = (rows: readonly ValidationRow[]): string =>
  [
    'technical validation of one service for each point of delivery (flow 4), 96 slots, proof included',
    table(
      [
        'points of delivery',
        'substations',
        'clear day ms',
        'congested day ms',
        'slots cut',
        'services cut',
        'flows a slot'
      ],
      rows.map(({ pods, substations, clearMs, congestedMs, curtailedSlots, curtailedServices, powerFlowsPerSlot }) => [
        ...[pods, substations, clearMs.toFixed(0), congestedMs.toFixed(0), curtailedSlots, curtailedServices],
        powerFlowsPerSlot.toFixed(1)
      ])
    )
  ].join('\n')
