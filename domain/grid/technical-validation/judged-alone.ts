/**
 * Slots that are judged each by itself, wherever that is, and joined in one place afterwards: what a judgement leaves is
 * data, with which a slot can be gone on with elsewhere.
 *
 * Promises: the outcome, with the number of power flows, is that of slots that were never closed in between (a slot that is
 * opened again finds the limits that it counted by the same steps as before; these are not counted twice).
 */
import { joinBlocks } from './join-blocks.ts'
import { placeServices } from './placed-services.ts'
import type { AcceptedService, JudgedGrid, Reason } from './service.ts'
import type { Judgement, Placed, SlotCase } from './slot-case.ts'
import { slotOpener } from './slot-opener.ts'
import { cuttingOf, type ValidationCase } from './validation-case.ts'
import type { SlotOutcome } from './validation-of.ts'

export interface JudgedAlone {
  readonly judgement: Judgement
  /** The slot, if no block is cut for the sake of another slot. */
  readonly grid: JudgedGrid
}

/** Judges a slot that was just opened, with all that was accepted. */
export const judgeFirst = ({ placed, levels: now, reasons, judge }: SlotCase): void => {
  const most = new Float64Array(placed.length)
  for (let i = 0; i < most.length; i++) most[i] = placed[i]!.accepted
  const { levels, hasGround } = judge(most)
  now.set(levels)
  noteReasons(reasons, placed, levels, hasGround)
}

export const judgedAlone = (one: SlotCase): JudgedAlone => {
  judgeFirst(one)
  return { judgement: one.judgement(), grid: one.close() }
}

export const outcomeAlone = (placed: readonly Placed[], { judgement, grid }: JudgedAlone): SlotOutcome => {
  const { levels, hasGround } = judgement
  const reasons: (Reason | undefined)[] = new Array(placed.length).fill(undefined)
  noteReasons(reasons, placed, levels, hasGround)
  return { levels, reasons, grid }
}

const noteReasons = (
  reasons: (Reason | undefined)[],
  placed: readonly Placed[],
  levels: Float64Array,
  hasGround: boolean
): void => {
  for (let i = 0; i < placed.length; i++)
    if (levels[i]! < placed[i]!.accepted) reasons[i] = hasGround ? 'violation' : 'no-solution'
}

/** Whether some slot leaves a block less than it has: otherwise there is nothing to join. */
export const isBlockCut = (
  services: readonly AcceptedService[],
  placed: readonly (readonly Placed[])[],
  judged: readonly JudgedAlone[]
): boolean =>
  placed.some((here, slot) => {
    const { levels } = judged[slot]!.judgement
    return here.some(({ service, accepted }, i) => services[service]!.isBlock && levels[i]! < accepted)
  })

/** What becomes of those slots that joining has opened again; all others stay as they were judged. */
export const joinedSlots = (
  given: ValidationCase,
  judged: readonly JudgedAlone[]
): ReadonlyMap<number, SlotOutcome> => {
  const placed = placeServices(given)
  const open = slotOpener(given, placed)
  const cases = judged.map((one, slot) => {
    const again = open(slot, one)
    const { levels, hasGround } = one.judgement
    again.levels.set(levels)
    noteReasons(again.reasons, again.placed, levels, hasGround)
    return again
  })
  joinBlocks(given.services, cases, cuttingOf(given).step)
  const outcomes = new Map<number, SlotOutcome>()
  for (const [slot, one] of cases.entries())
    if (one.isOpen()) outcomes.set(slot, { levels: one.levels, reasons: one.reasons, grid: one.close() })
  return outcomes
}
