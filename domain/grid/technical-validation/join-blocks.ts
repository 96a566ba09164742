/**
 * One amount for a block in all of its slots (T-17, ADR 0008): the least that any of them allows. Best rank first; the slots in
 * which it was cut down are judged anew, as worse ranks may have more then (or less, where the block was their cure).
 *
 * Every round lowers a block, so there is an end; then each block is raised as far as all of its slots allow.
 */
import { type Candidate, levelAbove, levelAtMost } from './levels.ts'
import type { AcceptedService } from './service.ts'
import type { SlotCase } from './slot-case.ts'

export const joinBlocks = (services: readonly AcceptedService[], cases: readonly SlotCase[], step: number): void => {
  const blocks = blocksOf(services, cases)
  if (blocks.length === 0) return
  const most = cases.map(({ placed }) => Float64Array.from(placed, ({ accepted }) => accepted))
  const levelIn = ({ slot, place }: BlockSlot): number => cases[slot]!.levels[place]!
  for (let uneven = blocks.find(isUneven); uneven !== undefined; uneven = blocks.find(isUneven)) {
    const least = Math.min(...uneven.slots.map(levelIn))
    for (const at of uneven.slots) {
      const isHigher = levelIn(at) > least
      most[at.slot]![at.place] = least
      if (isHigher) judgeAnew(at.slot)
    }
  }
  for (const block of blocks) raise(block)

  function isUneven({ slots }: Block): boolean {
    return slots.some(at => levelIn(at) !== levelIn(slots[0]!))
  }

  function judgeAnew(slot: number): void {
    const { placed, judge, reasons, levels: now } = cases[slot]!
    const { levels, hasGround } = judge(most[slot]!)
    now.set(levels)
    placed.forEach(({ service, accepted }, i) => {
      if (now[i] === accepted) reasons[i] = undefined
      else if (now[i] === most[slot]![i] && services[service]!.isBlock) reasons[i] ??= 'block'
      else reasons[i] = hasGround ? 'violation' : 'no-solution'
    })
  }

  function raise({ slots, candidate }: Block): void {
    const level = levelIn(slots[0]!)
    const holds = (amount: number): boolean =>
      slots.every(({ slot, place }) => {
        const { levels, holds } = cases[slot]!
        return holds(levels.with(place, amount))
      })
    let good = level
    for (let next = levelAbove(candidate, good, step); next !== undefined && holds(next); ) {
      good = next
      const doubled = levelAtMost(candidate, good + 2 * (good - level), step)
      next = doubled > good ? doubled : levelAbove(candidate, good, step)
      if (next !== undefined && !holds(next)) next = levelAbove(candidate, good, step)
    }
    if (good === level) return
    for (const { slot, place } of slots) {
      const { placed, levels, reasons } = cases[slot]!
      levels[place] = good
      if (good === placed[place]!.accepted) reasons[place] = undefined
    }
    // Where the block is a cure for others, they may have more now; blocks stay.
    for (const { slot } of slots) {
      const { placed, judge, reasons, levels: now } = cases[slot]!
      const isBlock = placed.map(({ service }) => services[service]!.isBlock)
      const { levels, hasGround } = judge(
        Float64Array.from(placed, ({ accepted }, i) => (isBlock[i] ? now[i]! : accepted))
      )
      if (placed.some((_, i) => isBlock[i] && levels[i] !== now[i])) continue
      placed.forEach(({ accepted }, i) => {
        if (isBlock[i]) return
        now[i] = levels[i]!
        reasons[i] = now[i] === accepted ? undefined : hasGround ? 'violation' : 'no-solution'
      })
    }
  }
}

interface BlockSlot {
  readonly slot: number
  /** Place in the slot's services. */
  readonly place: number
}

interface Block {
  readonly candidate: Candidate
  readonly slots: readonly BlockSlot[]
}

/** By rank. */
const blocksOf = (services: readonly AcceptedService[], cases: readonly SlotCase[]): readonly Block[] => {
  const slotsOf = new Map<number, BlockSlot[]>()
  const amounts = new Map<number, number>()
  cases.forEach(({ placed }, slot) => {
    placed.forEach(({ service, accepted }, place) => {
      if (!services[service]!.isBlock) return
      const slots = slotsOf.get(service)
      if (slots) slots.push({ slot, place })
      else slotsOf.set(service, [{ slot, place }])
      amounts.set(service, accepted)
    })
  })
  return [...slotsOf]
    .sort(([a], [b]) => services[a]!.rank - services[b]!.rank || a - b)
    .map(([service, slots]) => ({
      slots,
      candidate: {
        most: amounts.get(service)!,
        isDiscrete: services[service]!.kind === 'discrete',
        minimum: services[service]!.minAcceptance
      }
    }))
}
