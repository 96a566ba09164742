/**
 * The grid in each quarter-hour of a session: one power flow each, what it says in a line, and every limit that is broken
 * as an alarm over all of its quarter-hours (DTP-PF-05, DTP-PF-08). Where there is no solution there are no numbers, and
 * that is an alarm too.
 */
import type { AlarmKind, AlarmRaised, AssessmentStage, PodPlace, SlotSummary } from '../../schemas/generated.ts'
import type { CompiledNetwork } from '../grid/compile-network.ts'
import { lowestAndHighest } from '../grid/extremes.ts'
import { type Divergence, type GridState, powerFlow } from '../grid/power-flow.ts'
import { type Violation, violationsOf } from '../grid/violations.ts'
import { MTU_MS } from '../units/time.ts'
import type { CalculatedSlots, Help, SlotsProblem } from './calculation.ts'
import type { MarketPlace, ReadVersion } from './network-version.ts'
import { podPlace } from './network-version.ts'

/** What one slot is like; its violations are undefined where there is no solution. */
export type CalculatedSlot =
  | { readonly summary: SlotSummary; readonly violations: readonly Violation[] }
  | { readonly summary: SlotSummary; readonly divergence: Divergence }

export const calculateSlots = (problem: SlotsProblem): CalculatedSlots => {
  const calculate = stateShare(problem)
  return calculatedSlots(problem.slots.map((_, slot) => calculate(slot)))
}

/** Calculates one slot after the other, in any order; none depends on another. */
export const stateShare = ({ compiled, limits, slots, start }: SlotsProblem): ((slot: number) => CalculatedSlot) => {
  const flow = powerFlow(compiled)
  return slot => {
    const state = flow.solve(slots[slot]!)
    const at = start + slot * MTU_MS
    if (state.status === 'diverged') return { summary: unsolved(at, state), divergence: state }
    const violations = violationsOf(compiled, limits, state)
    return { summary: solved(compiled, at, state, violations.length), violations }
  }
}

export const calculatedSlots = (slots: readonly CalculatedSlot[]): CalculatedSlots => ({
  summaries: slots.map(({ summary }) => summary),
  violations: slots.map(one => ('violations' in one ? one.violations : undefined)),
  divergences: slots.flatMap((one, slot) => ('divergence' in one ? [{ slot, divergence: one.divergence }] : []))
})

const nothing = {
  minVoltagePu: null,
  minVoltageBus: null,
  maxVoltagePu: null,
  maxVoltageBus: null,
  maxLoadingPercent: null,
  maxLoadingElement: null,
  lossesWatt: null,
  fromGridWatt: null,
  fromGridVar: null
} as const

const unsolved = (start: number, { reason, bus }: Divergence): SlotSummary => ({
  ...nothing,
  start,
  status: reason === 'no-convergence' ? 'noConvergence' : 'unstableSolution',
  minVoltageBus: bus,
  violations: 0
})

const solved = ({ network }: CompiledNetwork, start: number, state: GridState, violations: number): SlotSummary => {
  const voltage = lowestAndHighest(state.vm_pu)
  const line = lowestAndHighest(state.lines.loadingPercent).highest
  const transformer = lowestAndHighest(state.transformers.loadingPercent).highest
  const ofLine = state.lines.loadingPercent[line] ?? Number.NEGATIVE_INFINITY
  const ofTransformer = state.transformers.loadingPercent[transformer] ?? Number.NEGATIVE_INFINITY
  const isLine = ofLine >= ofTransformer
  const most = isLine ? ofLine : ofTransformer
  const element = isLine ? network.lines[line]?.id : network.transformers[transformer]?.id
  return {
    ...nothing,
    start,
    status: 'converged',
    minVoltagePu: state.vm_pu[voltage.lowest] ?? null,
    minVoltageBus: network.buses[voltage.lowest]?.id ?? null,
    maxVoltagePu: state.vm_pu[voltage.highest] ?? null,
    maxVoltageBus: network.buses[voltage.highest]?.id ?? null,
    maxLoadingPercent: Number.isFinite(most) ? most : null,
    maxLoadingElement: Number.isFinite(most) ? (element ?? null) : null,
    lossesWatt: Math.round(1000 * (state.lineLosses_kW + state.transformerLosses_kW)),
    fromGridWatt: Math.round(1000 * state.externalGrid_kW.reduce((sum, p) => sum + p, 0)),
    fromGridVar: Math.round(1000 * state.externalGrid_kvar.reduce((sum, q) => sum + q, 0)),
    violations
  }
}

const kindOf: Readonly<Record<Violation['kind'], AlarmKind>> = {
  'under-voltage': 'underVoltage',
  'over-voltage': 'overVoltage',
  'line-overload': 'lineOverload',
  'transformer-overload': 'transformerOverload'
}

export interface AlarmContext {
  readonly pom: string
  readonly dsoId: string
  readonly sessionId: string
  readonly stage: AssessmentStage
  readonly start: number
}

export const alarmsOf = (
  { compiled, places }: Pick<ReadVersion, 'compiled' | 'places'>,
  { violations, divergences }: CalculatedSlots,
  help: readonly Help[],
  { pom, dsoId, sessionId, stage, start }: AlarmContext
): readonly AlarmRaised[] => {
  const found = new Map<string, { first: Violation; values: Map<number, number> }>()
  violations.forEach((list, slot) => {
    for (const violation of list ?? []) {
      const key = `${violation.kind}/${violation.element}`
      let entry = found.get(key)
      if (!entry) {
        entry = { first: violation, values: new Map() }
        found.set(key, entry)
      }
      entry.values.set(slot, 'value_pu' in violation ? violation.value_pu : violation.value_A)
    }
  })
  const helpOf = new Map(help.map(one => [`${one.kind}/${one.element}`, one]))
  const nowhere: MarketPlace = { feeder: null, secondarySubstation: null }
  const placeOf = (bus: number): PodPlace => podPlace(dsoId, pom, places[bus] ?? nowhere)
  const of = { type: 'AlarmRaised', pom, sessionId, stage } as const
  let number = 0
  const alarmId = (): string => `${sessionId}.${stage}.${++number}`
  const alarms = [...found].map(([key, { first, values }]): AlarmRaised => {
    const isUnder = first.kind === 'under-voltage'
    const all = [...values.values()]
    return {
      ...of,
      alarmId: alarmId(),
      kind: kindOf[first.kind],
      element: first.element,
      place: placeOf(busOfViolation(compiled, first)),
      limit: 'limit_pu' in first ? first.limit_pu : first.limit_A,
      worst: isUnder ? Math.min(...all) : Math.max(...all),
      values: runsOf(values, start, isUnder),
      helpful: helpOf.get(key)?.resources ?? []
    }
  })
  const weakest = new Map<string, number[]>()
  for (const { slot, divergence } of divergences)
    weakest.set(divergence.bus, [...(weakest.get(divergence.bus) ?? []), slot])
  for (const [bus, slots] of weakest)
    alarms.push({
      ...of,
      alarmId: alarmId(),
      kind: 'noSolution',
      element: bus,
      place: placeOf(compiled.topology.busIndex.get(bus) ?? -1),
      limit: 0,
      worst: 0,
      values: runsOf(new Map(slots.map(slot => [slot, 0])), start, false),
      helpful: []
    })
  return alarms
}

const busOfViolation = ({ network, topology }: CompiledNetwork, violation: Violation): number => {
  switch (violation.kind) {
    case 'under-voltage':
    case 'over-voltage':
      return violation.index
    case 'line-overload':
      return topology.busIndex.get(network.lines[violation.index]!.to) ?? -1
    case 'transformer-overload':
      return topology.busIndex.get(network.transformers[violation.index]!.lowVoltageBus) ?? -1
  }
}

/** Consecutive slots as one value, the worst of them. */
const runsOf = (values: ReadonlyMap<number, number>, start: number, isUnder: boolean): AlarmRaised['values'] => {
  const runs: { start: number; mtus: number; value: number }[] = []
  let next = -1
  for (const [slot, value] of [...values].sort(([a], [b]) => a - b)) {
    const last = runs.at(-1)
    if (last && slot === next) {
      last.mtus++
      last.value = isUnder ? Math.min(last.value, value) : Math.max(last.value, value)
    } else runs.push({ start: start + slot * MTU_MS, mtus: 1, value })
    next = slot + 1
  }
  return runs
}
