/** Opens the slots of one validation, which share arrays one after the other; none of them depends on another. */
import { powerFlow } from '../power-flow.ts'
import type { PlacedCandidate } from './candidate-columns.ts'
import type { PlacedServices } from './placed-services.ts'
import { type JudgedBefore, openSlot, type Placed, type SlotCase } from './slot-case.ts'
import { benchFor, slotGrid } from './slot-grid.ts'
import { cuttingOf, RESIDUAL_TOLERANCE, type ValidationCase } from './validation-case.ts'

/** With a judgement that was made elsewhere the slot goes on from there. */
export type OpenSlot = (slot: number, before?: JudgedBefore) => SlotCase

export const slotOpener = (given: ValidationCase, { located, placed }: PlacedServices): OpenSlot => {
  const { compiled, slots, services, limits, tolerance = RESIDUAL_TOLERANCE } = given
  const cutting = cuttingOf(given)
  const bench = benchFor(compiled, powerFlow(compiled))
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
  let lastPlaced: readonly Placed[] = []
  let lastCandidates: readonly PlacedCandidate[] = []
  const candidatesIn = (here: readonly Placed[], most: Float64Array): readonly PlacedCandidate[] => {
    let isLast = here.length === lastPlaced.length
    for (let i = 0; isLast && i < here.length; i++)
      isLast = here[i] === lastPlaced[i] && most[i] === lastCandidates[i]!.most
    if (isLast) return lastCandidates
    lastPlaced = here
    lastCandidates = here.map((one, i) => candidate(one, most[i]!))
    return lastCandidates
  }
  return (slot, before) => {
    const here = placed[slot]!
    const gridWith = (most: Float64Array) => slotGrid(bench, slots[slot]!, candidatesIn(here, most))
    return openSlot(here, gridWith, { compiled, limits, tolerance, cutting }, before)
  }
}
