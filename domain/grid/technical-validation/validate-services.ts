/**
 * Technical validation (DTP-ATV-01, DTP-ATV-02, FR_DTP_ATV_2): all services that the market accepted on the grid, slot by slot;
 * where limits break, the largest acceptable set by rank, proven by a power flow.
 *
 * Slots are judged each by itself, then joined where a block needs one amount in all of its slots. What broke without any
 * service counts as groundOf says. A slot whose grid has no state without services proves nothing, so nothing is accepted
 * there (unless all services together are within the limits). The same arguments give the same answer.
 */
import type { BusOfPod } from '../apply-services.ts'
import type { CompiledNetwork } from '../compile-network.ts'
import { powerFlow, type SlotPowers } from '../power-flow.ts'
import type { Limits } from '../violations.ts'
import type { PlacedCandidate } from './candidate-columns.ts'
import type { CuttingRules } from './cutting-rules.ts'
import { joinBlocks } from './join-blocks.ts'
import type { Tolerance } from './relaxed-limits.ts'
import type { AcceptedRun, AcceptedService, JudgedSlot, Reason, TechnicalValidation } from './service.ts'
import { openSlot, type Placed, type SlotCase } from './slot-case.ts'
import { benchFor, slotGrid } from './slot-grid.ts'

export interface ValidationCase {
  readonly compiled: CompiledNetwork
  readonly busOfPod: BusOfPod
  /** By slot, without the services to be judged; in real time with those of day-ahead (applyServices). */
  readonly slots: readonly SlotPowers[]
  readonly services: readonly AcceptedService[]
  readonly limits: Limits
  readonly cutting?: Partial<CuttingRules>
  readonly tolerance?: Tolerance
}

/** What a meter can tell and an aggregator can share out. */
export const STEP_W = 10

/** As capacity calculation leaves out what hardly touches an element; below it nobody would ask for the service's end. */
export const EFFECT_LEAST = 0.01

export const RESIDUAL_TOLERANCE: Tolerance = { voltagePu: 0.0005, loadingPercent: 0.1 }

export const validateServices = (given: ValidationCase): TechnicalValidation => {
  const { compiled, slots, services, limits, tolerance = RESIDUAL_TOLERANCE } = given
  const cutting: CuttingRules = { step: STEP_W, effectLeast: EFFECT_LEAST, ...given.cutting }
  const bench = benchFor(compiled, powerFlow(compiled))
  const located = services.map(service => locate(service, given))
  const judged: JudgedSlot[][] = services.map(() => [])
  /** Mostly a service is the same in one slot after the other: then so is its candidate. */
  const lastCandidate: (PlacedCandidate | undefined)[] = services.map(() => undefined)
  const candidate = ({ service, accepted, minAcceptance }: Placed, most: number): PlacedCandidate => {
    const minimum = Math.min(minAcceptance, accepted)
    const last = lastCandidate[service]
    if (last !== undefined && last.most === most && last.minimum === minimum) return last
    const { kind, quantity, direction } = services[service]!
    const { buses, weights } = located[service]!
    const made = { quantity, direction, buses, weights, most, isDiscrete: kind === 'discrete', minimum }
    lastCandidate[service] = made
    return made
  }
  const cases = activeBySlot(services, slots.length).map((active, slot): SlotCase => {
    for (const { service, accepted } of active) {
      const { reason } = located[service]!
      if (reason !== undefined) judged[service]!.push({ slot, accepted, acceptable: 0, reason })
    }
    const placed = active.filter(({ service }) => located[service]!.reason === undefined)
    const gridWith = (most: Float64Array) =>
      slotGrid(
        bench,
        slots[slot]!,
        placed.map((one, i) => candidate(one, most[i]!))
      )
    return openSlot(placed, gridWith, { compiled, limits, tolerance, cutting })
  })
  for (const { placed, judge, reasons, levels: now } of cases) {
    const most = new Float64Array(placed.length)
    for (let i = 0; i < most.length; i++) most[i] = placed[i]!.accepted
    const { levels, hasGround } = judge(most)
    now.set(levels)
    for (let i = 0; i < most.length; i++)
      if (levels[i]! < most[i]!) reasons[i] = hasGround ? 'violation' : 'no-solution'
  }
  joinBlocks(services, cases, cutting.step)
  for (const [slot, { placed, levels, reasons }] of cases.entries())
    for (let i = 0; i < placed.length; i++) {
      const { service, accepted } = placed[i]!
      const acceptable = levels[i]!
      const reason = reasons[i]
      judged[service]!.push(
        reason === undefined ? { slot, accepted, acceptable } : { slot, accepted, acceptable, reason }
      )
    }
  return {
    services: services.map(({ offerId }, n) => ({ offerId, slots: judged[n]! })),
    slots: cases.map(one => one.close())
  }
}

interface Located {
  readonly buses: readonly number[]
  readonly weights: readonly number[]
  readonly reason: Reason | undefined
}

const locate = ({ members }: AcceptedService, { compiled, busOfPod }: ValidationCase): Located => {
  const buses: number[] = []
  let reason: Reason | undefined
  for (const { pod } of members) {
    const bus = busOfPod.get(pod)
    if (bus === undefined) reason = 'unknown-pod'
    else if (compiled.rowOfBus[bus]! < 0) reason ??= 'not-supplied'
    else buses.push(bus)
  }
  return { buses, weights: members.map(({ weight }) => weight), reason }
}

/** By slot and there by rank, what each service has accepted. */
const activeBySlot = (services: readonly AcceptedService[], slots: number): readonly (readonly Placed[])[] => {
  const bySlot: Placed[][] = Array.from({ length: slots }, () => [])
  const byRank = [...services.keys()].sort((a, b) => services[a]!.rank - services[b]!.rank || a - b)
  for (const service of byRank) {
    const { offerId, accepted, isBlock, minAcceptance } = services[service]!
    const [only, ...more] = accepted
    if (only !== undefined && more.length === 0) {
      const { slot, slots: length, amount, minAcceptance: ofRun = 0 } = only
      checkRun(offerId, only, slots)
      const active = { service, accepted: amount, minAcceptance: Math.max(minAcceptance, ofRun) }
      for (let at = slot; at < slot + length; at++) bySlot[at]!.push(active)
      continue
    }
    const amounts = new Map<number, { amount: number; least: number }>()
    for (const run of accepted) {
      checkRun(offerId, run, slots)
      const { slot, slots: length, amount, minAcceptance: ofRun = 0 } = run
      for (let at = slot; at < slot + length; at++) {
        const known = amounts.get(at)
        if (known) {
          known.amount += amount
          known.least = Math.max(known.least, ofRun)
        } else amounts.set(at, { amount, least: Math.max(minAcceptance, ofRun) })
      }
    }
    if (isBlock && new Set([...amounts.values()].map(({ amount }) => amount)).size > 1)
      throw new RangeError(`validateServices: the block ${offerId} has several amounts`)
    for (const [slot, { amount, least }] of [...amounts].sort(([a], [b]) => a - b))
      bySlot[slot]!.push({ service, accepted: amount, minAcceptance: least })
  }
  return bySlot
}

const checkRun = (offerId: string, { slot, slots: length, amount }: AcceptedRun, slots: number): void => {
  if (!(slot >= 0 && slot + length <= slots))
    throw new RangeError(`validateServices: ${offerId} in slots ${slot} to ${slot + length} of ${slots}`)
  if (!Number.isSafeInteger(amount) || amount <= 0) throw new RangeError(`validateServices: ${offerId}: ${amount}`)
}
