/** How a party sees a session, the quarter-hours of the clock, and the half-open intervals in which it speaks of MTUs. */

export interface SessionView {
  readonly id: string
  readonly pom: string
  readonly marketType: 'dayAhead' | 'realTime'
  /** Indices into the day's MTUs. */
  readonly mtus: readonly number[]
}

export const MTU_MS = 900_000

export const iso = (instant: number): string => new Date(instant).toISOString()

export const intervalAt = (mtu: number, mtuStarts: readonly number[]): { start: string; end: string } => {
  const start = mtuStarts[mtu]!
  return { start: iso(start), end: iso(start + MTU_MS) }
}

const SLOTS = 96
/** Quarter-hours of the clock, as baselines and profiles have them, whatever the day. */
export const clockSlots: readonly number[] = Array.from({ length: SLOTS }, (_, slot) => slot)

/** Clocks change at two o'clock in the example's zone: forward to three, or from three back to two. */
export const mtuOfSlot = (slot: number, mtus: number): number => {
  const missing = SLOTS - mtus
  if (missing > 0) return slot < 8 ? slot : Math.max(8, slot - missing)
  return slot < 12 ? slot : slot - missing
}

/** Neighbouring MTUs with equal values become one interval. */
export const mergeRuns = <T extends object>(
  items: readonly { readonly mtu: number; readonly value: T }[],
  mtuStarts: readonly number[]
): (T & { start: string; end: string })[] => {
  const runs: { first: number; last: number; value: T; text: string }[] = []
  for (const { mtu, value } of items) {
    const text = JSON.stringify(value)
    const run = runs.at(-1)
    if (run && run.last + 1 === mtu && run.text === text) run.last = mtu
    else runs.push({ first: mtu, last: mtu, value, text })
  }
  return runs.map(({ first, last, value }) => ({
    start: iso(mtuStarts[first]!),
    end: iso(mtuStarts[last]! + MTU_MS),
    ...value
  }))
}
